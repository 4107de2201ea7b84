// The tokens for measuring verification: the same for us and for Go, and all different, so that nothing can be cached for
// the next.
import { randomBytes } from 'node:crypto'

import {
  actions,
  attenuate,
  dischargeTicket,
  formatAuthorization,
  mintMacaroon,
  permissionLocation,
  thirdParty,
  ticketsOf,
  type Access,
  type Caveat,
} from '@hallpass/macaroon'

export interface Tokens {
  readonly key: Uint8Array
  /** An access that every one of them allows. */
  readonly access: Access & { readonly now: number; readonly orgId: bigint; readonly appId: bigint }
  /** The headers of each kind. */
  readonly kinds: readonly (readonly string[])[]
}

export interface TokenKind {
  readonly caveats: number
  readonly discharges: number
}

/** The number of tokens of a kind. */
export const tokensOfAKind = 64

export function makeTokens(kinds: readonly TokenKind[]): Tokens {
  const key = random(32)
  const now = Math.floor(Date.now() / 1000)
  const access = { orgId: 1_234_567n, appId: 4_242_424n, action: actions.read, now } as const
  const make = ({ caveats, discharges }: TokenKind) =>
    makeToken(key, caveatsFor(access).slice(0, caveats), discharges, now)
  return { key, access, kinds: kinds.map((kind) => Array.from({ length: tokensOfAKind }, () => make(kind))) }
}

/** An organisation, apps, a window; then a role and actions; then windows, each a little narrower. */
function caveatsFor({ orgId, appId, now }: Tokens['access']): readonly Caveat[] {
  const window = (narrower: number): Caveat => ({
    type: 'ValidityWindow',
    notBefore: BigInt(now - 3600),
    notAfter: BigInt(now + 86_400 - narrower),
  })
  return [
    { type: 'Organization', id: orgId, mask: actions.all },
    { type: 'Apps', apps: new Map([appId, appId + 1n, appId + 2n].map((id) => [id, actions.all])) },
    window(0),
    { type: 'IsMember' },
    { type: 'Action', mask: actions.all },
    ...Array.from({ length: 7 }, (_, i) => window(i + 1)),
  ]
}

function makeToken(key: Uint8Array, caveats: readonly Caveat[], discharges: number, now: number): string {
  const parties = Array.from({ length: discharges }, (_, i) => ({
    location: `https://${i}.auth.example`,
    key: random(32),
  }))
  const minted = mintMacaroon({ kid: random(16), rnd: random(16), location: permissionLocation, key, caveats })
  const asking = attenuate(
    minted,
    parties.map((party) => thirdParty({ ...party, random })),
  )
  const tickets = ticketsOf(asking)
  const window: Caveat = { type: 'ValidityWindow', notBefore: BigInt(now - 60), notAfter: BigInt(now + 3600) }
  const answers = parties.flatMap((party) =>
    (tickets.get(party.location) ?? []).map((ticket) =>
      dischargeTicket({ ...party, ticket, rnd: random(16), caveats: [window] }),
    ),
  )
  return formatAuthorization([asking, ...answers].map(({ bytes }) => bytes))
}

function random(length: number): Uint8Array {
  return new Uint8Array(randomBytes(length))
}
