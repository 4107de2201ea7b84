/** The macaroon: from its bytes and back. */

import { encodeBase64 } from './base64.ts'
import { badArgument, expectText, takeBytes } from './boundary.ts'
import type { Caveat } from './caveat.ts'
import { CaveatReader, readCaveats } from './caveat-set.ts'
import { MacaroonError } from './errors.ts'
import { endOf } from './expiration.ts'
import { type Nonce, readNonce } from './nonce.ts'
import { refuseTruncated } from './truncation.ts'
import { flyVocabulary, type Vocabulary, vocabularyOf } from './vocabulary.ts'
import { Wire } from './wire.ts'

/**
 * A macaroon as somebody presented it. Nothing about it has been verified; `verify` turns it into a VerifiedMacaroon.
 *
 * In this format the tail does not cover the location: any holder of a token can change it.
 */
export class Macaroon {
  readonly #wire: Wire
  readonly #vocabulary: Vocabulary
  readonly #nonce: Nonce
  /** What is verified and cleared. Nobody outside of this package ever holds it. */
  readonly #caveats: readonly Caveat[]
  /** Caveat i is `bytes[offsets[i]..offsets[i + 1])`: what the chain is made of. */
  readonly #offsets: readonly number[]
  /** The nonce is `bytes[1..nonceEnd)`: what the chain begins with. */
  readonly #nonceEnd: number
  readonly #location: string
  /** The caveats begin at `bytes[caveatsStart]`. */
  readonly #caveatsStart: number
  readonly #isPlain: boolean
  /** Filled on first use. */
  #end: { readonly second: bigint | undefined } | undefined
  #unsafeCaveats: readonly Caveat[] | undefined

  /** Only for this package: what is on the wire must lie at the beginning of `bytes`, of which nothing is kept; `location` is what most have. */
  constructor(wire: Wire, bytes: Uint8Array, vocabulary: Vocabulary, location: string) {
    const reader = new CaveatReader(vocabulary, bytes, 0, wire.length)
    reader.expectArray(4, 'a macaroon')
    this.#nonce = readNonce(reader, wire)
    this.#nonceEnd = reader.offset
    this.#location = reader.takeString(location) ? location : reader.readString()
    this.#caveatsStart = reader.offset
    const { caveats, offsets, isPlain } = readCaveats(reader)
    this.#caveats = caveats
    this.#offsets = offsets
    this.#isPlain = isPlain
    const length = reader.skipBytes()
    if (length !== tailLength) {
      throw new MacaroonError('malformed', `A tail has ${tailLength} bytes, and this one has ${length}`)
    }
    reader.expectEnd()
    this.#wire = wire
    this.#vocabulary = vocabulary
  }

  /** Hides the class, which has members for this package alone, from those who have an instance. */
  get ['constructor'](): ObjectConstructor {
    return Object
  }

  get nonce(): Nonce {
    return this.#nonce
  }

