// Warns a person whose token ends soon.
import { decodeMacaroon, getCaveats, parseAuthorization, MacaroonError } from '@hallpass/macaroon'

import type { Context } from './context.ts'
import { sayLeft } from './ends-soon.ts'
import { formatGoTime } from './go-time.ts'
import { tell } from './output.ts'

/**
 * A function that warns once, on standard error, of an end that an answer told of; undefined for a token that was made for a
 * day or less: whoever made it that way need not be told by each command. `source`: where the token came from.
 */
export function createEndWarning(
  context: Context,
  token: string,
  source: string,
): ((endsAt: Date) => void) | undefined {
  if (isShortLived(token)) return undefined
  let isTold = false
  return (endsAt) => {
    if (isTold) return
    isTold = true
    const left = sayLeft(endsAt.getTime(), context.now().getTime())
    const when = formatGoTime(endsAt.toISOString())
    tell(context, `Warning: a token in use ends at ${when}, in ${left} (the credential was that of ${source})`)
  }
}

/** Whether the windows of some token span a day at most. */
function isShortLived(token: string): boolean {
  try {
    return parseAuthorization(token).macaroons.some((bytes) => {
      const windows = getCaveats(decodeMacaroon(bytes).unsafeCaveats, 'ValidityWindow')
      const begin = windows.map(({ notBefore }) => notBefore).reduce((one, other) => (one > other ? one : other), 0n)
      return windows.some(({ notAfter }) => begin > 0n && notAfter - begin <= shortLife)
    })
  } catch (error) {
    // What is damaged is refused, and says so.
    if (error instanceof MacaroonError) return false
    throw error
  }
}

/** Seconds: a day, and the minute by which tokens begin early. */
const shortLife = 86_460n
