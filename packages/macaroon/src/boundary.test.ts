/** What callers without types hand over: everything is refused by its name, and nothing of it changes what comes after. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { caveatsFromJSON, caveatsToJSON } from './caveat-json.ts'
import { explain, sayRunLabels } from './explain.ts'
import { memberFeatures, permittedRole, validateAccess } from './access.ts'
import { decodeCaveats, encodeCaveats } from './caveat-set.ts'
import { parentBinding } from './discharge.ts'
import * as door from './index.ts'
import * as internal from './internal.ts'
import { encodeMacaroon } from './macaroon.ts'
import { sealTicket } from './ticket.ts'
import { createVocabulary } from './vocabulary.ts'
import { type Access, type Caveat, MacaroonError, type Network, type OwnCaveatDefinition } from './index.ts'
import { nameTokens } from './name-token.ts'
import { caught, codeOf } from './testing/errors.ts'
import { countUp } from './testing/vectors.ts'

const {
  actions,
  attenuate,
  bindToParent,
  clear,
  clearBundle,
  clearCaveats,
  decodeMacaroon,
  defineCaveat,
  dischargeTicket,
  expiration,
  extendVocabulary,
  flyVocabulary,
  formatAuthorization,
  getCaveats,
  isSubset,
  mintMacaroon,
  openTicket,
  organizationScope,
  parseAuthorization,
  parseBundle,
  roles,
  thirdParty,
  ticketsOf,
  tokenId,
  verify,
  verifyBundle,
} = door

const key = Uint8Array.from({ length: 32 }, (_, i) => i + 1)
const random = countUp()
const caveats: readonly Caveat[] = [
  { type: 'Organization', id: 12n, mask: actions.all },
  { type: 'Apps', apps: new Map([[7n, actions.read]]) },
  { type: 'ValidityWindow', notBefore: 0n, notAfter: 5000n },
]
const input = { kid: Uint8Array.of(1, 2), rnd: new Uint8Array(16), location: 'https://api.fly.io/v1', key, caveats }
const macaroon = mintMacaroon(input)
const { bytes } = macaroon
const verified = verify(macaroon, key)
const access: Access = { action: actions.read, now: 100, orgId: 12n, appId: 7n }
const sealing = { key, dischargeKey: new Uint8Array(32).fill(9), nonce: new Uint8Array(12) }
const ticket = sealTicket(sealing)
const answering = { key, ticket, location: 'x', rnd: new Uint8Array(16) }
const network: Network = { address: Uint8Array.of(10, 0, 0, 0), bits: 8 }
const location = input.location
const text = formatAuthorization([bytes])
const bundle = parseBundle(text, { location })
const own: OwnCaveatDefinition<string> = {
  name: 'Shelf',
  number: 2n ** 48n,
  decode: (reader) => reader.readString(),
  encode: (writer, value) => writer.writeString(value),
  toJson: (value) => value,
  fromJson: String,
  prohibits: () => undefined,
}

/** Every function that is exported, with arguments that are right; what is not there is no function. */
const calls: Readonly<Record<string, readonly unknown[]>> = {
  attenuate: [macaroon, caveats],
  caveatBytesOf: [macaroon],
  bindToParent: [dischargeTicket({ ...answering, proof: false }), macaroon],
  caveatBytesToValue: [encodeCaveats(caveats)],
  caveatsFromJSON: ['[]', {}],
  caveatsToJSON: [caveats, { indent: 2 }],
  caveatsToValue: [caveats, flyVocabulary],
  clear: [verified, [access], { denials: 1 }],
  clearBundle: [verifyBundle(bundle, () => key), [access]],
  clearCaveats: [caveats, [access], flyVocabulary],
  clearFixed: [caveats],
  countCaveats: [macaroon],
  countEncoded: [Uint8Array.of(0x92, 0, 0)],
  decodeCaveats: [encodeCaveats(caveats), flyVocabulary],
  decodeMacaroon: [bytes, {}],
  decodeSmall: [bytes, location],
  defineCaveat: [own],
  derivedTokenId: [macaroon],
  dischargeTicket: [answering, {}],
  encodeCaveats: [caveats, flyVocabulary],
  endOfMacaroon: [macaroon],
  expiration: [caveats, flyVocabulary],
  explain: [caveats, { now: 5 }],
  extendVocabulary: [flyVocabulary, [defineCaveat(own).codec]],
  formatAction: [actions.read],
  authorizationOf: [macaroon],
  formatAuthorization: [[bytes], ['fo1_x']],
  formatDerived: [{ tokenId: tokenId(macaroon.nonce), digest: new Uint8Array(16) }],
  formatTokens: [[bytes], ['fo1_x']],
  getCaveats: [caveats, 'Apps', flyVocabulary],
  isSubset: [1, 1],
  keepGenuine: [macaroon, []],
  mintMacaroon: [input, {}],
  nameTokens: [text],
  openTicket: [key, ticket, {}],
  organizationScope: [caveats, flyVocabulary],
  parentBinding: [macaroon],
  parseAction: ['rw'],
  arrangeNetworks: [[network]],
  isInNetwork: [network.address, network],
  parseAddress: ['::1'],
  writeAddress: [network.address],
  writeNetwork: [network],
  parseDerived: [internal.formatDerived({ tokenId: tokenId(macaroon.nonce), digest: new Uint8Array(16) })],
  tailDigests: [macaroon, key, 1],
  parseAuthorization: [text],
  parseBundle: [text, { location }],
  runLabels: [verified],
  sayRunLabels: [[{ agent: 'ci' }], 2],
  scopeOf: [verified],
  scopeOfMacaroon: [macaroon],
  thirdParty: [{ key, location: 'x', random }, {}],
  ticketsOf: [macaroon, []],
  caveatsWith: [macaroon, [], 0],
  tokenId: [macaroon.nonce],
  tokenIdsOf: [macaroon.nonce.kid],
  validateAccess: [access],
  verifyBelow: [internal.keepGenuine(macaroon, []), macaroon, []],
  verify: [macaroon, key, { spend: () => undefined }],
  verifyBundle: [bundle, () => key, {}],
}
const exported: Readonly<Record<string, unknown>> = {
  ...door,
  ...internal,
  caveatsFromJSON,
  caveatsToJSON,
  explain,
  nameTokens,
  sayRunLabels,
}
const functions = Object.entries(exported).filter(([name, it]) => typeof it === 'function' && name !== 'MacaroonError')

