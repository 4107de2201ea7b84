import { describe, expect, it } from 'vitest'
import { actions } from './action.ts'
import type { Caveat } from './caveat.ts'
import { clear } from './clear.ts'
import { bindToParent, caveatsWith, dischargeTicket, parentBinding, ticketsOf } from './discharge.ts'
import { defaultKernel } from '#kernel'
import type { Kernel } from './kernel/kernel.ts'
import { decodeMacaroon, type Macaroon } from './macaroon.ts'
import { attenuate, mintMacaroon, type MintInput } from './mint.ts'
import { makeNonce } from './nonce.ts'
import { firstTail, nextTail } from './tail.ts'
import { caught, codeOf } from './testing/errors.ts'
import { countUp } from './testing/vectors.ts'
import { thirdParty } from './third-party.ts'
import { openTicket, sealTicket } from './ticket.ts'
import { verify } from './verify.ts'

const shared = new Uint8Array(32).fill(5)
const location = 'https://auth.example'
const random = countUp()
const organization: Caveat = { type: 'Organization', id: 12n, mask: actions.any }
const window: Caveat = { type: 'ValidityWindow', notBefore: 0n, notAfter: 100n }
const user: Caveat = { type: 'FlyioUserID', id: 7n }
const input: MintInput = {
  kid: Uint8Array.of(1),
  rnd: new Uint8Array(16),
  location: 'https://api.fly.io/v1',
  key: new Uint8Array(32).fill(7),
  caveats: [organization],
}
const ask = (caveats: readonly Caveat[] = []) => thirdParty({ key: shared, location, caveats, random })
const asking = mintMacaroon({ ...input, caveats: [organization, ask()] })
const answer = (caveats: readonly Caveat[] = [], proof = true) =>
  dischargeTicket({ key: shared, ticket: ticketOf(asking), location, rnd: random(16), caveats, proof })
const trusted = new Map([[location, [shared]]])
/** Of another token, and of another third party. */
const foreignTicket = () =>
  ticketOf(
    mintMacaroon({
      ...input,
      caveats: [organization, thirdParty({ key: new Uint8Array(32).fill(6), location, random })],
    }),
  )

describe('several discharges of one ticket', () => {
  const until = (notAfter: bigint): Caveat => ({ type: 'ValidityWindow', notBefore: 0n, notAfter })
  const reads = { action: actions.read, orgId: 12n }
  const [ended, fresh, endless] = [answer([until(100n)]), answer([until(300n)]), answer()]
  const damaged = dischargeTicket({
    key: new Uint8Array(32).fill(6),
    ticket: foreignTicket(),
    location,
    rnd: random(16),
  })
  const elsewhere = bindToParent(answer([until(900n)], false), mintMacaroon({ ...input, rnd: random(16) }))

  it.each([
    ['ended, fresh', [ended, fresh], fresh],
    ['fresh, ended', [fresh, ended], fresh],
    ['ended, ended, fresh', [ended, answer([until(99n)]), fresh], fresh],
    ['ended, endless', [ended, endless], endless],
    ['two that hold', [fresh, answer([until(300n)])], fresh],
    ['ended twice over', [answer([until(400n), until(50n)]), fresh], fresh],
    ['one that is bound elsewhere and ends last', [elsewhere, ended, fresh], fresh],
    ['one of another ticket', [damaged, ended, fresh], fresh],
    [
      'one that an IfPresent ends',
      [answer([{ type: 'IfPresent', ifs: [until(50n)], else: actions.any }]), fresh],
      fresh,
    ],
  ])('are chosen from by their end: %s', (_what, discharges, chosen) => {
    const verified = verify(asking, input.key, { discharges })
    expect(verified.discharges.map(({ bytes }) => bytes)).toEqual([chosen.bytes])
    expect(clear(verified, [{ ...reads, now: 200 }])).toEqual({ allowed: true })
    expect(caveatsWith(asking, discharges.slice(1), 200)).toContainEqual(organization)
  })

  it('are chosen from for every question apart', () => {
    const other = thirdParty({ key: shared, location: 'https://b.example', random })
    const both = attenuate(asking, [other])
    const of = (caveats: readonly Caveat[]) =>
      dischargeTicket({ key: shared, ticket: other.ticket, location: 'https://b.example', rnd: random(16), caveats })
    const discharges = [ended, of([until(100n)]), of([until(300n)]), fresh]
    expect(clear(verify(both, input.key, { discharges }), [{ ...reads, now: 200 }])).toEqual({ allowed: true })
    expect(
      clear(verify(both, input.key, { discharges: discharges.slice(0, 3) }), [{ ...reads, now: 200 }]).allowed,
    ).toBe(false)
    expect(caveatsWith(both, discharges, 200)).toEqual([organization, until(300n), until(300n)])
  })

  it('are shown as the one that holds now, not as one that ends later and has not begun', () => {
    const later: Caveat = { type: 'ValidityWindow', notBefore: 250n, notAfter: 900n }
    const discharges = [answer([later]), fresh]
    expect(clear(verify(asking, input.key, { discharges }), [{ ...reads, now: 200 }])).toEqual({ allowed: true })
    expect(caveatsWith(asking, discharges, 200)).toEqual([organization, until(300n)])
    expect(caveatsWith(asking, discharges, 250)).toEqual([organization, later])
    expect(caveatsWith(asking, discharges.slice(0, 1), 200)).toEqual([organization, later])
  })

  it('take the work of each that is tried, and no more', () => {
    const steps = (discharges: readonly Macaroon[]) => {
      let sum = 0
      verify(asking, input.key, { discharges, spend: (count) => void (sum += count) })
      return sum
    }
    const many = Array.from({ length: 30 }, (_, i) => answer([until(BigInt(i))]))
    expect(steps([...many, fresh])).toBe(steps([fresh]) + many.length * 6)
  })
})

