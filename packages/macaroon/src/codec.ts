/** What one type of caveat implements, and the functions that it gets for nested caveats. */

import type { Access } from './access.ts'
import type { Caveat } from './caveat.ts'
import type { DischargeAccess } from './discharge-access.ts'
import type { JsonPath, JsonValue } from './json.ts'
import type { MsgpackReader } from './msgpack-reader.ts'
import type { MsgpackWriter } from './msgpack-writer.ts'

/** One type of caveat: its number and name, its spelling on the wire, and what it forbids. */
export interface CaveatCodec<C extends Caveat> {
  readonly type: C['type']
  /** What a service calls a caveat of its own; the others are called by their type. */
  readonly name?: string
  /** The number on the wire. */
  readonly number: bigint
  /** Other names under which its JSON is accepted. */
  readonly aliases?: readonly string[]
  /** True where the caveat asserts something rather than forbids; only proofs may carry such. */
  readonly attestation?: boolean
  decode(reader: MsgpackReader, nested: NestedDecoder): C
  encode(writer: MsgpackWriter, caveat: C, nested: NestedEncoder): void
  /** Undefined where the caveat does not forbid this access. */
  prohibits(caveat: C, access: Access, nested: NestedProhibits): Refusal | undefined
  /** The same for somebody who asks a third party for a discharge; where it is left out, the caveat forbids. */
  prohibitsDischarge?(caveat: C, access: DischargeAccess): Refusal | undefined
  /** The caveats inside, for those that wrap others. */
  unwrap?(caveat: C): readonly Caveat[]
  /** How a caveat of a service's own is spelt in JSON. The others are spelt as in Go. */
  readonly json?: CaveatJson<C>
}

/** The JSON of one type of caveat. It is separate, because code that only verifies and clears does not need it. */
export interface CaveatJson<C extends Caveat> {
  toJson(caveat: C, nested: NestedToJson): JsonValue
  fromJson(value: JsonValue, path: JsonPath, nested: NestedFromJson): C
}

/** Why a caveat forbids an access. */
export interface Refusal {
  readonly kind: RefusalKind
  /** A sentence for people: what the caveat allows and what was attempted. */
  readonly reason: string
}

export type RefusalKind =
  /** The access does not name the resource that the caveat is about; inside IfPresent that makes it irrelevant. */
  | 'unspecified'
  | 'resource'
  | 'action'
  | 'role'
  | 'time'
  /** It comes from elsewhere than the caveat demands. */
  | 'source'
  /** Who asks for a discharge is not who the caveat demands. */
  | 'identity'
  /** The access is not of the kind that the caveat is about, or lacks what it takes to judge. */
  | 'invalid-access'
  /** The caveat itself makes no sense here, or is not understood. */
  | 'bad-caveat'

export type NestedDecoder = (reader: MsgpackReader) => readonly Caveat[]
export type NestedEncoder = (writer: MsgpackWriter, caveats: readonly Caveat[]) => void
export type NestedToJson = (caveats: readonly Caveat[]) => JsonValue
export type NestedFromJson = (value: JsonValue, path: JsonPath) => readonly Caveat[]
export type NestedProhibits = (caveat: Caveat, access: Access) => Refusal | undefined