const detached = new Uint8Array(32)
structuredClone(detached.buffer, { transfer: [detached.buffer] })
class Lying extends Uint8Array {
  override get length(): number {
    return 32
  }
}
const sparse: unknown[] = []
sparse.length = 3
/** A value that is another one whenever one looks. */
const restless = new Proxy({}, { get: (_, name) => (typeof name === 'symbol' ? undefined : Math.random()) })
const junk: readonly unknown[] = [
  undefined,
  null,
  true,
  0,
  -0,
  1.5,
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  12,
  12n,
  -1n,
  2n ** 70n,
  '',
  'correcthorsebatterystapleinthesk',
  Symbol('x'),
  () => 32,
  {},
  { length: 32 },
  { length: Number.NaN },
  Object.create(null),
  Object.create(Uint8Array.prototype),
  [],
  [null],
  ['a'],
  sparse,
  Array.from({ length: 32 }, () => 1),
  new Map(),
  new Set([1]),
  new Date(0),
  new URL('https://api.fly.io/v1'),
  new ArrayBuffer(40),
  new SharedArrayBuffer(32),
  new DataView(new ArrayBuffer(32)),
  new Uint8Array(0),
  new Uint8Array(40),
  new Uint16Array(32),
  new Float64Array(32),
  detached,
  new Lying(5),
  new Proxy(new Uint8Array(32), {}),
  restless,
  { type: 'Organization' },
  { type: 'Organization', id: 12, mask: 31 },
  [{ type: 'Mutations', mutations: 'abc' }],
  [{ type: 'Own', name: Symbol('x') }],
  [restless],
]

