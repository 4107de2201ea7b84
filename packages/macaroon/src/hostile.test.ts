/** What an enemy would send to make the parsers slow, big or fall over; all of it within the bound of 64 KiB. */

import { describe, expect, it } from 'vitest'
import { caveatsFromJSON } from './caveat-json.ts'
import {
  attenuate,
  type Caveat,
  clearCaveats,
  decodeMacaroon,
  dischargeTicket,
  type Macaroon,
  mintMacaroon,
  openTicket,
  parseAuthorization,
  parseBundle,
  ticketsOf,
  verify,
} from './index.ts'
import { decodeCaveats } from './caveat-set.ts'
import { parentBinding } from './discharge.ts'
import { encodeMacaroon } from './macaroon.ts'
import { sealTicket } from './ticket.ts'
import { codeOf } from './testing/errors.ts'
import { countUp } from './testing/vectors.ts'
import { thirdParty } from './third-party.ts'

const size = 65_000
/** Generous, since machines differ: what takes quadratic time takes many seconds. */
const milliseconds = 5000
const key = new Uint8Array(32).fill(7)
const random = countUp()
const mint = (caveats: readonly Caveat[]) =>
  mintMacaroon({ kid: Uint8Array.of(1), rnd: new Uint8Array(16), location: 'here', key, caveats })
const fill = (head: readonly number[], unit: readonly number[]) =>
  Uint8Array.of(...head, ...Array.from({ length: Math.floor(size / unit.length) }, () => unit).flat())

describe('bytes', () => {
  it.each<[string, Uint8Array, string]>([
    ['arrays within arrays', fill([0x92, 0xcd, 0x10, 0x92], [0x91]), 'malformed'],
    ['maps within maps', fill([0x92, 0xcd, 0x10, 0x92], [0x81, 0x01]), 'malformed'],
    ['maps as keys of maps', fill([0x92, 0xcd, 0x10, 0x92], [0x81]), 'malformed'],
    ['IfPresent within IfPresent', fill([], [0x92, 0x0d, 0x92]), 'too-deep'],
    ['many caveats', fill([0xdc, 0xfd, 0xe8], [0x1a, 0x01]), 'too-many'],
    ['many caveats inside', fill([0x92, 0x0d, 0x92, 0xdc, 0xfd, 0xe0], [0x1a, 0x01]), 'too-many'],
    ['a map in the wrong order', fill([0x92, 0x03, 0x91, 0xde, 0x7e, 0xf4], [0x07, 0x01]), 'not-canonical'],
    ['a text of bad UTF-8', fill([0x92, 0x13, 0xda, 0xfd, 0xe8], [0xc3, 0x28]), 'malformed'],
    ['many commands', fill([0x92, 0x1b, 0xdc, 0x54, 0xa2], [0x92, 0x90, 0xc2]), 'nothing'],
    ['many empty texts', fill([0x92, 0x06, 0x91, 0xdc, 0xfd, 0xe8], [0xa0]), 'nothing'],
  ])('%s', (_, bytes, code) => {
    expect(timed(() => codeOf(() => decodeCaveats(bytes)))).toBe(code)
  })

  it('that announce more than there is, wherever they do', () => {
    const { bytes } = mint([
      { type: 'Organization', id: 12n, mask: 31 },
      { type: 'Apps', apps: new Map([[7n, 1]]) },
      { type: 'Commands', commands: [{ args: ['ls'], exact: true }] },
      { type: 'IfPresent', ifs: [{ type: 'ConfineGoogleHD', hd: 'x' }], else: 1 },
      { type: 'Unknown', number: 4242n, body: Uint8Array.of(0x91, 0x01) },
    ])
    const heads = [0xc4, 0xc6, 0xc9, 0xd9, 0xdb, 0xdc, 0xdd, 0xde, 0xdf]
    timed(() => {
      for (let at = 0; at < bytes.length; at += 1) {
        for (const head of heads) {
          const lying = Uint8Array.of(...bytes.subarray(0, at), head, 0xff, 0xff, 0xff, 0xff, ...bytes.subarray(at + 1))
          expect(['malformed', 'truncated', 'not-canonical', 'too-many']).toContain(codeOf(() => decodeMacaroon(lying)))
        }
      }
    })
  })
})

describe('texts', () => {
  it.each<[string, () => unknown]>([
    ['schemes', () => parseAuthorization('Bearer '.repeat(9000))],
    ['commas', () => parseAuthorization(`fm2_AAAA${','.repeat(size)}`)],
    ['spaces', () => parseAuthorization(`x,${' '.repeat(size)}x`)],
    ['prefixes', () => parseAuthorization('fm2_'.repeat(16_000))],
    ['padding', () => parseAuthorization(`fm2_${'='.repeat(size)}`)],
    ['one letter too many', () => parseAuthorization(`fm2_${'A'.repeat(size + 1)}`)],
    ['brackets', () => caveatsFromJSON('['.repeat(size))],
    ['digits', () => caveatsFromJSON(`[${'1'.repeat(size)}]`)],
    ['backslashes', () => caveatsFromJSON(`["${'\\'.repeat(size)}`)],
    ['empty elements', () => caveatsFromJSON(`[${'{},'.repeat(20_000)}{}]`)],
  ])('%s', (_, call) => {
    expect(timed(() => codeOf(call))).not.toBe('nothing')
  })
})

