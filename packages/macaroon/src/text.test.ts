import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64, encodeBase64, encodeByText, fillBase64, fillByText, lengthOfBase64 } from './base64.ts'
import { decodeMacaroon } from './macaroon.ts'
import { minted } from './testing/arbitraries.ts'
import { caught, codeOf } from './testing/errors.ts'
import { formatAuthorization, formatTokens, parseAuthorization } from './text.ts'

const runs = { numRuns: 300 }

describe('headers', () => {
  it('come back as they were', () => {
    const tokens = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 32 })
    fc.assert(
      fc.property(tokens, (macaroons) => {
        expect(parseAuthorization(formatAuthorization(macaroons))).toEqual({ macaroons, authTokens: [], leftOut: [] })
      }),
      runs,
    )
  })

  it('base64 is that of the platform, and has one spelling', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(), fc.nat({ max: 127 }), (bytes, position, code) => {
        const text = encodeBase64(bytes)
        expect(text).toBe(Buffer.from(bytes).toString('base64'))
        expect(decodeBase64(text, 0, text.length, 'It')).toEqual(bytes)
        const at = position % Math.max(text.length, 1)
        const changed = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1)
        if (codeOf(() => decodeBase64(changed, 0, changed.length, 'It')) === 'nothing') {
          expect(encodeBase64(decodeBase64(changed, 0, changed.length, 'It'))).toBe(changed)
        }
      }),
      runs,
    )
  })
})

describe('base64 in engines that know none', () => {
  it('is what the engine here makes of the same', () => {
    const near = fc.string({
      unit: fc.constantFrom('A', 'B', 'Z', 'a', '/', '+', '=', '-', '_', ' ', '\n', 'é'),
      maxLength: 12,
    })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), near, (bytes, text) => {
        expect(encodeByText(bytes)).toBe(encodeBase64(bytes))
        for (const one of [text, encodeBase64(bytes), `${text}${encodeBase64(bytes)}`, `${text}==`, `${text}=`]) {
          const padding = one.endsWith('==') ? 2 : Number(one.endsWith('='))
          const length = one.length % 4 === 0 ? (one.length / 4) * 3 - padding : undefined
          expect(lengthOfBase64(one, 0, one.length)).toBe(length)
          if (length === undefined) continue
          const [native, filled] = [new Uint8Array(length + 3), new Uint8Array(length + 3)]
          const isSpelling = fillBase64(native, length, one, 0, one.length)
          expect(isSpelling).toBe(isStrict(one))
          // The spare bits of the last character before the padding are tested elsewhere.
          expect(fillByText(filled, length, one)).toBe(
            isSpelling || (Buffer.from(one, 'base64').length === length && isAlphabet(one)),
          )
          if (isSpelling) expect(filled).toEqual(native)
        }
      }),
      { numRuns: 3000 },
    )
  })
})

function isAlphabet(text: string): boolean {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text)
}

/** What the platform makes of it and back is the same. */
function isStrict(text: string): boolean {
  return Buffer.from(text, 'base64').toString('base64') === text
}