/** That what is genuine verifies, that what is forged does not, and that no two share their bytes. */
function expectAllIsWell(): void {
  for (const other of [decodeMacaroon(bytes), mintMacaroon(input), attenuate(macaroon, [])]) {
    const forged = new Uint8Array(bytes)
    // The end of its window, in front of its tail.
    forged[bytes.length - 35] = (forged.at(-35) ?? 0) ^ 1
    const [first, second] = [forged, bytes].map((each) => decodeMacaroon(each))
    if (first === undefined || second === undefined) throw new Error('there are two')
    expect(codeOf(() => verify(first, key))).toBe('forged')
    for (const genuine of [other, second, macaroon]) {
      expect(encodeMacaroon(genuine)).toEqual(bytes)
      expect(clear(verify(genuine, key), [access])).toEqual({ allowed: true })
      expect(codeOf(() => verify(genuine, new Uint8Array(32)))).toBe('forged')
    }
  }
  expect(clear(verified, [{ ...access, appId: 8n }]).allowed).toBe(false)
  expect(verifyBundle(parseBundle(text, { location }), () => key).verified).toHaveLength(1)
}

describe('every export', () => {
  it('is tried here, with arguments that are right', () => {
    expect(functions.map(([name]) => name).toSorted()).toEqual(Object.keys(calls).toSorted())
    for (const [name, call] of functions)
      expect(codeOf(() => Reflect.apply(call as () => void, null, calls[name] ?? []))).toBe('nothing')
  })

  it('throws nothing but MacaroonError for junk in any place, and leaves all others as they are', () => {
    for (const [name, call] of functions) {
      const right = calls[name] ?? []
      for (const [at, whole] of right.entries()) {
        for (const value of junk) {
          const tries = [right.with(at, value)]
          // And in every field of what has some.
          if (typeof whole === 'object' && whole !== null && !ArrayBuffer.isView(whole)) {
            for (const field of Object.keys(whole)) {
              const changed = Array.isArray(whole) ? [...whole] : { ...whole }
              Reflect.set(changed, field, value)
              tries.push(right.with(at, changed))
            }
          }
          for (const args of tries) attempt(() => Reflect.apply(call as () => void, null, args))
        }
      }
      expectAllIsWell()
    }
  })

  it('does so for any values whatever', () => {
    const anything = fc.oneof(
      fc.anything({
        withBigInt: true,
        withTypedArray: true,
        withSparseArray: true,
        withMap: true,
        withDate: true,
        withNullPrototype: true,
      }),
      fc.constantFrom(...junk),
    )
    const call = fc
      .constantFrom(...functions)
      .chain(([name, it]) =>
        fc.record({ it: fc.constant(it), right: fc.constant(calls[name] ?? []), at: fc.nat(3), value: anything }),
      )
    fc.assert(
      fc.property(fc.array(call, { maxLength: 8 }), (list) => {
        for (const { it, right, at, value } of list) {
          attempt(() => Reflect.apply(it as () => void, null, right.with(at % right.length, value)))
        }
        expectAllIsWell()
      }),
      { numRuns: 300 },
    )
  })
})

/** Whatever it returns; anything but a MacaroonError is a failure. */
function attempt(call: () => unknown): void {
  try {
    call()
  } catch (error) {
    if (!(error instanceof MacaroonError)) throw error
  }
}

