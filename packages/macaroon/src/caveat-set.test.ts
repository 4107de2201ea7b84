import { describe, expect, it } from 'vitest'
import { decodeCaveats, encodeCaveats } from './caveat-set.ts'
import { caught } from './testing/errors.ts'
import { fromHex, toHex } from './testing/vectors.ts'
import { createVocabulary } from './vocabulary.ts'

describe('encodeCaveats', () => {
  it('takes an unknown body only where it is one whole value', () => {
    const encode = (hex: string) => encodeCaveats([{ type: 'Unknown', number: 4242n, body: fromHex(hex) }])
    expect(toHex(encode('9101'))).toBe('92cd10929101')
    for (const hex of ['', '91', '0101', 'c1', 'c6ffffffff']) expect(caught(() => encode(hex)).code).toBe('malformed')
  })

  it('writes sets in the order of Go, whatever order they are in', () => {
    const machines = new Map([
      ['😀', 1],
      ['b', 2],
      ['\uffff', 3],
      ['a', 4],
    ])
    const wire = encodeCaveats([{ type: 'Machines', machines }])
    expect(toHex(wire)).toBe('92079184a16104a16202a3efbfbf03a4f09f988001')
    expect(decodeCaveats(wire)).toEqual([{ type: 'Machines', machines }])
  })

  it('knows only its vocabulary', () => {
    expect(caught(() => encodeCaveats([{ type: 'IsMember' }], createVocabulary([]))).code).toBe('bad-caveat')
  })
})

describe('decodeCaveats', () => {
  it('says where and what', () => {
    const message = (hex: string) => caught(() => decodeCaveats(fromHex(hex))).message
    expect(message('92')).toBe('The bytes end after 1, and more were announced')
    expect(message('9100')).toBe('Byte 0: a set of caveats holds pairs, and this one has an odd length')
    expect(message('9200920ccc1f')).toBe('Byte 4: this value has a shorter spelling')
    expect(message('920391820901070100')).toBe('Byte 6: the ids of a set are not in order, or one is there twice')
    expect(message('92169000')).toBe('Byte 3: the value ends here, and 1 more bytes follow')
  })
})
