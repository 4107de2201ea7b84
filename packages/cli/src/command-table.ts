// The flags of each command, from the tree of commands, and which of them take a value.
import type { Command, RouteMap } from '@stricli/core'

import type { Context } from './context.ts'
import type { Described } from './routes.ts'
import { toKebab } from './settings.ts'

export type Route = RouteMap<Context>
export type Target = Route | Command<Context>

export interface Flag {
  /** Without its hyphens: `api-url`. */
  readonly name: string
  readonly letter: string | undefined
  readonly brief: string
  /** What it may be; undefined where it takes no value, or any. */
  readonly values: readonly string[] | undefined
  /** What stands for its value: `SLUG`; undefined where it takes none. */
  readonly placeholder: string | undefined
  readonly isRepeatable: boolean
  /** Whether `--no-…` negates it. */
  readonly isNegatable: boolean
  readonly isHidden: boolean
  readonly byDefault: string | undefined
}

/** What every command and every group of commands has. */
export const helpFlag = { name: 'help', letter: 'h', brief: 'Print this help' } as const
export const versionFlag = { name: 'version', letter: 'v', brief: 'Print the version' } as const

export function isCommand(target: Target): target is Command<Context> {
  return 'parameters' in target
}

/** In the order in which they are declared. */
export function flagsOf({ parameters }: Command<Context>): readonly Flag[] {
  const aliases = Object.entries(parameters.aliases ?? {})
  return Object.entries(parameters.flags ?? {}).map(([name, flag]) => {
    const takesValue = flag.kind === 'parsed' || flag.kind === 'enum'
    const values = flag.kind === 'enum' ? flag.values : undefined
    const byDefault = 'default' in flag && takesValue ? flag.default : undefined
    return {
      name: toKebab(name),
      letter: aliases.find(([, aliased]) => aliased === name)?.[0],
      brief: flag.brief,
      values,
      placeholder: takesValue ? (values?.join('|') ?? (flag.placeholder ?? 'value').toUpperCase()) : undefined,
      isRepeatable: 'variadic' in flag && flag.variadic !== undefined && flag.variadic !== false,
      isNegatable: flag.kind === 'boolean' && flag.withNegated !== false,
      isHidden: flag.hidden === true,
      byDefault: typeof byDefault === 'string' ? byDefault : undefined,
    }
  })
}

/** What comes behind the first word, where it is a command of another program. */
export function othersOf({ parameters: { positional } }: Command<Context>): Described | undefined {
  if (positional?.kind !== 'array' || !('others' in positional.parameter)) return undefined
  return positional.parameter.others as Described
}

/** Every command from here on; a command is its only one. */
export function commandsBelow(target: Target): readonly Command<Context>[] {
  return isCommand(target) ? [target] : target.getAllEntries().flatMap((entry) => commandsBelow(entry.target))
}

/** The commands of this name in any group, as the words that lead to them: `auth login`. */
export function namesakes(route: Route, name: string): readonly string[] {
  return route.getAllEntries().flatMap(({ name: own, target, hidden }) => {
    const word = own['convert-camel-to-kebab']
    if (hidden) return []
    return [
      ...(word === name ? [word] : []),
      ...(isCommand(target) ? [] : namesakes(target, name).map((each) => `${word} ${each}`)),
    ]
  })
}