describe('a genuine token', () => {
  it('of as many senseless restrictions as fit is judged at once, and with few words', () => {
    const apps = new Map(Array.from({ length: 8000 }, (_, i) => [BigInt(i + 1), 0] as const))
    const objects = new Map(Array.from({ length: 1800 }, (_, i) => [`https://s/${i}`, 1] as const))
    const inside: Caveat = {
      type: 'IfPresent',
      ifs: Array.from({ length: 200 }, (_, i) => ({ type: 'Action', mask: i })),
      else: 0,
    }
    const caveats: Caveat[] = [{ type: 'Apps', apps }, { type: 'StorageObjects', prefixes: objects }, inside]
    const verified = verify(mint(caveats), key)
    const access = { action: 2, now: 0, orgId: 1n, appId: 90_000n }
    const clearance = timed(() => clearCaveats(verified.caveats, [access]))
    expect(JSON.stringify(clearance.allowed ? '' : clearance.denials.map(({ reason }) => reason)).length).toBeLessThan(
      size,
    )
  })

  it('that asks one ticket again and again, and brings many wrong answers, is given up soon', () => {
    const demand = thirdParty({ key, location: 'x', random })
    const input = { key, ticket: demand.ticket, location: 'x', rnd: new Uint8Array(16) }
    const wrong = (i: number): Macaroon => {
      const bytes = encodeMacaroon(dischargeTicket({ ...input, rnd: random(16), caveats: many(i) }))
      bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1
      return decodeMacaroon(bytes)
    }
    const token = mintMacaroon({
      kid: Uint8Array.of(1),
      rnd: new Uint8Array(16),
      location: 'here',
      key,
      caveats: [{ type: 'IsMember' }, demand],
    })
    const answers = Array.from({ length: 65 }, (_, i) => wrong(i))
    expect(timed(() => codeOf(() => verify(token, key, { discharges: answers })))).toBe('too-many')
    const right = dischargeTicket({ ...input })
    expect(codeOf(() => verify(token, key, { discharges: [...answers.slice(0, 63), right] }))).toBe('nothing')
    expect(codeOf(() => verify(token, key, { discharges: [...answers.slice(0, 64), right] }))).toBe('too-many')
  })
})

describe('what a verification takes', () => {
  const shared = new Uint8Array(32).fill(9)
  const asked = thirdParty({ key: shared, location: 'third', random })
  const token = attenuate(mint([{ type: 'IsMember' }]), [asked])
  const [ticket] = ticketsOf(token).get('third') ?? []
  const { prefix } = parentBinding(token)
  // Of every length: what stands there twice is added once.
  const bindings = Array.from({ length: 16 }, (_, i) => ({
    type: 'BindToParentToken' as const,
    prefix: prefix?.slice(0, i + 1) ?? null,
  }))
  const answer = dischargeTicket({
    key: shared,
    ticket: ticket ?? new Uint8Array(0),
    location: 'third',
    rnd: new Uint8Array(16),
    caveats: bindings,
  })

  it('is reported before it is done: hashes with their blocks, and comparisons', () => {
    const blocks = ({ bytes }: Macaroon) => Math.ceil(bytes.length / 64)
    const plain = mint([{ type: 'IsMember' }])
    let steps = 0
    const spend = (more: number) => (steps += more)
    verify(plain, key, { spend })
    expect(steps).toBe(2 + blocks(plain))
    steps = 0
    verify(mint([{ type: 'ConfineGoogleHD', hd: 'x'.repeat(6400) }]), key, { spend })
    expect(steps).toBeGreaterThan(100)
    steps = 0
    verify(token, key, { discharges: [answer], spend })
    // Its own chain, the look for an answer, the answer's chain, the tails once more, and every binding with all of them.
    const count = answer.unsafeCaveats.length
    expect(steps).toBe(3 + blocks(token) + 2 + (count + 1) + blocks(answer) + (2 * 3 + blocks(token)) + count * 3)
  })

  it('ends where the caller wants no more of it', () => {
    let left = 40
    class Enough extends Error {}
    const spend = (more: number) => {
      if (more > left) throw new Enough()
      left -= more
    }
    expect(() => verify(token, key, { discharges: [answer], spend })).toThrow(Enough)
  })
})

describe('a ticket', () => {
  it('with nonsense inside costs no more than any other', () => {
    const caveats: Caveat[] = [{ type: 'Unknown', number: 4242n, body: Uint8Array.of(...fill([], [0x91]), 0xc2) }]
    const ticket = sealTicket({ key, dischargeKey: key, nonce: random(12), caveats })
    expect(timed(() => codeOf(() => openTicket(key, ticket)))).toBe('nothing')
  })
})

describe('a header', () => {
  it('of tokens that all ask one another is sorted at once', () => {
    const demands = Array.from({ length: 60 }, (_, i) => thirdParty({ key, location: `${i}`, random }))
    const asking = mintMacaroon({
      kid: Uint8Array.of(1),
      rnd: new Uint8Array(16),
      location: 'here',
      key,
      caveats: demands,
    })
    const answers = demands
      .slice(0, 31)
      .map(({ ticket }) => dischargeTicket({ key, ticket, location: 'x', rnd: random(16) }))
    const macaroons = [asking, ...answers].map((macaroon) => macaroon.bytes)
    const bundle = timed(() => parseBundle({ macaroons, authTokens: [] }, { location: 'here' }))
    expect(bundle.permissions[0]?.discharges).toHaveLength(31)
  })
})

/** Caveats that make a macaroon long. */
function many(seed: number): Caveat[] {
  return Array.from({ length: 20 }, (_, i) => ({ type: 'ConfineGoogleHD', hd: `${seed} ${i} ${'x'.repeat(40)}` }))
}

function timed<T>(call: () => T): T {
  const started = performance.now()
  const result = call()
  expect(performance.now() - started).toBeLessThan(milliseconds)
  return result
}
