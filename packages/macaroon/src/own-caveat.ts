/** Caveats of a service's own: a number, a name and what it means, for a vocabulary that nobody else needs to know. */

import type { Access } from './access.ts'
import { expectFunctions, expectText, takeList } from './boundary.ts'
import type { Caveat, OwnCaveat } from './caveat.ts'
import type {
  CaveatCodec,
  NestedDecoder,
  NestedEncoder,
  NestedFromJson,
  NestedProhibits,
  NestedToJson,
  Refusal,
} from './codec.ts'
import type { DischargeAccess } from './discharge-access.ts'
import { MacaroonError } from './errors.ts'
import type { JsonPath, JsonValue } from './json.ts'
import type { MsgpackReader } from './msgpack-reader.ts'
import type { MsgpackWriter } from './msgpack-writer.ts'

/**
 * How a service's own caveat is written, read and judged. `decode` must take exactly one MessagePack value and throw
 * MacaroonError for what `encode` would not write, or a token would have two spellings.
 */
export interface OwnCaveatDefinition<Value> {
  /** Letters, digits, `_` and `-`, not digits alone. */
  readonly name: string
  /** From 2^48 to 2^64 - 2: the range that Go's library leaves to its users. */
  readonly number: bigint
  readonly aliases?: readonly string[]
  /** True where the caveat asserts something rather than forbids; only proofs may carry such. */
  readonly attestation?: boolean
  decode(reader: MsgpackReader, nested: NestedDecoder): Value
  encode(writer: MsgpackWriter, value: Value, nested: NestedEncoder): void
  toJson(value: Value, nested: NestedToJson): JsonValue
  fromJson(json: JsonValue, path: JsonPath, nested: NestedFromJson): Value
  /** Undefined where the caveat does not forbid this access, which may be an interface that extends Access. */
  prohibits(value: Value, access: Access, nested: NestedProhibits): Refusal | undefined
  prohibitsDischarge?(value: Value, access: DischargeAccess): Refusal | undefined
  /** The caveats inside, for those that wrap others. */
  unwrap?(value: Value): readonly Caveat[]
}

export interface OwnCaveatType<Value> {
  /** For `extendVocabulary` and `createVocabulary`. */
  readonly codec: CaveatCodec<OwnCaveat<Value>>
  readonly of: (value: Value) => OwnCaveat<Value>
  readonly is: (caveat: Caveat) => caveat is OwnCaveat<Value>
}

/** Makes a type of caveat. Nothing is registered anywhere: pass its codec on in a vocabulary. Throws `bad-argument`. */
export function defineCaveat<Value>(definition: OwnCaveatDefinition<Value>): OwnCaveatType<Value> {
  expectFunctions(definition, 'definition', 'decode', 'encode', 'prohibits')
  const { name, number, attestation } = definition
  const aliases = takeList(definition.aliases ?? [], 'aliases', expectText)
  for (const one of [name, ...aliases]) {
    if (typeof one !== 'string' || !/^(?!\d+$)[\w-]{1,100}$/.test(one)) {
      throw new MacaroonError('bad-argument', 'A caveat is called by letters, digits, _ and -, and not by digits alone')
    }
  }
  if (typeof number !== 'bigint' || number < leastNumber || number > greatestNumber) {
    throw new MacaroonError('bad-argument', `A service numbers its caveats from ${leastNumber} to ${greatestNumber}`)
  }
  const of = (value: Value): OwnCaveat<Value> => ({ type: 'Own', name, value })
  const codec: CaveatCodec<OwnCaveat<Value>> = {
    type: 'Own',
    name,
    number,
    aliases,
    attestation: attestation === true,
    decode: (reader, nested) => of(definition.decode(reader, nested)),
    encode: (writer, caveat, nested) => definition.encode(writer, caveat.value, nested),
    prohibits: (caveat, access, nested) => definition.prohibits(caveat.value, access, nested),
    ...(definition.prohibitsDischarge !== undefined && {
      prohibitsDischarge: (caveat, access) => definition.prohibitsDischarge?.(caveat.value, access),
    }),
    unwrap: (caveat) => definition.unwrap?.(caveat.value) ?? [],
    json: {
      toJson: (caveat, nested) => definition.toJson(caveat.value, nested),
      fromJson: (json, path, nested) => of(definition.fromJson(json, path, nested)),
    },
  }
  return { codec, of, is: (caveat): caveat is OwnCaveat<Value> => caveat?.type === 'Own' && caveat.name === name }
}

const leastNumber = 2n ** 48n
const greatestNumber = 2n ** 64n - 2n
