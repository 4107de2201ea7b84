/** The macaroon: from its bytes and back, minted with a key, attenuated without one. */

import type { Caveat } from './caveat.ts'
import { checkBounds, isAttestation, readCaveats, writeCaveat } from './caveat-set.ts'
import { MacaroonError } from './errors.ts'
import { defaultKernel } from './kernel/kernel.ts'
import { MsgpackReader } from './msgpack-reader.ts'
import { MsgpackWriter } from './msgpack-writer.ts'
import { makeNonce, type Nonce, readNonce } from './nonce.ts'
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
  readonly tail: Uint8Array
  /** The whole on the wire. */
  readonly bytes: Uint8Array
  /** Caveat i is `bytes[offsets[i]..offsets[i + 1])`: what the chain is made of. */
  readonly offsets: readonly number[]
  readonly vocabulary: Vocabulary
  readonly #parsed = true

  /** Only for `decodeMacaroon`: the parts must be what the bytes say. */
  constructor(bytes: Uint8Array, vocabulary: Vocabulary) {
    const reader = new MsgpackReader(bytes)
    reader.expectArray(4, 'a macaroon')
    this.nonce = readNonce(reader)
    this.location = reader.readString()
    const { caveats, offsets } = readCaveats(reader, vocabulary)
    this.unsafeCaveats = caveats
    this.offsets = offsets
    this.tail = reader.readBytes()
    if (this.tail.length !== tailLength) {
      throw new MacaroonError('malformed', `A tail has ${tailLength} bytes, and this one has ${this.tail.length}`)
    }
    reader.expectEnd()
    this.bytes = bytes
    this.vocabulary = vocabulary
  }

  /** Whether a value came out of this constructor, and not out of a copy or a cast. */
  static isMacaroon(value: unknown): value is Macaroon {
    return typeof value === 'object' && value !== null && #parsed in value && value.#parsed
  }
}

export interface DecodeOptions {
  readonly vocabulary?: Vocabulary
}

export interface MintInput {
  /** Names the key to whoever will verify: opaque bytes, at least one. */
  readonly kid: Uint8Array
  /** 16 random bytes. */
  readonly rnd: Uint8Array
  readonly location: string
  /** The signing key, 32 bytes. */
  readonly key: Uint8Array
  /** At least one: a macaroon without caveats would allow everything. */
  readonly caveats: readonly Caveat[]
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
 * Throws MacaroonError with a WireErrorCode.
 */
export function decodeMacaroon(bytes: Uint8Array, options: DecodeOptions = {}): Macaroon {
  if (bytes.length > maxMacaroonBytes) {
    throw new MacaroonError(
      'too-long',
      `A macaroon has at most ${maxMacaroonBytes} bytes, and this has ${bytes.length}`,
    )
  }
  return new Macaroon(new Uint8Array(bytes), options.vocabulary ?? flyVocabulary)
}

/** The bytes of a macaroon, copied: exactly those that it was decoded from or minted as. */
export function encodeMacaroon(macaroon: Macaroon): Uint8Array {
  return new Uint8Array(macaroon.bytes)
}

/**
 * Makes a macaroon, as Go's `New` and `Add` together. Repeated caveats are kept once.
 *
 * Throws MacaroonError `bad-argument` (lengths), `no-caveats`, `attestation`, `third-party`, `bad-caveat`, `too-many`,
 * `too-deep` or `too-long`.
 */
export function mintMacaroon(input: MintInput, options: DecodeOptions = {}): Macaroon {
  const vocabulary = options.vocabulary ?? flyVocabulary
  expectKey(input.key)
  if (input.kid.length === 0) throw new MacaroonError('bad-argument', 'A key id takes at least one byte')
  if (input.caveats.length === 0) {
    throw new MacaroonError('no-caveats', 'A macaroon without caveats would allow everything, so none is made')
  }
  const nonce = makeNonce(input.kid, input.rnd, false)
  const added = encodeAdded(input.caveats, [], vocabulary)
  const tail = defaultKernel.hmac(input.key, nonce.bytes, 0, nonce.bytes.length)
  return assemble(nonce, input.location, [], added, tail, vocabulary)
}

/**
 * A macaroon with more caveats, as Go's `Add`: no key is needed, and the given one stays as it is. Caveats that are there
 * already, byte for byte, or repeated, are left out.
 *
 * Throws MacaroonError `finished-proof`, `attestation`, `third-party`, `bad-caveat`, `too-many`, `too-deep` or `too-long`.
 */
export function attenuate(macaroon: Macaroon, caveats: readonly Caveat[]): Macaroon {
  if (macaroon.nonce.proof) throw new MacaroonError('finished-proof', 'A finished proof takes no more caveats')
  const present = macaroon.unsafeCaveats.map((_, i) =>
    macaroon.bytes.subarray(macaroon.offsets[i], macaroon.offsets[i + 1]),
  )
  const added = encodeAdded(caveats, present, macaroon.vocabulary)
  return assemble(macaroon.nonce, macaroon.location, present, added, macaroon.tail, macaroon.vocabulary)
}

/** Throws `bad-argument` where this cannot be a signing key. */
export function expectKey(key: Uint8Array): void {
  if (key.length !== keyLength) {
    throw new MacaroonError('bad-argument', `A signing key has ${keyLength} bytes, and this one has ${key.length}`)
  }
}

const keyLength = 32

/** The wire bytes of those caveats that are not there yet. */
function encodeAdded(
  caveats: readonly Caveat[],
  present: readonly Uint8Array[],
  vocabulary: Vocabulary,
): readonly Uint8Array[] {
  checkBounds(caveats, vocabulary)
  const seen = new Set(present.map((bytes) => bytes.join()))
  const added: Uint8Array[] = []
  for (const caveat of caveats) {
    if (isAttestation(caveat, vocabulary)) {
      throw new MacaroonError('attestation', `${caveat.type} is an attestation, and only proofs may carry those`)
    }
    if (caveat.type === '3P') {
      throw new MacaroonError(
        'third-party',
        'A third-party caveat is sealed with the tail; it cannot be added as it is',
      )
    }
    const writer = new MsgpackWriter()
    writeCaveat(writer, caveat, vocabulary)
    const bytes = writer.finish()
    const identity = bytes.join()
    if (seen.has(identity)) continue
    seen.add(identity)
    added.push(bytes)
  }
  return added
}

/** Puts the parts on the wire, with a tail that covers the added caveats too, and parses the result like any other. */
function assemble(
  nonce: Nonce,
  location: string,
  present: readonly Uint8Array[],
  added: readonly Uint8Array[],
  tail: Uint8Array,
  vocabulary: Vocabulary,
): Macaroon {
  const writer = new MsgpackWriter()
  writer.writeArrayLength(4)
  writer.writeRaw(nonce.bytes)
  writer.writeString(location)
  writer.writeArrayLength((present.length + added.length) * 2)
  for (const caveat of present) writer.writeRaw(caveat)
  for (const caveat of added) writer.writeRaw(caveat)
  writer.writeBytes(added.reduce(nextTail, tail))
  return decodeMacaroon(writer.finish(), { vocabulary })
}

/** The tail behind one more caveat, which is hashed as an array of two. */
function nextTail(tail: Uint8Array, caveat: Uint8Array): Uint8Array {
  const writer = new MsgpackWriter()
  writer.writeArrayLength(2)
  writer.writeRaw(caveat)
  const pair = writer.finish()
  return defaultKernel.hmac(tail, pair, 0, pair.length)
}