  /** Its caveats as it claims them: never decide by them. A change of this list does not change the macaroon. */
  get unsafeCaveats(): readonly Caveat[] {
    return (this.#unsafeCaveats ??= Object.freeze(
      readCaveats(new CaveatReader(this.#vocabulary, this.#wire.own(), this.#caveatsStart)).caveats,
    ))
  }

  get vocabulary(): Vocabulary {
    return this.#vocabulary
  }

  get location(): string {
    return this.#location
  }

  /** What the chain must end in: the last thing on the wire, copied. */
  get tail(): Uint8Array {
    return this.#wire.own().slice(-tailLength)
  }

  /** The whole on the wire, copied. */
  get bytes(): Uint8Array {
    return this.#wire.own().slice()
  }

  /** Whether a value came out of this constructor, and not out of a copy or a cast. */
  static isMacaroon(value: unknown): value is Macaroon {
    return typeof value === 'object' && value !== null && #wire in value
  }

  /** The caveats themselves, for this package alone. */
  static caveatsOf(macaroon: Macaroon): readonly Caveat[] {
    return macaroon.#caveats
  }

  /** When its caveats end, in Unix seconds; looked for once. */
  static endOf(macaroon: Macaroon): bigint | undefined {
    return (macaroon.#end ??= { second: endOf(macaroon.#caveats, macaroon.#vocabulary) }).second
  }

  /** Where the nonce ends, and where each caveat begins and the last one ends; for this package alone. */
  static placesOf(macaroon: Macaroon): { readonly nonceEnd: number; readonly offsets: readonly number[] } {
    return { nonceEnd: macaroon.#nonceEnd, offsets: macaroon.#offsets }
  }

  /** A copy of the set on the wire: there is one spelling, so it need not be encoded again. */
  static caveatBytesOf(macaroon: Macaroon): Uint8Array {
    return macaroon.#wire.own().slice(macaroon.#caveatsStart, macaroon.#offsets.at(-1))
  }

  /** Whether it has caveats, and all of them, except those inside IfPresent, are held against an access. */
  static isPlain(macaroon: Macaroon): boolean {
    return macaroon.#isPlain
  }

  /** The bytes themselves, for this package alone. */
  static wireOf(macaroon: Macaroon): Wire {
    return macaroon.#wire
  }
}

/** What its caveats are as a set: the bytes that `encodeCaveats` makes of `unsafeCaveats`, without decoding them. */
export function caveatBytesOf(macaroon: Macaroon): Uint8Array {
  return Macaroon.caveatBytesOf(expectMacaroon(macaroon, 'macaroon'))
}

/** The earliest end of its caveats in Unix seconds, as `expiration` of `unsafeCaveats`, without decoding them. */
export function endOfMacaroon(macaroon: Macaroon): bigint | undefined {
  return Macaroon.endOf(expectMacaroon(macaroon, 'macaroon'))
}

/** The macaroon itself. Throws `bad-argument` for what `decodeMacaroon` or `mintMacaroon` did not make. */
export function expectMacaroon(value: unknown, name: string): Macaroon {
  if (Macaroon.isMacaroon(value)) return value
  throw badArgument(name, 'what decodeMacaroon made')
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
 * Throws MacaroonError with a WireErrorCode, and `bad-argument` for anything but a Uint8Array; `truncated` says how long the macaroon must have been at least.
 */
export function decodeMacaroon(bytes: Uint8Array, options: DecodeOptions = {}): Macaroon {
  const vocabulary = vocabularyOf(options)
  return readMacaroon(takeBytes(bytes, 'bytes'), vocabulary)
}

/**
 * The same for a macaroon that is kept for long: it has its bytes as text, because an array takes twice as much memory.
 * `location` is what most have.
 */
export function decodeSmall(bytes: Uint8Array, location: string): Macaroon {
  const own = takeBytes(bytes, 'bytes')
  expectText(location, 'location')
  const text = own.length > maxMacaroonBytes ? '' : encodeBase64(own)
  const read = text === '' ? own : readInScratch(text, 0, text.length, flyVocabulary, location)
  return read instanceof Macaroon ? read : readMacaroon(own, flyVocabulary)
}

/** The same for bytes that the macaroon takes over: nobody else may have them. */
export function readMacaroon(bytes: Uint8Array, vocabulary: Vocabulary): Macaroon {
  if (bytes.length > maxMacaroonBytes) {
    throw new MacaroonError(
      'too-long',
      `A macaroon has at most ${maxMacaroonBytes} bytes, and this has ${bytes.length}`,
    )
  }
  try {
    return new Macaroon(Wire.of(bytes), bytes, vocabulary, '')
  } catch (error) {
    refuseTruncated(bytes)
    throw error
  }
}

/**
 * The macaroon that the base64 `text[start..end)` spells, read in scratch memory; undefined where it is no base64. The
 * bytes are copied first if something is wrong with them, or if the vocabulary has code of others, which must reach no
 * bytes but its own.
 */
export function readInScratch(
  text: string,
  start: number,
  end: number,
  vocabulary: Vocabulary,
  location: string,
): Macaroon | Uint8Array | undefined {
  return Wire.read(text, start, end, (wire, bytes) => {
    if (vocabulary !== flyVocabulary) return wire.own()
    try {
      return new Macaroon(wire, bytes, vocabulary, location)
    } catch {
      return wire.own()
    }
  })
}

/** The bytes of a macaroon, copied: exactly those that it was decoded from or minted as. */
export function encodeMacaroon(macaroon: Macaroon): Uint8Array {
  return expectMacaroon(macaroon, 'macaroon').bytes
}
