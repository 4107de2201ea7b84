/** What the JSON of caveats is made of. */

import { encodeBase64 } from './base64.ts'
import { checkBounds, decodeCaveats, expectCodec, settle } from './caveat-set.ts'
import type { Caveat } from './caveat.ts'
import { jsonForms } from './caveats/json-forms.ts'
import type { CaveatCodec, CaveatJson } from './codec.ts'
import { MacaroonError } from './errors.ts'
import type { JsonValue } from './json.ts'
import { flyVocabulary, Vocabulary } from './vocabulary.ts'

/** The value that `caveatsToJSON` writes. It throws the same. */
export function caveatsToValue(caveats: readonly Caveat[], vocabulary: Vocabulary = flyVocabulary): JsonValue {
  checkBounds(caveats, Vocabulary.expect(vocabulary))
  return setToJson(settle(caveats, vocabulary), vocabulary)
}

/** The same for caveats as on the wire. It throws as `decodeCaveats`. */
export function caveatBytesToValue(bytes: Uint8Array): JsonValue {
  // Nobody else has these, so they need no check and no copy.
  return setToJson(decodeCaveats(bytes), flyVocabulary)
}

function setToJson(caveats: readonly Caveat[], vocabulary: Vocabulary): JsonValue {
  return caveats.map((caveat) => {
    const [type, body] = bodyToJson(caveat, vocabulary)
    return new Map<string, JsonValue>([
      ['type', type],
      ['body', body],
    ])
  })
}

function bodyToJson(caveat: Caveat, vocabulary: Vocabulary): [string, JsonValue] {
  if (caveat.type === 'Unknown') return [String(caveat.number), new Map([['msgpack', encodeBase64(caveat.body)]])]
  const codec = expectCodec(caveat, vocabulary)
  // Go calls the caveats of its users by their numbers, since nobody else knows their names.
  const type = caveat.type === 'Own' ? String(codec.number) : codec.type
  return [type, jsonOf(codec).toJson(caveat, (inner) => setToJson(inner, vocabulary))]
}

/** How this caveat is written as JSON, and read. Throws MacaroonError `bad-caveat` where the vocabulary does not say. */
export function jsonOf({ type, json }: CaveatCodec<Caveat>): CaveatJson<Caveat> {
  const form = type === 'Own' || type === 'Unknown' ? json : jsonForms[type]
  if (form === undefined) throw new MacaroonError('bad-caveat', 'A caveat of this vocabulary has no JSON')
  return form
}
