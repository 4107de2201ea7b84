// The type of a route for flyctl: its input and its handler.
import type { z } from 'zod'

import type { Exchange } from '../http/exchange.ts'

export interface FlyctlRoute {
  readonly method: 'GET' | 'POST'
  /** With `:parameters`. */
  readonly url: string
  /** False if no credential is needed. */
  readonly authenticated: boolean
  readonly params?: z.ZodType
  readonly query?: z.ZodType
  readonly body?: z.ZodType
  readonly status: 200 | 201
  readonly handle: (
    input: { readonly params: never; readonly query: never; readonly body: never },
    exchange: Exchange,
  ) => Promise<object>
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined

interface Definition<P, Q, B> extends Omit<FlyctlRoute, 'params' | 'query' | 'body' | 'handle'> {
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  readonly handle: (
    input: { readonly params: Parsed<P>; readonly query: Parsed<Q>; readonly body: Parsed<B> },
    exchange: Exchange,
  ) => Promise<object>
}

/** Types a handler by its schemas. */
export function route<
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(definition: Definition<P, Q, B>): FlyctlRoute {
  return definition as FlyctlRoute
}
