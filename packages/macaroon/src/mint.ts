/** Making macaroons: minted with a key, attenuated without one. */

import { badArgument, expectFields, expectText, takeBytes, takeList } from './boundary.ts'
import type { Caveat, ThirdParty } from './caveat.ts'
import { caveatsOf, checkBounds, isAttestation, writeCaveat } from './caveat-set.ts'
import { MacaroonError, nothingForbids } from './errors.ts'
import { type DecodeOptions, expectMacaroon, Macaroon, readMacaroon } from './macaroon.ts'
import { MsgpackWriter } from './msgpack-writer.ts'
import { makeNonce, type Nonce } from './nonce.ts'
import { equalBytes } from './kernel/equal-bytes.ts'
import { finishTail, firstTail, nextTail, takeKey } from './tail.ts'
import { NewThirdParty } from './third-party.ts'
import { nameOf, type Vocabulary, vocabularyOf } from './vocabulary.ts'

/** What can be added to a macaroon: a caveat, or what `thirdParty` made. */
export type Addition = Caveat | NewThirdParty

export interface MintInput {
  /** Names the key for those who verify: opaque bytes, at least one. */
  readonly kid: Uint8Array
  /** 16 random bytes. */
  readonly rnd: Uint8Array
  readonly location: string
  /** The signing key, 32 bytes. */
  readonly key: Uint8Array
  /** At least one: a macaroon without caveats would allow everything. */
  readonly caveats: readonly Addition[]
}

/**
 * Makes a macaroon, as Go's `New` and `Add` together. Repeated caveats are kept once.
 *
 * Throws MacaroonError `bad-argument` (lengths), `no-caveats`, `attestation`, `third-party`, `bad-caveat`, `too-many`,
 * `too-deep` or `too-long`.
 */
export function mintMacaroon(input: MintInput, options: DecodeOptions = {}): Macaroon {
  const { key, location, caveats, rnd } = expectFields(input, 'input')
  const kid = takeBytes(input.kid, 'kid')
  if (kid.length === 0) throw badArgument('kid', 'at least one byte')
  if (Array.isArray(caveats) && caveats.length === 0) {
    throw nothingForbids()
  }
  return signMacaroon({ key, location, caveats, nonce: makeNonce(kid, rnd, false) }, vocabularyOf(options))
}

/**
 * A macaroon with more caveats, as Go's `Add` and `Add3P`: no key is needed, and the given one stays as it is. Caveats
 * that are there already, byte for byte, or repeated, are left out.
 *
 * Throws MacaroonError `finished-proof`, `attestation`, `third-party` (one as it is, or a second one for its location),
 * `bad-caveat`, `too-many`, `too-deep` or `too-long`.
 */
export function attenuate(macaroon: Macaroon, caveats: readonly Addition[]): Macaroon {
  const { nonce, location, tail, vocabulary } = expectMacaroon(macaroon, 'macaroon')
  if (nonce.proof) throw new MacaroonError('finished-proof', 'A finished proof takes no more caveats')
  const wire = Macaroon.wireOf(macaroon).own()
  const { offsets } = Macaroon.placesOf(macaroon)
  const present = offsets.slice(1).map((end, i) => wire.subarray(offsets[i], end))
  const locations = thirdPartiesOf(macaroon).map((caveat) => caveat.location)
  return assemble(
    nonce,
    location,
    present,
    addAll(caveats, { present, locations, tail, nonce, vocabulary }),
    vocabulary,
  )
}

/** The third parties that a macaroon asks, those inside IfPresent too. */
export function thirdPartiesOf(macaroon: Macaroon): readonly ThirdParty[] {
  return caveatsOf(Macaroon.caveatsOf(macaroon), '3P', macaroon.vocabulary)
}

/** What `mintMacaroon` and `dischargeTicket` have in common: a proof is finished, so that nothing can be added. */
export function signMacaroon(
  input: Pick<MintInput, 'location' | 'key' | 'caveats'> & { readonly nonce: Nonce },
  vocabulary: Vocabulary,
): Macaroon {
  const { nonce, caveats } = input
  const location = expectText(input.location, 'location')
  const tail = firstTail(takeKey(input.key), nonce)
  const added = addAll(caveats, { present: [], locations: [], tail, nonce, vocabulary })
  if (!nonce.proof) return assemble(nonce, location, [], added, vocabulary)
  return assemble(nonce, location, [], { ...added, tail: finishTail(added.tail) }, vocabulary)
}

