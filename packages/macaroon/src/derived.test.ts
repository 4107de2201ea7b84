import { createHash } from 'node:crypto'

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { countCaveats, countEncoded, derivedTokenId, formatDerived, parseDerived, tailDigests } from './derived.ts'
import { caveatBytesOf } from './macaroon.ts'
import { attenuate, decodeMacaroon, type Macaroon, tokenId } from './index.ts'
import { encodeCaveats } from './caveat-set.ts'
import { parentBinding } from './discharge.ts'
import { fewCaveats, minted } from './testing/arbitraries.ts'
import { codeOf } from './testing/errors.ts'

const label = (run: number) => ({ type: 'RunLabel', agent: 'a', run: String(run), onBehalfOf: '' }) as const
const digestOf = (macaroon: Macaroon) => createHash('sha256').update(macaroon.tail).digest().subarray(0, 16)
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('the name of a derived token', () => {
  it('is that of its token and of its tail, as text and back', () => {
    fc.assert(
      fc.property(minted, fewCaveats, ({ macaroon: root }, more) => {
        const child = attenuate(root, more)
        const named = parseDerived(derivedTokenId(child))
        expect(named?.tokenId).toBe(tokenId(root.nonce))
        expect(hex(named?.digest ?? new Uint8Array())).toBe(hex(digestOf(child)))
        expect(named?.digest).toEqual(parentBinding(child).prefix)
        expect(named && formatDerived(named)).toBe(derivedTokenId(child))
        expect(countEncoded(caveatBytesOf(child).slice(0, 3))).toBe(child.unsafeCaveats.length)
        expect(countCaveats(child)).toBe(child.unsafeCaveats.length)
        expect(derivedTokenId(decodeMacaroon(child.bytes))).toBe(derivedTokenId(child))
      }),
      { numRuns: 100 },
    )
  })

  it('has one spelling, and no other text is one', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const text = `dt_${Buffer.from(bytes).toString('base64url')}`
        const named = parseDerived(text)
        expect(named && formatDerived(named)).toBe(text)
        const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
        const others = last
          .split('')
          .map((digit) => text.slice(0, -1) + digit)
          .filter((each) => each !== text)
        for (const other of others) {
          const read = parseDerived(other)
          expect(read === undefined || formatDerived(read) === other).toBe(true)
        }
        for (const wrong of [
          text.slice(3),
          ` ${text}`,
          `${text}=`,
          `${text}A`,
          text.slice(0, -1),
          `DT_${text.slice(3)}`,
        ])
          expect(parseDerived(wrong)).toBeUndefined()
      }),
      { numRuns: 50 },
    )
    fc.assert(fc.property(fc.string(), (text) => parseDerived(text) === undefined))
  })

  it('is made of nothing else', () => {
    expect(codeOf(() => derivedTokenId({} as Macaroon))).toBe('bad-argument')
    const digest = new Uint8Array(16)
    expect(codeOf(() => formatDerived({ tokenId: 'x', digest }))).toBe('bad-argument')
    const id = '6c541476-46c4-5f27-a87a-08e117d86955'
    expect(codeOf(() => formatDerived({ tokenId: id, digest: new Uint8Array(15) }))).toBe('bad-argument')
  })
})

describe('the digests of the tails of a genuine macaroon', () => {
  it('are those of every macaroon that it comes from, and of no other', () => {
    fc.assert(
      fc.property(minted, fc.integer({ min: 1, max: 12 }), fc.nat(), ({ macaroon: root, key }, depth, at) => {
        const line = [root]
        for (let made = 0; made < depth; made += 1) line.push(attenuate(line[made] ?? root, [label(made)]))
        const last = line[depth] ?? root
        const before = countCaveats(root)
        expect(tailDigests(last, key, before).map(hex)).toEqual(line.map(digestOf).map(hex))
        const from = at % (depth + 1)
        expect(tailDigests(last, key, before + from).map(hex)).toEqual(line.slice(from).map(digestOf).map(hex))
        expect(tailDigests(last, key, before + depth + 1)).toEqual([])
        const sibling = attenuate(line[depth - 1] ?? root, [label(-1)])
        expect(tailDigests(last, key, 0).map(hex)).not.toContain(hex(digestOf(sibling)))
      }),
      { numRuns: 100 },
    )
  })

  it('are not given for one that is not genuine', () => {
    fc.assert(
      fc.property(minted, fc.nat(255), ({ macaroon: root, key }, bit) => {
        const bytes = attenuate(root, [label(1)]).bytes
        const at = bytes.length - 1 - (bit >> 3)
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7))
        expect(codeOf(() => tailDigests(decodeMacaroon(bytes), key, 0))).toBe('forged')
        expect(codeOf(() => tailDigests(root, new Uint8Array(32).fill(9).with(0, (key[0] ?? 0) ^ 1), 0))).toBe('forged')
      }),
      { numRuns: 50 },
    )
  })

  it('are counted by the beginning of encoded caveats', () => {
    const many = Array.from({ length: 200 }, (_, run) => label(run))
    for (const count of [0, 1, 7, 8, 127, 128, 200])
      expect(countEncoded(encodeCaveats(many.slice(0, count)).slice(0, 3))).toBe(count)
    for (const other of [[], [0xc0], [0x91, 0, 0], [0xdc, 1]])
      expect(countEncoded(Uint8Array.from(other))).toBeUndefined()
    expect(codeOf(() => countEncoded('x' as never))).toBe('bad-argument')
  })

  it('take a key and a number of caveats', () => {
    const [sample] = fc.sample(minted, 1)
    if (sample === undefined) throw new Error('there is none')
    const { macaroon: root, key } = sample
    expect(codeOf(() => tailDigests(root, new Uint8Array(31), 0))).toBe('bad-argument')
    for (const from of [-1, 0.5, Number.NaN]) expect(codeOf(() => tailDigests(root, key, from))).toBe('bad-argument')
  })
})
