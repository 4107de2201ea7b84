// When something was last used, as far as it is known.
import { sayInstant } from '../words/time.ts'
import { Time } from './time.tsx'

interface LastUseProps {
  /** Null if no use is known. */
  readonly at: string | null
  readonly madeAt: string
  readonly knownSince: string
  /** Whether there is room for a word or two only. */
  readonly isShort?: boolean
}

/** `3 days ago`, `Never`, or `Not known before 2026-11-30 22:47:10 UTC`. */
export function LastUse({ at, madeAt, knownSince, isShort = false }: LastUseProps) {
  if (at !== null) return <Time at={at} />
  if (Date.parse(knownSince) <= Date.parse(madeAt)) return 'Never'
  const words = `Not known before ${sayInstant(knownSince)}`
  return isShort ? <span title={words}>Not known</span> : words
}