describe('bytes', () => {
  const others: readonly (readonly [string, unknown])[] = [
    ['a text', 'correcthorsebatterystapleinthesk'],
    ['an ArrayBuffer', new ArrayBuffer(32)],
    ['a DataView', new DataView(new ArrayBuffer(32))],
    ['a list', Array.from({ length: 32 }, () => 0)],
    ['wider numbers', new Uint16Array(32)],
    ['bytes that were given away', detached],
    ['bytes that lie about how many they are', new Lying(5)],
    ['what only looks like bytes', Object.create(Uint8Array.prototype)],
  ]
  it.each(others)('are nothing else, such as %s', (_, value) => {
    const wrong = value as Uint8Array
    const named = (call: () => unknown) => {
      const { code, message } = caught(call)
      return `${code}: ${message}`
    }
    expect(named(() => verify(macaroon, wrong))).toMatch(/^bad-argument: key must be a Uint8Array of 32 bytes/)
    expect(named(() => mintMacaroon({ ...input, key: wrong }))).toMatch(/^bad-argument: key /)
    expect(named(() => mintMacaroon({ ...input, rnd: wrong }))).toMatch(/^bad-argument: rnd /)
    expect(named(() => openTicket(wrong, ticket))).toMatch(/^bad-argument: key /)
    expect(named(() => sealTicket({ ...sealing, dischargeKey: wrong }))).toMatch(/^bad-argument: dischargeKey /)
    expect(named(() => thirdParty({ key, location: 'x', random: () => wrong }))).toMatch(/^bad-argument: what random/)
    expect(named(() => verifyBundle(bundle, () => wrong))).toMatch(/^bad-argument: key /)
    if (wrong instanceof Lying) return
    expect(named(() => decodeMacaroon(wrong))).toMatch(/^bad-argument: bytes /)
    expect(named(() => mintMacaroon({ ...input, kid: wrong }))).toMatch(/^bad-argument: kid /)
    expect(named(() => decodeCaveats(wrong))).toMatch(/^bad-argument: bytes /)
    expect(named(() => openTicket(key, wrong))).toMatch(/^bad-argument: ticket /)
    expect(named(() => formatAuthorization([wrong]))).toMatch(/^bad-argument: macaroons\[0\] /)
    expect(named(() => tokenId({ ...macaroon.nonce, kid: wrong, rnd: wrong }))).toMatch(/^bad-argument: nonce.kid /)
  })

  it('of a shared buffer are copied', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
    shared.set(bytes)
    const decoded = decodeMacaroon(shared)
    const asked = thirdParty({ key, location: 'x', random })
    const told = asked.ticket
    shared.fill(0)
    told.fill(0)
    expect(verify(decoded, key).macaroon).toBe(decoded)
    expect(codeOf(() => openTicket(key, asked.ticket))).toBe('nothing')
    const sharedKey = new Uint8Array(new SharedArrayBuffer(32))
    sharedKey.set(key)
    expect(verify(decoded, sharedKey).macaroon).toBe(decoded)
    sharedKey.fill(0)
    expect(codeOf(() => verify(decoded, sharedKey))).toBe('forged')
  })

  it('of a macaroon are its own, even if a caller has some of them', () => {
    const many = Array.from({ length: 40 }, (_, i) => mintMacaroon({ ...input, rnd: new Uint8Array(16).fill(i) }))
    const before = many.map((each) => each.bytes)
    for (const each of many) {
      for (const part of [each.bytes, each.tail, each.nonce.kid, each.nonce.rnd, each.nonce.bytes]) {
        new Uint8Array(part.buffer).fill(0)
      }
    }
    expect(many.map((each) => each.bytes)).toEqual(before)
    expect(new Set(many.map((each) => tokenId(each.nonce))).size).toBe(many.length)
    for (const each of many) expect(verify(each, key).macaroon).toBe(each)
  })
})

