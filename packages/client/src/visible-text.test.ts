import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { line, part } from './contract/text.ts'
import { cleanse, isVisible } from './visible-text.ts'
import { anyText } from '../../macaroon/src/testing/any-text.ts'

/** One of each kind that shows nothing, or turns what stands around it. */
const unseen = [
  '\0',
  '\t',
  '\n',
  '\u007f',
  '\u0085', // control characters
  '\u00ad',
  '\u034f',
  '\u061c',
  '\u115f',
  '\u1160',
  '\u17b4',
  '\u180e',
  '\u200b',
  '\u200c',
  '\u200d',
  '\u200e',
  '\u200f',
  '\u2028',
  '\u2029',
  '\u202a',
  '\u202b',
  '\u202c',
  '\u202d',
  '\u202e',
  '\u2060',
  '\u2061',
  '\u2064',
  '\u2066',
  '\u2067',
  '\u2068',
  '\u2069',
  '\u206f',
  '\uffff',
  '\ufdd0',
  '\ufffc',
  '\u{1d159}',
  '\u{13441}',
  '\u{13442}',
  '\u{16fe4}',
  '\u2800',
  '\u3164',
  '\ufe00',
  '\ufe0f',
  '\ufeff',
  '\uffa0',
  '\ufff9',
  '\u{e0001}',
  '\u{e0041}',
  '\u{e007f}',
  '\u{e0100}',
  '\u{1d173}',
  '\ud800',
  '\udfff',
]
const blank = [...unseen, ' ', '\u00a0', '\u1680', '\u2003', '\u3000', '\u0301', '\u20dd', '\ue000', '\u{10ffff}']

describe('cleansed text', () => {
  it('has nothing left in it that is not seen', () => {
    for (const character of unseen) expect(cleanse(`ad${character}min`)).toMatch(/^ad ?min$/)
    fc.assert(
      fc.property(anyText(), (text) => {
        const left = cleanse(text).replaceAll(/(?<=\p{Extended_Pictographic}\ufe0f?)(?:\u200d|\ufe0f)/gu, '')
        return !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u.test(left)
      }),
    )
  })

  it('is what it was where all of it is seen', () => {
    for (const text of ['Käsekuchen', '東京 本社', 'שלום', 'مرحبا', 'Zoë’s “laptop” #2', '👨‍👩‍👧 ❤️', 'क्षि', 'ế']) {
      expect(cleanse(text)).toBe(text)
    }
    fc.assert(fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => cleanse(text) === text))
  })

  it('is the same when it is cleansed again, and keeps a heap of marks off the lines beside it', () => {
    fc.assert(fc.property(anyText(), (text) => cleanse(cleanse(text)) === cleanse(text)))
    expect(cleanse(`a${'\u0301'.repeat(50)}b`)).toBe(`a${'\u0301'.repeat(4)}b`)
  })
})

describe('a name', () => {
  const name = line(80)

  it('of invisible characters alone is refused, in any mixture', () => {
    for (const character of blank) expect(isVisible(character), JSON.stringify(character)).toBe(false)
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...blank), { minLength: 1 }), (characters) => {
        const text = characters.join('')
        return !isVisible(text) && !name.safeParse(text).success
      }),
    )
  })

  it('that turns the text beside it is refused wherever the character stands', () => {
    for (const character of [
      '\u202a',
      '\u202b',
      '\u202d',
      '\u202e',
      '\u2066',
      '\u2067',
      '\u2068',
      '\u2069',
      '\u2028',
    ]) {
      expect(name.safeParse(`acme${character}moc`).success).toBe(false)
      expect(part(80).safeParse(character).success).toBe(false)
    }
  })

  it('that people have is taken', () => {
    for (const text of ['Acme', '7', '!', 'Zoë', '東京', 'می‌خواهم', '👩‍🚀', 'שלום עולם']) {
      expect(name.parse(text)).toBe(text)
    }
  })
})
