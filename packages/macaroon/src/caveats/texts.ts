/** Lists of texts inside caveats; null is Go's nil slice, which is another spelling of an empty one. */

import { expectArray, expectString, type JsonPath, type JsonValue } from '../json.ts'
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
  writer.writeArrayLength(texts.length)
  for (const text of texts) writer.writeString(text)
}

export function textsFromJson(value: JsonValue | undefined, path: JsonPath): readonly string[] | null {
  if (value === null) return null
  return expectArray(value, path).map((text, i) => expectString(text, `${path}[${i}]`))
}
