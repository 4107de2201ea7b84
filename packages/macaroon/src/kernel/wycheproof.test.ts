/** Holds every kernel against the vectors of C2SP/wycheproof: see vectors/README.md. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { codeOf } from '../testing/errors.ts'
import { kernels } from '../testing/kernels.ts'
import { equalBytes } from './equal-bytes.ts'
import { fromHex, toHex } from '../testing/vectors.ts'

interface MacTest {
  readonly tcId: number
  readonly comment: string
  readonly key: string
  readonly msg: string
  readonly tag: string
  /** In bits: a shorter tag is the beginning of the whole. */
  readonly tagSize: number
  readonly result: 'valid' | 'invalid'
}

interface AeadTest extends MacTest {
  readonly iv: string
  readonly aad: string
  readonly ct: string
}

describe.each(kernels)('wycheproof with the kernel $name', (kernel) => {
  it.each(readTests('hmac-sha256') as readonly MacTest[])(
    'HMAC $tcId: $comment',
    ({ key, msg, tag, tagSize, result }) => {
      const message = fromHex(msg)
      const computed = kernel.hmac(fromHex(key), message).subarray(0, tagSize / 8)
      expect(equalBytes(computed, fromHex(tag))).toBe(result === 'valid')
    },
  )

  it.each(readTests('chacha20-poly1305') as readonly AeadTest[])(
    'ChaCha20-Poly1305 $tcId: $comment',
    ({ key, iv, aad, msg, ct, tag, result }) => {
      const open = () => kernel.open(fromHex(key), fromHex(iv), fromHex(ct + tag), fromHex(aad))
      const seal = () => kernel.seal(fromHex(key), fromHex(iv), fromHex(msg), fromHex(aad))
      if (iv.length !== 24) {
        expect([codeOf(open), codeOf(seal)]).toEqual(['bad-argument', 'bad-argument'])
      } else if (result === 'valid') {
        expect(open()).toEqual(fromHex(msg))
        expect(toHex(seal())).toBe(ct + tag)
      } else {
        expect(open()).toBeUndefined()
      }
    },
  )
})

function readTests(name: string): unknown {
  const file = new URL(`../../../../vectors/wycheproof/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')).tests
}
