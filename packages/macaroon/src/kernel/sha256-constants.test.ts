import { expect, it } from 'vitest'
import { firstHash, roundConstants } from './sha256-constants.ts'

it('has the numbers of RFC 6234, whatever an engine makes of the last bits of a root', () => {
  const primes = [...Array(312).keys()].filter((n) => n > 1 && ![...Array(n).keys()].some((d) => d > 1 && n % d === 0))
  for (const [roots, words] of [
    [primes.map(Math.cbrt), roundConstants],
    [primes.slice(0, 8).map(Math.sqrt), firstHash],
  ] as const) {
    expect(words).toHaveLength(roots.length)
    for (const off of [-4, 0, 4]) {
      const bits = roots.map((root) => Math.floor(((root * (1 + off * Number.EPSILON)) % 1) * 2 ** 32) | 0)
      expect([...words]).toEqual(bits)
    }
  }
  // From §5.1 and §6.1: the first and the last.
  expect([roundConstants[0], roundConstants[63]]).toEqual([0x428a2f98, 0xc67178f2 | 0])
  expect([firstHash[0], firstHash[7]]).toEqual([0x6a09e667, 0x5be0cd19])
})
