// When something was last used, as far as it is known.
import { sayDay } from '../words/time.ts'
import { Time } from './time.tsx'

interface LastUseProps {
  /** Null if no use is known. */
  readonly at: string | null
  readonly madeAt: string
  readonly knownSince: string
}

/** `3 days ago`, `Never`, or `Not known before 30 Nov 2026`. */
export function LastUse({ at, madeAt, knownSince }: LastUseProps) {
  if (at !== null) return <Time at={at} />
  return Date.parse(knownSince) <= Date.parse(madeAt) ? 'Never' : `Not known before ${sayDay(knownSince)}`
}
