/**
 * The bytes of a macaroon, or the text that spells them: a string cannot change, and to make an array for each macaroon
 * of a header would cost more than to read it.
 */

import { decodeBase64, fillBase64, lengthOfBase64 } from './base64.ts'
import { defaultKernel } from '#kernel'

/** What it hands out stays inside of this package. */
export class Wire {
  readonly length: number
  /** The base64 is `text[start..end)`. */
  readonly #text: string
  readonly #start: number
  readonly #end: number
  #own: Uint8Array | undefined

  private constructor(length: number, text: string, start: number, end: number) {
    this.length = length
    this.#text = text
    this.#start = start
    this.#end = end
  }

  /** Bytes that nobody else has. */
  static of(bytes: Uint8Array): Wire {
    const wire = new Wire(bytes.length, '', 0, 0)
    wire.#own = bytes
    return wire
  }

  /**
   * What `use` makes of the bytes that `text[start..end)` spells, which lie at the beginning of `bytes` until it returns;
   * undefined where that is no canonical base64. `use` calls nobody else's code, and keeps nothing of `bytes`.
   */
  static read<Made>(
    text: string,
    start: number,
    end: number,
    use: (wire: Wire, bytes: Uint8Array) => Made,
  ): Made | undefined {
    const length = lengthOfBase64(text, start, end)
    if (length === undefined) return undefined
    return defaultKernel.withScratch(length, (scratch) =>
      fillBase64(scratch, length, text, start, end) ? use(new Wire(length, text, start, end), scratch) : undefined,
    )
  }

  /** Writes them to the beginning of `bytes`. */
  copyTo(bytes: Uint8Array): void {
    if (this.#own !== undefined) bytes.set(this.#own)
    else fillBase64(bytes, this.length, this.#text, this.#start, this.#end)
  }

  /** At least the first `length` of them: an array for a few is made quickly. */
  begin(length: number): Uint8Array {
    if (this.#own !== undefined || length > 48) return this.own()
    const end = Math.min(this.#start + Math.ceil(length / 3) * 4, this.#end)
    return decodeBase64(this.#text, this.#start, end, 'The base64')
  }

  /** An array of their own; for a text a new one each time, because it is kept for long and seldom read. */
  own(): Uint8Array {
    return this.#own ?? decodeBase64(this.#text, this.#start, this.#end, 'The base64')
  }
}
