// Reads the body of a question, within bounds.
import type { IncomingMessage } from 'node:http'

import { JsonError, parseJson } from '@hallpass/client/json'

import { isObject } from '../outside.ts'

/** Bytes: a header has 65,536, each of which JSON may write as six. */
const longestBody = 512 * 1024

export class BodyError extends Error {
  override readonly name = 'BodyError'
  readonly code: 'invalid_request' | 'too_large'

  constructor(code: BodyError['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** @throws BodyError if it is no JSON object, or too long */
export async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const pieces: Uint8Array[] = []
  let length = 0
  // A request that is left early must not be destroyed: it gets an answer.
  const read: AsyncIterable<Uint8Array> = request.iterator({ destroyOnReturn: false })
  for await (const piece of read) {
    length += piece.length
    if (length > longestBody)
      throw new BodyError('too_large', `the body is too large: at most ${longestBody / 1024} KiB`)
    pieces.push(piece)
  }
  const body = parse(Buffer.concat(pieces))
  if (isObject(body)) return body
  throw new BodyError('invalid_request', 'the body is no object')
}

function parse(bytes: Uint8Array): unknown {
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new BodyError('invalid_request', `the body ${error instanceof JsonError ? error.message : 'is not UTF-8'}`)
  }
}
