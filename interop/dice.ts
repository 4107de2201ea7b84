/** Dice: pseudo-random choices that follow from a seed and the number of a case, and from nothing else. */

export class Dice {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number, number: number) {
    this.#a = seed >>> 0
    this.#b = number >>> 0
    this.#c = Math.floor(seed / 2 ** 32) ^ Math.floor(number / 2 ** 32)
    for (let i = 0; i < 12; i += 1) this.word()
  }

  /** 32 bits: Chris Doty-Humphrey's sfc32. */
  word(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** From 0 to `count - 1`. */
  below(count: number): number {
    return this.word() % count
  }

  /** True once in so many times. */
  once(times: number): boolean {
    return this.below(times) === 0
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.below(list.length)] ?? list[0]
  }

  list<T>(most: number, make: () => T, least = 0): T[] {
    return Array.from({ length: least + this.below(most - least + 1) }, make)
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; at += 4) {
      const word = this.word()
      for (let i = 0; i < 4 && at + i < length; i += 1) bytes[at + i] = word >>> (i * 8)
    }
    return bytes
  }
}
