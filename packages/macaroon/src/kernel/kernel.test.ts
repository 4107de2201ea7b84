import { createCipheriv, createHash, createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { typescriptKernel } from './typescript-kernel.ts'
import { createWasmKernel } from './wasm-kernel.ts'

const bytes = fc.uint8Array({ maxLength: 200 })

describe.each([typescriptKernel, createWasmKernel() ?? typescriptKernel])('the kernel $name', (kernel) => {
  it('hashes as the platform does', () => {
    fc.assert(
      fc.property(bytes, bytes, fc.nat(), (key, message, cut) => {
        const end = cut % (message.length + 1)
        const start = Math.floor(end / 2)
        const hmac = createHmac('sha256', key).update(message.subarray(start, end)).digest()
        expect(kernel.hmac(key, message, start, end)).toEqual(new Uint8Array(hmac))
        expect(kernel.sha1(message)).toEqual(new Uint8Array(createHash('sha1').update(message).digest()))
        expect(kernel.sha256(message)).toEqual(new Uint8Array(createHash('sha256').update(message).digest()))
      }),
    )
  })

  it('chains: every step is keyed with the tail before, and covers 0x92 and the caveat', () => {
    const key = new Uint8Array(32).fill(3)
    const message = Uint8Array.of(9, 1, 2, 3, 4, 5, 9)
    const hmac = (under: Uint8Array, ...text: number[]) =>
      createHmac('sha256', under).update(Uint8Array.from(text)).digest()
    const first = hmac(key, 9, 1)
    const second = hmac(first, 0x92, 2, 3)
    const third = hmac(second, 0x92, 4)
    expect(kernel.chain(key, message, 0, 2, [2, 4, 5])).toEqual(new Uint8Array([...first, ...second, ...third]))
    expect(kernel.chain(key, message, 0, 2, [2])).toEqual(new Uint8Array(first))
    expect(kernel.chain(key, message, 0, 2, [])).toEqual(new Uint8Array(first))
  })

  it('seals and opens as the platform does', () => {
    const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
    fc.assert(
      fc.property(exactly(32), exactly(12), bytes, bytes, fc.nat(), (key, nonce, plaintext, aad, at) => {
        const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 })
        cipher.setAAD(aad)
        const expected = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
        const sealed = kernel.seal(key, nonce, plaintext, aad)
        expect(sealed).toEqual(new Uint8Array(expected))
        expect(kernel.open(key, nonce, sealed, aad)).toEqual(plaintext)
        sealed[at % sealed.length] = (sealed[at % sealed.length] ?? 0) ^ 1
        expect(kernel.open(key, nonce, sealed, aad)).toBeUndefined()
      }),
    )
  })

  it('compares', () => {
    fc.assert(
      fc.property(bytes, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, at, flip) => {
        const other = new Uint8Array(one)
        expect(kernel.equal(one, other)).toBe(true)
        expect(kernel.equal(one, Uint8Array.of(...one, 0))).toBe(false)
        expect(kernel.equal(Uint8Array.of(...one, 0), one)).toBe(false)
        if (one.length === 0) return
        other[at % one.length] = (other[at % one.length] ?? 0) ^ flip
        expect(kernel.equal(one, other)).toBe(false)
      }),
    )
  })
})
