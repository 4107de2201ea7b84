// What a resolver may do: run operations, by the name of its mutation where it is one, and not without end.
import { GraphQLError, type GraphQLResolveInfo } from 'graphql'

import type { Exchange } from '../http/exchange.ts'
import { limits } from './limits.ts'

export interface Context {
  /** For reading. */
  readonly exchange: Exchange
  /** For the mutation of this name. */
  readonly mutating: (mutation: string) => Exchange
  /** Counts one more field that is answered, and ends the request where they are too many. */
  readonly answer: () => void
  /** Lets others have their turn, where many fields were answered since they last had. */
  readonly rest: () => Promise<void>
  /** Aborted where the request asks for too much. */
  readonly signal: AbortSignal
}

/** A field of the root: from its arguments to what is answered. */
export type Resolve<Args> = (args: Args, context: Context, info: GraphQLResolveInfo) => unknown

/** A few milliseconds of them. */
const fieldsOfPiece = 2000

/**
 * Through `exchange`, and what it is for a mutation, at most {@link limits.operations} run together, one after the other. `pause` resolves when others had their turn.
 */
export function createContext(exchange: Exchange, pause: () => Promise<void>): Context {
  const controller = new AbortController()
  let run = 0
  let last: Promise<unknown> = Promise.resolve()
  let answered = 0
  let rested = 0
  function refuse(operation: number): GraphQLError {
    const error = new GraphQLError('the query asks for too much at once: ask in several')
    // A few are refused one by one, so that what was done is told; of a thousand the errors would take longer than all else.
    if (operation > 2 * limits.operations) controller.abort(error)
    return error
  }
  function limited(free: Exchange): Exchange {
    return {
      ...free,
      perform(operation, input) {
        run += 1
        if (run > limits.operations) throw refuse(run)
        const done = last.then(pause).then(() => free.perform(operation, input))
        last = done.catch(() => undefined)
        return done
      },
    }
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
