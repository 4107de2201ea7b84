// What it means that a token ends soon.
import type { Token } from '@hallpass/client'

/** As the authority takes it. */
export const endsSoonWithin = '7d'

const milliseconds = 7 * 86_400_000

/** @param now milliseconds since 1970 */
export function endsSoon({ state, expires_at }: Pick<Token, 'state' | 'expires_at'>, now: number): boolean {
  return state === 'live' && Date.parse(expires_at) - now <= milliseconds
}
