/**
 * The bytes of a macaroon. Those of the last header that was read lie on the kernel's desk, where it can work on them as
 * they are: an array of its own for each would cost more than reading the macaroon does.
 */

import { decodeBase64, fillBase64, lengthOfBase64 } from './base64.ts'
import { defaultKernel } from './kernel/kernel.ts'

/** Such an array stays inside of this package, and so does the desk: what is handed out is a copy. */
export class Wire {
  readonly length: number
  /** Where they start on the desk, as long as `#turn` is. */
  readonly #place: number
  readonly #turn: number
  /** What they were decoded from: the base64 is `text[textStart..textEnd)`. */
  readonly #text: string
  readonly #textStart: number
  readonly #textEnd: number
  #own: Uint8Array | undefined

  private constructor(length: number, place: number, at: number, text: string, textStart: number, textEnd: number) {
    this.length = length
    this.#place = place
    this.#turn = at
    this.#text = text
    this.#textStart = textStart
    this.#textEnd = textEnd
  }

  /** Bytes that nobody else has. */
  static of(bytes: Uint8Array): Wire {
    const wire = new Wire(bytes.length, 0, never, '', 0, 0)
    wire.#own = bytes
    return wire
  }

  /** Decodes `text[start..end)` onto the desk, at `place`; undefined where it is no canonical base64. */
  static read(text: string, start: number, end: number, place: number): Wire | undefined {
    const length = lengthOfBase64(text, start, end)
    if (length === undefined) return undefined
    const { desk } = defaultKernel
    if (!fillBase64(place === 0 ? desk : desk.subarray(place), length, text, start, end)) return undefined
    return new Wire(length, place, turn, text, start, end)
  }

  /** Whether they are on the desk now. Whatever reads a header while they are being read takes them off it. */
  get isOnDesk(): boolean {
    return this.#turn === turn
  }

  /** An array that they are in, from `start` on, until the next header is read. */
  get bytes(): Uint8Array {
    return this.#turn === turn ? defaultKernel.desk : this.own()
  }

  get start(): number {
    return this.#turn === turn ? this.#place : 0
  }

  /** An array of their own: with nothing before them and behind them, and for good. */
  own(): Uint8Array {
    return (this.#own ??=
      this.#turn === turn
        ? defaultKernel.desk.slice(this.#place, this.#place + this.length)
        : decodeBase64(this.#text, this.#textStart, this.#textEnd, 'The base64'))
  }

  /** Some of them, copied. */
  slice(start: number, end: number): Uint8Array {
    return this.bytes.slice(this.start + start, this.start + end)
  }
}

/** Whatever lies on the desk counts for nothing from now on: another header is about to be read. */
export function clearDesk(): void {
  turn += 1
}

/** Of what was never on the desk. */
const never = -1

/** How many headers were read before this one. */
let turn = 0
