// Bodies: how long they may be, from whom, and how much there may be in them.
import { lookThrough } from '@hallpass/client/json'
import type { FastifyInstance } from 'fastify'

import { InvalidInput } from './errors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route looks at a credential before it takes a body. */
    readonly knowsFirst?: boolean
  }
}

/** Bytes: of somebody whose credential was looked at before, and of whoever sends one. */
export const bodyLimits = { known: 64 * 1024, anybody: 8 * 1024 } as const

/** Values of an array or an object, and arrays and objects, of a whole body: each costs more than its bytes. */
const mostParts = 2000
/** Members of objects: nothing that strangers may say takes half as many, and to read a new one costs a microsecond. */
const mostNamesOfStrangers = 32

/** Takes JSON on the server, and nothing else. */
export function takeJson(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = body.toString()
    const mostNames = request.routeOptions.config.knowsFirst === true ? mostParts : mostNamesOfStrangers
    const { parts, names, repeated } = lookThrough(text, { parts: mostParts, names: mostNames })
    if (parts > mostParts) {
      done(new InvalidInput(`the body has too many parts: ${mostParts} are the limit`))
      return
    }
    if (names > mostNames) {
      done(new InvalidInput(`the body has too many fields: ${mostNames} are the limit`))
      return
    }
    let value: unknown
    try {
      // Clients send the content type with no body too.
      value = text === '' ? undefined : JSON.parse(text)
    } catch {
      // The parser's own words quote the body, which may hold a password.
      done(new InvalidInput('the body is not valid JSON'))
      return
    }
    if (repeated === undefined) done(null, value)
    else done(refuseRepeated(repeated))
  })
}

/** RFC 7493 §2.3. A proxy may have looked at the first of them, and we at the last. */
function refuseRepeated(name: string): InvalidInput {
  // What does not look like a field's name may be anything, a secret too, and is not repeated.
  return /^[A-Za-z_]\w{0,31}$/.test(name)
    ? new InvalidInput(`the body has the field ${name} twice in one object`, name)
    : new InvalidInput('the body has a field twice in one object')
}
