/** The macaroon: from its bytes and back. */

import type { Caveat } from './caveat.ts'
import { CaveatReader, readCaveats } from './caveat-set.ts'
import { MacaroonError } from './errors.ts'
import { type Nonce, readNonce } from './nonce.ts'
import { takeRoom } from './room.ts'
import { refuseTruncated } from './truncation.ts'
import { decodeUtf8 } from './utf8.ts'
import { flyVocabulary, type Vocabulary } from './vocabulary.ts'
import { Wire } from './wire.ts'

/**
 * A macaroon as somebody presented it. Nothing about it has been verified; `verify` turns it into a VerifiedMacaroon.
 *
 * The location is not covered by the tail, in this format: whoever holds a token can change it.
 */
export class Macaroon {
  readonly nonce: Nonce
  /** What it says about itself. Unsafe to decide anything by. */
  readonly unsafeCaveats: readonly Caveat[]
  /** Caveat i is `bytes[offsets[i]..offsets[i + 1])`: what the chain is made of. */
  readonly offsets: readonly number[]
  /** The nonce is `bytes[1..nonceEnd)`: what the chain begins with. */
  readonly nonceEnd: number
  readonly vocabulary: Vocabulary
  readonly #wire: Wire
  /** The location is `bytes[locationStart..locationEnd)`. */
  readonly #locationStart: number
  readonly #locationEnd: number
  /** Once somebody has asked. */
  #location: string | undefined
  readonly #isPlain: boolean

  /** Only for `readMacaroon`: the parts must be what the bytes say. */
  constructor(wire: Wire, vocabulary: Vocabulary) {
    const { start } = wire
    const reader = new CaveatReader(vocabulary, wire.bytes, start, start + wire.length)
    reader.expectArray(4, 'a macaroon')
    this.nonce = readNonce(reader, wire)
    this.nonceEnd = reader.offset - start
    const locationLength = reader.skipString()
    this.#locationEnd = reader.offset - start
    this.#locationStart = this.#locationEnd - locationLength
    const { caveats, offsets, isPlain } = readCaveats(reader, start)
    this.unsafeCaveats = caveats
    this.offsets = offsets
    this.#isPlain = isPlain
    const length = reader.skipBytes()
    if (length !== tailLength) {
      throw new MacaroonError('malformed', `A tail has ${tailLength} bytes, and this one has ${length}`)
    }
    reader.expectEnd()
    this.#wire = wire
    this.vocabulary = vocabulary
  }

  get location(): string {
    return (this.#location ??= this.#readLocation())
  }

  /** What the chain must end in: the last thing on the wire, copied. */
  get tail(): Uint8Array {
    return this.#wire.slice(this.#wire.length - tailLength, this.#wire.length)
  }

  /** The whole on the wire, copied. */
  get bytes(): Uint8Array {
    return this.#wire.slice(0, this.#wire.length)
  }

  /** Whether a value came out of this constructor, and not out of a copy or a cast. */
  static isMacaroon(value: unknown): value is Macaroon {
    return typeof value === 'object' && value !== null && #wire in value
  }

  /** Whether this is its location; most are compared with one, and few are looked at. */
  static isAt(macaroon: Macaroon, location: string): boolean {
    const { bytes, start } = macaroon.#wire
    const from = start + macaroon.#locationStart
    if (location.length !== macaroon.#locationEnd - macaroon.#locationStart) return macaroon.location === location
    for (let i = 0; i < location.length; i += 1) {
      // What is no ASCII has more bytes than characters, so it is compared above, or begins to differ here.
      if (bytes[from + i] !== location.charCodeAt(i)) return false
    }
    return true
  }

  /** Whether no caveat of it, inside IfPresent apart, is anything else than held against an access; and there are some. */
  static isPlain(macaroon: Macaroon): boolean {
    return macaroon.#isPlain
  }

  /** The bytes themselves, for this package alone. */
  static wireOf(macaroon: Macaroon): Wire {
    return macaroon.#wire
  }

  #readLocation(): string {
    const bytes = this.#wire.slice(this.#locationStart, this.#locationEnd)
    return decodeUtf8(bytes, 0, bytes.length) ?? ''
  }
}

export interface DecodeOptions {
  readonly vocabulary?: Vocabulary
}

export const maxMacaroonBytes = 65_536
export const tailLength = 32

/**
 * Parses a macaroon, as Go's `Decode`, but strictly: only the one canonical spelling that Go itself writes, nothing behind
 * it, a tail of 32 bytes, at most 256 caveats and IfPresent at most 8 deep. The bytes are copied.
 *
 * A macaroon without caveats parses (one may look at it and attenuate it); `verify` refuses it.
 *
 * Throws MacaroonError with a WireErrorCode; `truncated` says how long the macaroon must have been at least.
 */
export function decodeMacaroon(bytes: Uint8Array, options: DecodeOptions = {}): Macaroon {
  if (bytes.length > maxMacaroonBytes) throw tooLong(bytes.length)
  const copy = takeRoom(bytes.length)
  copy.set(bytes)
  return readMacaroon(Wire.of(copy), options)
}

/** The same without a copy. */
export function readMacaroon(wire: Wire, options: DecodeOptions): Macaroon {
  if (wire.length > maxMacaroonBytes) throw tooLong(wire.length)
  const { isOnDesk } = wire
  try {
    const macaroon = new Macaroon(wire, options.vocabulary ?? flyVocabulary)
    if (wire.isOnDesk === isOnDesk) return macaroon
  } catch (error) {
    if (!isOnDesk) {
      refuseTruncated(wire.own())
      throw error
    }
  }
  // From bytes of its own: a message counts them from their beginning, and a caveat of a service's own that reads a header
  // while it is read itself, which takes everything else off the desk, has them to itself.
  return readMacaroon(Wire.of(wire.own()), options)
}

/** The bytes of a macaroon, copied: exactly those that it was decoded from or minted as. */
export function encodeMacaroon(macaroon: Macaroon): Uint8Array {
  return macaroon.bytes
}

function tooLong(length: number): MacaroonError {
  return new MacaroonError('too-long', `A macaroon has at most ${maxMacaroonBytes} bytes, and this has ${length}`)
}
