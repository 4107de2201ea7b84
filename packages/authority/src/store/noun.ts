// Nouns of a transaction: methods over its session.
import type { QuerySession } from './query.ts'

/** The methods of a noun, with the session in front. */
export type MethodsOf<Noun extends object> = {
  readonly [Method in keyof Noun]: Noun[Method] extends (...given: infer Given) => infer Result
    ? (session: QuerySession, ...given: Given) => Result
    : never
}

/**
 * A noun whose methods are made once. Nearly every request makes a transaction, and closures over its session would be
 * made anew for each, of which it calls two or three.
 */
export function noun<Noun extends object>(methods: MethodsOf<Noun>): (session: QuerySession) => Noun {
  class OverSession {
    readonly session: QuerySession

    constructor(session: QuerySession) {
      this.session = session
    }
  }
  for (const [name, method] of Object.entries<Method>(methods)) {
    Object.defineProperty(OverSession.prototype, name, {
      value(this: OverSession, ...given: readonly unknown[]) {
        return method(this.session, ...given)
      },
      // A transaction may have another one in its place.
      writable: true,
    })
  }
  return (session) => new OverSession(session) as unknown as Noun
}

type Method = (session: QuerySession, ...given: readonly unknown[]) => unknown