describe('thirdParty', () => {
  it('draws its randomness from the caller: 44 bytes when made, and 12 for every macaroon it is added to', () => {
    const drawn: number[] = []
    const one = thirdParty({
      key: shared,
      location,
      random: (length) => {
        drawn.push(length)
        return new Uint8Array(length).fill(drawn.length)
      },
    })
    const first = attenuate(mintMacaroon(input), [one])
    const second = attenuate(mintMacaroon(input), [one])
    expect(drawn).toEqual([32, 12, 12, 12])
    expect(ticketOf(first)).toEqual(ticketOf(second))
    expect(first.bytes).not.toEqual(second.bytes)
    const discharge = dischargeTicket({ key: shared, ticket: one.ticket, location, rnd: random(16) })
    for (const macaroon of [first, second]) verify(macaroon, input.key, { discharges: [discharge] })
  })

  it('shows its secret to nobody', () => {
    const one = thirdParty({ key: shared, location, random: (length) => new Uint8Array(length).fill(0xee) })
    expect(JSON.stringify(one)).not.toContain('238,238')
    expect(Object.keys(one)).toEqual(['location'])
    const caveat = attenuate(mintMacaroon(input), [one]).unsafeCaveats[1]
    const sealed = caveat?.type === '3P' ? [...(caveat.verifierKey ?? []), ...(caveat.ticket ?? [])].join() : ''
    expect(sealed).toContain('238,238')
    expect(sealed).not.toContain(Array.from({ length: 13 }, () => 238).join())
  })

  it.each<[string, Partial<Parameters<typeof thirdParty>[0]>]>([
    ['bad-argument', { key: new Uint8Array(31) }],
    ['bad-argument', { random: (length) => new Uint8Array(length - 1) }],
    ['bad-argument', { random: (length) => new Uint8Array(length === 12 ? 13 : length) }],
    ['bad-caveat', { caveats: [{ type: 'Action', mask: -1 }] }],
    ['too-many', { caveats: Array.from({ length: 257 }, (_, mask) => ({ type: 'Action', mask })) }],
  ])('refuses with %s: %o', (code, change) => {
    expect(caught(() => thirdParty({ key: shared, location, random, ...change })).code).toBe(code)
  })

  it('is asked once per location, also by what was added before or stands inside an IfPresent', () => {
    expect(caught(() => attenuate(asking, [ask()])).code).toBe('third-party')
    expect(caught(() => mintMacaroon({ ...input, caveats: [ask(), ask()] })).code).toBe('third-party')
    const inside: Caveat = { type: 'IfPresent', ifs: [ask().unsealed()], else: actions.any }
    expect(codeOf(() => attenuate(mintMacaroon(input), [inside, ask()]))).toBe('nothing')
    expect(caught(() => attenuate(attenuate(mintMacaroon(input), [inside]), [ask()])).code).toBe('third-party')
    const elsewhere = thirdParty({ key: shared, location: 'https://b.example', random })
    expect(ticketsOf(attenuate(asking, [elsewhere])).size).toBe(2)
  })

  it('counts once where the same one is added twice', () => {
    const one = ask()
    expect(mintMacaroon({ ...input, caveats: [one, one] }).unsafeCaveats).toHaveLength(1)
  })
})

