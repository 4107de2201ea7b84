/** Derived tokens: those that a holder attenuated. All have the id of the token that they come from; their tails tell them apart. */

import { badArgument, expectFields, expectText, takeBytes } from './boundary.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { MacaroonError } from './errors.ts'
import { defaultKernel } from '#kernel'
import { equalBytes } from './kernel/equal-bytes.ts'
import { expectMacaroon, Macaroon, tailLength } from './macaroon.ts'
import { nonceStart, tokenId } from './nonce.ts'
import { takeKey } from './tail.ts'

/** Which derived token is meant, in two parts. */
export interface DerivedName {
  /** The id of the token that it comes from. */
  readonly tokenId: string
  /** The first 16 bytes of the SHA-256 of its tail: what Go's `Bind` writes into a discharge. */
  readonly digest: Uint8Array
}

/**
 * The name of a macaroon as it is narrowed here: `dt_` and the base64url (RFC 4648 §5, without padding) of the 16 bytes of its
 * token id and the first 16 bytes of the SHA-256 of its tail. It is no secret, and whoever has the macaroon can compute it.
 * Nothing is verified. Whoever adds the same caveats in the same order gets the same macaroon, and so the same name.
 *
 * Throws MacaroonError `bad-argument` for what `decodeMacaroon` did not make.
 */
export function derivedTokenId(macaroon: Macaroon): string {
  const { nonce, tail } = expectMacaroon(macaroon, 'macaroon')
  return formatDerived({ tokenId: tokenId(nonce), digest: digestOf(tail) })
}

/** The name as text. Throws `bad-argument` for what is no such name. */
export function formatDerived(name: DerivedName): string {
  const { tokenId: given, digest: digestGiven } = expectFields(name, 'name')
  const id = expectText(given, 'name.tokenId')
  if (!idForm.test(id)) throw badArgument('name.tokenId', 'the id of a token')
  const digest = takeBytes(digestGiven, 'name.digest', digestLength)
  const bytes = new Uint8Array(idLength + digestLength)
  for (const [i, pair] of (id.replaceAll('-', '').match(/../g) ?? []).entries()) bytes[i] = Number.parseInt(pair, 16)
  bytes.set(digest, idLength)
  return prefix + encodeBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** What such a text names; undefined for any other text. A name has one spelling. Throws `bad-argument` for what is no text. */
export function parseDerived(text: string): DerivedName | undefined {
  if (!derivedForm.test(expectText(text, 'text'))) return undefined
  const digits = `${text.slice(prefix.length).replaceAll('-', '+').replaceAll('_', '/')}=`
  try {
    const bytes = decodeBase64(digits, 0, digits.length, 'The name')
    const hex = [...bytes.subarray(0, idLength)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
    const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    return { tokenId: id, digest: bytes.slice(idLength) }
  } catch (error) {
    if (error instanceof MacaroonError) return undefined
    throw error
  }
}

/**
 * The digests of the tails that the chain of a macaroon has behind its first `from` caveats, behind each caveat more, and at
 * last at its end: those of every token that it comes from, and its own. `key` is the one that signed it.
 *
 * Throws MacaroonError `forged` where the chain does not end in its tail, and `bad-argument`.
 */
export function tailDigests(macaroon: Macaroon, key: Uint8Array, from: number): readonly Uint8Array[] {
  const wire = Macaroon.wireOf(expectMacaroon(macaroon, 'macaroon')).own()
  const { nonceEnd, offsets } = Macaroon.placesOf(macaroon)
  if (!Number.isInteger(from) || from < 0) throw badArgument('from', 'a number of caveats')
  const tails = defaultKernel.chain(takeKey(key), wire, nonceStart, nonceEnd, offsets)
  // A proof ends in something else, and takes no more caveats.
  if (!equalBytes(tails.subarray(-tailLength), wire.subarray(-tailLength))) {
    throw new MacaroonError('forged', 'The macaroon is not genuine: its tail does not follow from this key')
  }
  const digests: Uint8Array[] = []
  for (let i = from; i < offsets.length; i += 1) {
    digests.push(digestOf(tails.subarray(i * tailLength, (i + 1) * tailLength)))
  }
  return digests
}

/** How many caveats it has. */
export function countCaveats(macaroon: Macaroon): number {
  return Macaroon.placesOf(expectMacaroon(macaroon, 'macaroon')).offsets.length - 1
}

/**
 * The same by the first three bytes of what `encodeCaveats` or `caveatBytesOf` made: an array with two elements for each
 * caveat. Undefined for any other bytes.
 */
export function countEncoded(head: Uint8Array): number | undefined {
  const [first = 0, high, low] = takeBytes(head, 'head')
  if (first >> 4 === 0x9) return (first & 1) === 0 ? (first & 0x0f) / 2 : undefined
  if (first !== 0xdc || high === undefined || low === undefined) return undefined
  return (low & 1) === 0 ? (high * 256 + low) / 2 : undefined
}

function digestOf(tail: Uint8Array): Uint8Array {
  return defaultKernel.sha256(tail).slice(0, digestLength)
}

const prefix = 'dt_'
const idLength = 16
const digestLength = 16
const derivedForm = /^dt_[\w-]{43}$/
const idForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
