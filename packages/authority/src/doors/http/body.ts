// Limits of bodies: their length, by whether there is a credential, and their number of parts.
import { lookThrough, needsEscape, readJson } from '@hallpass/client/json'
import type { FastifyInstance } from 'fastify'

import { InvalidInput } from './errors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route checks the credential before it reads the body. */
    readonly authenticatesFirst?: boolean
  }
}

/** Bytes: after the credential was checked, and for anybody. */
export const bodyLimits = { known: 64 * 1024, anybody: 8 * 1024 } as const

/**
 * Values in arrays and objects, and the arrays and objects themselves, in a whole body: each costs more than its bytes.
 */
const mostParts = 2000
/** Members of objects: no input for strangers needs half as many, and each new name costs a microsecond. */
const mostNamesOfStrangers = 32

/** Accepts only JSON. */
export function takeJson(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = body.toString()
    const mostNames = request.routeOptions.config.authenticatesFirst === true ? mostParts : mostNamesOfStrangers
    const look = lookThrough(text, { parts: mostParts, names: mostNames })
    const { parts, names, repeated, namesPrototype, escapedNames } = look
    if (parts > mostParts) {
      done(new InvalidInput(`the body has too many parts: ${mostParts} are the limit`))
      return
    }
    if (names > mostNames) {
      done(new InvalidInput(`the body has too many fields: ${mostNames} are the limit`))
      return
    }
    // Nothing has such a name, and the parser would take other names for it: see `readJson`.
    if (escapedNames.some(({ name }) => needsEscape(name))) {
      done(
        new InvalidInput('the body has a field with a quotation mark, a backslash or a control character in its name'),
      )
      return
    }
    // The schemas drop it without a word, and with it what it was meant to restrict.
    if (namesPrototype) {
      done(new InvalidInput('the body has a field __proto__, which no field is called'))
      return
    }
    let value: unknown
    try {
      // Clients send the content type without a body too.
      value = text === '' ? undefined : readJson(text, look)
    } catch {
      // The parser's message quotes the body, which may contain a password.
      done(new InvalidInput('the body is not valid JSON'))
      return
    }
    if (repeated === undefined) done(null, value)
    else done(refuseRepeated(repeated))
  })
}

/** RFC 7493 §2.3. A proxy may have read the first of them, and we the last. */
function refuseRepeated(name: string): InvalidInput {
  // Text that does not look like a field name may be a secret, and is not repeated.
  return /^[A-Za-z_]\w{0,31}$/.test(name)
    ? new InvalidInput(`the body has the field ${name} twice in one object`, name)
    : new InvalidInput('the body has a field twice in one object')
}
