import { describe, expect, it } from 'vitest'
import type { Access } from './access.ts'
import { actions } from './action.ts'
import type { Caveat } from './caveat.ts'
import { caveatsFromJSON, caveatsToJSON } from './caveat-json.ts'
import { decodeCaveats, encodeCaveats, getCaveats } from './caveat-set.ts'
import { clear, clearCaveats } from './clear.ts'
import { dischargeTicket } from './discharge.ts'
import { decodeMacaroon, type DecodeOptions } from './macaroon.ts'
import { attenuate, mintMacaroon } from './mint.ts'
import { defineCaveat, type OwnCaveatDefinition } from './own-caveat.ts'
import { caught } from './testing/errors.ts'
import { countUp } from './testing/vectors.ts'
import { thirdParty } from './third-party.ts'
import { openTicket } from './ticket.ts'
import { verify } from './verify.ts'
import { createVocabulary, extendVocabulary, flyVocabulary } from './vocabulary.ts'

interface ShelfAccess extends Access {
  readonly shelf?: string | undefined
}

const definition: OwnCaveatDefinition<string> = {
  name: 'Shelf',
  number: 2n ** 48n,
  aliases: ['OldShelf'],
  decode: (reader) => reader.readString(),
  encode: (writer, shelf) => writer.writeString(shelf),
  toJson: (shelf) => shelf,
  fromJson: (json) => (typeof json === 'string' ? json : ''),
  prohibits(shelf, access: ShelfAccess) {
    if (access.shelf === undefined) return { kind: 'unspecified', reason: 'Shelf, and this names none' }
    return access.shelf === shelf ? undefined : { kind: 'resource', reason: `Shelf allows ${shelf}` }
  },
}
const shelf = defineCaveat(definition)
/** A wrapper that forbids what the caveat inside does not forbid. */
const not = defineCaveat<Caveat>({
  name: 'Not',
  number: 2n ** 64n - 2n,
  decode: (reader, nested) => nested(reader)[0] ?? { type: 'IsMember' },
  encode: (writer, inner, nested) => nested(writer, [inner]),
  toJson: (inner, nested) => nested([inner]),
  fromJson: (json, path, nested) => nested(json, path)[0] ?? { type: 'IsMember' },
  prohibits: (inner, access, nested) =>
    nested(inner, access) === undefined ? { kind: 'resource', reason: 'Not' } : undefined,
  prohibitsDischarge: () => undefined,
  unwrap: (inner) => [inner],
})
const vocabulary = extendVocabulary(flyVocabulary, [shelf.codec, not.codec])
const caveats = [shelf.of('a'), not.of({ type: 'IfPresent', ifs: [shelf.of('b')], else: actions.none })]
const access: ShelfAccess = { action: actions.read, now: 0, orgId: 1n, shelf: 'a' }

