import { describe, expect, it } from 'vitest'
import { actions } from './action.ts'
import type { Caveat } from './caveat.ts'
import { decodeCaveats, encodeCaveats } from './caveat-set.ts'
import { caveatBytesOf, decodeMacaroon, decodeSmall, encodeMacaroon } from './macaroon.ts'
import { attenuate, mintMacaroon, type MintInput } from './mint.ts'
import { tokenId } from './nonce.ts'
import { caught, codeOf } from './testing/errors.ts'
import { isVerified, verify } from './verify.ts'
import { createVocabulary } from './vocabulary.ts'

const input: MintInput = {
  kid: Uint8Array.of(1, 2, 3),
  rnd: new Uint8Array(16).fill(9),
  location: 'https://api.fly.io/v1',
  key: new Uint8Array(32).fill(7),
  caveats: [{ type: 'Organization', id: 12n, mask: actions.any }, { type: 'IsMember' }],
}
const read: Caveat = { type: 'Action', mask: actions.read }

describe('mintMacaroon', () => {
  it('makes the same token of the same input, and keeps nothing of the arrays that it was given', () => {
    const [kid, rnd, key] = [new Uint8Array(input.kid), new Uint8Array(input.rnd), new Uint8Array(input.key)]
    const macaroon = mintMacaroon({ ...input, kid, rnd, key })
    for (const array of [kid, rnd, key]) array.fill(0)
    expect(macaroon.bytes).toEqual(mintMacaroon(input).bytes)
    expect(macaroon.nonce.kid).toEqual(input.kid)
    expect(macaroon.unsafeCaveats).toEqual(input.caveats)
    expect(macaroon.nonce.proof).toBe(false)
  })

  it('has caveats whose bytes are those that encoding them again would make', () => {
    const ifPresent: Caveat = { type: 'IfPresent', ifs: [read], else: actions.read }
    for (const caveats of [input.caveats, [read, read], [ifPresent, read]]) {
      const macaroon = attenuate(mintMacaroon({ ...input, caveats }), [
        { type: 'ValidityWindow', notBefore: 1n, notAfter: 2n },
      ])
      const encoded = caveatBytesOf(macaroon)
      expect(encoded).toEqual(encodeCaveats(macaroon.unsafeCaveats))
      encoded.fill(0)
      expect(decodeMacaroon(macaroon.bytes).unsafeCaveats).toEqual(macaroon.unsafeCaveats)
    }
  })

  it('keeps repeated caveats once', () => {
    expect(mintMacaroon({ ...input, caveats: [read, read] }).unsafeCaveats).toEqual([read])
  })

  it.each<[string, Partial<MintInput>]>([
    ['bad-argument', { key: new Uint8Array(31) }],
    ['bad-argument', { rnd: new Uint8Array(15) }],
    ['bad-argument', { kid: new Uint8Array(0) }],
    ['no-caveats', { caveats: [] }],
    ['attestation', { caveats: [read, { type: 'FlyioUserID', id: 1n }] }],
    ['third-party', { caveats: [{ type: '3P', location: 'x', verifierKey: null, ticket: null }] }],
    ['bad-caveat', { caveats: [{ type: 'Action', mask: 0x10000 }] }],
    ['bad-caveat', { caveats: [{ type: 'Organization', id: -1n, mask: 0 }] }],
    ['bad-caveat', { caveats: [{ type: 'Organization', id: 2n ** 64n, mask: 0 }] }],
    ['bad-caveat', { caveats: [{ type: 'ValidityWindow', notBefore: 0n, notAfter: 2n ** 63n }] }],
    ['bad-caveat', { caveats: [{ type: 'AllowedRoles', roles: -1 }] }],
    ['bad-caveat', { caveats: [{ type: 'Mutations', mutations: ['\ud800'] }] }],
    ['bad-caveat', { caveats: [{ type: 'Unknown', number: 0n, body: Uint8Array.of(0xc0) }] }],
    ['bad-caveat', { caveats: [{ type: 'Unknown', number: -1n, body: Uint8Array.of(0xc0) }] }],
    ['malformed', { caveats: [{ type: 'Unknown', number: 4242n, body: Uint8Array.of() }] }],
    ['malformed', { caveats: [{ type: 'Unknown', number: 4242n, body: Uint8Array.of(0xc0, 0x1a, 0x1f) }] }],
    ['too-many', { caveats: Array.from({ length: 257 }, (_, mask) => ({ type: 'Action', mask })) }],
    ['too-deep', { caveats: [nest(9)] }],
    ['too-long', { location: 'x'.repeat(65_536) }],
    ['bad-caveat', { location: '\udc00' }],
  ])('refuses with %s: %o', (code, change) => {
    expect(caught(() => mintMacaroon({ ...input, ...change })).code).toBe(code)
  })

  it('goes to the bounds', () => {
    expect(mintMacaroon({ ...input, caveats: [nest(8)] }).unsafeCaveats).toEqual([nest(8)])
    const many = Array.from({ length: 256 }, (_, mask): Caveat => ({ type: 'Action', mask }))
    expect(mintMacaroon({ ...input, caveats: many }).unsafeCaveats).toHaveLength(256)
  })
})

