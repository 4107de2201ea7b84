/** Holds every kernel against the test vectors of RFC 4231, 6234 and 8439. */

import { readFileSync } from 'node:fs'
import { poly1305 } from '@noble/ciphers/_poly1305.js'
import { describe, expect, it } from 'vitest'
import { kernels } from '../testing/kernels.ts'
import { fromHex, toHex } from '../testing/vectors.ts'
import { makeModule } from './generator/module.ts'
import { instantiate } from './wasm-kernel.ts'
import { layout } from './wasm-layout.ts'

interface Vectors {
  readonly chacha20: readonly (Texts<'key' | 'nonce' | 'plaintext' | 'ciphertext'> & { readonly counter: number })[]
  readonly poly1305: readonly Texts<'key' | 'text' | 'tag'>[]
  readonly oneTimeKeys: readonly Texts<'key' | 'nonce' | 'oneTimeKey'>[]
  readonly aead: readonly Texts<'key' | 'nonce' | 'aad' | 'plaintext' | 'ciphertext' | 'tag'>[]
}

type Texts<Field extends string> = Readonly<Record<Field | 'section', string>>

const vectors: Vectors = JSON.parse(readFileSync(new URL('../../../../vectors/rfc8439.json', import.meta.url), 'utf8'))

describe.each(kernels)('RFC 8439 with the kernel $name', (kernel) => {
  // The ciphertext of the AEAD starts with block 1; what stands before a later block is encrypted too, and dropped.
  it.each(vectors.chacha20.filter(({ counter }) => counter > 0))(
    '$section: ChaCha20',
    ({ key, nonce, counter, plaintext, ciphertext }) => {
      const skipped = (counter - 1) * 64
      const text = new Uint8Array(skipped + plaintext.length / 2)
      text.set(fromHex(plaintext), skipped)
      const sealed = kernel.seal(fromHex(key), fromHex(nonce), text)
      expect(toHex(sealed.subarray(skipped, -16))).toBe(ciphertext)
    },
  )

  // Nothing sealed has the tag of one block of zeros: of two lengths of zero.
  it.each(vectors.oneTimeKeys)('$section: the key of the tag', ({ key, nonce, oneTimeKey }) => {
    const sealed = kernel.seal(fromHex(key), fromHex(nonce), new Uint8Array(0))
    expect(sealed).toEqual(poly1305(new Uint8Array(16), fromHex(oneTimeKey)))
  })

  it.each(vectors.aead)('$section: both together', ({ key, nonce, aad, plaintext, ciphertext, tag }) => {
    const sealed = kernel.seal(fromHex(key), fromHex(nonce), fromHex(plaintext), fromHex(aad))
    expect(toHex(sealed)).toBe(ciphertext + tag)
    expect(toHex(kernel.open(fromHex(key), fromHex(nonce), sealed, fromHex(aad)) ?? new Uint8Array(0))).toBe(plaintext)
  })
})

describe('RFC 8439 §2.5 and A.3', () => {
  // It is only for whole blocks: the AEAD makes no others.
  it.each(vectors.poly1305.filter(({ text }) => text.length % 32 === 0))(
    '$section: Poly1305 in WebAssembly',
    ({ key, text, tag }) => {
      const wasm = instantiate(makeModule())
      const bytes = new Uint8Array(wasm.memory.buffer)
      bytes.set(fromHex(key), layout.keystream)
      bytes.set(fromHex(text), layout.input)
      wasm.poly1305(layout.input, layout.input + text.length / 2)
      expect(toHex(bytes.subarray(layout.tag, layout.tag + 16))).toBe(tag)
    },
  )
})

describe.each(kernels)('hashes with the kernel $name', (kernel) => {
  it.each([
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
    ['01234567'.repeat(80), '594847328451bdfa85056225462cc1d867d877fb388df0ce35f25ab5562bfbb5'],
    ['\x19', '68aa2e2ee5dff96e3355e6c7ee373e3d6a4e17f75f9518d843709c0c9bc3e3d4'],
  ])('RFC 6234 §8.5, SHA-256 of %.60s', (text, hash) => {
    expect(toHex(kernel.sha256(ascii(text)))).toBe(hash)
  })

  it.each([
    {
      test: 1,
      key: '0b'.repeat(20),
      text: 'Hi There',
      tag: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    },
    {
      test: 2,
      key: toHex(ascii('Jefe')),
      text: 'what do ya want for nothing?',
      tag: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    },
    {
      test: 3,
      key: 'aa'.repeat(20),
      text: '\xdd'.repeat(50),
      tag: '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
    },
    {
      test: 4,
      key: '0102030405060708090a0b0c0d0e0f10111213141516171819',
      text: '\xcd'.repeat(50),
      tag: '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
    },
    { test: 5, key: '0c'.repeat(20), text: 'Test With Truncation', tag: 'a3b6167473100ee06e0c796c2955552b' },
    {
      test: 6,
      key: 'aa'.repeat(131),
      text: 'Test Using Larger Than Block-Size Key - Hash Key First',
      tag: '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    },
    {
      test: 7,
      key: 'aa'.repeat(131),
      text: 'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
      tag: '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
    },
  ])('RFC 4231 §4, test case $test', ({ key, text, tag }) => {
    const message = ascii(text)
    expect(toHex(kernel.hmac(fromHex(key), message)).slice(0, tag.length)).toBe(tag)
  })
})

function ascii(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))
}
