/** Writes MessagePack as Go's vmihailenco/msgpack does with array-encoded structs and compact integers. */

import { isBytes } from './boundary.ts'
import { MacaroonError } from './errors.ts'
import { encodeUtf8 } from './utf8.ts'

/** Every value is written in its shortest spelling. Throws MacaroonError `bad-caveat` for values that do not fit. */
export class MsgpackWriter {
  #bytes: Uint8Array
  #length = 0

  /** Writes into `scratch`, and into longer arrays of its own once that is full. */
  constructor(scratch: Uint8Array = new Uint8Array(64)) {
    this.#bytes = scratch
  }

  /** What was written so far, copied. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  /** Where it is written: the first `length` of these bytes. An array of just those costs more than to write it. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  get length(): number {
    return this.#length
  }

  writeNil(): void {
    this.#put(0xc0, 1)
  }

  writeBoolean(value: boolean): void {
    if (typeof value !== 'boolean') throw new MacaroonError('bad-caveat', 'The value is not true or false')
    this.#put(value ? 0xc3 : 0xc2, 1)
  }

  /** An unsigned integer of up to 64 bits. */
  writeUint(value: bigint | number): void {
    if (!(typeof value === 'bigint' || Number.isSafeInteger(value)) || value < 0 || value > 0xffffffffffffffffn) {
      throw new MacaroonError('bad-caveat', 'The value is not an unsigned integer of 64 bits')
    }
    if (value <= 0x7f) this.#put(Number(value), 1)
    else if (value <= 0xffffffff) this.#sized(0xcc, Number(value))
    else this.#head64(0xcf, BigInt(value))
  }

  /** A signed integer of up to 64 bits. */
  writeInt(value: bigint): void {
    if (typeof value !== 'bigint' || value < -0x8000000000000000n || value > 0x7fffffffffffffffn) {
      throw new MacaroonError('bad-caveat', 'The value is not a signed integer of 64 bits')
    }
    if (value >= 0n) this.writeUint(value)
    else if (value >= -32n) this.#put(Number(value) + 0x100, 1)
    else if (value >= -0x80n) this.#head(0xd0, Number(value) + 0x100, 1)
    else if (value >= -0x8000n) this.#head(0xd1, Number(value) + 0x10000, 2)
    else if (value >= -0x80000000n) this.#head(0xd2, Number(value) + 0x100000000, 4)
    else this.#head64(0xd3, BigInt.asUintN(64, value))
  }

  /** A byte string (bin), or nil for null. */
  writeBytes(value: Uint8Array | null): void {
    if (value === null) return this.writeNil()
    if (!isBytes(value)) throw new MacaroonError('bad-caveat', 'The value is not a Uint8Array')
    this.#sized(0xc4, value.length)
    this.writeRaw(value)
  }

  /** A text (str). */
  writeString(value: string): void {
    const bytes = encodeUtf8(value)
    if (bytes === undefined) throw new MacaroonError('bad-caveat', 'The value is not a text of whole characters')
    if (bytes.length < 32) this.#put(0xa0 | bytes.length, 1)
    else this.#sized(0xd9, bytes.length)
    this.writeRaw(bytes)
  }

  writeArrayLength(length: number): void {
    this.#container(0x90, 0xdc, length)
  }

  writeMapLength(length: number): void {
    this.#container(0x80, 0xde, length)
  }

  /** Bytes that are MessagePack already. */
  writeRaw(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  #container(short: number, long: number, length: number): void {
    if (length < 16) this.#put(short | length, 1)
    else if (length <= 0xffff) this.#head(long, length, 2)
    else this.#head(long + 1, length, 4)
  }

  /** The first of three codes, for numbers of 1, 2 and 4 bytes. */
  #sized(code: number, value: number): void {
    if (value <= 0xff) this.#head(code, value, 1)
    else if (value <= 0xffff) this.#head(code + 1, value, 2)
    else this.#head(code + 2, value, 4)
  }

  #head(code: number, value: number, width: 1 | 2 | 4): void {
    this.#put(code, 1)
    this.#put(value, width)
  }

  #head64(code: number, value: bigint): void {
    this.#put(code, 1)
    this.#put(Number(value >> 32n), 4)
    this.#put(Number(value & 0xffffffffn), 4)
  }

  #put(value: number, width: 1 | 2 | 4): void {
    this.#reserve(width)
    for (let shift = width - 1; shift >= 0; shift -= 1) this.#bytes[this.#length++] = value / 256 ** shift
  }

  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}
