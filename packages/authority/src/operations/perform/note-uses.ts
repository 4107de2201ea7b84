// Notes that credentials were used. Whoever verifies them notes it, whatever is decided then.
import { describeUserAgent } from '../../domain/session-label.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import { UseLog, type UsedBy } from '../../domain/use-log.ts'
import { siteOf } from './limits.ts'
import type { Presented, Principal } from './principal.ts'

/** How much of an address is kept with a use: all of it, or its network. */
export type KeptAddresses = 'whole' | 'network'

/** A log that begins now, at `since` in milliseconds. */
export function createUseLog(since: number, kept: KeptAddresses): UseLog {
  const keep = kept === 'whole' ? (address: string) => address : networkOfAddress
  const describe = (userAgent: string) => (userAgent === '' ? '' : describeUserAgent(userAgent))
  return new UseLog(since, { address: keep, userAgent: describe })
}

/** Notes a use of each credential of the request. `at` in milliseconds. */
export function noteUses(
  uses: UseLog,
  { tokens }: Pick<Presented, 'tokens'>,
  { credentials }: Principal,
  by: UsedBy,
  operation: string,
  at: number,
): void {
  const only = tokens.length === 1 ? tokens[0]?.id : undefined
  for (const credential of credentials) {
    if (credential.kind === 'user') uses.sessions.note(credential.sessionId, by, operation, at)
    // The same text each time, which V8 has hashed already; that of the record is made anew for each request.
    else uses.tokens.note(only ?? credential.record.id, by, operation, at)
  }
}

/** Since when uses are known, in milliseconds: since this start, until the first one is stored. */
export async function usesKnownSince(tx: ReadTransaction, uses: UseLog): Promise<number> {
  return (await tx.uses.knownSince()) ?? uses.since
}

/** The network of an address: /24 of IPv4, /48 of IPv6. What is no address, as the name of a machine, stays as it is. */
export function networkOfAddress(address: string): string {
  const [, ipv4] = /^(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/.exec(address) ?? []
  if (ipv4 !== undefined) return `${ipv4}.0/24`
  return /^[\da-f.]*:[\da-f:.]*$/i.test(address) ? siteOf(address) : address
}
