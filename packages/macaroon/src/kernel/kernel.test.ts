import { createHash, createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { equalInConstantTime, portableKernel } from './kernel.ts'

const bytes = fc.uint8Array({ maxLength: 200 })

describe('portableKernel', () => {
  it('hashes as the platform does', () => {
    fc.assert(
      fc.property(bytes, bytes, fc.nat(), (key, message, cut) => {
        const end = cut % (message.length + 1)
        const start = Math.floor(end / 2)
        const hmac = createHmac('sha256', key).update(message.subarray(start, end)).digest()
        expect(portableKernel.hmac(key, message, start, end)).toEqual(new Uint8Array(hmac))
        expect(portableKernel.sha1(message)).toEqual(new Uint8Array(createHash('sha1').update(message).digest()))
      }),
    )
  })

  it('chains: every step is keyed with the tail before, and covers 0x92 and the caveat', () => {
    const tail = new Uint8Array(32).fill(3)
    const message = Uint8Array.of(9, 1, 2, 3, 4, 5, 9)
    const step = (key: Uint8Array, ...caveat: number[]) =>
      new Uint8Array(
        createHmac('sha256', key)
          .update(Uint8Array.of(0x92, ...caveat))
          .digest(),
      )
    expect(portableKernel.chain(tail, message, [1, 3, 6])).toEqual(step(step(tail, 1, 2), 3, 4, 5))
    expect(portableKernel.chain(tail, message, [1])).toEqual(tail)
  })
})

describe('equalInConstantTime', () => {
  it('is equality', () => {
    fc.assert(
      fc.property(bytes, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, at, flip) => {
        const other = new Uint8Array(one)
        expect(equalInConstantTime(one, other)).toBe(true)
        expect(equalInConstantTime(one, Uint8Array.of(...one, 0))).toBe(false)
        expect(equalInConstantTime(Uint8Array.of(...one, 0), one)).toBe(false)
        if (one.length === 0) return
        other[at % one.length] = (other[at % one.length] ?? 0) ^ flip
        expect(equalInConstantTime(one, other)).toBe(false)
      }),
    )
  })
})
