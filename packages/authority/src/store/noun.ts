// Nouns of a transaction: methods over its session.
import type { Transaction } from '../domain/store.ts'
import { lookupsOf, type Lookups, type Method } from './lookup-cache.ts'
import type { QuerySession } from './query.ts'

/** The methods of a noun, with the session in front. */
export type MethodsOf<Noun extends object> = {
  readonly [Name in keyof Noun]: Noun[Name] extends (...given: infer Given) => infer Result
    ? (session: QuerySession, ...given: Given) => Result
    : never
}

/**
 * A noun whose methods are made once. Nearly every request makes a transaction, and closures over its session would be
 * made anew for each, of which it calls two or three. What is cached of it is asked of `lookups`, if the transaction has any.
 */
export function noun<Noun extends keyof Transaction>(
  name: Noun,
  methods: MethodsOf<Transaction[Noun]>,
): (session: QuerySession, lookups?: Lookups) => Transaction[Noun] {
  class OverSession {
    readonly session: QuerySession
    readonly lookups: Lookups | undefined

    constructor(session: QuerySession, lookups: Lookups | undefined) {
      this.session = session
      this.lookups = lookups
    }
  }
  const cached = lookupsOf(name)
  for (const [word, method] of Object.entries<Method>(methods)) {
    const lookup = cached.get(word)
    Object.defineProperty(OverSession.prototype, word, {
      value:
        lookup === undefined
          ? function plain(this: OverSession, ...given: readonly unknown[]) {
              return method(this.session, ...given)
            }
          : function cachedOne(this: OverSession, ...keys: readonly unknown[]) {
              const { session, lookups } = this
              return lookups === undefined ? method(session, ...keys) : lookups.find(lookup, method, session, keys)
            },
    })
  }
  return (session, lookups) => new OverSession(session, lookups) as unknown as Transaction[Noun]
}