describe('own caveats', () => {
  it('go over the wire and back', () => {
    const wire = encodeCaveats(caveats, vocabulary)
    expect(decodeCaveats(wire, vocabulary)).toEqual(caveats)
    expect(decodeCaveats(wire)).toMatchObject([{ type: 'Unknown', number: 2n ** 48n }, { type: 'Unknown' }])
    expect(encodeCaveats(decodeCaveats(wire))).toEqual(wire)
  })

  it('go through JSON by their number, as in Go, and are read by name too', () => {
    const text = caveatsToJSON(caveats, { vocabulary })
    expect(text).toContain('{"type":"281474976710656","body":"a"}')
    expect(caveatsFromJSON(text, { vocabulary })).toEqual(caveats)
    for (const name of ['Shelf', 'OldShelf']) {
      expect(caveatsFromJSON(`[{"type":"${name}","body":"a"}]`, { vocabulary })).toEqual([shelf.of('a')])
      expect(caught(() => caveatsFromJSON(`[{"type":"${name}","body":"a"}]`)).code).toBe('bad-json')
    }
  })

  it('judge accesses of their own kind, wherever they stand', () => {
    const judge = (caveat: Caveat, one: ShelfAccess) => clearCaveats([caveat], [one], vocabulary).allowed
    expect(judge(shelf.of('a'), access)).toBe(true)
    expect(judge(shelf.of('b'), access)).toBe(false)
    expect(judge({ type: 'IfPresent', ifs: [shelf.of('b')], else: 1 }, { ...access, shelf: undefined })).toBe(true)
    expect(judge({ type: 'IfPresent', ifs: [shelf.of('b')], else: 1 }, access)).toBe(false)
    expect(judge(not.of(shelf.of('b')), access)).toBe(true)
    expect(judge(not.of(shelf.of('a')), access)).toBe(false)
  })

  it('judge discharges only where they say how', () => {
    const request = { type: 'discharge' as const, now: 0, expiry: 1 }
    expect(clearCaveats([not.of(shelf.of('a'))], [request], vocabulary).allowed).toBe(true)
    expect(clearCaveats([shelf.of('a')], [request], vocabulary)).toMatchObject({
      denials: [{ kind: 'invalid-access', reason: expect.stringMatching(/^Shelf cannot judge/) as string }],
    })
  })

  it('forbid everything where they are not understood', () => {
    expect(clearCaveats(caveats, [access])).toMatchObject({
      denials: [{ kind: 'bad-caveat', reason: expect.stringContaining('The caveat Shelf is not') as string }, {}],
    })
    expect(caught(() => encodeCaveats(caveats)).code).toBe('bad-caveat')
    expect(caught(() => caveatsToJSON(caveats)).code).toBe('bad-caveat')
  })

  it('go with a macaroon, and are found inside others', () => {
    const key = new Uint8Array(32)
    const input = { kid: Uint8Array.of(1), rnd: new Uint8Array(16), location: '', key, caveats }
    const macaroon = decodeMacaroon(mintMacaroon(input, { vocabulary }).bytes, { vocabulary })
    const verified = verify(attenuate(macaroon, [shelf.of('a'), shelf.of('c')]), key)
    expect(verified.caveats).toHaveLength(3)
    expect(clear(verified, [access]).allowed).toBe(false)
    expect(clear(verify(macaroon, key), [access]).allowed).toBe(true)
    expect(
      getCaveats(verified.caveats, 'Own', vocabulary)
        .filter(shelf.is)
        .map(({ value }) => value),
    ).toEqual(['a', 'b', 'c'])
    expect(not.is(shelf.of('a'))).toBe(false)
    expect(shelf.is({ type: 'IsMember' })).toBe(false)
  })

  it('go into tickets and discharges', () => {
    const key = new Uint8Array(32).fill(1)
    const demand = thirdParty({ key, location: 'x', caveats: [shelf.of('a')], random: countUp() }, { vocabulary })
    expect(openTicket(key, demand.ticket, { vocabulary }).caveats).toEqual([shelf.of('a')])
    expect(openTicket(key, demand.ticket).caveats).toMatchObject([{ type: 'Unknown' }])
    const input = { key, ticket: demand.ticket, location: 'x', rnd: new Uint8Array(16), caveats: [shelf.of('b')] }
    expect(dischargeTicket(input, { vocabulary }).unsafeCaveats).toEqual([shelf.of('b')])
    expect(caught(() => dischargeTicket(input)).code).toBe('bad-caveat')
  })

  it('are read in the tickets of trusted third parties, where nonsense counts for nothing', () => {
    const [key, random] = [new Uint8Array(32).fill(1), countUp()]
    const nonsense: Caveat = { type: 'Unknown', number: 2n ** 48n, body: Uint8Array.of(7) }
    const demand = thirdParty({ key, location: 'x', caveats: [nonsense], random })
    const organization: Caveat = { type: 'Organization', id: 1n, mask: actions.any }
    const input = { kid: Uint8Array.of(1), rnd: random(16), location: 'here', key }
    const asking = mintMacaroon({ ...input, caveats: [organization, demand] })
    const answer = dischargeTicket({ key, ticket: demand.ticket, location: 'x', rnd: random(16) })
    const trusted = new Map([['x', [key]]])
    const check = (options: DecodeOptions) => () =>
      verify(decodeMacaroon(asking.bytes, options), key, {
        discharges: [decodeMacaroon(answer.bytes, options)],
        trusted,
      })
    expect(check({})().caveats).toEqual([organization])
    expect(caught(check({ vocabulary })).message).toMatch(/does not verify: Byte \d+: expected a text/)
  })

  it('may attest, in proofs', () => {
    const seen = defineCaveat({ ...definition, name: 'Seen', number: 2n ** 48n + 1n, attestation: true })
    const own = createVocabulary([seen.codec])
    const mint = () =>
      mintMacaroon(
        {
          kid: Uint8Array.of(1),
          rnd: new Uint8Array(16),
          location: '',
          key: new Uint8Array(32),
          caveats: [seen.of('x')],
        },
        { vocabulary: own },
      )
    expect(caught(mint)).toMatchObject({ code: 'attestation', message: expect.stringMatching(/^Seen is/) as string })
  })
})

describe('defineCaveat', () => {
  it.each<[string, Partial<OwnCaveatDefinition<string>>]>([
    ['a number of somebody else', { number: 2n ** 48n - 1n }],
    ['a number beyond', { number: 2n ** 64n - 1n }],
    ['a name of digits', { name: '4242' }],
    ['an empty name', { name: '' }],
    ['a name with a space', { name: 'a b' }],
    ['an alias with a quotation mark', { aliases: ['"'] }],
  ])('refuses %s', (_, change) => {
    expect(caught(() => defineCaveat({ ...definition, ...change })).code).toBe('bad-argument')
  })

  it('takes the numbers at the ends', () => {
    for (const number of [2n ** 48n, 2n ** 64n - 2n]) {
      expect(defineCaveat({ ...definition, number }).codec.number).toBe(number)
    }
  })
})

describe('vocabularies', () => {
  it('have every number and every name once', () => {
    const code = (change: Partial<OwnCaveatDefinition<string>>) =>
      caught(() => extendVocabulary(vocabulary, [defineCaveat({ ...definition, number: 2n ** 50n, ...change }).codec]))
        .code
    expect(code({ name: 'Fresh', number: 2n ** 48n, aliases: [] })).toBe('bad-argument')
    expect(code({ name: 'Shelf', aliases: [] })).toBe('bad-argument')
    expect(code({ name: 'Organization', aliases: [] })).toBe('bad-argument')
    expect(code({ name: 'Fresh', aliases: ['NoAdminFeatures'] })).toBe('bad-argument')
  })

  it('are not changed by being extended', () => {
    const before = flyVocabulary.codecs.length
    extendVocabulary(flyVocabulary, [shelf.codec])
    expect(flyVocabulary.codecs.length).toBe(before)
    expect(extendVocabulary(flyVocabulary, [shelf.codec]).codecs.length).toBe(before + 1)
  })

  it('do not take a caveat for another by its name', () => {
    const impostor = { type: 'Own', name: 'IsMember', value: undefined } as const
    expect(caught(() => encodeCaveats([impostor])).code).toBe('bad-caveat')
    expect(clearCaveats([impostor], [access])).toMatchObject({ denials: [{ kind: 'bad-caveat' }] })
    const alias = { type: 'NoAdminFeatures' } as unknown as Caveat
    expect(clearCaveats([alias], [access])).toMatchObject({ denials: [{ kind: 'bad-caveat' }] })
  })
})
