/** The numbers of SHA-256: the first bits of the fractions of roots of the first primes (RFC 6234 §5.1, §6.1). */

const primes = firstPrimes(64)

export const roundConstants: readonly number[] = primes.map((prime) => fractionOf(Math.cbrt(prime)))
export const firstHash: readonly number[] = primes.slice(0, 8).map((prime) => fractionOf(Math.sqrt(prime)))

function firstPrimes(count: number): readonly number[] {
  const found: number[] = []
  for (let candidate = 2; found.length < count; candidate += 1) {
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate)
  }
  return found
}

/** The 32 bits behind the point. */
function fractionOf(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32) | 0
}
