// Says when what a guard answers from changes: one line for each change.
import type { Guard } from '../guard.ts'

const interval = 250

/** Looks until it is ended. */
export function watchGuard(guard: Guard, report: (line: string) => void): { end(): void } {
  let last: string | undefined
  const timer = setInterval(() => {
    const line = describe(guard)
    if (line === last) return
    last = line
    if (line !== undefined) report(line)
  }, interval)
  return { end: () => clearInterval(timer) }
}

/** Undefined until anything is known. */
function describe(guard: Guard): string | undefined {
  const { isFresh, behind, trouble, isInGrace } = guard.state()
  if (isFresh) return 'the feed is heard: tokens are verified from memory'
  if (trouble === undefined && behind === Infinity) return undefined
  const why = trouble ?? 'nothing came for too long'
  if (isInGrace) return `REVOKED TOKENS MAY READ, as --grace-for-reads says: the authority cannot be asked: ${why}`
  return `the feed is not heard: each token is asked about, and refused with 503 where that cannot be: ${why}`
}