describe('caveats', () => {
  const everything: readonly Caveat[] = [
    { type: 'Organization', id: 12n, mask: actions.read },
    { type: 'Apps', apps: new Map([[7n, actions.read]]) },
    { type: 'FeatureSet', features: new Map([['wg', actions.read]]) },
    { type: 'IfPresent', ifs: [{ type: 'Machines', machines: new Map([['m', 1]]) }], else: actions.read },
    { type: 'Mutations', mutations: ['a'] },
    { type: 'Commands', commands: [{ args: ['ls'], exact: true }] },
    { type: 'Action', mask: actions.read },
    { type: 'AllowedRoles', roles: 2 },
    { type: 'ValidityWindow', notBefore: 0n, notAfter: 10n },
    { type: 'FromMachineSource', id: 'm' },
    { type: 'FlySrc', organization: 'o', app: 'a', instance: 'i' },
    { type: 'BindToParentToken', prefix: Uint8Array.of(1, 2) },
    { type: 'Unknown', number: 4242n, body: Uint8Array.of(0x91, 0x01) },
  ]
  const asked = thirdParty({ key, location: 'x', random })
  const judge = (one: door.VerifiedMacaroon) => clear(one, [{ ...access, action: actions.write, now: 100, appId: 9n }])

  const reasonsOf = (clearance: door.Clearance) =>
    clearance.allowed ? [] : clearance.denials.map(({ kind, reason, index }) => [kind, reason, index])

  /** Makes whatever it is handed as lenient as can be, wherever one can reach. */
  function corrupt(value: unknown, depth = 0): void {
    if (typeof value !== 'object' || value === null || depth > 5) return
    if (value instanceof Uint8Array) value.fill(0)
    else if (value instanceof Map) {
      for (const each of value.keys()) value.set(each, actions.any)
      value.set(9n, actions.any)
      value.set('', actions.any)
    } else {
      for (const name of Object.keys(value)) {
        corrupt(Reflect.get(value, name), depth + 1)
        const lenient: Readonly<Record<string, unknown>> = {
          mask: actions.any,
          else: actions.any,
          id: 0n,
          roles: roles.admin,
          notAfter: 2n ** 40n,
          type: 'IsUser',
        }
        if (name in lenient) Reflect.set(value, name, lenient[name])
      }
      if (Array.isArray(value)) Reflect.set(value, 'length', 0)
    }
  }

  it.each(everything.map((one) => [one.type, one] as const))(
    'of the type %s are what was verified, whatever became of them',
    (_, one) => {
      const minted = mintMacaroon({ ...input, caveats: [{ type: 'IsUser', id: 1n }, one] })
      const fresh = () => decodeMacaroon(minted.bytes)
      const expected = codeOf(() => verify(fresh(), key)) === 'nothing' ? judge(verify(fresh(), key)) : undefined
      // Between decoding and verifying.
      const early = fresh()
      corrupt(early.unsafeCaveats)
      if (expected === undefined) {
        expect(codeOf(() => verify(early, key))).toBe('bound-elsewhere')
        return
      }
      const proven = verify(early, key)
      expect(judge(proven).allowed).toBe(false)
      expect(reasonsOf(judge(proven))).toEqual(reasonsOf(expected))
      // Between verifying and clearing.
      const late = verify(fresh(), key)
      corrupt(late.caveats)
      corrupt(late.macaroon.unsafeCaveats)
      const denied = judge(late)
      if (!denied.allowed) corrupt(denied.denials)
      expect(judge(late).allowed).toBe(false)
      // And nothing that one may write over reaches them.
      for (const field of ['caveats', 'macaroon', 'vocabulary', 'unsafeCaveats', 'nonce', 'discharges']) {
        for (const target of [late, late.macaroon, late.nonce]) Reflect.set(target, field, [])
      }
      expect(judge(late).allowed).toBe(false)
      expect(encodeMacaroon(late.macaroon)).toEqual(minted.bytes)
    },
  )

  it('of third parties and of discharges are those that were verified', () => {
    const parent = attenuate(macaroon, [asked])
    const limit: Caveat = { type: 'Action', mask: actions.none }
    const discharge = dischargeTicket({ ...answering, ticket: asked.ticket, caveats: [limit] })
    const [one, answer] = [parent, discharge].map((each) => decodeMacaroon(each.bytes))
    if (one === undefined || answer === undefined) throw new Error('there are two')
    corrupt(one.unsafeCaveats)
    corrupt(answer.unsafeCaveats)
    const proven = verify(one, key, { discharges: [answer] })
    corrupt(proven.caveats)
    corrupt(proven.discharges)
    expect(clear(proven, [access])).toMatchObject({ allowed: false, denials: [{ kind: 'action' }] })
    expect(verify(parent, key, { discharges: [discharge] }).caveats).toEqual([...caveats, limit])
  })

  it.each<[string, unknown]>([
    ['a number as an id', { type: 'Organization', id: 12, mask: 31 }],
    ['a text as a mask', { type: 'Action', mask: '31' }],
    ['a text as a list', { type: 'Mutations', mutations: 'abc' }],
    ['a text as arguments', { type: 'Commands', commands: [{ args: 'ls', exact: true }] }],
    ['a text as a list of commands', { type: 'Commands', commands: 'ls' }],
    ['a text as yes or no', { type: 'Commands', commands: [{ args: null, exact: 'no' }] }],
    ['an object as a set', { type: 'Apps', apps: { 7: 31 } }],
    ['numbers as ids of a set', { type: 'Apps', apps: new Map([[7, 31]]) }],
    ['a number as a name', { type: 'Machines', machines: new Map([[7, 31]]) }],
    ['a window without an end', { type: 'ValidityWindow', notBefore: 0n }],
    ['a window that ends never', { type: 'ValidityWindow', notBefore: 0n, notAfter: Number.NaN }],
    ['a text as bytes', { type: 'BindToParentToken', prefix: 'ab' }],
    ['a number as the number of an unknown one', { type: 'Unknown', number: 0, body: Uint8Array.of(0x92, 0, 31) }],
    ['nothing as what is inside', { type: 'IfPresent', else: 31 }],
    ['a text as what is inside', { type: 'IfPresent', ifs: 'abc', else: 31 }],
    ['a type that nobody knows', { type: 'Organisation', id: 12n, mask: 31 }],
  ])('that a caller makes up are of their types: %s', (_, made) => {
    const list = [{ type: 'IsUser', id: 1n }, made] as readonly Caveat[]
    const refused = ['bad-caveat', 'bad-argument', 'too-deep']
    expect(refused).toContain(codeOf(() => mintMacaroon({ ...input, caveats: list })))
    expect(refused).toContain(codeOf(() => attenuate(macaroon, list)))
    expect(refused).toContain(codeOf(() => encodeCaveats(list)))
    expect(refused).toContain(codeOf(() => caveatsToJSON(list)))
    let allowed = false
    try {
      allowed = clearCaveats(list, [{ ...access, mutation: 'b', command: ['l', 's'] }]).allowed
    } catch (error) {
      expect(error).toBeInstanceOf(MacaroonError)
    }
    expect(allowed).toBe(false)
  })

  it('that are not understood are named', () => {
    const one = [{ type: 'Organisation', id: 12n }] as unknown as readonly Caveat[]
    expect(caught(() => encodeCaveats(one)).message).toContain('"Organisation"')
    expect(caught(() => caveatsToJSON(one)).message).toContain('"Organisation"')
    expect(
      caught(() => encodeCaveats([{ type: 'Organization', id: 12, mask: 1 }] as unknown as Caveat[])).message,
    ).toMatch(/^Organization: /)
  })

  it('have an organisation and an end only where those are of their types', () => {
    const ends = (notAfter: unknown) => [{ type: 'ValidityWindow', notBefore: 0n, notAfter }] as readonly Caveat[]
    expect(codeOf(() => expiration(ends(Number.NaN)))).toBe('bad-caveat')
    expect(codeOf(() => expiration(ends(undefined)))).toBe('bad-caveat')
    const scope = (id: unknown) => () => organizationScope([{ type: 'Organization', id, mask: 1 }] as readonly Caveat[])
    expect(codeOf(scope(12))).toBe('bad-caveat')
    expect(codeOf(scope('12'))).toBe('bad-caveat')
  })
})

