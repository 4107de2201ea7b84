// The tokens for measuring verification: the same for us, for Go and for the bare HMACs.
import { randomBytes } from 'node:crypto'

import {
  actions,
  attenuate,
  dischargeTicket,
  formatAuthorization,
  mintMacaroon,
  thirdParty,
  ticketsOf,
  type Access,
  type Caveat,
  type Macaroon,
} from '@hallpass/macaroon'

import { location } from './authority.ts'

/** Tokens of one kind, all different, so that nothing can be cached for the next. */
export interface TokenKind {
  readonly name: string
  readonly headers: readonly string[]
  readonly macaroons: readonly Macaroon[]
}

export interface Tokens {
  readonly key: Uint8Array
  /** An access that every one of them allows. */
  readonly access: Access & { readonly now: number; readonly orgId: bigint; readonly appId: bigint }
  readonly kinds: readonly TokenKind[]
}

/** The number of tokens of a kind; a power of two. */
export const tokensOfAKind = 64

/** Tokens with 1, 3, 6 and 12 caveats, and with 3 caveats and one or two discharged third parties. */
export function makeTokens(): Tokens {
  const key = new Uint8Array(randomBytes(32))
  const now = Math.floor(Date.now() / 1000)
  const access = { orgId: 1_234_567n, appId: 4_242_424n, action: actions.read, now } as const
  const sizes = [1, 3, 6, 12].map((count) =>
    makeKind(`${count} ${count === 1 ? 'caveat' : 'caveats'}`, () => [mint(key, caveatsOf(access, count))]),
  )
  const asked = [1, 2].map((count) =>
    makeKind(`3 caveats, ${count} ${count === 1 ? 'discharge' : 'discharges'}`, () =>
      withDischarges(mint(key, caveatsOf(access, 3)), count, now),
    ),
  )
  return { key, access, kinds: [...sizes, ...asked] }
}

function mint(key: Uint8Array, caveats: readonly Caveat[]): Macaroon {
  return mintMacaroon({
    kid: new Uint8Array(randomBytes(16)),
    rnd: new Uint8Array(randomBytes(16)),
    location,
    key,
    caveats,
  })
}

/** An organisation, apps, a window; then a role and actions; then windows, each a little narrower. */
function caveatsOf(access: Tokens['access'], count: number): readonly Caveat[] {
  const apps = [access.appId, access.appId + 1n, access.appId + 2n]
  const window = (narrower: number): Caveat => ({
    type: 'ValidityWindow',
    notBefore: BigInt(access.now - 3600),
    notAfter: BigInt(access.now + 86_400 - narrower),
  })
  const first: readonly Caveat[] = [
    { type: 'Organization', id: access.orgId, mask: actions.all },
    { type: 'Apps', apps: new Map(apps.map((id) => [id, actions.all])) },
    window(0),
    { type: 'IsMember' },
    { type: 'Action', mask: actions.all },
  ]
  return [...first, ...Array.from({ length: 7 }, (_, i) => window(i + 1))].slice(0, count)
}

function makeKind(name: string, make: () => readonly [Macaroon, ...Macaroon[]]): TokenKind {
  const made = Array.from({ length: tokensOfAKind }, make)
  const macaroons = made.map(([macaroon]) => macaroon)
  return {
    name,
    headers: made.map((bundle) => formatAuthorization(bundle.map(({ bytes }) => bytes))),
    macaroons,
  }
}

function withDischarges(macaroon: Macaroon, count: number, now: number): readonly [Macaroon, ...Macaroon[]] {
  const random = (length: number) => new Uint8Array(randomBytes(length))
  const parties = Array.from({ length: count }, (_, i) => ({ at: `https://${i}.auth.example`, key: random(32) }))
  const asking = attenuate(
    macaroon,
    parties.map(({ at, key }) => thirdParty({ location: at, key, random })),
  )
  const tickets = ticketsOf(asking)
  const caveats: readonly Caveat[] = [
    { type: 'ValidityWindow', notBefore: BigInt(now - 60), notAfter: BigInt(now + 3600) },
  ]
  const discharges = parties.flatMap(({ at, key }) =>
    (tickets.get(at) ?? []).map((ticket) => dischargeTicket({ key, ticket, location: at, rnd: random(16), caveats })),
  )
  return [asking, ...discharges]
}
