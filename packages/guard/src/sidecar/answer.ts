// Writes answers: JSON that nobody keeps.
import type { ServerResponse } from 'node:http'

import { Refused } from './refused.ts'

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** JSON. */
  readonly text: string
}

/** Seconds after which somebody may ask again who could not be answered. */
export const retryAfter = '1'

export function send(response: ServerResponse, id: string, { status, headers, text }: Answer): void {
  response
    .writeHead(status, {
      ...headers,
      'fly-request-id': id,
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    .end(text)
}

/** In the form of the authority's errors; what is unforeseen says nothing of itself. */
export function describeRefusal(error: unknown, id: string): Answer {
  const { status, code, message } =
    error instanceof Refused ? error : { status: 500, code: 'internal' as const, message: 'the sidecar failed' }
  const headers = {
    ...(status === 401 ? { 'www-authenticate': 'Bearer realm="hallpass"' } : {}),
    ...(status === 429 || status === 503 ? { 'retry-after': retryAfter } : {}),
  }
  // The word that clients of the Machines API look for.
  const word = code === 'forbidden' ? 'unauthorized' : message
  return { status, headers, text: JSON.stringify({ error: word, code, message, request_id: id }) }
}
