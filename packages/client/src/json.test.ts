import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { lookThrough, parseJson } from './json.ts'
import { anyText } from '../../macaroon/src/testing/any-text.ts'

/** A document whose objects are lists of members, so that one can be there twice. */
type Tree =
  | string
  | number
  | boolean
  | null
  | readonly Tree[]
  | { readonly members: readonly (readonly [string, Tree])[] }

/** The same name, written in another way: every character may stand as an escape. */
const nameOf = fc
  .oneof(fc.constantFrom('a', 'b', '', '_"', '__proto__', 'é', '{', '[,'), anyText())
  // JSON.parse of V8 14.6 takes other names for one with a backslash: see `readJson`.
  .filter((name) => !name.includes('\\'))

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(nameOf, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.record({ members: fc.array(fc.tuple(nameOf, tie('tree')), { maxLength: 4 }) }),
  ),
}))

function write(value: Tree, escaped: boolean, space: string): string {
  const text = (part: string) => (escaped ? `"${part.replaceAll(/[^]/g, escape)}"` : JSON.stringify(part))
  if (typeof value === 'string') return text(value)
  if (Array.isArray(value))
    return `[${space}${value.map((item: Tree) => write(item, !escaped, space)).join(`,${space}`)}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const { members } = value as Exclude<Tree, string | number | boolean | null | readonly Tree[]>
  const written = members.map(([name, member], at) => {
    const quoted = (at % 2 === 0) === escaped ? text(name) : JSON.stringify(name)
    return `${space}${quoted}${space}:${space}${write(member, !escaped, space)}`
  })
  return `{${written.join(`${space},`)}${space}}`
}

function escape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function repeats(value: Tree): boolean {
  if (Array.isArray(value)) return value.some(repeats)
  if (typeof value !== 'object' || value === null) return false
  const { members } = value as Exclude<Tree, string | number | boolean | null | readonly Tree[]>
  return new Set(members.map(([name]) => name)).size < members.length || members.some(([, member]) => repeats(member))
}

describe('JSON from outside', () => {
  it('is what JSON.parse makes of it, but where a member is there twice, however it is written', () => {
    let twice = 0
    fc.assert(
      fc.property(tree, fc.boolean(), fc.constantFrom('', ' ', '\n\t'), (value, escaped, space) => {
        const text = write(value, escaped, space)
        const expected: unknown = JSON.parse(text)
        expect(lookThrough(text).repeated !== undefined).toBe(repeats(value))
        if (repeats(value)) {
          twice += 1
          expect(() => parseJson(text)).toThrow(/^has the member "[^]*" twice in one object$/)
        } else expect(parseJson(text)).toEqual(expected)
      }),
      { numRuns: 2000 },
    )
    expect(twice).toBeGreaterThan(50)
  })

  it('has the names that are written, whatever was read before', () => {
    // What V8 expects from then on, in the first and the second place.
    for (const name of ['\\', '\\u', '\\u00', 'a\\']) {
      for (const before of ['', '"x":1,']) parseJson(`{${before}${JSON.stringify(name)}:1}`)
    }
    const name = fc.string({ unit: fc.constantFrom('a', 'é', 'u', '0', '<', '\u2028'), minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 3 }), fc.boolean(), (names, isBehind) => {
        const written = names.map((each) => `"${each.replaceAll(/[^]/g, escape)}" : "\\"\\\\"`)
        const text = `{${isBehind ? '"x":1,' : ''}${written.join(',')}}`
        expect(Object.keys(parseJson(text) as object).toSorted()).toEqual(
          [...(isBehind ? ['x'] : []), ...names].toSorted(),
        )
      }),
      { numRuns: 2000 },
    )
  })

  it.each([String.raw`{"\x":1}`, String.raw`{"a\\"":1}`, String.raw`{"a\u00":1}`, String.raw`{"a\"":1`])(
    'stays wrong: %s',
    (text) => expect(() => parseJson(text)).toThrow(/^is not JSON$/),
  )

  it('is refused where JSON.parse refuses it, in words that quote nothing', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().chain((text) => fc.nat(text.length).map((at) => text.slice(0, at))),
        ),
        (text) => {
          let valid = true
          try {
            JSON.parse(text)
          } catch {
            valid = false
          }
          if (!valid) expect(() => parseJson(text)).toThrow(/^is not JSON$/)
        },
      ),
    )
  })

  it.each([
    ['{"a":1,"a":1}', 'a'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['[{"x":{"b":[],"c":"b","b":{}}}]', 'b'],
    ['{"":1,"":2}', ''],
    ['{"__proto__":1,"__proto__":2}', '__proto__'],
    ['{"a":{"a":{"a":["a","a"]}},"b":"a"}', undefined],
    ['{"a":",\\"a\\":","b":"}","c":"{"}', undefined],
    ['["a","a",{"A":1,"a":2}]', undefined],
    ['"a"', undefined],
  ])('%s repeats %j', (text, name) => {
    expect(lookThrough(text).repeated).toBe(name)
  })

  it('has as many parts as there are signs outside of texts, and as many names as members', () => {
    expect(lookThrough('[1,{"a":"[,{\\"","b":[]}]')).toEqual({
      parts: 5,
      names: 2,
      repeated: undefined,
      namesPrototype: false,
      escapedNames: [],
    })
    expect(lookThrough('"["')).toMatchObject({ parts: 0, names: 0, repeated: undefined })
  })

  it('is scanned no further than the limit', () => {
    const members = Array.from({ length: 50 }, (_, i) => `"${i}":[]`).join(',')
    expect(lookThrough(`{${members},"0":1}`, { names: 7 })).toMatchObject({ parts: 15, names: 8, repeated: undefined })
    expect(lookThrough(`{${members},"0":1}`, { parts: 9 })).toMatchObject({ parts: 10, repeated: undefined })
    expect(lookThrough(`{${members},"0":1}`, { parts: 101, names: 51 })).toMatchObject({ repeated: '0' })
  })
})
