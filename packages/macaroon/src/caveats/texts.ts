/** Lists of texts inside caveats; null is Go's nil slice, which is another spelling of an empty one. */

import { expectArray, expectString, type JsonPath, type JsonValue } from '../json.ts'
import { MacaroonError } from '../errors.ts'
import type { MsgpackReader } from '../msgpack-reader.ts'
import type { MsgpackWriter } from '../msgpack-writer.ts'

export function readTexts(reader: MsgpackReader): readonly string[] | null {
  if (reader.takeNil()) return null
  const texts: string[] = []
  for (let left = reader.readArrayLength(); left > 0; left -= 1) texts.push(reader.readString())
  return texts
}

export function writeTexts(writer: MsgpackWriter, texts: readonly string[] | null): void {
  if (texts === null) return writer.writeNil()
  const list = expectList(texts)
  writer.writeArrayLength(list.length)
  for (const text of list) writer.writeString(text)
}

/** A list of its own. Throws `bad-caveat` for what is none, such as a text, which one could go through as well. */
export function expectList<Item>(list: readonly Item[]): readonly Item[] {
  if (!Array.isArray(list)) throw new MacaroonError('bad-caveat', 'The value is not a list')
  return Array.from<Item>(list)
}

export function textsFromJson(value: JsonValue | undefined, path: JsonPath): readonly string[] | null {
  if (value === null) return null
  return expectArray(value, path).map((text, i) => expectString(text, `${path}[${i}]`))
}
