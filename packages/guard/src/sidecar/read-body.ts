// Reads the body of a request: JSON, bounded in bytes and in parts.
import type { IncomingMessage } from 'node:http'

import { JsonError, lookThrough, parseJson } from '@hallpass/client/json'

import { isObject } from '../outside.ts'
import { invalid, Refused } from './refused.ts'

/** As the authority bounds them: bytes, values with what holds them, and members of objects. */
const longest = 64 * 1024
const mostParts = 2000
const mostNames = 32

/**
 * The object in the body, which has no other fields than these.
 * @throws Refused
 */
export async function readBody(
  request: IncomingMessage,
  fields: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  const type = request.headers['content-type'] ?? 'application/json'
  if (!/^application\/json\s*(?:;|$)/i.test(type)) {
    throw new Refused(415, 'invalid_request', 'the body is not JSON: send it with "content-type: application/json"')
  }
  const value = parse(await readText(request))
  if (!isObject(value)) throw invalid('the body is no object')
  if (Object.keys(value).some((name) => !fields.includes(name))) throw invalid('the body has an unknown field')
  return value
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  // Once it has announced too much, nothing of it is read.
  if (Number(request.headers['content-length'] ?? 0) > longest) throw tooLarge()
  // Otherwise its connection would end without an answer.
  const pieces: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false })
  for await (const chunk of pieces) {
    length += chunk.length
    if (length > longest) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string): unknown {
  const { parts, names } = lookThrough(text, { parts: mostParts, names: mostNames })
  if (parts > mostParts) throw invalid(`the body has too many parts: ${mostParts} are the limit`)
  if (names > mostNames) throw invalid(`the body has too many fields: ${mostNames} are the limit`)
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof JsonError) throw invalid('the body is not JSON, or has a field twice in one object')
    throw error
  }
}

function tooLarge(): Refused {
  return new Refused(413, 'too_large', `the body is too large: at most ${longest / 1024} KiB`)
}
