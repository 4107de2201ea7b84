/** Lists of caveats: on the wire and in memory, within the bounds that hold for all of them. */

import { badArgument, expectFields, expectText, takeBytes, takeList } from './boundary.ts'
import type { Caveat, CaveatType } from './caveat.ts'
import { expectId, expectMask } from './caveats/mask.ts'
import type { CaveatCodec } from './codec.ts'
import { MacaroonError } from './errors.ts'
import { MsgpackReader } from './msgpack-reader.ts'
import { MsgpackWriter } from './msgpack-writer.ts'
import { quoteShortly } from './json.ts'
import { codecOf, flyVocabulary, nameOf, Vocabulary } from './vocabulary.ts'

/** In one macaroon, those inside IfPresent counted too. */
const maxCaveats = 256
/** How many IfPresent may stand around a caveat. */
const maxNesting = 8

/**
 * The bytes of a caveat set, an array of numbers and bodies in turn, as Go's `CaveatSet.MarshalMsgpack`.
 *
 * Throws MacaroonError `bad-caveat` for values that have no place on the wire, `too-many` and `too-deep`.
 */
export function encodeCaveats(caveats: readonly Caveat[], vocabulary: Vocabulary = flyVocabulary): Uint8Array {
  checkBounds(caveats, Vocabulary.expect(vocabulary))
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
  const reader = new CaveatReader(Vocabulary.expect(vocabulary), takeBytes(bytes, 'bytes'))
  const { caveats } = readCaveats(reader)
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
  return caveatsOf(expectCaveats(caveats), type, Vocabulary.expect(vocabulary))
}

/** The same of caveats that a reader made. */
export function caveatsOf<T extends CaveatType>(
  caveats: readonly Caveat[],
  type: T,
  vocabulary: Vocabulary,
): Extract<Caveat, { type: T }>[] {
  const found: Extract<Caveat, { type: T }>[] = []
  for (const caveat of caveats) {
    if (isOfType(caveat, type)) found.push(caveat)
    const inner = codecOf(caveat, vocabulary)?.unwrap?.(caveat)
    if (inner !== undefined) found.push(...getCaveats(inner, type, vocabulary))
  }
  return found
}

/** The list of what look like caveats. Throws `bad-argument` for anything else. */
function expectCaveats(caveats: unknown): readonly Caveat[] {
  return takeList(caveats, 'caveats', expectCaveat)
}

/**
 * These caveats, encoded and read again. So what is judged has the right types, and does not change when a caller
 * changes what they gave. A caveat that is not understood stays so, and forbids everything.
 *
 * Throws like `encodeCaveats`, but for lists of any length.
 */
export function settle<C extends Caveat>(caveats: readonly C[], vocabulary: Vocabulary): readonly C[] {
  return settleAll(caveats, vocabulary, 0) as readonly C[]
}

function settleAll(caveats: readonly Caveat[], vocabulary: Vocabulary, depth: number): readonly Caveat[] {
  if (depth > maxNesting) throw tooDeep()
  return expectCaveats(caveats).map((given): Caveat => {
    const caveat = { ...given }
    if (caveat.type === 'Unknown') {
      return { ...caveat, number: expectId(caveat.number), body: takeBytes(caveat.body, 'body') }
    }
    if (codecOf(caveat, vocabulary) === undefined) return caveat
    if (caveat.type === 'IfPresent') {
      const ifs = caveat.ifs === null ? null : settleAll(caveat.ifs, vocabulary, depth + 1)
      return { ...caveat, ifs, else: expectMask(caveat.else) }
    }
    const writer = new MsgpackWriter()
    writeCaveat(writer, caveat, vocabulary)
    const reader = new CaveatReader(vocabulary, writer.bytes, 0, writer.length)
    return readBody(reader, readCodec(reader))
  })
}

function expectCaveat(value: unknown, name: string): Caveat {
  const caveat = expectFields(value as Caveat, name)
  expectText(caveat.type, `${name}.type`)
  if (caveat.type === 'Own') expectText(caveat.name, `${name}.name`)
  return caveat
}

/** Whether the caveat asserts something rather than forbids. */
export function isAttestation(caveat: Caveat, vocabulary: Vocabulary): boolean {
  return codecOf(caveat, vocabulary)?.attestation === true
}

/** What a set on the wire holds. */
export interface CaveatsOnWire {
  readonly caveats: readonly Caveat[]
  /** Where each of them begins and, last, where the last one ends. */
  readonly offsets: readonly number[]
  /** Whether it has caveats, and all of them, except those inside IfPresent, are held against an access. */
  readonly isPlain: boolean
}

/** A cursor over what holds a set of caveats: it counts them, and how deep they are nested. */
export class CaveatReader extends MsgpackReader {
  readonly vocabulary: Vocabulary
  count = 0
  depth = 0

  constructor(vocabulary: Vocabulary, bytes: Uint8Array, offset = 0, end = bytes.length) {
    super(bytes, offset, end)
    this.vocabulary = vocabulary
  }
}

