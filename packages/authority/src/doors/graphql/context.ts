// What a resolver may do: run operations, by the name of its mutation where it is one, and not without end.
import { GraphQLError, type GraphQLResolveInfo } from 'graphql'

import type { Exchange } from '../http/exchange.ts'
import { limits } from './limits.ts'

export interface Context {
  /** For reading. */
  readonly exchange: Exchange
  /** For the mutation of this name. */
  readonly mutating: (mutation: string) => Exchange
}

/** A field of the root: from its arguments to what is answered. */
export type Resolve<Args> = (args: Args, context: Context, info: GraphQLResolveInfo) => unknown

/** `open` makes the exchange for a mutation, or for none; all of them together run at most {@link limits.operations}. */
export function createContext(open: (mutation?: string) => Exchange): Context {
  let run = 0
  function limited(exchange: Exchange): Exchange {
    return {
      ...exchange,
      perform(operation, input) {
        run += 1
        if (run > limits.operations) throw new GraphQLError('the query asks for too much at once: ask in several')
        return exchange.perform(operation, input)
      },
    }
  }
  return { exchange: limited(open()), mutating: (mutation) => limited(open(mutation)) }
}
