/** The nonce of a macaroon: which key signed it, its own randomness, and the id that follows from both. */

import { expectFields, takeBytes } from './boundary.ts'
import { MacaroonError } from './errors.ts'
import { sha1 } from '@noble/hashes/legacy.js'
import { MsgpackReader } from './msgpack-reader.ts'
import { MsgpackWriter } from './msgpack-writer.ts'
import { equalBytes } from './kernel/equal-bytes.ts'
import type { Wire } from './wire.ts'

export interface Nonce {
  /** The key id: opaque bytes that the authority chose; in a discharge, the ticket. */
  readonly kid: Uint8Array
  readonly rnd: Uint8Array
  /** True for a finished proof, which takes no more caveats. */
  readonly proof: boolean
  /** How many fields stand on the wire: old macaroons have two, `kid` and `rnd`, and are never proofs. */
  readonly fields: 2 | 3
  /** The nonce as it stands on the wire: what the first HMAC is made of. */
  readonly bytes: Uint8Array
}

/**
 * The id of a token and of everything attenuated from it, as Go's `Nonce.UUID`: UUID v5 of `rnd` in the name space that
 * is the UUID v5 of `kid`. Lower case with hyphens.
 */
export function tokenId(nonce: Nonce): string {
  const { kid, rnd } = expectFields(nonce, 'nonce')
  return tokenIdsOf(takeBytes(kid, 'nonce.kid'))(takeBytes(rnd, 'nonce.rnd'))
}

/** The ids of all tokens under one key: makes the id of each from its `rnd`. */
export function tokenIdsOf(kid: Uint8Array): (rnd: Uint8Array) => string {
  const namespace = uuid5(kidNamespace, takeBytes(kid, 'kid'))
  return (rnd) => formatUuid(uuid5(namespace, takeBytes(rnd, 'rnd')))
}

/** Reads the nonce of a macaroon, of either version. Throws MacaroonError `malformed` or `not-canonical`. */
export function readNonce(reader: MsgpackReader, wire: Wire): Nonce {
  const fields = reader.readArrayLength()
  if (fields !== 2 && fields !== 3) {
    throw new MacaroonError('malformed', `Byte ${nonceStart}: a nonce has 2 or 3 fields, and this one has ${fields}`)
  }
  // Go writes nil for a slice that was never set; it means the same as no bytes, and `bytes` keeps the difference.
  const kidLength = reader.takeNil() ? 0 : reader.skipBytes()
  // A long one is a ticket, which this package asks for.
  const kid = kidLength > 32 ? reader.bytes.slice(reader.offset - kidLength, reader.offset) : undefined
  if (!reader.takeNil()) reader.skipBytes()
  const proof = fields === 3 && reader.readBoolean()
  return new NonceOnWire(wire, kid, reader.offset, proof, fields)
}

/** A new nonce of the present version. `rnd` must be 16 random bytes. Throws `bad-argument` otherwise. */
export function makeNonce(kid: Uint8Array, rnd: Uint8Array, proof: boolean): Nonce {
  const [name, random] = [takeBytes(kid, 'kid'), takeBytes(rnd, 'rnd', rndLength)]
  const writer = new MsgpackWriter()
  writer.writeArrayLength(3)
  writer.writeBytes(name)
  writer.writeBytes(random)
  writer.writeBoolean(proof)
  return { kid: name, rnd: random, proof, fields: 3, bytes: writer.finish() }
}

/** Whether the key id is these bytes. */
export function hasKid(nonce: Nonce, bytes: Uint8Array): boolean {
  return equalBytes(NonceOnWire.kidOf(nonce), bytes)
}

/** A nonce that was read: every getter of bytes returns a copy. */
class NonceOnWire implements Nonce {
  readonly #wire: Wire
  /** It is `bytes[nonceStart..end)`. */
  readonly #end: number
  readonly #proof: boolean
  readonly #fields: 2 | 3
  /** Filled on first use, and for a ticket at once. */
  #kid: Uint8Array | undefined

  constructor(wire: Wire, kid: Uint8Array | undefined, end: number, proof: boolean, fields: 2 | 3) {
    this.#wire = wire
    this.#kid = kid
    this.#end = end
    this.#proof = proof
    this.#fields = fields
  }

  /** Hides the class, which has members for this package alone, from those who have an instance. */
  get ['constructor'](): ObjectConstructor {
    return Object
  }

  get proof(): boolean {
    return this.#proof
  }

  get fields(): 2 | 3 {
    return this.#fields
  }

  get kid(): Uint8Array {
    return (this.#kid ?? this.#read(0)).slice()
  }

  get rnd(): Uint8Array {
    return this.#read(1)
  }

  get bytes(): Uint8Array {
    return this.#wire.begin(this.#end).slice(nonceStart, this.#end)
  }

  static kidOf(nonce: Nonce): Uint8Array {
    return #wire in nonce ? (nonce.#kid ??= nonce.#read(0)) : nonce.kid
  }

  #read(part: number): Uint8Array {
    const reader = new MsgpackReader(this.#wire.begin(this.#end), nonceStart)
    reader.readArrayLength()
    if (part === 1 && !reader.takeNil()) reader.skipBytes()
    return reader.readBytesOrNull() ?? new Uint8Array(0)
  }
}

/** Where the nonce begins in the bytes of a macaroon: behind the head of an array of four. */
export const nonceStart = 1
const rndLength = 16

/** 968fc2c6-a94f-4988-a544-2ad72b02f222, the name space in which Go's library puts key ids. */
const kidNamespace = new Uint8Array([
  0x96, 0x8f, 0xc2, 0xc6, 0xa9, 0x4f, 0x49, 0x88, 0xa5, 0x44, 0x2a, 0xd7, 0x2b, 0x02, 0xf2, 0x22,
])

const hexOfBytes = /* @__PURE__ */ Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

function formatUuid(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < 16; i += 1) {
    text += i === 4 || i === 6 || i === 8 || i === 10 ? `-${hexOfBytes[bytes[i] ?? 0]}` : hexOfBytes[bytes[i] ?? 0]
  }
  return text
}

function uuid5(namespace: Uint8Array, name: Uint8Array): Uint8Array {
  const input = new Uint8Array(namespace.length + name.length)
  input.set(namespace)
  input.set(name, namespace.length)
  const id = sha1(input).slice(0, 16)
  id[6] = ((id[6] ?? 0) & 0x0f) | 0x50
  id[8] = ((id[8] ?? 0) & 0x3f) | 0x80
  return id
}