describe('messages', () => {
  const good = 'fm2_AAAA'

  it.each([
    ['', 'empty', 'The header carries no token'],
    ['Bearer', 'empty', 'The header carries no token'],
    [',', 'empty', 'Token 1 is empty: there is a comma too many'],
    ['fm2_', 'empty', 'Token 1 has nothing behind its prefix fm2_'],
    ['secret', 'unknown-prefix', 'Token 1 starts with none of fm2_, fm1r_, fm1a_, fo1_'],
    ['"fm2_x"', 'unknown-prefix', 'Token 1 starts with none of fm2_, fm1r_, fm1a_, fo1_, but with a quotation mark'],
    ['{"token":"x"}', 'unknown-prefix', 'Token 1 starts with none of fm2_, fm1r_, fm1a_, fo1_: it is JSON'],
    [
      '***',
      'unknown-prefix',
      'Token 1 starts with none of fm2_, fm1r_, fm1a_, fo1_: something has hidden it behind ***',
    ],
    ['fm2_AA!A', 'bad-base64', 'The base64 of token 1: character 3 does not belong to standard base64'],
    [
      'fm2_AB==',
      'bad-base64',
      'The base64 of token 1: the last character before the padding (character 2) has bits that mean nothing',
    ],
    [
      'fm2_AAAAA',
      'truncated',
      'The base64 of token 1 has 5 characters, which is not a multiple of 4: its end is most likely missing',
    ],
    [`${good}${good}`, 'missing-comma', 'Token 1 holds a second token from its character 9 on: a comma is missing'],
    [
      'fo1_?',
      'bad-base64',
      'Token 1 is an auth token, and those have 1 to 256 characters of A-Z a-z 0-9 _ - behind fo1_',
    ],
  ])('%s', (header, code, message) => {
    const error = caught(() => parseAuthorization(header))
    expect([error.code, error.message]).toEqual([code, message])
  })

  it('come with what was left out beside a token', () => {
    const { macaroons, authTokens, leftOut } = parseAuthorization(`secret,${good},fo1_x,,fm2_AA!A`)
    expect([macaroons, authTokens]).toEqual([[Uint8Array.of(0, 0, 0)], ['fo1_x']])
    expect(leftOut.map(({ position, error }) => [position, error.code, error.message])).toEqual([
      [1, 'unknown-prefix', 'Token 1 starts with none of fm2_, fm1r_, fm1a_, fo1_'],
      [4, 'empty', 'Token 4 is empty: there is a comma too many'],
      [5, 'bad-base64', 'The base64 of token 5: character 3 does not belong to standard base64'],
    ])
  })

  it('tell how much of a truncated token is missing at least, wherever it was cut', () => {
    fc.assert(
      fc.property(minted, fc.nat(), ({ macaroon }, position) => {
        const whole = formatTokens([macaroon.bytes])
        const cut = whole.slice(0, 10 + (position % (whole.length - 12)))
        const error = caught(() => parseAuthorization(cut).macaroons.map((bytes) => decodeMacaroon(bytes)))
        if (cut.length % 4 === 0) expect(error.message).toMatch(/^The macaroon is truncated: it has \d+ bytes/)
        else expect(error.message).toMatch(/^Token 1 is truncated: it has /)
        expect(error.code).toBe('truncated')
        expect(error.message).toContain(`${cut.length} characters`)
        const [, least] = /at least (?:\d+ \()?(\d+)/.exec(error.message) ?? []
        expect(Number(least)).toBeGreaterThanOrEqual(cut.length)
        expect(Number(least)).toBeLessThanOrEqual(whole.length)
      }),
      runs,
    )
  })

  it('do not call truncated what is whole and has more behind it', () => {
    fc.assert(
      fc.property(minted, ({ macaroon }) => {
        const more = formatTokens([Uint8Array.of(...macaroon.bytes, 0, 0)])
        const error = caught(() => parseAuthorization(more.replace(/=*$/, '')).macaroons.map((b) => decodeMacaroon(b)))
        expect(error.message).not.toContain('at least')
      }),
      runs,
    )
  })

  it('name the bound that was exceeded', () => {
    expect(caught(() => parseAuthorization('x'.repeat(65_537))).code).toBe('too-long')
    expect(caught(() => parseAuthorization(' '.repeat(65_536))).code).toBe('empty')
    expect(caught(() => parseAuthorization('Bearer '.repeat(9000))).code).toBe('empty')
    const many = Array.from({ length: 257 }, () => 'fm2_AA==').join()
    expect(caught(() => parseAuthorization(many)).message).toBe('The header carries more than 256 tokens')
  })
})

describe('writing', () => {
  it('puts auth tokens behind macaroons, and the scheme before both', () => {
    expect(formatAuthorization([Uint8Array.of(0), Uint8Array.of(1)], ['fo1_x'])).toBe('FlyV1 fm2_AA==,fm2_AQ==,fo1_x')
    expect(formatTokens([Uint8Array.of(0)])).toBe('fm2_AA==')
  })

  it('refuses to write nothing', () => {
    expect(caught(() => formatAuthorization([])).code).toBe('empty')
  })
})
