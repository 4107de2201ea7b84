// The type of a handler of the contract, from the route that it answers.
import type { RouteName, routes } from '@hallpass/client/contract'
import type { z } from 'zod'

import type { Exchange } from './exchange.ts'
import type { PagedList } from './pieces.ts'

type Parsed<R, Key extends string> =
  R extends Readonly<Record<Key, infer S extends z.ZodType>> ? z.output<S> : undefined
type Answer<R> = R extends { readonly answer: infer S extends z.ZodType } ? z.input<S> | Paged<z.input<S>> : undefined
type Paged<A> = A extends readonly (infer Item)[] ? PagedList<Item> : never

type Handler<R> = (
  input: {
    readonly params: Parsed<R, 'params'>
    readonly query: Parsed<R, 'query'>
    readonly body: Parsed<R, 'body'>
  },
  exchange: Exchange,
) => Promise<Answer<R>>

/** A handler for each of these routes. */
export type Handlers<Name extends RouteName> = {
  readonly [Route in Name]: Handler<(typeof routes)[Route]>
}
