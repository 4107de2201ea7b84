/** The macaroon: from its bytes and back. */

import type { Caveat } from './caveat.ts'
import { readCaveats } from './caveat-set.ts'
import { MacaroonError } from './errors.ts'
import { MsgpackReader } from './msgpack-reader.ts'
import { type Nonce, readNonce } from './nonce.ts'
import { takeRoom } from './room.ts'
import { refuseTruncated } from './truncation.ts'
import { flyVocabulary, type Vocabulary } from './vocabulary.ts'

/**
 * A macaroon as somebody presented it. Nothing about it has been verified; `verify` turns it into a VerifiedMacaroon.
 *
 * The location is not covered by the tail, in this format: whoever holds a token can change it.
 */
export class Macaroon {
  readonly nonce: Nonce
  readonly location: string
  /** What it says about itself. Unsafe to decide anything by. */
  readonly unsafeCaveats: readonly Caveat[]
  /** Caveat i is `bytes[offsets[i]..offsets[i + 1])`: what the chain is made of. */
  readonly offsets: readonly number[]
  /** The nonce is `bytes[1..nonceEnd)`: what the chain begins with. */
  readonly nonceEnd: number
  readonly vocabulary: Vocabulary
  readonly #wire: Uint8Array

  /** Only for `decodeMacaroon`: the parts must be what the bytes say. */
  constructor(bytes: Uint8Array, vocabulary: Vocabulary) {
    const reader = new MsgpackReader(bytes)
    reader.expectArray(4, 'a macaroon')
    this.nonce = readNonce(reader)
    this.nonceEnd = reader.offset
    this.location = reader.readString()
    const { caveats, offsets } = readCaveats(reader, vocabulary)
    this.unsafeCaveats = caveats
    this.offsets = offsets
    const length = reader.skipBytes()
    if (length !== tailLength) {
      throw new MacaroonError('malformed', `A tail has ${tailLength} bytes, and this one has ${length}`)
    }
    reader.expectEnd()
    this.#wire = bytes
    this.vocabulary = vocabulary
  }

  /** What the chain must end in: the last thing on the wire, copied. */
  get tail(): Uint8Array {
    return this.#wire.slice(-tailLength)
  }

  /** The whole on the wire, copied. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.#wire)
  }

  /** Whether a value came out of this constructor, and not out of a copy or a cast. */
  static isMacaroon(value: unknown): value is Macaroon {
    return typeof value === 'object' && value !== null && #wire in value
  }

  /** The bytes themselves, for this package alone: see `takeRoom`. */
  static wireOf(macaroon: Macaroon): Uint8Array {
    return macaroon.#wire
  }
}

export interface DecodeOptions {
  readonly vocabulary?: Vocabulary
}

export const maxMacaroonBytes = 65_536
export const tailLength = 32
/** Where the nonce begins in the bytes of a macaroon: behind the head of an array of four. */
export const nonceStart = 1

/**
 * Parses a macaroon, as Go's `Decode`, but strictly: only the one canonical spelling that Go itself writes, nothing behind
 * it, a tail of 32 bytes, at most 256 caveats and IfPresent at most 8 deep. The bytes are copied.
 *
 * A macaroon without caveats parses (one may look at it and attenuate it); `verify` refuses it.
 *
 * Throws MacaroonError with a WireErrorCode; `truncated` says how long the macaroon must have been at least.
 */
export function decodeMacaroon(bytes: Uint8Array, options: DecodeOptions = {}): Macaroon {
  if (bytes.length > maxMacaroonBytes) throw tooLong(bytes)
  const copy = takeRoom(bytes.length)
  copy.set(bytes)
  return adoptMacaroon(copy, options)
}

/** The same without a copy, for bytes that nobody else has. */
export function adoptMacaroon(bytes: Uint8Array, options: DecodeOptions): Macaroon {
  if (bytes.length > maxMacaroonBytes) throw tooLong(bytes)
  try {
    return new Macaroon(bytes, options.vocabulary ?? flyVocabulary)
  } catch (error) {
    refuseTruncated(bytes)
    throw error
  }
}

/** The bytes of a macaroon, copied: exactly those that it was decoded from or minted as. */
export function encodeMacaroon(macaroon: Macaroon): Uint8Array {
  return macaroon.bytes
}

function tooLong(bytes: Uint8Array): MacaroonError {
  return new MacaroonError('too-long', `A macaroon has at most ${maxMacaroonBytes} bytes, and this has ${bytes.length}`)
}