/** What the additions are added to. */
interface Ground {
  /** The wire bytes of the caveats that are there already. */
  readonly present: readonly Uint8Array[]
  /** The third parties that are asked already. */
  readonly locations: readonly string[]
  readonly tail: Uint8Array
  readonly nonce: Nonce
  readonly vocabulary: Vocabulary
}

interface Added {
  readonly caveats: readonly Uint8Array[]
  readonly tail: Uint8Array
}

/** The wire bytes of those additions that are not there yet, and the tail behind them. */
function addAll(given: readonly Addition[], ground: Ground): Added {
  const { vocabulary } = ground
  // Copied, so that what is asked about a caveat is what was asked before.
  const additions = takeList(given, 'caveats', (addition, name) =>
    NewThirdParty.isOne(addition) ? addition : { ...expectFields(addition as Caveat, name) },
  )
  const unsealed = additions.map((addition) => (NewThirdParty.isOne(addition) ? addition.unsealed() : addition))
  checkBounds(unsealed, vocabulary)
  const encoded = unsealed.map((caveat) => encodeOne(caveat, vocabulary))
  const seen = [...ground.present]
  const locations = new Set(ground.locations)
  const caveats: Uint8Array[] = []
  let { tail } = ground
  for (let i = 0; i < additions.length; i += 1) {
    const addition = additions[i]
    const plain = encoded[i] ?? nothing
    // A label says who used the token next, so it is added even if it is there already.
    if (unsealed[i]?.type !== 'RunLabel' && seen.some((bytes) => equalBytes(bytes, plain))) continue
    seen.push(plain)
    const bytes = NewThirdParty.isOne(addition)
      ? encodeOne(sealUnder(tail, addition, locations), vocabulary)
      : expectPlain(plain, unsealed[i], ground)
    caveats.push(bytes)
    tail = nextTail(tail, bytes)
  }
  return { caveats, tail }
}

function sealUnder(tail: Uint8Array, demand: NewThirdParty, locations: Set<string>): Caveat {
  if (locations.has(demand.location)) {
    throw new MacaroonError('third-party', 'The macaroon asks this third party already')
  }
  locations.add(demand.location)
  return demand.sealUnder(tail)
}

/** The wire bytes of a caveat that may be added as it is. */
function expectPlain(bytes: Uint8Array, caveat: Caveat | undefined, { nonce, vocabulary }: Ground): Uint8Array {
  if (caveat?.type === '3P') {
    throw new MacaroonError('third-party', 'A third-party caveat to add is one that thirdParty made')
  }
  if (caveat !== undefined && !nonce.proof && isAttestation(caveat, vocabulary)) {
    throw new MacaroonError('attestation', `${nameOf(caveat)} is an attestation, and only proofs may carry those`)
  }
  return bytes
}

function encodeOne(caveat: Caveat, vocabulary: Vocabulary): Uint8Array {
  const writer = new MsgpackWriter()
  writeCaveat(writer, caveat, vocabulary)
  return writer.finish()
}

/** Puts the parts on the wire and parses the result like any other. */
function assemble(
  nonce: Nonce,
  location: string,
  present: readonly Uint8Array[],
  added: Added,
  vocabulary: Vocabulary,
): Macaroon {
  const caveats = [...present, ...added.caveats]
  const length = caveats.reduce(
    (sum, caveat) => sum + caveat.length,
    nonce.bytes.length + location.length * 3 + headLength,
  )
  const writer = new MsgpackWriter(new Uint8Array(length))
  writer.writeArrayLength(4)
  writer.writeRaw(nonce.bytes)
  writer.writeString(location)
  writer.writeArrayLength(caveats.length * 2)
  for (const caveat of caveats) writer.writeRaw(caveat)
  writer.writeBytes(added.tail)
  return readMacaroon(writer.bytes.subarray(0, writer.length), vocabulary)
}

/** At most: the tail, and the heads of the whole, of the location, of the caveats and of the tail. */
const headLength = 64
const nothing = new Uint8Array(0)
