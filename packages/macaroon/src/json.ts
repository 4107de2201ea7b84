/** JSON that loses nothing: whole numbers of any size, no field twice, and errors that say where. */

import { MacaroonError } from './errors.ts'

/** Whole numbers are bigint; numbers with a fraction or an exponent are number. */
export type JsonValue = null | boolean | string | bigint | number | readonly JsonValue[] | JsonObject
export type JsonObject = ReadonlyMap<string, JsonValue>

/** Where in the text a value stands, such as `[2].body.mask`; '' is the whole. */
export type JsonPath = string

/** Reads one JSON text. Throws MacaroonError `bad-json` naming the character, counted from 1. */
export function parseJson(text: string): JsonValue {
  const reader = new JsonReader(text)
  const value = reader.readValue(0)
  reader.expectEnd()
  return value
}

/** Writes a value; with `indent`, on several lines. */
export function formatJson(value: JsonValue, indent = 0, margin = ''): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (typeof value === 'number' || typeof value === 'string') return JSON.stringify(value)
  const inner = margin + ' '.repeat(indent)
  const [open, close] = isObject(value) ? ['{', '}'] : ['[', ']']
  const items = isObject(value)
    ? [...value].map(
        ([name, field]) => `${JSON.stringify(name)}:${indent === 0 ? '' : ' '}${formatJson(field, indent, inner)}`,
      )
    : value.map((item) => formatJson(item, indent, inner))
  if (items.length === 0) return open + close
  if (indent === 0) return open + items.join(',') + close
  return `${open}\n${inner}${items.join(`,\n${inner}`)}\n${margin}${close}`
}

/** The error of everything that a JSON value can be wrong about. */
export function jsonError(path: JsonPath, message: string): MacaroonError {
  return new MacaroonError('bad-json', `${path === '' ? 'The whole' : path}: ${message}`)
}

/**
 * Requires an object that has all the fields `required`, and no others than those and `optional` ('any': whatever names);
 * names are compared exactly. Throws MacaroonError `bad-json` with the path.
 */
export function expectObject(
  value: JsonValue | undefined,
  path: JsonPath,
  required: readonly string[],
  optional: readonly string[] | 'any' = [],
): JsonObject {
  if (value === undefined || !isObject(value)) throw jsonError(path, 'must be an object')
  for (const name of value.keys()) {
    if (optional !== 'any' && !required.includes(name) && !optional.includes(name)) {
      throw jsonError(path, `unknown field ${quoteShortly(name)}`)
    }
  }
  for (const name of required) if (!value.has(name)) throw jsonError(`${path}.${name}`, 'is missing')
  return value
}

export function expectArray(value: JsonValue | undefined, path: JsonPath): readonly JsonValue[] {
  if (!Array.isArray(value)) throw jsonError(path, 'must be an array')
  return value
}

export function expectString(value: JsonValue | undefined, path: JsonPath): string {
  if (typeof value !== 'string') throw jsonError(path, 'must be a string')
  if (!value.isWellFormed()) throw jsonError(path, 'holds half a surrogate pair')
  return value
}

export function expectInteger(value: JsonValue | undefined, path: JsonPath, least: bigint, most: bigint): bigint {
  if (typeof value !== 'bigint') throw jsonError(path, 'must be a whole number, written without fraction and exponent')
  if (value < least || value > most) throw jsonError(path, `must be between ${least} and ${most}`)
  return value
}

/** A text in quotation marks, cut where it is long. */
export function quoteShortly(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}

function isObject(value: JsonValue): value is JsonObject {
  return value instanceof Map
}

const maxDepth = 64

class JsonReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  readValue(depth: number): JsonValue {
    if (depth > maxDepth) throw this.#error(`values are nested more than ${maxDepth} deep`)
    this.#skipSpace()
    switch (this.#text.charAt(this.#at)) {
      case '{':
        return this.#readObject(depth)
      case '[':
        return this.#readArray(depth)
      case '"':
        return this.#readString()
      default:
        return this.#readScalar()
    }
  }

  expectEnd(): void {
    this.#skipSpace()
    if (this.#at < this.#text.length) throw this.#error('the value ends here, and more follows')
  }

  #readObject(depth: number): JsonObject {
    const fields = new Map<string, JsonValue>()
    this.#at += 1
    if (this.#take('}')) return fields
    do {
      this.#skipSpace()
      if (this.#text.charAt(this.#at) !== '"') throw this.#error('expected the name of a field')
      const name = this.#readString()
      if (fields.has(name)) throw this.#error(`the field ${quoteShortly(name)} stands here twice`)
      if (!this.#take(':')) throw this.#error('expected a colon')
      fields.set(name, this.readValue(depth + 1))
    } while (this.#take(','))
    if (!this.#take('}')) throw this.#error('expected a comma or the end of the object')
    return fields
  }

  #readArray(depth: number): readonly JsonValue[] {
    const items: JsonValue[] = []
    this.#at += 1
    if (this.#take(']')) return items
    do items.push(this.readValue(depth + 1))
    while (this.#take(','))
    if (!this.#take(']')) throw this.#error('expected a comma or the end of the array')
    return items
  }

  #readString(): string {
    let end = this.#at + 1
    while (end < this.#text.length && this.#text.charAt(end) !== '"') end += this.#text.charAt(end) === '\\' ? 2 : 1
    if (end >= this.#text.length) throw this.#error('this string has no end')
    const value = this.#native(this.#text.slice(this.#at, end + 1))
    if (typeof value !== 'string') throw this.#error('this is no string of JSON')
    this.#at = end + 1
    return value
  }

  #readScalar(): JsonValue {
    const [word = ''] = /^[-+.\w]*/.exec(this.#text.slice(this.#at, this.#at + 400)) ?? []
    const value = /^(?:0|-?[1-9]\d*)$/.test(word) ? BigInt(word) : this.#native(word)
    if (value === undefined) throw this.#error(word === '' ? 'expected a value' : 'this is no value of JSON')
    this.#at += word.length
    return value
  }

  /** What the engine's own parser makes of one scalar; undefined where it refuses. */
  #native(text: string): null | boolean | string | bigint | number | undefined {
    try {
      return JSON.parse(text) as null | boolean | string | number
    } catch {
      return undefined
    }
  }

  #take(character: string): boolean {
    this.#skipSpace()
    if (this.#text.charAt(this.#at) !== character) return false
    this.#at += 1
    return true
  }

  #skipSpace(): void {
    while (/[ \t\r\n]/.test(this.#text.charAt(this.#at))) this.#at += 1
  }

  #error(message: string): MacaroonError {
    return new MacaroonError('bad-json', `Character ${this.#at + 1}: ${message}`)
  }
}
