/** Calls in which an argument throws, or calls in turn, wherever it is looked at: nothing forged verifies then or later. */

import { describe, expect, it } from 'vitest'
import { actions } from './action.ts'
import type { Access } from './access.ts'
import { parseBundle, verifyBundle } from './bundle.ts'
import type { Caveat } from './caveat.ts'
import { decodeCaveats, encodeCaveats } from './caveat-set.ts'
import * as door from './index.ts'
import { decodeMacaroon, Macaroon } from './macaroon.ts'
import { sealTicket } from './ticket.ts'
import { isVerified } from './verify.ts'
import { codeOf } from './testing/errors.ts'
import { countUp } from './testing/vectors.ts'

const location = 'https://api.fly.io/v1'
const key = Uint8Array.from({ length: 32 }, (_, i) => i + 1)
const random = countUp()
const caveats: readonly Caveat[] = [
  { type: 'Organization', id: 12n, mask: actions.all },
  { type: 'IfPresent', ifs: [{ type: 'Apps', apps: new Map([[7n, actions.read]]) }], else: actions.read },
]
const input = { kid: Uint8Array.of(1, 2), rnd: random(16), location, key, caveats }
const access: Access = { action: actions.read, now: 100, orgId: 12n, appId: 7n }
const macaroon = door.mintMacaroon(input)
const { bytes } = macaroon
const forged = new Uint8Array(bytes)
forged[bytes.length - 40] = (forged.at(-40) ?? 0) ^ 1
const headers = [forged, bytes].map((each) => door.formatAuthorization([each, each]))
const asked = door.thirdParty({ key, location: 'x', random })
const asking = door.attenuate(macaroon, [asked])
const answering = { key, ticket: asked.ticket, location: 'x', rnd: random(16), caveats }
const answer = door.dischargeTicket(answering)
const answered = door.verify(asking, key, { discharges: [answer] })
const sealing = { key, dischargeKey: random(32), caveats, nonce: random(12) }

/** What takes bytes, keys, lists, options or functions of a caller. */
const calls: Readonly<Record<string, readonly [(...given: never[]) => unknown, ...unknown[]]>> = {
  attenuate: [door.attenuate, macaroon, [...caveats, { type: 'IsMember' }, asked]],
  clear: [door.clear, answered, [access], { denials: 1 }],
  clearCaveats: [door.clearCaveats, caveats, [access]],
  decodeCaveats: [decodeCaveats, encodeCaveats(caveats)],
  decodeMacaroon: [door.decodeMacaroon, bytes, {}],
  dischargeTicket: [door.dischargeTicket, answering, {}],
  encodeCaveats: [encodeCaveats, caveats],
  formatAuthorization: [door.formatAuthorization, [bytes, forged], ['fo1_x']],
  mintMacaroon: [door.mintMacaroon, { ...input, caveats: [...caveats, asked] }, {}],
  openTicket: [door.openTicket, key, asked.ticket, {}],
  parseAuthorization: [door.parseAuthorization, headers[1]],
  parseBundle: [door.parseBundle, headers[1], { location }],
  'parseBundle of bytes': [door.parseBundle, { macaroons: [forged, bytes], authTokens: [] }, { location }],
  sealTicket: [sealTicket, sealing, {}],
  thirdParty: [door.thirdParty, { key, location: 'x', caveats, random }, {}],
  ticketsOf: [door.ticketsOf, asking, [answer]],
  tokenId: [door.tokenId, { kid: bytes, rnd: bytes }],
  verify: [door.verify, macaroon, key, { spend: () => undefined }],
  'verify with a discharge': [
    door.verify,
    asking,
    key,
    { discharges: [answer], trusted: new Map([['x', [key]]]), spend: () => undefined },
  ],
  verifyBundle: [door.verifyBundle, parseBundle(headers[1] ?? '', { location }), () => key, { spend: () => undefined }],
}