/** Reads the set at the cursor. Offsets are counted from `origin`. */
export function readCaveats(reader: CaveatReader, origin = 0): CaveatsOnWire {
  const length = readPairs(reader)
  // Made in full length, because an array that grows takes much more room.
  const caveats = Array<Caveat>(length)
  const offsets = Array<number>(length + 1)
  let isPlain = length > 0
  for (let i = 0; i < length; i += 1) {
    offsets[i] = reader.offset - origin
    const codec = readCodec(reader)
    if (typeof codec !== 'bigint' && !isHeldAgainstAccesses(codec)) isPlain = false
    caveats[i] = readBody(reader, codec)
  }
  offsets[length] = reader.offset - origin
  return { caveats, offsets, isPlain }
}

/** Writes one caveat, its number and its body, without an array around them. */
export function writeCaveat(writer: MsgpackWriter, caveat: Caveat, vocabulary: Vocabulary): void {
  if (caveat.type === 'Unknown') {
    const number = expectId(caveat.number)
    const known = vocabulary.withNumber(number)
    if (known !== undefined) throw new MacaroonError('bad-caveat', `The number ${number} is ${nameOf(known)}`)
    const body = takeBytes(caveat.body, 'body')
    writer.writeUint(number)
    expectOneValue(body)
    writer.writeRaw(body)
    return
  }
  const codec = expectCodec(caveat, vocabulary)
  writer.writeUint(codec.number)
  try {
    codec.encode(writer, caveat, (inner, caveats) => writeCaveats(inner, caveats, vocabulary))
  } catch (error) {
    if (codec.type === 'Own' || (error instanceof MacaroonError && error.code !== 'bad-caveat')) throw error
    // Here only a value of a wrong type makes an error, ours or the engine's.
    throw new MacaroonError(
      'bad-caveat',
      `${codec.type}: ${error instanceof MacaroonError ? error.message : 'nonsense'}`,
    )
  }
}

/** What is known about a caveat. Throws `bad-caveat` for one that is not understood. */
export function expectCodec(caveat: Caveat, vocabulary: Vocabulary): CaveatCodec<Caveat> {
  const codec = codecOf(caveat, vocabulary)
  if (codec !== undefined) return codec
  throw new MacaroonError('bad-caveat', `The vocabulary has no caveat ${quoteShortly(nameOf(caveat))}`)
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
  return expectCaveats(caveats).reduce((count, caveat) => {
    const inner = codecOf(caveat, vocabulary)?.unwrap?.(caveat) ?? []
    return count + 1 + (inner.length === 0 ? 0 : countCaveats(inner, vocabulary, depth + 1))
  }, 0)
}

function writeCaveats(writer: MsgpackWriter, caveats: readonly Caveat[], vocabulary: Vocabulary): void {
  const list = expectCaveats(caveats)
  writer.writeArrayLength(list.length * 2)
  for (const caveat of list) writeCaveat(writer, caveat, vocabulary)
}

/** The number of caveats in the set at the cursor. Throws if they are too many together with those counted before. */
function readPairs(reader: CaveatReader): number {
  const start = reader.offset
  const length = reader.readArrayLength()
  if (length % 2 !== 0) {
    throw new MacaroonError('malformed', `Byte ${start}: a set of caveats holds pairs, and this one has an odd length`)
  }
  reader.count += length / 2
  if (reader.count > maxCaveats) throw tooMany()
  return length / 2
}

/** The number of a caveat: what the vocabulary knows about it, or else the number itself. */
function readCodec(reader: CaveatReader): CaveatCodec<Caveat> | bigint {
  const known = reader.vocabulary.atCode(reader.bytes[reader.offset] ?? 0xff)
  if (known !== undefined && reader.offset < reader.end) {
    reader.offset += 1
    return known
  }
  const number = reader.readUint()
  return reader.vocabulary.withNumber(number) ?? number
}

function readBody(reader: CaveatReader, codec: CaveatCodec<Caveat> | bigint): Caveat {
  if (typeof codec !== 'bigint') return codec.decode(reader, readNested)
  const start = reader.offset
  reader.skipUnknown()
  return { type: 'Unknown', number: codec, body: reader.bytes.slice(start, reader.offset) }
}

/** Reads a set inside a caveat. */
function readNested(reader: MsgpackReader): readonly Caveat[] {
  if (!(reader instanceof CaveatReader)) {
    throw badArgument('reader', 'the one that was passed in')
  }
  reader.depth += 1
  if (reader.depth > maxNesting) throw tooDeep()
  const caveats: Caveat[] = []
  for (let left = readPairs(reader); left > 0; left -= 1) caveats.push(readBody(reader, readCodec(reader)))
  reader.depth -= 1
  return caveats
}

/** Attestations never are, and the other two are answered when a token is verified. */
function isHeldAgainstAccesses({ attestation, type }: CaveatCodec<Caveat>): boolean {
  return attestation !== true && type !== '3P' && type !== 'BindToParentToken'
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
