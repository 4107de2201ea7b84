/** Holds every kernel against node:crypto and @noble/hashes, at every length that matters, wherever the bytes lie. */

import { createCipheriv, createHash, createHmac } from 'node:crypto'
import { hmac as nobleHmac } from '@noble/hashes/hmac.js'
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codeOf } from '../testing/errors.ts'
import { kernels } from '../testing/kernels.ts'
import { Wire } from '../wire.ts'
import { defaultKernel } from '#kernel'
import { equalBytes } from './equal-bytes.ts'
import type { Kernel } from './kernel.ts'

const bytes = fc.uint8Array({ maxLength: 300 })
const key = exactly(32)

describe('defaultKernel', () => {
  it('is the one in WebAssembly, where that runs', () => {
    expect(defaultKernel.name).toBe('wasm-simd')
  })
})

describe.each(kernels)('the kernel $name', (kernel) => {
  it('hashes as the platform does, at every length up to 300, at every place in its buffer', () => {
    for (let length = 0; length <= 300; length += 1) {
      const message = pattern(length + 16).subarray(length % 16, (length % 16) + length)
      expect(kernel.sha256(message)).toEqual(hash(message))
      expect(kernel.hmac(pattern(length), message)).toEqual(hmac(pattern(length), message))
    }
  })

  it('agrees with @noble/hashes', () => {
    fc.assert(
      fc.property(bytes, bytes, (anyKey, message) => {
        expect(kernel.hmac(anyKey, message)).toEqual(nobleHmac(nobleSha256, anyKey, message))
        expect(kernel.sha256(message)).toEqual(nobleSha256(message))
      }),
    )
  })

  it('chains: every step is keyed with the tail before, and covers 0x92 and the caveat', () => {
    fc.assert(
      fc.property(key, bytes, fc.array(bytes, { maxLength: 20 }), fc.nat(40), (root, nonce, caveats, gap) => {
        const before = pattern(gap)
        const whole = concat(before, nonce, ...caveats, pattern(5))
        const offsets = [gap + nonce.length]
        for (const caveat of caveats) offsets.push((offsets.at(-1) ?? 0) + caveat.length)
        const tails = [hmac(root, nonce)]
        for (const caveat of caveats) tails.push(hmac(tails.at(-1) ?? root, concat(Uint8Array.of(0x92), caveat)))
        expect(kernel.chain(root, whole, gap, gap + nonce.length, offsets)).toEqual(concat(...tails))
        const last = tails.at(-1) ?? root
        for (const [proof, claimed] of [
          [false, last],
          [true, hmac(proofKey, last)],
        ] as const) {
          const ends = (tail: Uint8Array) =>
            endsIn(kernel, root, concat(whole, tail), gap, gap + nonce.length, offsets, whole.length, proof)
          expect([ends(claimed), ends(claimed.map((byte, i) => (i === gap % 32 ? byte ^ 128 : byte)))]).toEqual([
            true,
            false,
          ])
        }
      }),
    )
  })

  it('chains where the first caveat starts the bytes, where there is none, and where there are very many', () => {
    const root = pattern(32)
    const caveat = Uint8Array.of(7, 8)
    const first = hmac(root, Uint8Array.of(8, 9))
    expect(kernel.chain(root, Uint8Array.of(7, 8, 9), 1, 3, [0, 2])).toEqual(
      concat(first, hmac(first, concat(Uint8Array.of(0x92), caveat))),
    )
    expect(kernel.chain(root, Uint8Array.of(7, 8, 9), 1, 3, [3])).toEqual(first)
    expect(kernel.chain(root, Uint8Array.of(7, 8, 9), 1, 3, [])).toEqual(first)

    const offsets = Array.from({ length: 700 }, (_, i) => i)
    const many = kernel.chain(root, pattern(800), 0, 0, offsets)
    const tail = offsets
      .slice(1)
      .reduce((last, end) => hmac(last, Uint8Array.of(0x92, end - 1)), hmac(root, caveat.subarray(2)))
    expect(many.length).toBe(700 * 32)
    expect(many.subarray(-32)).toEqual(tail)
    expect(endsIn(kernel, root, concat(pattern(800), tail), 0, 0, offsets, 800, false)).toBe(true)
    expect(endsIn(kernel, root, concat(pattern(800), tail), 0, 0, offsets, 800, true)).toBe(false)
  })

  it('takes no key for another, however many there were before', () => {
    const roots = Array.from({ length: 40 }, (_, i) =>
      pattern(32).map((byte) => (byte === 0 ? i % 20 : byte ^ (i >> 4))),
    )
    for (const root of [new Uint8Array(32), ...roots, ...roots, new Uint8Array(32)]) {
      expect(kernel.chain(root, pattern(9), 1, 3, [])).toEqual(hmac(root, Uint8Array.of(1, 2)))
    }
  })

  it('seals and opens as the platform does', () => {
    fc.assert(
      fc.property(key, exactly(12), bytes, bytes, fc.nat(), fc.integer({ min: 0, max: 7 }), (...drawn) => {
        const [sealingKey, nonce, plaintext, aad, at, bit] = drawn
        const sealed = kernel.seal(sealingKey, nonce, plaintext, aad)
        expect(sealed).toEqual(seal(sealingKey, nonce, plaintext, aad))
        expect(kernel.open(sealingKey, nonce, sealed, aad)).toEqual(plaintext)
        expect(kernel.seal(sealingKey, nonce, plaintext)).toEqual(seal(sealingKey, nonce, plaintext))
        sealed[at % sealed.length] = (sealed[at % sealed.length] ?? 0) ^ (1 << bit)
        expect(kernel.open(sealingKey, nonce, sealed, aad)).toBeUndefined()
        expect(kernel.open(sealingKey, nonce, sealed.subarray(0, at % 16), aad)).toBeUndefined()
      }),
    )
  })

  it('seals at every length up to 300, and beyond what the memory of WebAssembly holds', () => {
    for (const length of [...Array.from({ length: 301 }, (_, i) => i), 65_536, 69_000, 69_632, 70_000, 140_001]) {
      const sealed = kernel.seal(pattern(32), pattern(12), pattern(length))
      expect(Buffer.compare(sealed, seal(pattern(32), pattern(12), pattern(length)))).toBe(0)
      expect(Buffer.compare(kernel.open(pattern(32), pattern(12), sealed) ?? sealed, pattern(length))).toBe(0)
    }
  })

  it('opens boxes under the tails of a chain that ends where it says, and no others', () => {
    fc.assert(
      fc.property(key, bytes, fc.array(bytes, { minLength: 1, maxLength: 9 }), bytes, fc.nat(), (...drawn) => {
        const [root, nonce, caveats, text, at] = drawn
        const offsets = [nonce.length]
        for (const { length } of caveats) offsets.push((offsets.at(-1) ?? 0) + length)
        const whole = concat(nonce, ...caveats)
        const tails = kernel.chain(root, whole, 0, nonce.length, offsets)
        const wire = Wire.of(concat(whole, tails.subarray(-32)))
        const tail = at % caveats.length
        const sealed = concat(pattern(12), seal(tails.slice(tail * 32, tail * 32 + 32), pattern(12), text))
        const damaged = sealed.map((byte, i) => (i === at % sealed.length ? byte ^ 1 : byte))
        const open = (source: Wire, ...boxes: readonly (readonly [number, Uint8Array])[]) =>
          kernel.openInChain(
            boxes.map(([of, box]) => ({ tail: of, sealed: box })),
            root,
            source,
            0,
            nonce.length,
            offsets,
            whole.length,
            false,
          )
        const others = [
          [tail + 1, sealed] as const,
          [tail, damaged] as const,
          [tail, sealed.subarray(0, at % 28)] as const,
        ]
        expect(open(wire, [tail, sealed], ...others, [tail, sealed])).toEqual([
          text,
          ...others.map(() => undefined),
          text,
        ])
        expect(open(Wire.of(concat(whole, pattern(32))), [tail, sealed])).toBeUndefined()
        expect(codeOf(() => open(wire, [offsets.length, sealed]))).toBe('bad-argument')
        const long = concat(pattern(12), seal(tails.slice(0, 32), pattern(12), pattern(69_632)))
        expect(open(wire, [0, long])?.map((opened) => opened?.length)).toEqual([69_632])
      }),
      { numRuns: 30 },
    )
  })

  it('hashes and chains beyond what the memory of WebAssembly holds', () => {
    for (const length of [65_536, 69_632, 69_633, 140_001]) {
      const long = pattern(length)
      expect(kernel.sha256(long)).toEqual(hash(long))
      expect(kernel.hmac(pattern(131), long)).toEqual(hmac(pattern(131), long))
      expect(kernel.chain(pattern(32), long, 0, length, [])).toEqual(hmac(pattern(32), long))
    }
  })

  it('leaves its inputs alone, and nothing of one call in the next', () => {
    fc.assert(
      fc.property(key, bytes, bytes, (root, one, other) => {
        const copies = [root, one, other].map((input) => new Uint8Array(input))
        const alone = kernel.hmac(root.subarray(0, 20), one)
        kernel.chain(root, other, 0, other.length, [0, other.length])
        kernel.open(root, root.subarray(0, 12), other)
        kernel.sha256(other)
        expect(kernel.hmac(root.subarray(0, 20), one)).toEqual(alone)
        expect([root, one, other]).toEqual(copies)
      }),
    )
  })

  it('refuses keys and nonces of other lengths', () => {
    const nothing = new Uint8Array(0)
    for (const length of [0, 31, 33, 100]) {
      expect(codeOf(() => kernel.chain(pattern(length), nothing, 0, 0, []))).toBe('bad-argument')
      expect(codeOf(() => kernel.seal(pattern(length), pattern(12), nothing))).toBe('bad-argument')
      expect(codeOf(() => kernel.open(pattern(length), pattern(12), pattern(16)))).toBe('bad-argument')
      expect(codeOf(() => kernel.seal(pattern(32), pattern(length), nothing))).toBe('bad-argument')
    }
  })

  it('refuses places outside of the bytes', () => {
    const chain = (...offsets: number[]) => kernel.chain(pattern(32), pattern(9), 1, 3, offsets)
    expect(chain(3, 5, 9).length).toBe(96)
    for (const call of [
      () => chain(3, 10),
      () => chain(5, 3),
      () => chain(-1, 3),
      () => chain(3, Number.NaN),
      () => kernel.chain(pattern(32), pattern(9), 3, 1, []),
      () => kernel.chain(pattern(32), pattern(9), 0, 10, []),
      () => endsIn(kernel, pattern(32), pattern(40), 1, 3, [], 9, false),
      () => endsIn(kernel, pattern(32), pattern(40), 1, 3, [], -1, false),
      () => endsIn(kernel, pattern(32), pattern(40), 1, 41, [], 0, false),
      () => endsIn(kernel, pattern(32), pattern(40), 0, 0, [41], 0, false),
    ]) {
      expect(codeOf(call)).toBe('bad-argument')
    }
  })

  it('compares', () => {
    fc.assert(
      fc.property(bytes, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, at, flip) => {
        const other = new Uint8Array(one)
        expect(equalBytes(one, other)).toBe(true)
        expect(equalBytes(one, Uint8Array.of(...one, 0))).toBe(false)
        expect(equalBytes(Uint8Array.of(...one, 0), one)).toBe(false)
        if (one.length === 0) return
        other[at % one.length] = (other[at % one.length] ?? 0) ^ flip
        expect(equalBytes(one, other)).toBe(false)
      }),
    )
  })
})

/** What the kernel says of these bytes. */
function endsIn(kernel: Kernel, key: Uint8Array, bytes: Uint8Array, ...places: PlacesInBytes): boolean {
  return kernel.endsIn(key, Wire.of(bytes), ...places)
}

type PlacesInBytes = [start: number, end: number, offsets: readonly number[], claimed: number, proof: boolean]

const proofKey = Buffer.from('proof-signature-finalization')

function exactly(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length })
}

/** Some bytes, always the same. */
function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i)
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

function hash(message: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(message).digest())
}

function hmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac('sha256', key).update(message).digest())
}

function seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad?: Uint8Array): Uint8Array {
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 })
  if (aad !== undefined) cipher.setAAD(aad)
  return concat(cipher.update(plaintext), cipher.final(), cipher.getAuthTag())
}
