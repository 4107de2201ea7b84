// Bodies: how long they may be, from whom, and how much there may be in them.
import type { FastifyInstance } from 'fastify'

import { InvalidInput } from './errors.ts'

/** Bytes: of somebody whose credential was looked at before, and of whoever sends one. */
export const bodyLimits = { known: 64 * 1024, anybody: 8 * 1024 } as const

/** Values of an array or an object, and arrays and objects, of a whole body: each costs more than its bytes. */
const mostParts = 2000

/** Takes JSON on the server, and nothing else. */
export function takeJson(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    const text = body.toString()
    if (countParts(text) > mostParts) {
      done(new InvalidInput(`the body has too many parts: ${mostParts} are the limit`))
      return
    }
    try {
      // Clients send the content type with no body too.
      done(null, text === '' ? undefined : JSON.parse(text))
    } catch {
      // The parser's own words quote the body, which may hold a password.
      done(new InvalidInput('the body is not valid JSON'))
    }
  })
}

const signs = { comma: 0x2c, bracket: 0x5b, brace: 0x7b, quote: 0x22, backslash: 0x5c } as const

/** Commas, brackets and braces outside of texts. */
function countParts(json: string): number {
  let parts = 0
  let inText = false
  for (let at = 0; at < json.length; at++) {
    const sign = json.charCodeAt(at)
    if (sign === signs.backslash) at += 1
    else if (sign === signs.quote) inText = !inText
    else if (!inText && (sign === signs.comma || sign === signs.bracket || sign === signs.brace)) parts += 1
  }
  return parts
}