describe('an access', () => {
  const fields = [
    'orgId',
    'appId',
    'appFeature',
    'feature',
    'volume',
    'machine',
    'machineFeature',
    'mutation',
    'sourceMachine',
    'sourceApp',
    'sourceOrganization',
    'cluster',
    'command',
    'storageObject',
  ] as const
  const rule: Caveat = {
    type: 'IfPresent',
    ifs: [{ type: 'Apps', apps: new Map([[7n, actions.all]]) }],
    else: actions.read,
  }
  const organization: Caveat = { type: 'Organization', id: 12n, mask: actions.all }

  it('has left out what is null, as JSON has it', () => {
    const asked: Access = { action: actions.write, now: 1, orgId: 12n }
    const nulls = Object.fromEntries(fields.map((field) => [field, null]))
    const written = { ...nulls, type: null, ...asked } as unknown as Access
    expect(validateAccess(written)).toBeUndefined()
    expect(clearCaveats([organization, rule], [asked]).allowed).toBe(false)
    expect(clearCaveats([organization, rule], [written])).toEqual(clearCaveats([organization, rule], [asked]))
    expect(permittedRole({ ...asked, feature: null } as unknown as Access)).toBe(roles.member)
    expect(validateAccess({ ...asked, orgId: null } as unknown as Access)).toBe('An access must name its organization')
  })

  it.each(fields)('is refused by the name of the field that is not of its type: %s', (field) => {
    for (const value of [12, {}, true, field.endsWith('Id') ? '12' : 12n, Symbol('x')]) {
      const wrong = { ...access, [field]: value } as unknown as Access
      for (const call of [
        () => clear(verified, [wrong]),
        () => clearCaveats(caveats, [access, wrong]),
        () => validateAccess(wrong),
        () =>
          clearBundle(
            verifyBundle(bundle, () => key),
            [wrong],
          ),
      ]) {
        expect(caught(call)).toMatchObject({ code: 'bad-argument', message: expect.stringContaining(field) as string })
      }
    }
  })

  it('is held against all caveats as it was at first', () => {
    let asked = 0
    const restless = {
      ...access,
      get appId() {
        return (asked += 1) === 1 ? 9n : 7n
      },
    }
    expect(clear(verified, [restless]).allowed).toBe(false)
  })

  it('may inherit what it names', () => {
    const inherited = Object.assign(Object.create({ orgId: 12n, appId: 9n }) as object, { action: 1, now: 1 }) as Access
    expect(clear(verified, [inherited]).allowed).toBe(false)
    const vocabulary = extendVocabulary(flyVocabulary, [defineCaveat(own).codec])
    expect(clearCaveats(caveats, [inherited], vocabulary).allowed).toBe(false)
  })

  it.each<[string, unknown]>([
    ['none', []],
    [
      'none in a list that says it has one',
      new Proxy([], { get: (list, name) => (name === 'length' ? 0 : Reflect.get(list, name)) }),
    ],
    ['no list', access],
    ['a gap', sparse],
  ])('is there: not %s', (_, accesses) => {
    expect(codeOf(() => clear(verified, accesses as readonly Access[]))).toBe('bad-argument')
    expect(codeOf(() => clearCaveats(caveats, accesses as readonly Access[]))).toBe('bad-argument')
    expect(
      codeOf(() =>
        clearBundle(
          verifyBundle(bundle, () => key),
          accesses as readonly Access[],
        ),
      ),
    ).toBe('bad-argument')
  })

  it.each<[string, object]>([
    ['flyio', [{ userId: 1, organizationIds: [] }]],
    ['flyio', [{ userId: 1n, organizationIds: [12] }]],
    ['flyio', 'abc'],
    ['google', [{ hd: 5 }]],
    ['gitHub', [{ orgIds: ['1'] }]],
    ['gitHub', [null]],
  ] as [string, object][])('for a discharge has accounts of their types: %s', (field, value) => {
    const asked = { type: 'discharge', now: 1, expiry: 2, [field]: value } as unknown as door.DischargeAccess
    expect(codeOf(() => clearCaveats([{ type: 'IsUser', id: 1n }], [asked]))).toBe('bad-argument')
  })
})

