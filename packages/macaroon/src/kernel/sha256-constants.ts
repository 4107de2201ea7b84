/** The numbers of SHA-256: the first bits of the fractions of roots of the first primes (RFC 6234 §5.1, §6.1). */

const primes = /* @__PURE__ */ firstPrimes()

export const roundConstants: Int32Array = /* @__PURE__ */ Int32Array.from(primes, (prime) =>
  fractionOf(Math.cbrt(prime)),
)
export const firstHash: Int32Array = /* @__PURE__ */ Int32Array.from(primes.slice(0, 8), (prime) =>
  fractionOf(Math.sqrt(prime)),
)

function firstPrimes(): readonly number[] {
  const found: number[] = []
  for (let candidate = 2; found.length < 64; candidate += 1) {
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate)
  }
  return found
}

/** The 32 bits behind the point. Roots have 52: what an engine makes of the last of them does not matter here. */
function fractionOf(root: number): number {
  return ((root % 1) * 2 ** 32) | 0
}
