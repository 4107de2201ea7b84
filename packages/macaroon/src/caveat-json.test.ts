import { describe, expect, it } from 'vitest'
import type { Caveat } from './caveat.ts'
import { caveatsFromJSON, caveatsToJSON } from './caveat-json.ts'
import { caught } from './testing/errors.ts'

describe('caveatsToJSON', () => {
  const caveats: Caveat[] = [
    { type: 'Organization', id: 2n ** 64n - 1n, mask: 0xffff },
    { type: 'Unknown', number: 4242n, body: Uint8Array.of(0xc3) },
    { type: 'IsMember' },
  ]

  it('writes numbers of 64 bits in full, and what is unknown as its bytes', () => {
    expect(caveatsToJSON(caveats)).toBe(
      '[{"type":"Organization","body":{"id":18446744073709551615,"mask":"rwcdC"}},' +
        '{"type":"4242","body":{"msgpack":"ww=="}},{"type":"IsMember","body":{}}]',
    )
  })

  it('indents for people', () => {
    expect(caveatsToJSON(caveats.slice(1), { indent: 2 })).toBe(`[
  {
    "type": "4242",
    "body": {
      "msgpack": "ww=="
    }
  },
  {
    "type": "IsMember",
    "body": {}
  }
]`)
  })

  it('refuses what exceeds the bounds', () => {
    const many = Array.from({ length: 257 }, (): Caveat => ({ type: 'IsMember' }))
    expect(caught(() => caveatsToJSON(many)).code).toBe('too-many')
  })
})

describe('caveatsFromJSON', () => {
  it('bounds length, depth and number', () => {
    expect(caught(() => caveatsFromJSON(' '.repeat(262_145))).code).toBe('too-long')
    expect(caught(() => caveatsFromJSON('['.repeat(200_000))).message).toBe(
      'Character 66: values are nested more than 64 deep',
    )
    const member = '{"type":"IsMember","body":{}}'
    expect(caught(() => caveatsFromJSON(`[${Array.from({ length: 257 }, () => member).join()}]`)).code).toBe('too-many')
    const nest = (depth: number): string =>
      depth === 0 ? member : `{"type":"IfPresent","body":{"ifs":[${nest(depth - 1)}],"else":"r"}}`
    expect(caveatsFromJSON(`[${nest(8)}]`)).toHaveLength(1)
    expect(caught(() => caveatsFromJSON(`[${nest(9)}]`)).code).toBe('too-deep')
  })

  it('quotes no long text back', () => {
    const error = caught(() => caveatsFromJSON(`[{"type":"${'x'.repeat(1000)}","body":{}}]`))
    expect(error.message.length).toBeLessThan(120)
  })

  it('reads strings as JSON has them', () => {
    const text = String.raw`[{"type":"Mutations","body":{"mutations":["\"\\\/\b\n\u00e9\ud83d\ude00","é"]}}]`
    expect(caveatsFromJSON(text)).toEqual([{ type: 'Mutations', mutations: ['"\\/\b\né😀', 'é'] }])
    for (const broken of [String.raw`["\x"]`, '["\n"]', '["abc]', String.raw`["\u12"]`]) {
      expect(caught(() => caveatsFromJSON(broken)).code).toBe('bad-json')
    }
  })
})