/** The same value, which calls `tick` wherever somebody looks at it or at what is in it. */
function watch(value: unknown, tick: () => void): unknown {
  if (value instanceof Uint8Array) return watchBytes(value, tick)
  if (typeof value === 'function') {
    return (...given: unknown[]) => {
      tick()
      return watch(Reflect.apply(value, undefined, given), tick)
    }
  }
  if (typeof value !== 'object' || value === null) return value
  if (Macaroon.isMacaroon(value) || isVerified(value) || value === asked) return value
  return new Proxy(value, {
    get(target, name) {
      tick()
      const found: unknown = Reflect.get(target, name, target)
      return typeof found === 'function' ? found.bind(target) : watch(found, tick)
    },
    has: (target, name) => (tick(), Reflect.has(target, name)),
    ownKeys: (target) => (tick(), Reflect.ownKeys(target)),
    getOwnPropertyDescriptor: (target, name) => (tick(), Reflect.getOwnPropertyDescriptor(target, name)),
    getPrototypeOf: (target) => (tick(), Reflect.getPrototypeOf(target)),
  })
}

/** Bytes of a class that has a say in whatever one asks them by name. */
function watchBytes(bytes: Uint8Array, tick: () => void): Uint8Array {
  const watched = new Uint8Array(bytes)
  for (const name of ['length', 'byteLength', 'byteOffset', 'buffer', 'constructor', 'slice', 'subarray', 'valueOf']) {
    Object.defineProperty(watched, name, {
      get() {
        tick()
        return Reflect.get(Uint8Array.prototype, name, bytes) as unknown
      },
    })
  }
  return watched
}

function verifies(token: Uint8Array): boolean {
  return codeOf(() => door.verify(decodeMacaroon(token), key)) === 'nothing'
}

/** In either order, from bytes and from headers, and the same ones again. */
function expectNothingForged(): void {
  expect([forged, bytes, forged].map(verifies)).toEqual([false, true, false])
  const bundles = headers.map((header) => parseBundle(header, { location }))
  for (let again = 0; again < 2; again += 1) {
    expect(bundles.map((bundle) => verifyBundle(bundle, () => key).verified.length)).toEqual([0, 2])
  }
  expect(door.openTicket(key, asked.ticket).dischargeKey).toHaveLength(32)
  expect(codeOf(() => door.verify(asking, key, { discharges: [answer] }))).toBe('nothing')
  expect(codeOf(() => door.verify(macaroon, new Uint8Array(32)))).toBe('forged')
}

describe.each(Object.entries(calls))('%s', (_, [call, ...right]) => {
  it.each<[string, () => void]>([
    [
      'throws',
      () => {
        throw new Error('interrupted')
      },
    ],
    ['calls in turn', expectNothingForged],
  ])('leaves all as it was where an argument %s', (what, act) => {
    const expected = JSON.stringify(Reflect.apply(call, undefined, right), replacer)
    for (let stop = 1, looks = stop; looks >= stop && stop < 300; stop += 1) {
      looks = 0
      const tick = () => {
        looks += 1
        if (looks === stop) act()
      }
      let made: unknown
      try {
        made = Reflect.apply(
          call,
          undefined,
          right.map((each) => watch(each, tick)),
        )
      } catch (error) {
        if (!(error instanceof door.MacaroonError))
          expect([what, String(error)]).toEqual(['throws', 'Error: interrupted'])
      }
      // What is drawn, and what is read, is what it would have been.
      if (made !== undefined && !drawing.has(call)) expect(JSON.stringify(made, replacer)).toBe(expected)
      expectNothingForged()
    }
  })
})

/** Whose results have something random in them. */
const drawing: ReadonlySet<unknown> = new Set([door.attenuate, door.mintMacaroon, door.thirdParty])

function replacer(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Map) return [...(value as Map<unknown, unknown>)]
  if (Macaroon.isMacaroon(value)) return [...value.bytes]
  return value instanceof Uint8Array ? [...value] : value
}
