/** Lists of caveats: on the wire and in memory, within the bounds that hold for all of them. */

import type { Caveat, CaveatType } from './caveat.ts'
import type { NestedDecoder } from './codec.ts'
import { MacaroonError } from './errors.ts'
import { MsgpackReader } from './msgpack-reader.ts'
import { MsgpackWriter } from './msgpack-writer.ts'
import { codecOf, flyVocabulary, type Vocabulary } from './vocabulary.ts'

/** In one macaroon, those inside IfPresent counted too. */
export const maxCaveats = 256
/** How many IfPresent may stand around a caveat. */
export const maxNesting = 8

/**
 * The bytes of a caveat set, an array of numbers and bodies in turn, as Go's `CaveatSet.MarshalMsgpack`.
 *
 * Throws MacaroonError `bad-caveat` for values that have no place on the wire, `too-many` and `too-deep`.
 */
export function encodeCaveats(caveats: readonly Caveat[], vocabulary: Vocabulary = flyVocabulary): Uint8Array {
  checkBounds(caveats, vocabulary)
  const writer = new MsgpackWriter()
  writeCaveats(writer, caveats, vocabulary)
  return writer.finish()
}

/**
 * Reads what `encodeCaveats` wrote, as Go's `DecodeCaveats`, but strictly: nothing may follow, and there is one spelling.
 *
 * Throws MacaroonError with a WireErrorCode.
 */
export function decodeCaveats(bytes: Uint8Array, vocabulary: Vocabulary = flyVocabulary): readonly Caveat[] {
  const reader = new MsgpackReader(bytes)
  const caveats = readCaveats(reader, vocabulary).caveats
  reader.expectEnd()
  return caveats
}

/**
 * All caveats of one type in order, those inside IfPresent too, as Go's `GetCaveats`.
 *
 * A caveat inside IfPresent may be irrelevant to an access; never read more into one than that it is there.
 */
export function getCaveats<T extends CaveatType>(
  caveats: readonly Caveat[],
  type: T,
  vocabulary: Vocabulary = flyVocabulary,
): Extract<Caveat, { type: T }>[] {
  return caveats.flatMap((caveat) => {
    const inner = codecOf(caveat, vocabulary)?.unwrap?.(caveat)
    const nested = inner === undefined ? [] : getCaveats(inner, type, vocabulary)
    return isOfType(caveat, type) ? [caveat, ...nested] : nested
  })
}

/** Whether the caveat asserts something rather than forbids. */
export function isAttestation(caveat: Caveat, vocabulary: Vocabulary): boolean {
  return codecOf(caveat, vocabulary)?.attestation === true
}

/** Reads a set at the cursor, and where each of its caveats begins (and, last, where the last one ends). */
export function readCaveats(
  reader: MsgpackReader,
  vocabulary: Vocabulary,
): { readonly caveats: readonly Caveat[]; readonly offsets: readonly number[] } {
  const offsets: number[] = []
  let count = 0
  let depth = -1

  const readNested: NestedDecoder = (inner) => {
    depth += 1
    if (depth > maxNesting) throw tooDeep()
    const length = readPairs(inner)
    const caveats: Caveat[] = []
    for (let i = 0; i < length; i += 1) {
      count += 1
      if (count > maxCaveats) throw tooMany()
      if (depth === 0) offsets.push(inner.offset)
      caveats.push(readCaveat(inner, vocabulary, readNested))
    }
    if (depth === 0) offsets.push(inner.offset)
    depth -= 1
    return caveats
  }

  return { caveats: readNested(reader), offsets }
}

/** Writes one caveat, its number and its body, without an array around them. */
export function writeCaveat(writer: MsgpackWriter, caveat: Caveat, vocabulary: Vocabulary): void {
  if (caveat.type === 'Unknown') {
    const known = vocabulary.byNumber.get(caveat.number)
    if (known !== undefined)
      throw new MacaroonError('bad-caveat', `The number ${caveat.number} is ${known.name ?? known.type}`)
    writer.writeUint(caveat.number)
    expectOneValue(caveat.body)
    writer.writeRaw(caveat.body)
    return
  }
  const codec = codecOf(caveat, vocabulary)
  if (codec === undefined) throw new MacaroonError('bad-caveat', 'A caveat has a type outside this vocabulary')
  writer.writeUint(codec.number)
  codec.encode(writer, caveat, (inner, caveats) => writeCaveats(inner, caveats, vocabulary))
}

/** Throws `too-many` or `too-deep` where a set exceeds the bounds. */
export function checkBounds(caveats: readonly Caveat[], vocabulary: Vocabulary): void {
  if (countCaveats(caveats, vocabulary, 0) > maxCaveats) throw tooMany()
}

/** Requires that these bytes are one whole MessagePack value, such as `skipUnknown` takes, and nothing else. */
export function expectOneValue(bytes: Uint8Array): void {
  const reader = new MsgpackReader(bytes)
  reader.skipUnknown()
  reader.expectEnd()
}

function countCaveats(caveats: readonly Caveat[], vocabulary: Vocabulary, depth: number): number {
  if (depth > maxNesting) throw tooDeep()
  return caveats.reduce((count, caveat) => {
    const inner = codecOf(caveat, vocabulary)?.unwrap?.(caveat) ?? []
    return count + 1 + (inner.length === 0 ? 0 : countCaveats(inner, vocabulary, depth + 1))
  }, 0)
}

function writeCaveats(writer: MsgpackWriter, caveats: readonly Caveat[], vocabulary: Vocabulary): void {
  writer.writeArrayLength(caveats.length * 2)
  for (const caveat of caveats) writeCaveat(writer, caveat, vocabulary)
}

function readPairs(reader: MsgpackReader): number {
  const start = reader.offset
  const length = reader.readArrayLength()
  if (length % 2 !== 0) {
    throw new MacaroonError('malformed', `Byte ${start}: a set of caveats holds pairs, and this one has an odd length`)
  }
  return length / 2
}

function readCaveat(reader: MsgpackReader, vocabulary: Vocabulary, readNested: NestedDecoder): Caveat {
  const known = vocabulary.byCode[reader.bytes[reader.offset] ?? 0xff]
  if (known !== undefined) {
    reader.offset += 1
    return known.decode(reader, readNested)
  }
  const number = reader.readUint()
  const codec = vocabulary.byNumber.get(number)
  if (codec !== undefined) return codec.decode(reader, readNested)
  const start = reader.offset
  reader.skipUnknown()
  return { type: 'Unknown', number, body: reader.bytes.slice(start, reader.offset) }
}

function isOfType<T extends CaveatType>(caveat: Caveat, type: T): caveat is Extract<Caveat, { type: T }> {
  return caveat.type === type
}

function tooMany(): MacaroonError {
  return new MacaroonError('too-many', `There are more than ${maxCaveats} caveats`)
}

function tooDeep(): MacaroonError {
  return new MacaroonError('too-deep', `Caveats are nested more than ${maxNesting} deep`)
}
