/** Caveats as the JSON that `flyctl tokens attenuate` and `tokens debug` speak. */

import { decodeBase64 } from './base64.ts'
import { badArgument, expectText } from './boundary.ts'
import type { Caveat } from './caveat.ts'
import { checkBounds, expectOneValue } from './caveat-set.ts'
import { caveatsToValue, jsonOf } from './caveat-values.ts'
import { MacaroonError } from './errors.ts'
import {
  expectArray,
  expectObject,
  expectString,
  formatJson,
  type JsonPath,
  jsonError,
  type JsonValue,
  parseJson,
  quoteShortly,
} from './json.ts'
import { type Vocabulary, vocabularyOf } from './vocabulary.ts'

export { caveatsToValue } from './caveat-values.ts'

export interface JsonOptions {
  readonly vocabulary?: Vocabulary
  /** Spaces per level; 0, the default, puts everything on one line. */
  readonly indent?: number
}

/**
 * `[{"type":"Organization","body":{"id":123,"mask":"rwcdC"}}]`, as Go's `CaveatSet.MarshalJSON`; numbers of 64 bits are
 * written in full, so read it with `caveatsFromJSON` and not with `JSON.parse`.
 *
 * Go has no JSON for a caveat that it does not know. Here it is `{"type":"<number>","body":{"msgpack":"<base64>"}}`,
 * which `caveatsFromJSON` takes back. Actions without a letter are lost, as in Go.
 */
export function caveatsToJSON(caveats: readonly Caveat[], options: JsonOptions = {}): string {
  const vocabulary = vocabularyOf(options)
  const { indent = 0 } = options
  if (!Number.isInteger(indent) || indent < 0 || indent > 10) throw badArgument('indent', 'a whole number from 0 to 10')
  return formatJson(caveatsToValue(caveats, vocabulary), indent)
}

/**
 * Reads that JSON. A type may be a name, an alias or a number.
 *
 * Stricter than Go: unknown and missing fields, unknown actions, null where no list is meant and repeated fields are
 * errors. Throws MacaroonError `bad-json` with the path, such as `[2].body.mask: unknown action "x"`, `too-long`,
 * `too-many` or `too-deep`.
 */
export function caveatsFromJSON(text: string, options: Pick<JsonOptions, 'vocabulary'> = {}): readonly Caveat[] {
  if (expectText(text, 'text').length > maxJsonLength) {
    throw new MacaroonError('too-long', `The JSON has ${text.length} characters; ${maxJsonLength} are the limit`)
  }
  const vocabulary = vocabularyOf(options)
  const caveats = setFromJson(parseJson(text), '', vocabulary)
  checkBounds(caveats, vocabulary)
  return caveats
}

const maxJsonLength = 262_144

function setFromJson(value: JsonValue, path: JsonPath, vocabulary: Vocabulary): readonly Caveat[] {
  return expectArray(value, path).map((item, i) => caveatFromJson(item, `${path}[${i}]`, vocabulary))
}

function caveatFromJson(value: JsonValue, path: JsonPath, vocabulary: Vocabulary): Caveat {
  const fields = expectObject(value, path, ['type', 'body'])
  const name = expectString(fields.get('type'), `${path}.type`)
  const body = fields.get('body') ?? null
  const number = /^(?:0|[1-9][0-9]{0,19})$/.test(name) ? BigInt(name) : undefined
  const codec = number === undefined ? vocabulary.withName(name) : vocabulary.withNumber(number)
  if (codec !== undefined) {
    return jsonOf(codec).fromJson(body, `${path}.body`, (inner, at) => setFromJson(inner, at, vocabulary))
  }
  if (number === undefined || number > 0xffffffffffffffffn) {
    throw jsonError(`${path}.type`, `unknown caveat type ${quoteShortly(name)}`)
  }
  return { type: 'Unknown', number, body: rawFromJson(body, `${path}.body`) }
}

function rawFromJson(value: JsonValue, path: JsonPath): Uint8Array {
  const text = expectString(expectObject(value, path, ['msgpack']).get('msgpack'), `${path}.msgpack`)
  try {
    const bytes = decodeBase64(text, 0, text.length, 'the base64')
    expectOneValue(bytes)
    return bytes
  } catch (error) {
    throw error instanceof MacaroonError ? jsonError(`${path}.msgpack`, error.message) : error
  }
}
