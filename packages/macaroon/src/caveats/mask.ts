/** Action masks inside caveats: on the wire, in JSON, and held against what a caller made up. */

import { type Action, actions, formatAction, isAction, parseAction } from '../action.ts'
import { MacaroonError } from '../errors.ts'
import { expectString, type JsonPath, jsonError, type JsonValue } from '../json.ts'
import type { MsgpackReader } from '../msgpack-reader.ts'

export const maxUint64 = 0xffffffffffffffffn

export function readMask(reader: MsgpackReader): Action {
  return reader.readSmallUint(actions.any)
}

/** The mask itself. Throws `bad-caveat` where a caller made up one that has no 16 bits. */
export function expectMask(mask: Action): Action {
  if (!isAction(mask)) throw new MacaroonError('bad-caveat', 'The value is not a mask of 16 bits')
  return mask
}

/** The id itself. Throws `bad-caveat` if a caller gives a number instead of a bigint. */
export function expectId(id: bigint): bigint {
  if (typeof id !== 'bigint') throw new MacaroonError('bad-caveat', 'The value is not a bigint')
  return id
}

/** The five letters, as Go writes them; bits without a letter are lost in JSON, there as here. */
export function maskToJson(mask: Action): string {
  return formatAction(mask)
}

export function maskFromJson(value: JsonValue | undefined, path: JsonPath): Action {
  const text = expectString(value, path)
  try {
    return parseAction(text)
  } catch (error) {
    throw error instanceof MacaroonError ? jsonError(path, error.message) : error
  }
}