describe('tickets', () => {
  it('come open with the key that they were sealed with, and hold what the third party must check', () => {
    const confined: Caveat[] = [{ type: 'ConfineUser', id: 7n }]
    const macaroon = mintMacaroon({ ...input, caveats: [organization, ask(confined)] })
    expect(openTicket(shared, ticketOf(macaroon)).caveats).toEqual(confined)
    expect(caught(() => openTicket(new Uint8Array(32), ticketOf(macaroon))).code).toBe('bad-ticket')
    expect(caught(() => openTicket(new Uint8Array(31), ticketOf(macaroon))).code).toBe('bad-argument')
    expect(caught(() => openTicket(shared, new Uint8Array(65_536))).code).toBe('bad-ticket')
    expect(caught(() => openTicket(shared, new Uint8Array(65_537))).code).toBe('too-long')
  })

  it('keep nothing of the arrays that they were made of', () => {
    const dischargeKey = new Uint8Array(32).fill(1)
    const nonce = new Uint8Array(12).fill(2)
    const ticket = sealTicket({ key: shared, dischargeKey, nonce })
    dischargeKey.fill(0)
    nonce.fill(0)
    expect(openTicket(shared, ticket)).toEqual({ dischargeKey: new Uint8Array(32).fill(1), caveats: [] })
    expect(caught(() => sealTicket({ key: shared, dischargeKey: new Uint8Array(33), nonce })).code).toBe('bad-argument')
    expect(caught(() => sealTicket({ key: shared, dischargeKey, nonce: new Uint8Array(11) })).code).toBe('bad-argument')
  })
})

describe('dischargeTicket', () => {
  it('makes finished proofs, which take no more caveats', () => {
    const proof = answer([user, window])
    expect(proof.nonce.proof).toBe(true)
    expect(proof.nonce.kid).toEqual(ticketOf(asking))
    expect(caught(() => attenuate(proof, [window])).code).toBe('finished-proof')
    expect(caught(() => bindToParent(proof, asking)).code).toBe('finished-proof')
  })

  it('makes others on demand, which take more caveats and may attest nothing', () => {
    const open = answer([window], false)
    expect(attenuate(open, [organization]).unsafeCaveats).toEqual([window, organization])
    expect(caught(() => answer([user], false)).code).toBe('attestation')
  })

  it('discharges only what it can open', () => {
    const wrong = () => dischargeTicket({ key: input.key, ticket: ticketOf(asking), location, rnd: random(16) })
    expect(caught(wrong).code).toBe('bad-ticket')
    const short = () => dischargeTicket({ key: shared, ticket: ticketOf(asking), location, rnd: random(15) })
    expect(caught(short).code).toBe('bad-argument')
  })
})

describe('ticketsOf', () => {
  it('leaves out what is discharged', () => {
    expect([...ticketsOf(asking)]).toEqual([[location, [ticketOf(asking)]]])
    expect(ticketsOf(asking, [answer()]).size).toBe(0)
    expect(ticketsOf(asking, [asking]).size).toBe(1)
    const elsewhere = thirdParty({ key: shared, location: 'https://b.example', random })
    const both = attenuate(asking, [elsewhere])
    expect([...ticketsOf(both, [answer()])]).toEqual([['https://b.example', [elsewhere.ticket]]])
  })

  it('finds several of one location, and those inside IfPresent', () => {
    const [one, two] = [ask(), ask()]
    const inside: Caveat = { type: 'IfPresent', ifs: [one.unsealed(), two.unsealed()], else: 0 }
    const macaroon = attenuate(mintMacaroon(input), [inside])
    expect(ticketsOf(macaroon).get(location)).toEqual([one.ticket, two.ticket])
    const ifs = [{ type: '3P' as const, location: 'x', verifierKey: null, ticket: null }]
    const empty = mintMacaroon({ ...input, caveats: [{ type: 'IfPresent', ifs, else: 0 }] })
    expect(ticketsOf(empty).get('x')).toEqual([new Uint8Array(0)])
  })
})