describe('decodeMacaroon', () => {
  it('keeps its own copy of the bytes', () => {
    const bytes = encodeMacaroon(mintMacaroon(input))
    const pool = Buffer.concat([Buffer.from('before'), bytes, Buffer.from('behind')])
    const macaroon = decodeMacaroon(pool.subarray(6, 6 + bytes.length))
    pool.fill(0)
    expect(verify(macaroon, input.key).caveats).toEqual(input.caveats)
    encodeMacaroon(macaroon).fill(0)
    expect(verify(macaroon, input.key).caveats).toEqual(input.caveats)
  })

  it('has four parts, and a nonce of two fields or three, whatever they hold', () => {
    const part = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
    const [kid, rnd, location, set] = ['c4026b31', 'c401ff', 'a161', '9200920c1f']
    const tail = `c420${'00'.repeat(32)}`
    const code = (hex: string) => caught(() => decodeMacaroon(part(hex)))
    // What follows would all be there, were the number of fields not looked at.
    for (const hex of [
      `9494${kid}${rnd}${location}${set}${tail}`,
      `9494${kid}${rnd}c2${location}${set}${tail}`,
      `9495${kid}${rnd}${location}${set}${tail}`,
      `9491${kid}${rnd}${location}${set}${tail}`,
      `9490${kid}${rnd}c2${location}${set}${tail}`,
    ]) {
      expect(['malformed', 'truncated']).toContain(code(hex).code)
    }
    for (const head of ['93', '95', '90'])
      expect(code(`${head}92${kid}${rnd}${location}${set}${tail}`).code).toBe('malformed')
    expect(decodeMacaroon(part(`9492${kid}${rnd}${location}${set}${tail}`)).nonce.fields).toBe(2)
    const { nonce } = decodeMacaroon(part(`9493c0c0c3${location}${set}${tail}`))
    expect([nonce.kid, nonce.rnd, nonce.proof, nonce.fields]).toEqual([new Uint8Array(), new Uint8Array(), true, 3])
  })

  it('holds attestations of up to 32 bytes', () => {
    const set = (length: number, first = 1) =>
      Uint8Array.of(0x92, 25, 0xc4, length, ...Array.from({ length }, (_, i) => (i === 0 ? first : 0xff)))
    const most = 256n ** 32n - 1n
    expect(decodeCaveats(set(32, 0xff))).toEqual([{ type: 'GoogleUserID', id: most }])
    expect(encodeCaveats([{ type: 'GoogleUserID', id: most }])).toEqual(set(32, 0xff))
    expect(caught(() => decodeCaveats(set(33)))).toMatchObject({ code: 'malformed' })
    expect(caught(() => decodeCaveats(set(2, 0)))).toMatchObject({ code: 'not-canonical' })
    for (const id of [most + 1n, -1n])
      expect(caught(() => encodeCaveats([{ type: 'GoogleUserID', id }])).code).toBe('bad-caveat')
  })

  it('refuses more bytes than a header can carry', () => {
    expect(caught(() => decodeMacaroon(new Uint8Array(65_537))).code).toBe('too-long')
  })

  it('reads what a smaller vocabulary does not know as Unknown, and verifies it all the same', () => {
    const macaroon = decodeMacaroon(mintMacaroon(input).bytes, { vocabulary: createVocabulary([]) })
    expect(macaroon.unsafeCaveats).toEqual([
      { type: 'Unknown', number: 0n, body: Uint8Array.of(0x92, 0x0c, 0xcd, 0xff, 0xff) },
      { type: 'Unknown', number: 22n, body: Uint8Array.of(0x90) },
    ])
    expect(isVerified(verify(macaroon, input.key))).toBe(true)
  })
})

