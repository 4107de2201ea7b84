/** Maps from resources to actions inside caveats: on the wire, in JSON, and held against an access. */

import { type Action, actions, describeAction, allows } from '../action.ts'
import type { ResourceSet } from '../caveat.ts'
import type { Refusal } from '../codec.ts'
import { MacaroonError } from '../errors.ts'
import { expectObject, type JsonPath, type JsonValue, jsonError, quoteShortly } from '../json.ts'
import type { MsgpackReader } from '../msgpack-reader.ts'
import type { MsgpackWriter } from '../msgpack-writer.ts'
import { expectId, expectMask, maskFromJson, maskToJson, maxUint64, readMask } from './mask.ts'

interface IdKind<Id extends bigint | string> {
  /** Which stands for every resource. */
  readonly zero: Id
  read(reader: MsgpackReader): Id
  write(writer: MsgpackWriter, id: Id): void
  /** Negative, zero or positive, in the order in which Go sorts the keys of a set. */
  compare(a: Id, b: Id): number
}

export const numericIds: IdKind<bigint> = {
  zero: 0n,
  read: (reader) => reader.readUint(),
  write: (writer, id) => writer.writeUint(expectId(id)),
  compare: (a, b) => (a < b ? -1 : Number(a > b)),
}

export const textIds: IdKind<string> = {
  zero: '',
  read: (reader) => reader.readString(),
  write: (writer, id) => writer.writeString(id),
  compare: compareTexts,
}

/** The order of the UTF-8 bytes, which Go uses; it differs from JavaScript's where surrogate pairs are involved. */
function compareTexts(a: string, b: string): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i += 1) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) return rankUnit(left) - rankUnit(right)
  }
  return a.length - b.length
}

function rankUnit(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

export function readSet<Id extends bigint | string>(reader: MsgpackReader, ids: IdKind<Id>): ResourceSet<Id> {
  reader.expectArray(1, 'a set of resources')
  if (reader.takeNil()) return null
  const set = new Map<Id, Action>()
  let previous: Id | undefined
  for (let left = reader.readMapLength(); left > 0; left -= 1) {
    const start = reader.offset
    const id = ids.read(reader)
    if (previous !== undefined && ids.compare(previous, id) >= 0) {
      throw new MacaroonError(
        'not-canonical',
        `Byte ${start}: the ids of a set are not in order, or one is there twice`,
      )
    }
    set.set(id, readMask(reader))
    previous = id
  }
  return set
}

export function writeSet<Id extends bigint | string>(
  writer: MsgpackWriter,
  set: ResourceSet<Id>,
  ids: IdKind<Id>,
): void {
  writer.writeArrayLength(1)
  if (set === null) return writer.writeNil()
  if (!(set instanceof Map)) throw new MacaroonError('bad-caveat', 'The value is not a Map')
  const entries = [...(set as ReadonlyMap<Id, Action>)].sort(([a], [b]) => ids.compare(a, b))
  writer.writeMapLength(entries.length)
  for (const [id, mask] of entries) {
    ids.write(writer, id)
    writer.writeUint(expectMask(mask))
  }
}

export function setToJson<Id extends bigint | string>(field: string, set: ResourceSet<Id>): JsonValue {
  if (set === null) return new Map([[field, null]])
  return new Map([[field, new Map([...set].map(([id, mask]) => [String(id), maskToJson(mask)]))]])
}

export function setFromJson<Id extends bigint | string>(
  field: string,
  value: JsonValue,
  path: JsonPath,
  read: (name: string, path: JsonPath) => Id,
): ResourceSet<Id> {
  const inner = expectObject(value, path, [field]).get(field)
  if (inner === null) return null
  const at = `${path}.${field}`
  const set = new Map<Id, Action>()
  for (const [name, mask] of expectObject(inner, at, [], 'any')) {
    const id = read(name, at)
    if (set.has(id)) throw jsonError(at, `the id ${quoteShortly(name)} stands here twice`)
    set.set(id, maskFromJson(mask, `${at}[${quoteShortly(name)}]`))
  }
  return set
}

/** For `setFromJson`. */
export function numericIdFromJson(name: string, path: JsonPath): bigint {
  if (!/^[0-9]{1,20}$/.test(name) || BigInt(name) > maxUint64) {
    throw jsonError(path, `the id ${quoteShortly(name)} is not a number of 64 bits`)
  }
  return BigInt(name)
}

/** For `setFromJson`. */
export function textIdFromJson(name: string, path: JsonPath): string {
  if (!name.isWellFormed()) throw jsonError(path, 'an id holds half a surrogate pair')
  return name
}

/**
 * Go's `ResourceSet.Prohibits`. `covers` finds the entries that fit an id, where that is more than being equal; if
 * several fit, only what all of them allow is allowed.
 */
export function refuse<Id extends bigint | string>(
  { zero }: IdKind<Id>,
  type: string,
  noun: string,
  set: ResourceSet<Id>,
  id: Id | undefined,
  action: Action,
  covers?: (entry: Id, id: Id) => boolean,
): Refusal | undefined {
  const every = set?.get(zero)
  if (set !== null && every !== undefined && set.size !== 1) {
    return { kind: 'bad-caveat', reason: `${type} lists every ${noun} and single ones too, which makes no sense` }
  }
  if (id === undefined) {
    return { kind: 'unspecified', reason: `${type} allows ${describeSet(set, zero, noun)}, and this names no ${noun}` }
  }
  const mask = every ?? (covers === undefined ? set?.get(id) : intersect(set, (entry) => covers(entry, id)))
  if (mask === undefined) {
    return {
      kind: 'resource',
      reason: `${type} allows ${describeSet(set, zero, noun)}, and this is ${noun} ${describeId(id)}`,
    }
  }
  if (allows(mask, action)) return undefined
  return {
    kind: 'action',
    reason: `${type} allows ${describeAction(mask)} on ${noun} ${describeId(id)}, and this needs ${describeAction(action & ~mask & actions.any)}`,
  }
}

/** What all entries that fit allow; undefined where none fits. */
function intersect<Id extends bigint | string>(set: ResourceSet<Id>, fits: (entry: Id) => boolean): Action | undefined {
  const masks = [...(set ?? [])].filter(([entry]) => fits(entry)).map(([, mask]) => mask)
  return masks.length === 0 ? undefined : masks.reduce((all, mask) => all & mask)
}

function describeSet<Id extends bigint | string>(set: ResourceSet<Id>, zero: Id, noun: string): string {
  if (set === null || set.size === 0) return `no ${noun} at all`
  if (set.has(zero)) return `any ${noun}`
  const ids = [...set.keys()].slice(0, 5).map(describeId)
  if (set.size > ids.length) ids.push(`${set.size - ids.length} more`)
  const last = ids.pop()
  return `only ${noun} ${ids.length === 0 ? last : `${ids.join(', ')} and ${last}`}`
}

function describeId(id: bigint | string): string {
  return typeof id === 'bigint' ? String(id) : quoteShortly(id)
}
