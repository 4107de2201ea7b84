import { actions, attenuate, formatAuthorization, mintMacaroon, thirdParty } from '@hallpass/macaroon'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { narrowHeader, readHeader, type ReadHeader } from './read-header.ts'
import { anyText } from '../../../macaroon/src/testing/any-text.ts'

const now = 1_800_000_000
const minted = mintMacaroon({
  kid: new Uint8Array([0xab]),
  rnd: new Uint8Array(16),
  location: 'https://api.fly.io/v1',
  key: new Uint8Array(32),
  caveats: [
    { type: 'Organization', id: 12n, mask: actions.any },
    { type: 'ValidityWindow', notBefore: 0n, notAfter: BigInt(now + 3600) },
  ],
})
const header = formatAuthorization([minted.bytes])

function read(text: string): ReadHeader {
  const found = readHeader(text, now)
  if (typeof found === 'string') throw new Error(found)
  return found
}

describe('a pasted header', () => {
  it('is taken apart and explained', () => {
    const { tokens, damaged } = read(` Bearer ${header}\n`)
    expect(damaged).toEqual([])
    expect(tokens).toMatchObject([{ location: 'https://api.fly.io/v1', keyId: 'ab', isDischarge: false, missing: [] }])
    expect(tokens[0]?.tables[0]?.where).toContain('organization 12')
    expect(tokens[0]?.caveats.map(({ json }) => json)).toEqual([
      '{"type":"Organization","body":{"id":12,"mask":"rwcdC"}}',
      `{"type":"ValidityWindow","body":{"not_before":0,"not_after":${now + 3600}}}`,
    ])
  })

  it('shows the invisible characters of its texts', () => {
    const random = (length: number) => new Uint8Array(length)
    const hidden = 'https://x.example/\u202egro\u2066\u200b'
    const shy = attenuate(minted, [
      thirdParty({ key: new Uint8Array(32), location: hidden, random }),
      { type: 'Clusters', clusters: new Map([['c\u202e\u200b', actions.all]]) },
      { type: 'Commands', commands: [{ args: ['ls\u202e', '\u001b[31m'], exact: true }] },
    ])
    const other = mintMacaroon({
      kid: new Uint8Array([1]),
      rnd: random(16),
      location: hidden,
      key: random(32),
      caveats: minted.unsafeCaveats,
    })
    const { tokens } = read(formatAuthorization([shy.bytes, other.bytes]))
    const shown = tokens.map((token) => ({ ...token, macaroon: undefined }))
    expect(tokens[0]?.missing).toEqual([String.raw`https://x.example/\u{202e}gro\u{2066}\u{200b}`])
    expect(JSON.stringify(shown)).not.toMatch(/[\p{C}]/u)
    expect(shown.map(({ location }) => location).join(' ')).toContain(String.raw`\u{202e}gro`)
  })

  it('is freed of what was wrapped around it', () => {
    const wrapped = `"${header.slice(0, 40)}\r\n  ${header.slice(40)}"`
    expect(read(wrapped).tokens).toHaveLength(1)
  })

  it('is narrowed without a key, and keeps its id', () => {
    const before = read(header)
    const after = read(narrowHeader(before, [{ type: 'Action', mask: actions.read }], now))
    expect(after.tokens[0]?.id).toBe(before.tokens[0]?.id)
    const masks = after.tokens[0]?.tables.flatMap(({ rows }) => rows.map((row) => row.actions))
    expect(new Set(masks)).toEqual(new Set([actions.read]))
  })

  it('gets the exact place of a damage', () => {
    expect(readHeader('', now)).toBe('This is empty.')
    expect(readHeader('{"token":"x"}', now)).toMatch(/^This is JSON/)
    expect(readHeader('hello', now)).toMatch(/^This begins with none of/)
    expect(readHeader(header.slice(0, -3), now)).toMatch(/truncated/)
    const [, base64 = ''] = header.split('fm2_')
    const flipped = `fm2_${base64.startsWith('l') ? 'm' : 'l'}${base64.slice(1)}`
    expect(read(`${header},${flipped}`)).toMatchObject({
      tokens: [{}],
      damaged: [expect.stringMatching(/^Macaroon 2 is damaged/)],
    })
  })

  it('may be any text: it is read, or refused with a sentence', () => {
    const texts = fc.oneof(
      anyText(),
      fc.base64String().map((text) => `fm2_${text}`),
    )
    fc.assert(
      fc.property(texts, (text) => {
        const found = readHeader(text, now)
        if (typeof found === 'string') expect(found).toMatch(/\.$/)
      }),
    )
  })
})
