import { describe, expect, it } from 'vitest'
import { actions } from './action.ts'
import { clearBundle, parseBundle, verifyBundle } from './bundle.ts'
import type { Caveat } from './caveat.ts'
import { dischargeTicket } from './discharge.ts'
import { defaultKernel } from '#kernel'
import type { Kernel } from './kernel/kernel.ts'
import { decodeMacaroon, type Macaroon } from './macaroon.ts'
import { attenuate, mintMacaroon } from './mint.ts'
import type { Nonce } from './nonce.ts'
import { caught } from './testing/errors.ts'
import { countUp } from './testing/vectors.ts'
import { formatAuthorization, parseAuthorization } from './text.ts'
import { thirdParty } from './third-party.ts'

const location = 'https://api.fly.io/v1'
const elsewhere = 'https://auth.example'
const shared = new Uint8Array(32).fill(5)
const random = countUp()
const keys = [1, 2].map((id) => new Uint8Array(32).fill(id))
const keyOf = (nonce: Nonce) => keys[(nonce.kid[0] ?? 0) - 1]
const organization = (id: bigint): Caveat => ({ type: 'Organization', id, mask: actions.any })
const mint = (kid: number, ...caveats: Caveat[]) =>
  mintMacaroon({ kid: Uint8Array.of(kid), rnd: random(16), location, key: keys[kid - 1] ?? shared, caveats })
const asked = () => thirdParty({ key: shared, location: elsewhere, random })
const answer = (ticket: Uint8Array, ...caveats: Caveat[]) =>
  dischargeTicket({ key: shared, ticket, location: elsewhere, rnd: random(16), caveats })
const bundleOf = (...macaroons: Macaroon[]) =>
  parseBundle(formatAuthorization(macaroons.map((macaroon) => macaroon.bytes)), { location })
const write = (orgId: bigint) => ({ action: actions.write, now: 50, orgId })

describe('parseBundle', () => {
  it('gives every permission token the discharges that answer it, in the order in which they came', () => {
    const [first, second] = [asked(), asked()]
    const both = attenuate(mint(1, organization(12n)), [first])
    const other = attenuate(mint(2, organization(13n)), [second])
    const again = attenuate(both, [{ type: 'IsMember' }])
    const plain = mint(1, organization(14n))
    const [a, b, c, d] = [answer(second.ticket), answer(first.ticket), answer(first.ticket), answer(asked().ticket)]
    const bundle = bundleOf(a, both, b, other, again, plain, c, d)
    expect(
      bundle.permissions.map(({ macaroon, discharges }) => [macaroon, ...discharges].map(({ bytes }) => bytes)),
    ).toEqual([[both, b, c], [other, a], [again, b, c], [plain]].map((all) => all.map(({ bytes }) => bytes)))
    expect(bundle.discharges.map(({ bytes }) => bytes)).toEqual([a, b, c, d].map(({ bytes }) => bytes))
    expect([bundle.damaged, bundle.authTokens]).toEqual([[], []])
  })

  it('gives it those of tickets inside IfPresent too', () => {
    const one = asked()
    const macaroon = mint(1, { type: 'IfPresent', ifs: [one.unsealed()], else: 0 })
    expect(bundleOf(macaroon, answer(one.ticket)).permissions[0]?.discharges).toHaveLength(1)
  })

  it.each([location, 'café', '', 'x'])('takes for permission tokens those of exactly the location: %s', (wanted) => {
    const at = [
      wanted,
      `${wanted}x`,
      wanted.slice(0, -1),
      `${wanted.slice(0, -1)}y`,
      `y${wanted.slice(1)}`,
      'cafÃ©',
      'cafe',
    ]
    const tokens = at.map((each) =>
      mintMacaroon({
        kid: Uint8Array.of(1),
        rnd: random(16),
        location: each,
        key: shared,
        caveats: [organization(1n)],
      }),
    )
    for (const order of [tokens, tokens.toReversed()]) {
      const header = formatAuthorization(order.map(({ bytes }) => bytes))
      const { permissions, discharges } = parseBundle(header, { location: wanted })
      expect(permissions.map(({ macaroon }) => macaroon.location)).toEqual(at.filter((each) => each === wanted))
      expect(discharges.map((macaroon) => macaroon.location).toSorted()).toEqual(
        at.filter((each) => each !== wanted).toSorted(),
      )
    }
  })

  it('reads on behind a damaged token, and tells which it was', () => {
    const good = mint(1, organization(12n))
    const header = formatAuthorization([good.bytes.subarray(0, 60), good.bytes, Uint8Array.of(0)], ['fo1_x'])
    const bundle = parseBundle(header, { location })
    expect(bundle.permissions).toHaveLength(1)
    expect(bundle.damaged.map(({ index, error }) => [index, error.code])).toEqual([
      [0, 'truncated'],
      [2, 'malformed'],
    ])
    expect(bundle.authTokens).toEqual(['fo1_x'])
  })

  it('keeps what is a token beside what is none, and tells which were left out', () => {
    const [one, two] = [mint(1, organization(12n)), mint(2, organization(13n))]
    const text = (macaroon: Macaroon) => formatAuthorization([macaroon.bytes]).slice('FlyV1 '.length)
    const header = `fm9_future,${text(one)},${text(one).slice(0, -3)},${text(two)},,`
    const bundle = parseBundle(header, { location })
    expect(bundle.permissions.map(({ macaroon }) => macaroon.bytes)).toEqual([one.bytes, two.bytes])
    expect(bundle.leftOut.map(({ position, error }) => [position, error.code])).toEqual([
      [1, 'unknown-prefix'],
      [3, 'truncated'],
      [5, 'empty'],
      [6, 'empty'],
    ])
    expect(verifyBundle(bundle, keyOf).verified).toHaveLength(2)
    expect(parseBundle(parseAuthorization(header), { location }).leftOut).toEqual(bundle.leftOut)
  })

  it('refuses a text that is no list of tokens, and takes one that was parsed already', () => {
    expect(caught(() => parseBundle('nonsense', { location })).code).toBe('unknown-prefix')
    expect(parseBundle({ macaroons: [], authTokens: ['fo1_x'] }, { location }).permissions).toEqual([])
  })
})

