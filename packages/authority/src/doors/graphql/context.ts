// The context of a resolver: it runs operations, under the name of its mutation if it is one, up to a limit.
import { GraphQLError, type GraphQLResolveInfo } from 'graphql'

import type { Exchange } from '../http/exchange.ts'
import { limits } from './limits.ts'

export interface Context {
  /** For reading. */
  readonly exchange: Exchange
  /** For the mutation of this name. */
  readonly mutating: (mutation: string) => Exchange
  /** Counts one more field in the answer, and ends the request if there are too many. */
  readonly answer: () => void
  /** Gives others a turn, if many fields were answered since the last one. */
  readonly rest: () => Promise<void>
  /** Aborted if the request asks for too much. */
  readonly signal: AbortSignal
}

/** A field of the root: from its arguments to its answer. */
export type Resolve<Args> = (args: Args, context: Context, info: GraphQLResolveInfo) => unknown

/** The number of fields that takes a few milliseconds. */
const fieldsOfPiece = 2000

/**
 * Runs at most {@link limits.operations} operations in total, one after the other, through `exchange` or through that
 * of a mutation. `pause` resolves when others have had a turn.
 */
export function createContext(exchange: Exchange, pause: () => Promise<void>): Context {
  const controller = new AbortController()
  let run = 0
  let last: Promise<unknown> = Promise.resolve()
  let answered = 0
  let rested = 0
  function refuse(operation: number): GraphQLError {
    const error = new GraphQLError('the query asks for too much at once: ask in several')
    // A few are refused one by one, so that the answer shows what was done. The errors of a thousand would take longer
    // than everything else.
    if (operation > 2 * limits.operations) controller.abort(error)
    return error
  }
  function limited(free: Exchange): Exchange {
    return free.performing((operation, input) => {
      run += 1
      if (run > limits.operations) throw refuse(run)
      const done = last.then(pause).then(() => free.perform(operation, input))
      last = done.catch(() => undefined)
      return done
    })
  }
  return {
    exchange: limited(exchange),
    mutating: (mutation) => limited(exchange.mutating(mutation)),
    answer() {
      answered += 1
      if (answered <= limits.answered) return
      const error = new GraphQLError(`the answer has too many fields: ${limits.answered} are the limit`)
      controller.abort(error)
      throw error
    },
    async rest() {
      if (answered - rested < fieldsOfPiece) return
      rested = answered
      await pause()
    },
    signal: controller.signal,
  }
}
