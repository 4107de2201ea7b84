/** Holds the package against the vectors that superfly/macaroon made: see vectors/README.md. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { caveatsFromJSON, caveatsToJSON } from './caveat-json.ts'
import {
  attenuate,
  clearCaveats,
  decodeMacaroon,
  dischargeTicket,
  mintMacaroon,
  openTicket,
  parseAuthorization,
  thirdParty,
  ticketsOf,
  tokenId,
  verify,
} from './index.ts'
import { decodeCaveats, encodeCaveats } from './caveat-set.ts'
import { parentBinding } from './discharge.ts'
import { encodeMacaroon } from './macaroon.ts'
import { parseJson } from './json.ts'
import { MsgpackReader } from './msgpack-reader.ts'
import { makeNonce, readNonce } from './nonce.ts'
import { Wire } from './wire.ts'
import { caught } from './testing/errors.ts'
import {
  agrees,
  describeClearance,
  fromBase64,
  fromHex,
  plain,
  readAccess,
  replay,
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
    // As it stands in a macaroon, behind the head of an array.
    const bytes = fromHex(`94${wire}`)
    const nonce = readNonce(new MsgpackReader(bytes, 1), Wire.of(bytes))
    expect({
      proof: nonce.proof,
      fields: nonce.fields,
      kid: toHex(nonce.kid),
      rnd: toHex(nonce.rnd),
      bytes: toHex(nonce.bytes),
    }).toEqual({
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
      // Where we are stricter, decisions/0005-stricter-than-go.md says why.
      if (!['no-caveats', 'bad-argument'].includes(vector.expected)) expect(vector.go).toBe('does not verify')
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

describe('discharges', () => {
  interface Vector {
    name: string
    key: string
    token: string
    discharges: string[]
    trusted: Record<string, string[]>
    expected: string
    go: string
    caveats?: string
  }
  it.each(readVectors('discharges.json') as Vector[])('$name: $expected', (vector) => {
    const macaroon = decodeMacaroon(fromBase64(vector.token))
    const discharges = vector.discharges.map((one) => decodeMacaroon(fromBase64(one)))
    const trusted = new Map(Object.entries(vector.trusted).map(([location, keys]) => [location, keys.map(fromHex)]))
    const check = () => verify(macaroon, fromHex(vector.key), { discharges, trusted })
    if (vector.expected === 'verifies') {
      expect(vector.go).toBe('verifies')
      const verified = check()
      expect(toHex(encodeCaveats(verified.caveats))).toBe(vector.caveats)
      expect(verified.discharges).toHaveLength(macaroon.unsafeCaveats.filter((caveat) => caveat.type === '3P').length)
      expect(discharges).toEqual(expect.arrayContaining([...verified.discharges]))
    } else {
      expect(caught(check).code).toBe(vector.expected)
      // Where we are stricter, decisions/0005-stricter-than-go.md says why.
      if (vector.go !== 'verifies') expect(vector.go).toBe(vector.expected)
    }
  })
})

describe('tickets', () => {
  interface Vector {
    name: string
    key: string
    ticket: string
    expected: string
    go?: string
  }
  it.each(readVectors('tickets.json') as Vector[])('$name: $expected', ({ key, ticket, expected, go }) => {
    const open = () => openTicket(fromHex(key), fromHex(ticket))
    if (go !== undefined && expected.length === 64) {
      expect(toHex(open().dischargeKey)).toBe(expected)
      expect(toHex(encodeCaveats(open().caveats))).toBe(go)
    } else {
      expect(caught(open).code).toBe(expected)
    }
  })
})

describe('third parties', () => {
  type Vector = Record<
    'name' | 'key' | 'kid' | 'rnd' | 'location' | 'before' | 'after' | 'shared' | 'thirdParty' | 'random' | 'inTicket',
    string
  > &
    Record<'token' | 'ticket' | 'dischargeRnd' | 'answer' | 'discharge' | 'verified', string>

  it.each(readVectors('third-party.json') as Vector[])('$name', (vector) => {
    const [shared, key] = [fromHex(vector.shared), fromHex(vector.key)]
    const asked = thirdParty({
      key: shared,
      location: vector.thirdParty,
      caveats: decodeCaveats(fromHex(vector.inTicket)),
      random: replay(fromHex(vector.random)),
    })
    const [before, after] = [decodeCaveats(fromHex(vector.before)), decodeCaveats(fromHex(vector.after))]
    const { location } = vector
    const input = { kid: fromHex(vector.kid), rnd: fromHex(vector.rnd), location, key }
    const macaroon = mintMacaroon({ ...input, caveats: [...before, asked, ...after] })
    expect(toHex(macaroon.bytes)).toBe(toHex(fromBase64(vector.token)))

    const [ticket = new Uint8Array(0)] = ticketsOf(macaroon).get(vector.thirdParty) ?? []
    expect(toHex(ticket)).toBe(vector.ticket)
    expect(toHex(encodeCaveats(openTicket(shared, ticket).caveats))).toBe(vector.inTicket)
    const discharge = dischargeTicket({
      key: shared,
      ticket,
      location: vector.thirdParty,
      rnd: fromHex(vector.dischargeRnd),
      caveats: [...decodeCaveats(fromHex(vector.answer)), parentBinding(macaroon)],
    })
    expect(toHex(discharge.bytes)).toBe(toHex(fromBase64(vector.discharge)))
    expect(ticketsOf(macaroon, [discharge]).size).toBe(0)
    const verified = verify(macaroon, key, {
      discharges: [discharge],
      trusted: new Map([[vector.thirdParty, [shared]]]),
    })
    expect(toHex(encodeCaveats(verified.caveats))).toBe(vector.verified)
  })
})

describe('clearing', () => {
  interface Vector {
    accesses: WrittenAccess[]
    sets: { name: string; caveats: string; verdicts: string[]; ours?: string }[]
  }
  const { accesses, sets } = readVectors('clearing.json') as Vector

  it.each(sets)('$name', ({ caveats, verdicts, ours }) => {
    const decoded = decodeCaveats(fromHex(caveats))
    expect(verdicts).toHaveLength(accesses.length)
    for (const [i, access] of accesses.entries()) {
      const verdict = verdicts[i] ?? ''
      const clearance = clearCaveats(decoded, [readAccess(access)])
      const described = describeClearance(clearance)
      // Where we are stricter, decisions/0005-stricter-than-go.md says why.
      if (ours !== undefined && ['', 'panics'].includes(verdict)) expect(described).toBe(ours)
      else expect(agrees(clearance, verdict), `access ${i}: ${described}, Go: ${verdict}`).toBe(true)
    }
  })
})

describe('headers', () => {
  interface Vector {
    header: string
    expected: string
    go?: string[]
    leftOut?: string[]
    bundle?: bigint[]
  }
  it.each(readVectors('headers.json') as Vector[])('$expected: $header', (vector) => {
    const { header, expected, go } = vector
    if (expected !== 'ok') {
      const error = caught(() => parseAuthorization(header))
      expect(error.code).toBe(expected)
      expectSilence(error.message, header)
      return
    }
    const { macaroons, authTokens, leftOut } = parseAuthorization(header)
    const elements = header.split(',')
    expect(leftOut.map(({ position, error }) => `${position}:${error.code}`)).toEqual(vector.leftOut ?? [])
    for (const { error } of leftOut) expectSilence(error.message, header)
    expect(macaroons.length + authTokens.length + leftOut.length).toBe(elements.length)
    if (vector.bundle !== undefined) {
      const gone = new Set(leftOut.map(({ position }) => position))
      const kept = elements.flatMap((text, i) => (gone.has(i + 1) || text.includes('fo1_') ? [] : [i + 1]))
      expect(macaroons).toHaveLength(kept.length)
      // Where we are stricter, decisions/0005-stricter-than-go.md says why.
      expect(vector.bundle.map(Number)).toEqual(expect.arrayContaining(kept))
    }
    // Go's Parse refuses spaces around commas and what is no token, and hands auth tokens to nobody.
    if (go !== undefined && leftOut.length === 0) expect(macaroons.map(toHex)).toEqual(go)
    else expect(/\s,|,\s/.test(header) || macaroons.length === 0 || leftOut.length > 0).toBe(true)
  })

  function expectSilence(message: string, header: string): void {
    for (const word of header.split(/[^A-Za-z0-9+/]+/)) if (word.length > 8) expect(message).not.toContain(word)
  }
})

describe('refused macaroons', () => {
  it.each(readVectors('refused.json') as { name: string; code: string; token: string }[])(
    '$name: $code',
    ({ code, token }) => {
      expect(caught(() => decodeMacaroon(fromBase64(token))).code).toBe(code)
    },
  )
})

describe('decisions/0005-stricter-than-go.md', () => {
  interface Vector {
    readonly name?: string
    readonly json?: string
    readonly header?: string
    readonly code?: string
    readonly expected?: string
    readonly go?: string | readonly string[]
    readonly leftOut?: readonly string[]
    readonly ours?: string
  }
  const page = readFileSync(new URL('../../../decisions/0005-stricter-than-go.md', import.meta.url), 'utf8')
  /** What the page names: in which file, and a part of the name, the text or the code of the vectors. */
  const claims = [...page.replaceAll(/\s+/g, ' ').matchAll(/`([\w-]+\.json): ([^`]+)`/g)].map(
    ([, file = '', part = '']) => ({ file, part }),
  )
  const accepted = (go: Vector['go']) => go !== undefined && go !== 'does not verify' && go !== 'does not decode'
  const isStricter: Readonly<Record<string, (vector: Vector) => boolean>> = {
    'refused.json': ({ go }) => accepted(go),
    'tokens.json': ({ go, expected }) => go === 'verifies' && expected !== 'verifies',
    'discharges.json': ({ go, expected }) => go === 'verifies' && expected !== 'verifies',
    'tickets.json': ({ go, expected = '' }) => accepted(go) && expected.length !== 64,
    'caveat-json.json': ({ go, expected }) => accepted(go) && expected !== 'ok',
    'headers.json': ({ go, expected, leftOut }) => accepted(go) && (expected !== 'ok' || leftOut !== undefined),
    'clearing.json': ({ ours }) => ours !== undefined,
  }
  const differences = Object.entries(isStricter).flatMap(([file, is]) => {
    const content = readVectors(file) as Vector[] | { sets: Vector[] }
    return (Array.isArray(content) ? content : content.sets).filter(is).map((vector) => {
      const { name, json, header, code, expected, leftOut } = vector
      return { file, text: [name ?? json ?? header, code ?? expected, ...(leftOut ?? [])].join(' | ') }
    })
  })
  const belong = (claim: (typeof claims)[number], difference: (typeof differences)[number]) =>
    claim.file === difference.file && difference.text.includes(claim.part)

  it('names every vector in which we are stricter', () => {
    expect(differences.length).toBeGreaterThan(50)
    expect(differences.filter((each) => !claims.some((claim) => belong(claim, each)))).toEqual([])
  })

  it('names nothing else', () => {
    expect(claims.length).toBeGreaterThan(20)
    expect(claims.filter((claim) => !differences.some((each) => belong(claim, each)))).toEqual([])
  })
})

/** The content of a file of vectors; whole numbers are bigint, since some need 64 bits. */
function readVectors(name: string): unknown {
  return plain(parseJson(readFileSync(new URL(`../../../vectors/${name}`, import.meta.url), 'utf8')))
}
