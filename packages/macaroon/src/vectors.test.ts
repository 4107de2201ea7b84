/** Holds the package against the vectors that superfly/macaroon made: see vectors/README.md. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  attenuate,
  caveatsFromJSON,
  caveatsToJSON,
  clearCaveats,
  decodeCaveats,
  decodeMacaroon,
  encodeCaveats,
  encodeMacaroon,
  parseAuthorization,
  tokenId,
  verify,
} from './index.ts'
import { parseJson } from './json.ts'
import { MsgpackReader } from './msgpack-reader.ts'
import { makeNonce, readNonce } from './nonce.ts'
import { caught } from './testing/errors.ts'
import {
  agrees,
  describeClearance,
  fromBase64,
  fromHex,
  plain,
  readAccess,
  toHex,
  type WrittenAccess,
} from './testing/vectors.ts'

describe('caveats', () => {
  const vectors = readVectors('caveats.json') as { name: string; wire: string; json?: string }[]

  it.each(vectors)('$name: read and written as Go does', ({ wire, json }) => {
    const caveats = decodeCaveats(fromHex(wire))
    expect(toHex(encodeCaveats(caveats))).toBe(wire)
    if (json !== undefined) expect(plain(parseJson(caveatsToJSON(caveats)))).toEqual(plain(parseJson(json)))
  })

  it.each(vectors)('$name: through JSON and back', ({ wire, json }) => {
    const text = caveatsToJSON(decodeCaveats(fromHex(wire)))
    const back = caveatsFromJSON(text)
    expect(caveatsToJSON(back)).toBe(text)
    if (json !== undefined) expect(encodeCaveats(caveatsFromJSON(json))).toEqual(encodeCaveats(back))
  })
})

describe('JSON of caveats', () => {
  it.each(readVectors('caveat-json.json') as { json: string; expected: string; go?: string }[])(
    '$json',
    ({ json, expected, go }) => {
      if (expected === 'ok') {
        expect(go).toBeDefined()
        expect(toHex(encodeCaveats(caveatsFromJSON(json)))).toBe(go)
      } else {
        const error = caught(() => caveatsFromJSON(json))
        expect(error.code).toBe('bad-json')
        expect(error.message).toContain(expected)
      }
    },
  )
})

describe('nonces', () => {
  interface Vector {
    wire: string
    kid: string
    rnd: string
    proof: boolean
    fields: bigint
    uuid: string
  }
  it.each(readVectors('nonces.json') as Vector[])('$uuid', ({ wire, kid, rnd, proof, fields, uuid }) => {
    const nonce = readNonce(new MsgpackReader(fromHex(wire)))
    expect({ ...nonce, kid: toHex(nonce.kid), rnd: toHex(nonce.rnd), bytes: toHex(nonce.bytes) }).toEqual({
      kid,
      rnd,
      proof,
      fields: Number(fields),
      bytes: wire,
    })
    expect(tokenId(nonce)).toBe(uuid)
    if (nonce.fields === 3 && kid !== '' && rnd !== '') {
      expect(toHex(makeNonce(fromHex(kid), fromHex(rnd), proof).bytes)).toBe(wire)
    }
  })
})

describe('tokens', () => {
  interface Vector {
    name: string
    key: string
    token: string
    location: string
    kid: string
    rnd: string
    proof: boolean
    uuid: string
    caveats: string
    go: string
    expected: string
  }
  it.each(readVectors('tokens.json') as Vector[])('$name: $expected', (vector) => {
    const macaroon = decodeMacaroon(fromBase64(vector.token))
    expect(encodeMacaroon(macaroon)).toEqual(fromBase64(vector.token))
    expect(macaroon.location).toBe(vector.location)
    expect(toHex(macaroon.nonce.kid)).toBe(vector.kid)
    expect(toHex(macaroon.nonce.rnd)).toBe(vector.rnd)
    expect(macaroon.nonce.proof).toBe(vector.proof)
    expect(tokenId(macaroon.nonce)).toBe(vector.uuid)
    expect(toHex(encodeCaveats(macaroon.unsafeCaveats))).toBe(vector.caveats)
    if (vector.expected === 'verifies') {
      expect(vector.go).toBe('verifies')
      expect(verify(macaroon, fromHex(vector.key)).caveats).toEqual(macaroon.unsafeCaveats)
    } else {
      expect(caught(() => verify(macaroon, fromHex(vector.key))).code).toBe(vector.expected)
      if (vector.expected !== 'no-caveats') expect(vector.go).toBe('does not verify')
    }
  })
})

describe('attenuation', () => {
  interface Vector {
    name: string
    key: string
    from: string
    add: string
    to?: string
    expected: string
  }
  it.each(readVectors('attenuation.json') as Vector[])('$name: $expected', ({ key, from, add, to, expected }) => {
    const macaroon = decodeMacaroon(fromBase64(from))
    const added = decodeCaveats(fromHex(add))
    if (expected === 'ok') {
      const narrowed = attenuate(macaroon, added)
      expect(toHex(narrowed.bytes)).toBe(toHex(fromBase64(to ?? '')))
      expect(encodeMacaroon(macaroon)).toEqual(fromBase64(from))
      const bound = narrowed.unsafeCaveats.some((caveat) => caveat.type === 'BindToParentToken')
      if (!bound) expect(verify(narrowed, fromHex(key)).caveats).toEqual(narrowed.unsafeCaveats)
    } else {
      expect(to).toBeUndefined()
      expect(caught(() => attenuate(macaroon, added)).code).toBe(expected)
    }
  })
})

describe('clearing', () => {
  interface Vector {
    accesses: WrittenAccess[]
    sets: { name: string; caveats: string; verdicts: string[] }[]
  }
  const { accesses, sets } = readVectors('clearing.json') as Vector

  it.each(sets)('$name', ({ caveats, verdicts }) => {
    const decoded = decodeCaveats(fromHex(caveats))
    expect(verdicts).toHaveLength(accesses.length)
    for (const [i, access] of accesses.entries()) {
      const verdict = verdicts[i] ?? ''
      const clearance = clearCaveats(decoded, [readAccess(access)])
      // Go falls over an IfPresent that holds nothing; here it forbids.
      if (verdict === 'panics') expect(describeClearance(clearance)).toBe('0:bad-caveat')
      else expect(agrees(clearance, verdict), `access ${i}: ${describeClearance(clearance)}, Go: ${verdict}`).toBe(true)
    }
  })
})

describe('headers', () => {
  it.each(readVectors('headers.json') as { header: string; expected: string; go?: string[] }[])(
    '$expected: $header',
    ({ header, expected, go }) => {
      if (expected !== 'ok') {
        const error = caught(() => parseAuthorization(header))
        expect(error.code).toBe(expected)
        for (const word of header.split(/[^A-Za-z0-9+/]+/)) {
          if (word.length > 8) expect(error.message).not.toContain(word)
        }
        return
      }
      const { macaroons, authTokens } = parseAuthorization(header)
      expect(macaroons.length + authTokens.length).toBe(header.split(',').length)
      // Go refuses spaces around commas and hands auth tokens to nobody.
      if (go !== undefined) expect(macaroons.map(toHex)).toEqual(go)
      else expect(/\s,|,\s/.test(header) || macaroons.length === 0).toBe(true)
    },
  )
})

describe('refused macaroons', () => {
  it.each(readVectors('refused.json') as { name: string; code: string; token: string }[])(
    '$name: $code',
    ({ code, token }) => {
      expect(caught(() => decodeMacaroon(fromBase64(token))).code).toBe(code)
    },
  )
})

/** The content of a file of vectors; whole numbers are bigint, since some need 64 bits. */
function readVectors(name: string): unknown {
  return plain(parseJson(readFileSync(new URL(`../../../vectors/${name}`, import.meta.url), 'utf8')))
}