describe('verify, with discharges', () => {
  it('hands on what must be cleared, and tells which discharges it used', () => {
    const [first, second] = [answer([window, user]), answer([window, { type: 'Action', mask: actions.read }])]
    const verified = verify(asking, input.key, { discharges: [first, second] })
    expect(verified.caveats).toEqual([organization, window])
    expect(verified.discharges).toEqual([first])
    expect(verify(asking, input.key, { discharges: [second, first] }).discharges).toEqual([second])
    const access = { action: actions.write, now: 101, orgId: 12n }
    expect(clear(verified, [access])).toMatchObject({ allowed: false, denials: [{ index: 1, kind: 'time' }] })
  })

  it('believes attestations of whom it trusts', () => {
    const discharges = [answer([user])]
    expect(verify(asking, input.key, { discharges, trusted }).caveats).toEqual([organization, user])
    expect(verify(asking, input.key, { discharges }).caveats).toEqual([organization])
  })

  it('says what is wrong', () => {
    const says = (discharges: readonly Macaroon[], macaroon = asking) => {
      const error = caught(() => verify(macaroon, input.key, { discharges, trusted }))
      return `${error.code}: ${error.message}`
    }
    expect(says([])).toBe(
      'undischarged: The macaroon asks for a discharge from "https://auth.example", and none came with it',
    )
    const forged = decodeMacaroon(answer().bytes.map((byte, i, all) => (i === all.length - 1 ? byte ^ 1 : byte)))
    expect(says([forged])).toBe(
      'bad-discharge: The discharge from "https://auth.example" does not verify: The macaroon is not genuine: its tail does not follow from this key',
    )
    const stranger = answer([parentBinding(mintMacaroon({ ...input, rnd: random(16) }))])
    expect(says([stranger, forged])).toMatch(
      /: The discharge is bound to another macaroon than this; The macaroon is not/,
    )
    expect(says([bindToParent(answer([], false), attenuate(asking, [window]))])).toMatch(/bound to another macaroon/)
    // Only the hash of a tail is one of a parent: not that of nothing.
    const prefix = defaultKernel.sha256(new Uint8Array(0)).slice(0, 16)
    expect(says([answer([{ type: 'BindToParentToken', prefix }])])).toMatch(/bound to another macaroon/)
  })

  it('takes keys of 32 bytes for trusted ones, and discharges that decodeMacaroon made', () => {
    const discharges = [answer()]
    const short = new Map([[location, [new Uint8Array(31)]]])
    expect(caught(() => verify(asking, input.key, { discharges, trusted: short })).code).toBe('bad-argument')
    const copies = [Object.assign({}, answer())]
    expect(caught(() => verify(asking, input.key, { discharges: copies })).code).toBe('bad-argument')
  })

  it('refuses a binding where nothing is presented that it could be bound to', () => {
    const alone = mintMacaroon({ ...input, caveats: [parentBinding(asking)] })
    expect(codeOf(() => verify(alone, input.key))).toBe('bound-elsewhere')
    expect(codeOf(() => verify(attenuate(alone, [organization]), input.key, { discharges: [answer()] }))).toBe(
      'bound-elsewhere',
    )
  })

  it('does not take a fault of its own for one of a discharge', () => {
    const kernel: Kernel = {
      ...defaultKernel,
      sha256() {
        throw new TypeError('mine')
      },
    }
    const discharges = [answer([parentBinding(asking)])]
    expect(() => verify(asking, input.key, { discharges, kernel })).toThrow(TypeError)
  })

  it('does not let a discharge pass for a permission token, nor the other way round', () => {
    const { dischargeKey } = openTicket(shared, ticketOf(asking))
    expect(caught(() => verify(answer([window]), input.key)).code).toBe('forged')
    expect(verify(answer([window]), dischargeKey).caveats).toEqual([window])
    expect(caught(() => verify(asking, input.key, { discharges: [asking] })).code).toBe('undischarged')
  })

  it('refuses what leaves nothing to hold an access against', () => {
    const only = mintMacaroon({ ...input, caveats: [ask()] })
    const discharge = (caveats: readonly Caveat[]) =>
      dischargeTicket({ key: shared, ticket: ticketOf(only), location, rnd: random(16), caveats })
    const code = (caveats: readonly Caveat[]) =>
      codeOf(() => verify(only, input.key, { discharges: [discharge(caveats)], trusted }))
    expect([code([]), code([user]), code([user, window])]).toEqual(['no-caveats', 'no-caveats', 'nothing'])
  })

  it('refuses attestations alone, in a proof and where its holder could have written them', () => {
    const { dischargeKey } = openTicket(shared, ticketOf(asking))
    expect(codeOf(() => verify(answer([user]), dischargeKey))).toBe('no-caveats')
    expect(codeOf(() => verify(answer([user, window]), dischargeKey))).toBe('nothing')
    // The number and the body of `user`, signed as any holder of a macaroon without caveats can.
    const nonce = makeNonce(Uint8Array.of(1), random(16), false)
    const caveat = Uint8Array.of(23, 7)
    const tail = nextTail(firstTail(input.key, nonce), caveat)
    const bytes = Uint8Array.of(0x94, ...nonce.bytes, 0xa1, 0x78, 0x92, ...caveat, 0xc4, 32, ...tail)
    expect(decodeMacaroon(bytes).unsafeCaveats).toEqual([user])
    expect(codeOf(() => verify(decodeMacaroon(bytes), input.key))).toBe('attestation')
  })
})

function ticketOf(macaroon: Macaroon): Uint8Array {
  return ticketsOf(macaroon).get(location)?.[0] ?? new Uint8Array(0)
}
