// How commands are declared.
import {
  buildCommand,
  buildRouteMap,
  type BaseArgs,
  type Command,
  type CommandBuilderArguments,
  type RouteMap,
  type TypedCommandParameters,
} from '@stricli/core'

import type { Context } from './context.ts'
import type { Lettered } from './flags.ts'

type AnyFlags<Flags> = Readonly<Partial<Record<keyof Flags, unknown>>>

type Declaration<Flags extends AnyFlags<Flags>, Words extends BaseArgs> = {
  /** Loads the function of the command on demand. */
  readonly load: () => Promise<(context: Context, flags: Flags, ...words: Words) => Promise<void>>
  readonly brief: string
  /** In the help of the command, instead of `brief`. */
  readonly description?: string
} & NoInfer<TypedCommandParameters<Flags, Words, Context>>

/** A command; its flags bring their letters. */
export function command<Flags extends AnyFlags<Flags>, const Words extends BaseArgs>(
  declaration: Declaration<Flags, Words>,
): Command<Context> {
  const { load, brief, description, ...parameters } = declaration
  const flags = 'flags' in parameters ? (parameters.flags as Readonly<Record<string, Lettered>>) : {}
  const letters = Object.entries(flags).flatMap(([name, { letter }]) => (letter === undefined ? [] : [[letter, name]]))
  const builder = {
    async loader() {
      const run = await load()
      return function runInContext(this: Context, given: Flags, ...rest: Words) {
        return run(this, given, ...rest)
      }
    },
    parameters: { ...parameters, aliases: Object.fromEntries(letters) },
    docs: documentation(brief, description),
  }
  return buildCommand(builder as unknown as CommandBuilderArguments<Flags, Words, Context>)
}

/** The words that a command takes, in this order. */
export function words<const Words extends readonly unknown[]>(...parameters: Words) {
  return { kind: 'tuple', parameters } as const
}

/** A word, followed by a command of another program, whose flags are not ours. */
export function wordBeforeCommand<Word extends object>(first: Word, others: Described) {
  return { kind: 'array', parameter: { ...first, others }, minimum: 1 } as const
}

export interface Described {
  readonly placeholder: string
  readonly brief: string
}

interface Group<Name extends string> {
  readonly brief: string
  readonly description?: string
  readonly routes: Readonly<Record<Name, Command<Context> | RouteMap<Context>>>
  readonly aliases?: Readonly<Record<string, NoInfer<Name>>>
  /** Commands that no help lists. */
  readonly hidden?: readonly NoInfer<Name>[]
  /** The command to run if none is named. */
  readonly defaultCommand?: NoInfer<Name>
}

/** Commands under one name. */
export function group<Name extends string>(declaration: Group<Name>): RouteMap<Context> {
  const { brief, description, routes, hidden = [], ...others } = declaration
  return buildRouteMap<string, Context>({
    ...others,
    // Without a prototype: a plain object would have a command called `constructor`.
    routes: Object.assign(Object.create(null), routes),
    docs: {
      ...documentation(brief, description),
      hideRoute: Object.fromEntries(hidden.map((name) => [name, true])),
    },
  })
}

function documentation(brief: string, description: string | undefined) {
  return description === undefined ? { brief } : { brief, fullDescription: description }
}