describe('what is exported', () => {
  it('cannot be changed for others', () => {
    const open: Access = { action: actions.write, now: 1, orgId: 12n, feature: 'membership' }
    Reflect.set(memberFeatures as Map<string, number>, 'size', 0)
    ;(memberFeatures as Map<string, number>).set('membership', actions.any)
    for (const it of [actions, roles, flyVocabulary, ...flyVocabulary.codecs]) expect(Object.isFrozen(it)).toBe(true)
    expect(permittedRole(open)).toBe(roles.admin)
    ;(memberFeatures as Map<string, number>).set('membership', actions.read)
    const definition = { ...defineCaveat(own).codec }
    const vocabulary = createVocabulary([definition])
    definition.prohibits = () => ({ kind: 'resource', reason: 'changed' })
    expect(clearCaveats([defineCaveat(own).of('a')], [access], vocabulary).allowed).toBe(true)
    expect(isSubset(1, 1)).toBe(true)
    expect(codeOf(() => isSubset(1, '1' as unknown as number))).toBe('bad-argument')
    expect(getCaveats(caveats, 'Apps')).toHaveLength(1)
    expect(codeOf(() => attenuate(Object.create(macaroon) as door.Macaroon, []))).toBe('bad-argument')
    expect(codeOf(() => bindToParent(macaroon, {} as door.Macaroon))).toBe('bad-argument')
    expect(codeOf(() => ticketsOf({} as door.Macaroon))).toBe('bad-argument')
    expect(codeOf(() => parentBinding({} as door.Macaroon))).toBe('bad-argument')
    expect(codeOf(() => parseAuthorization(new URL('https://x') as unknown as string))).toBe('bad-argument')
    expect(codeOf(() => caveatsFromJSON([] as unknown as string))).toBe('bad-argument')
    expect(codeOf(() => formatAuthorization([], ['a,b']))).toBe('bad-argument')
  })
})
