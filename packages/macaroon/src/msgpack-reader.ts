/** A cursor over MessagePack bytes that accepts exactly one spelling of every value: the one that Go's encoder writes. */

import { MacaroonError } from './errors.ts'
import { isPlain, leastEnd } from './msgpack-skip.ts'
import { decodeUtf8, isUtf8 } from './utf8.ts'

/**
 * Every `read…` moves the cursor behind the value and throws MacaroonError `malformed` where another kind of value
 * stands there or the bytes end, and `not-canonical` where the value has a shorter spelling. Lengths are held against
 * the bytes that remain before anything is allocated.
 */
export class MsgpackReader {
  readonly bytes: Uint8Array
  offset: number
  /** Where what may be read ends; there may be bytes of others behind it. */
  readonly end: number

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.bytes = bytes
    this.offset = offset
    this.end = end
  }

  /** Moves behind a nil and returns true, if one stands here. */
  takeNil(): boolean {
    if (this.offset >= this.end || this.bytes[this.offset] !== 0xc0) return false
    this.offset += 1
    return true
  }

  /** An unsigned integer of up to 64 bits. */
  readUint(): bigint {
    return BigInt(this.#unsigned(this.#byte(), 'an unsigned integer'))
  }

  /** An unsigned integer that is not above `max`, itself below 2^53. */
  readSmallUint(max: number): number {
    const start = this.offset
    const value = this.#unsigned(this.#byte(), 'an unsigned integer')
    if (value > max) throw malformed(start, `an integer of at most ${max}`)
    return Number(value)
  }

  /** A signed integer of up to 64 bits; what is not negative is spelt as an unsigned one. */
  readInt(): bigint {
    const start = this.offset
    const code = this.#byte()
    if (code >= 0xe0) return BigInt(code - 0x100)
    if (code >= 0xd0 && code <= 0xd3) return this.#negative(start, code)
    const value = this.#unsigned(code, 'an integer')
    if (value > 0x7fffffffffffffffn) throw malformed(start, 'an integer of 64 bits with a sign')
    return BigInt(value)
  }

  readBoolean(): boolean {
    const code = this.#byte()
    if (code === 0xc3) return true
    if (code === 0xc2) return false
    throw malformed(this.offset - 1, 'true or false')
  }

  /** A byte string (bin), copied. */
  readBytes(): Uint8Array {
    const length = this.skipBytes()
    return this.bytes.slice(this.offset - length, this.offset)
  }

  /** Moves behind a byte string (bin). Returns its length: it is what stands before the cursor now. */
  skipBytes(): number {
    const code = this.#byte()
    let length: number
    if (code === 0xc4) length = this.#fixed(1)
    else if (code === 0xc5) length = this.#atLeast(2, 0x100)
    else if (code === 0xc6) length = this.#atLeast(4, 0x10000)
    else throw malformed(this.offset - 1, 'a byte string')
    this.#advance(length)
    return length
  }

  /** A byte string, or null for Go's nil slice. */
  readBytesOrNull(): Uint8Array | null {
    return this.takeNil() ? null : this.readBytes()
  }

  /** Moves behind this text and returns true, if it stands here. It is ASCII, of at most 31 characters. */
  takeString(text: string): boolean {
    const start = this.offset + 1
    const { length } = text
    if (length > 31 || start + length > this.end || this.bytes[this.offset] !== (0xa0 | length)) return false
    // A byte that is not ASCII equals no character here.
    for (let i = 0; i < length; i += 1) if (this.bytes[start + i] !== text.charCodeAt(i)) return false
    this.offset = start + length
    return true
  }

  /** A text (str) of valid UTF-8. */
  readString(): string {
    const length = this.#skipText()
    const start = this.offset - length
    const text = decodeUtf8(this.bytes, start, this.offset)
    if (text === undefined) throw malformed(start, 'a text of valid UTF-8')
    return text
  }

  /** Moves behind a text (str) of valid UTF-8. Returns its length in bytes: it is what stands before the cursor now. */
  skipString(): number {
    const length = this.#skipText()
    const start = this.offset - length
    if (!isUtf8(this.bytes, start, this.offset)) throw malformed(start, 'a text of valid UTF-8')
    return length
  }

  #skipText(): number {
    const code = this.#byte()
    let length: number
    if (code >= 0xa0 && code <= 0xbf) length = code & 31
    else if (code === 0xd9) length = this.#atLeast(1, 32)
    else if (code === 0xda) length = this.#atLeast(2, 0x100)
    else if (code === 0xdb) length = this.#atLeast(4, 0x10000)
    else throw malformed(this.offset - 1, 'a text')
    this.#advance(length)
    return length
  }

  /** The number of elements of the array that starts here. */
  readArrayLength(): number {
    const start = this.offset
    const code = this.#byte()
    let length: number
    if (code >= 0x90 && code <= 0x9f) length = code & 15
    else if (code === 0xdc) length = this.#atLeast(2, 16)
    else if (code === 0xdd) length = this.#atLeast(4, 0x10000)
    else throw malformed(start, 'an array')
    if (length > this.end - this.offset) throw cutShort(this.end)
    return length
  }

  /** Requires an array of exactly `length` elements here: a Go struct. */
  expectArray(length: number, what: string): void {
    const start = this.offset
    if (this.readArrayLength() !== length) throw malformed(start, `${what} (an array of ${length})`)
  }

  /** The number of entries of the map that starts here. */
  readMapLength(): number {
    const start = this.offset
    const code = this.#byte()
    let length: number
    if (code >= 0x80 && code <= 0x8f) length = code & 15
    else if (code === 0xde) length = this.#atLeast(2, 16)
    else if (code === 0xdf) length = this.#atLeast(4, 0x10000)
    else throw malformed(start, 'a map')
    if (length * 2 > this.end - this.offset) throw cutShort(this.end)
    return length
  }

  /**
   * Moves behind one whole value of any kind that Go's decoder takes for an unknown caveat: not nil, which it takes for
   * none, and as in `isPlain`. Its spelling is not judged: its bytes are kept as they are.
   */
  skipUnknown(): void {
    const end = leastEnd(this.bytes, this.offset, this.end)
    if (end === undefined) throw malformed(this.offset, 'a value')
    if (end > this.end) throw cutShort(this.end)
    if (this.bytes[this.offset] === 0xc0 || !isPlain(this.bytes, this.offset, end)) {
      throw malformed(this.offset, 'a value that is not nil, without extensions, and with plain keys in its maps')
    }
    this.offset = end
  }

  /** Requires that nothing follows. */
  expectEnd(): void {
    const left = this.end - this.offset
    if (left !== 0) {
      throw new MacaroonError('malformed', `Byte ${this.offset}: the value ends here, and ${left} more bytes follow`)
    }
  }

  #unsigned(code: number, expected: string): number | bigint {
    const start = this.offset - 1
    if (code < 0x80) return code
    if (code === 0xcc) return this.#atLeast(1, 0x80)
    if (code === 0xcd) return this.#atLeast(2, 0x100)
    if (code === 0xce) return this.#atLeast(4, 0x10000)
    if (code !== 0xcf) throw malformed(start, expected)
    const value = this.#fixed64()
    if (value < 0x100000000n) throw notShortest(start)
    return value
  }

  /** A negative integer of 1, 2, 4 or 8 bytes; what fits in half of them, or in the head, has a shorter spelling. */
  #negative(start: number, code: number): bigint {
    const width = 2 ** (code - 0xd0)
    const value = BigInt.asIntN(width * 8, code === 0xd3 ? this.#fixed64() : BigInt(this.#fixed(width)))
    if (value >= (width === 1 ? -32n : -1n << BigInt(width * 4 - 1))) throw notShortest(start)
    return value
  }

  /** A number behind a head that was read; smaller ones have a shorter spelling. */
  #atLeast(width: 1 | 2 | 4, least: number): number {
    const start = this.offset - 1
    const value = this.#fixed(width)
    if (value < least) throw notShortest(start)
    return value
  }

  #byte(): number {
    if (this.offset >= this.end) throw cutShort(this.end)
    return this.bytes[this.offset++] ?? 0
  }

  #fixed(width: number): number {
    const start = this.#advance(width)
    let value = 0
    for (let at = start; at < start + width; at += 1) value = value * 256 + (this.bytes[at] ?? 0)
    return value
  }

  #fixed64(): bigint {
    const high = this.#fixed(4)
    return (BigInt(high) << 32n) | BigInt(this.#fixed(4))
  }

  /** Moves on by `length` bytes that must be there; returns where they start. */
  #advance(length: number): number {
    const start = this.offset
    if (length > this.end - start) throw cutShort(this.end)
    this.offset = start + length
    return start
  }
}

function malformed(offset: number, expected: string): MacaroonError {
  return new MacaroonError('malformed', `Byte ${offset}: expected ${expected}`)
}

function notShortest(offset: number): MacaroonError {
  return new MacaroonError('not-canonical', `Byte ${offset}: this value has a shorter spelling`)
}

function cutShort(length: number): MacaroonError {
  return new MacaroonError('malformed', `The bytes end after ${length}, and more were announced`)
}