describe('attenuate', () => {
  it('makes another macaroon with the same id, and leaves the first as it is', () => {
    const first = mintMacaroon(input)
    const bytes = encodeMacaroon(first)
    const second = attenuate(first, [read])
    expect(second.unsafeCaveats).toEqual([...input.caveats, read])
    expect(tokenId(second.nonce)).toBe(tokenId(first.nonce))
    expect(first.bytes).toEqual(bytes)
    expect(verify(second, input.key).caveats).toHaveLength(3)
  })

  it('stays within the bounds of the whole', () => {
    const many = Array.from({ length: 255 }, (_, mask): Caveat => ({ type: 'Action', mask }))
    const macaroon = mintMacaroon({ ...input, caveats: many })
    expect(attenuate(macaroon, [{ type: 'IsMember' }]).unsafeCaveats).toHaveLength(256)
    expect(caught(() => attenuate(macaroon, [nest(1)])).code).toBe('too-many')
    expect(caught(() => attenuate(macaroon, [nest(9)])).code).toBe('too-deep')
  })
})

describe('verify', () => {
  it('takes only what was decoded here, and keys of 32 bytes', () => {
    const macaroon = mintMacaroon(input)
    expect(caught(() => verify(Object.assign({}, macaroon), input.key)).code).toBe('bad-argument')
    expect(caught(() => verify(macaroon, new Uint8Array(33))).code).toBe('bad-argument')
  })

  it('says forged before anything else, so that nobody learns from a token that is not genuine', () => {
    const bound = attenuate(mintMacaroon(input), [{ type: 'BindToParentToken', prefix: Uint8Array.of(1) }])
    expect(caught(() => verify(bound, new Uint8Array(32))).code).toBe('forged')
    expect(caught(() => verify(bound, input.key)).code).toBe('bound-elsewhere')
  })
})

function nest(depth: number): Caveat {
  return depth === 0 ? read : { type: 'IfPresent', ifs: [nest(depth - 1)], else: 0 }
}

describe('decodeSmall', () => {
  it('is decodeMacaroon of what is kept for long', () => {
    const { bytes } = mintMacaroon(input)
    const small = decodeSmall(bytes, 'elsewhere')
    expect(small.bytes).toEqual(bytes)
    expect([small.location, small.unsafeCaveats, small.tail]).toEqual([
      decodeMacaroon(bytes).location,
      decodeMacaroon(bytes).unsafeCaveats,
      decodeMacaroon(bytes).tail,
    ])
    for (const wrong of [bytes.subarray(1), bytes.subarray(0, -1), new Uint8Array(70_000), new Uint8Array(0)]) {
      expect(codeOf(() => decodeSmall(wrong, 'x'))).toBe(codeOf(() => decodeMacaroon(wrong)))
    }
  })
})
