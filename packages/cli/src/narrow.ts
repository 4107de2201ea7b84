// Narrows a token offline, exactly as flyctl does.
import {
  actions,
  attenuate,
  formatAuthorization,
  getCaveats,
  type Caveat,
  type Command,
  type Macaroon,
} from '@hallpass/macaroon'
import { caveatsOfWords } from '@hallpass/macaroon/narrow'

import { CommandError } from './errors.ts'
import { dropEnded, splitPermission } from './held-token.ts'

export interface ReadingLimits {
  /** Unix seconds. */
  readonly window?: { readonly notBefore: number; readonly notAfter: number } | undefined
  readonly networks?: readonly string[] | undefined
  readonly now?: Date
}

/**
 * Limits a token of one organisation to reading it, and if wanted to a time and to networks. Discharges that ended before `now` are dropped.
 * @throws CommandError where the token does not name exactly one organisation
 */
export function narrowToReading(header: string, { window, networks, now }: ReadingLimits = {}): string {
  const { permission, discharges } = splitPermission(header)
  const [organisation, ...others] = getCaveats(permission.unsafeCaveats, 'Organization')
  if (organisation === undefined) throw new CommandError('failed', 'the token names no organization')
  if (others.length > 0) throw new CommandError('failed', 'the token names more than one organization')
  const caveats: Caveat[] = [{ type: 'Organization', id: organisation.id, mask: actions.read }]
  if (window !== undefined) {
    caveats.push({
      type: 'ValidityWindow',
      notBefore: BigInt(window.notBefore),
      notAfter: BigInt(window.notAfter),
    })
  }
  caveats.push(...caveatsOfWords({ networks }))
  return joinTokens([attenuate(permission, caveats)], now === undefined ? discharges : dropEnded(discharges, now))
}

/** Splits a deploy token into two: one that reads, and one that may only ask for what SSH needs. */
export function narrowToSsh(header: string): string {
  const { permission, discharges } = splitPermission(header)
  const reading = attenuate(permission, [{ type: 'Action', mask: actions.read }])
  const asking = attenuate(permission, [{ type: 'Mutations', mutations: ['issueCertificate', 'addWireGuardPeer'] }])
  return joinTokens([reading, asking], discharges)
}

/** Limits a deploy token to reading and to these commands; without any, every command is allowed. */
export function narrowToCommands(header: string, commands: readonly Command[]): string {
  const { permission, discharges } = splitPermission(header)
  const allowed = commands.length === 0 ? [{ args: [], exact: false }] : commands
  return joinTokens([attenuate(permission, caveatsOfWords({ commands: allowed }))], discharges)
}

/** Limits a token of an organisation to reading it and to its WireGuard peers. */
export function narrowToWireGuard(header: string): string {
  const { permission, discharges } = splitPermission(header)
  const caveat: Caveat = {
    type: 'IfPresent',
    ifs: [
      { type: 'Apps', apps: new Map() },
      { type: 'FeatureSet', features: new Map([['wg', actions.all]]) },
    ],
    else: actions.read,
  }
  return joinTokens([attenuate(permission, [caveat])], discharges)
}

/** The header of these permission tokens, and of the discharges behind them. */
export function joinTokens(permissions: readonly Macaroon[], discharges: readonly Macaroon[]): string {
  return formatAuthorization([...permissions, ...discharges].map(({ bytes }) => bytes))
}
