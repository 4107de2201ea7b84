import fc from 'fast-check'
import { parse } from 'graphql'
import { describe, expect, test } from 'vitest'

import { checkSize, limits } from './limits.ts'

/** A field nested `depth` deep. */
function nested(depth: number): string {
  return depth === 1 ? '{ a }' : `{ a ${nested(depth - 1)} }`
}

const many = (count: number, of: (index: number) => string) => Array.from({ length: count }, (_, i) => of(i)).join(' ')

function check(query: string): void {
  checkSize(parse(query))
}

describe('the size of a query', () => {
  test('has a limit on depth, through fragments too', () => {
    expect(() => check(nested(limits.depth))).not.toThrow()
    expect(() => check(nested(limits.depth + 1))).toThrow('is nested 13 deep')
    const through = `query { a { ...x } } fragment x on X ${nested(limits.depth)}`
    expect(() => check(through)).toThrow('is nested 13 deep')
    expect(() => check(`{ ... on X { ... on X { a } } }`)).not.toThrow()
  })

  test('has a limit on aliases', () => {
    expect(() => check(`{ ${many(limits.aliases, (i) => `a${i}: a`)} }`)).not.toThrow()
    expect(() => check(`{ ${many(limits.aliases + 1, (i) => `a${i}: a`)} }`)).toThrow('too many aliases')
  })

  test('has a limit on fields, however short the query is', () => {
    expect(() => check(`{ ${many(limits.fields, (i) => `a${i}`)} }`)).not.toThrow()
    expect(() => check(`{ ${many(limits.fields + 1, (i) => `a${i}`)} }`)).toThrow('too many fields')
    // Each fragment spreads the next one twice, which doubles the fields at each step.
    const doubling = many(8, (i) => `fragment f${i} on X { ...f${i + 1} ...f${i + 1} }`)
    expect(() => check(`{ ...f0 } ${doubling} fragment f8 on X { a b }`)).toThrow('too many fields')
  })

  test('has a limit on how often it names one field, anywhere', () => {
    const twice = `query { a { ... on X { ${many(limits.repeats - 1, () => 'b')} } } c { b } }`
    expect(() => check(twice)).not.toThrow()
    expect(() => check(`${twice} fragment f on X { b }`)).toThrow('one field too often')
    expect(() => check(`${twice} fragment f on X { b: d }`)).toThrow('one field too often')
    expect(() => check(`${twice} fragment f on X { d: b }`)).not.toThrow()
  })

  test('has a limit on definitions', () => {
    expect(() => check(many(limits.definitions + 1, (i) => `query q${i} { a }`))).toThrow('11 definitions')
  })

  test('is not computed for a fragment that contains itself', () => {
    expect(() => check('{ ...f } fragment f on X { a ...f }')).toThrow('holds itself')
    expect(() => check('{ ...f } fragment f on X { ...g } fragment g on X { b { ...f } }')).toThrow('holds itself')
  })

  test('is computed for every tree of fields', () => {
    type Tree = readonly Tree[]
    const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
      tree: fc.oneof({ maxDepth: 14, withCrossShrink: true }, fc.constant([]), fc.array(tie('tree'), { maxLength: 3 })),
    }))
    let names = 0
    const print = (children: Tree): string =>
      `{ b${(names += 1)} ${children.map((child) => `a${(names += 1)} ${print(child)}`).join(' ')} }`
    const deep = (children: Tree): number => 1 + Math.max(0, ...children.map(deep))
    const count = (children: Tree): number => 1 + children.reduce((sum, child) => sum + 1 + count(child), 0)
    fc.assert(
      fc.property(tree, (children) => {
        const fits = deep(children) <= limits.depth && count(children) <= limits.fields
        if (fits) check(print(children))
        else expect(() => check(print(children))).toThrow(/deep|too many/)
      }),
    )
  })
})