describe('verifyBundle', () => {
  it('verifies each on its own, and says why it refuses the others', () => {
    const one = asked()
    const [good, undischarged] = [mint(1, organization(12n)), attenuate(mint(2, organization(13n)), [one])]
    const forged = decodeMacaroon(good.bytes.map((byte, i, all) => (i === all.length - 1 ? byte ^ 1 : byte)))
    const stranger = mint(3, organization(12n))
    const bundle = verifyBundle(bundleOf(good, undischarged, forged, stranger), keyOf)
    expect(bundle.verified.map(({ macaroon }) => macaroon)).toEqual([good])
    expect(bundle.refused.map(({ macaroon, error }) => [macaroon, error.code])).toEqual([
      [undischarged, 'undischarged'],
      [forged, 'forged'],
      [stranger, 'unknown-key'],
    ])
  })

  it('uses the discharges, and trusts whom its caller trusts', () => {
    const one = asked()
    const token = attenuate(mint(1, organization(12n)), [one])
    const bundle = bundleOf(token, answer(one.ticket, { type: 'FlyioUserID', id: 7n }))
    expect(verifyBundle(bundle, keyOf).verified[0]?.caveats).toHaveLength(1)
    const trusted = new Map([[elsewhere, [shared]]])
    expect(verifyBundle(bundle, keyOf, { trusted }).verified[0]?.caveats).toHaveLength(2)
  })

  it('does not hide programming errors', () => {
    expect(() =>
      verifyBundle(bundleOf(mint(1, organization(1n))), () => {
        throw new TypeError('mine')
      }),
    ).toThrow(TypeError)
    const fail = () => {
      throw new TypeError('mine')
    }
    const kernel: Kernel = { ...defaultKernel, chain: fail, endsIn: fail }
    expect(() => verifyBundle(bundleOf(mint(1, organization(1n))), keyOf, { kernel })).toThrow(TypeError)
  })
})

describe('clearBundle', () => {
  const bundle = verifyBundle(bundleOf(mint(1, organization(12n)), mint(2, organization(13n))), keyOf)

  it('allows what any one token allows', () => {
    const cleared = clearBundle(bundle, [write(13n)])
    expect(cleared).toEqual({ allowed: true, by: bundle.verified[1] })
    expect(clearBundle(bundle, [write(12n), write(12n)]).allowed).toBe(true)
  })

  it('does not put two tokens together', () => {
    const cleared = clearBundle(bundle, [write(12n), write(13n)])
    expect(cleared).toMatchObject({
      allowed: false,
      refusals: [
        { verified: bundle.verified[0], denials: [{ access: 1, kind: 'resource' }] },
        { verified: bundle.verified[1], denials: [{ access: 0, kind: 'resource' }] },
      ],
    })
  })

  it('allows nothing without a verified token, and no nothing', () => {
    expect(clearBundle({ verified: [], refused: [] }, [write(12n)])).toEqual({ allowed: false, refusals: [] })
    expect(caught(() => clearBundle(bundle, [])).code).toBe('bad-argument')
    expect(caught(() => clearBundle({ verified: [], refused: [] }, [])).code).toBe('bad-argument')
  })
})
