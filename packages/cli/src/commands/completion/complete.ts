// `hallpass __complete`: the words that a shell proposes when somebody presses Tab.
import type { Command } from '@stricli/core'

import { buildHallpass } from '../../application.ts'
import { scanArguments } from '../../arguments.ts'
import {
  flagsOf,
  helpFlag,
  isCommand,
  othersOf,
  versionFlag,
  type Flag,
  type Route,
  type Target,
} from '../../command-table.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { Noun } from './names.ts'
import { filesLine } from './scripts.ts'

const nouns: readonly Noun[] = ['org', 'app', 'machine']

/** Prints the words that may stand in the place of the last one. */
export async function proposeWords(context: Context, _flags: object, ...words: readonly string[]): Promise<void> {
  const { root } = buildHallpass(context.environment, undefined)
  for (const line of await propose(context, root, words)) context.process.stdout.write(`${line}\n`)
}

/** Lines for the shell: a word, a tab and what it is; or the one that asks for names of files. */
export async function propose(context: Context, root: Route, words: readonly string[]): Promise<readonly string[]> {
  const partial = words.at(-1) ?? ''
  try {
    const { target, rest, awaiting, isEscaped } = scanArguments(root, words.slice(0, -1))
    const typed = { context, target, rest, partial }
    if (awaiting !== undefined) return await proposeValues(typed, awaiting, '')
    if (!isEscaped && partial.startsWith('-')) return await proposeFlags(typed)
    const arguments_ = rest.filter((each) => !each.startsWith('-'))
    if (isCommand(target)) return await proposeArguments(typed, target, arguments_.length)
    return arguments_.length === 0 && !isEscaped ? proposeRoutes(target, partial) : []
  } catch (error) {
    // The words so far are wrong: there is nothing to propose, and no place for an error.
    if (error instanceof CommandError) return []
    throw error
  }
}

/** What stands before the word to complete, and the word. */
interface Typed {
  readonly context: Context
  readonly target: Target
  /** Flags, each tied to its value, and the arguments. */
  readonly rest: readonly string[]
  readonly partial: string
}

function proposeRoutes(route: Route, partial: string): readonly string[] {
  return route
    .getAllEntries()
    .filter(({ hidden }) => !hidden)
    .map(({ name, target }) => [name['convert-camel-to-kebab'], target.brief] as const)
    .filter(([name]) => name.startsWith(partial))
    .map(([name, brief]) => `${name}\t${brief}`)
}

async function proposeFlags(typed: Typed): Promise<readonly string[]> {
  const { target, rest, partial } = typed
  const own = isCommand(target) ? flagsOf(target) : []
  const [prefix = '', name] = /^--([^=]+)=/.exec(partial) ?? []
  if (name !== undefined) {
    const flag = own.find((each) => each.name === name)
    return flag === undefined ? [] : proposeValues(typed, flag, prefix)
  }
  const given = new Set(rest.map((each) => each.replace(/=[^]*$/, '')))
  const wanted = own.filter(
    ({ name: each, letter, isHidden, isRepeatable }) =>
      !isHidden && (isRepeatable || !(given.has(`--${each}`) || given.has(`-${letter}`))),
  )
  const names = wanted.flatMap(({ name: each, brief, isNegatable }) => [
    [`--${each}`, brief] as const,
    ...(isNegatable ? [[`--no-${each}`, brief] as const] : []),
  ])
  const general = isCommand(target) || rest.length > 0 ? [helpFlag] : [helpFlag, versionFlag]
  return [...names, ...general.map(({ name: each, brief }) => [`--${each}`, brief] as const)]
    .filter(([each]) => each.startsWith(partial))
    .map(([each, brief]) => `${each}\t${brief}`)
}

/** @param prefix what stands before the value in the same word: `--scope=` */
async function proposeValues(
  typed: Typed,
  { name, values, placeholder = '', brief }: Flag,
  prefix: string,
): Promise<readonly string[]> {
  const { partial } = typed
  if (isFile(placeholder)) return [filesLine]
  if (name === 'org' || name === 'app') {
    // Of a list the last one is completed.
    const listed = placeholder.endsWith(',…') ? partial.slice(0, partial.lastIndexOf(',') + 1) : ''
    return proposeNames(typed, name, listed === '' ? prefix : listed)
  }
  return (values ?? [])
    .map((value) => prefix + value)
    .filter((each) => each.startsWith(partial))
    .map((each) => `${each}\t${brief}`)
}

async function proposeArguments(typed: Typed, target: Command<Context>, index: number): Promise<readonly string[]> {
  const { context, partial } = typed
  const { positional } = target.parameters
  const parameter = positional?.kind === 'tuple' ? positional.parameters[index] : positional?.parameter
  if (parameter === undefined) return []
  const { placeholder = '' } = parameter
  if (isFile(placeholder)) return [filesLine]
  const noun = nouns.find((each) => each === placeholder)
  if (noun !== undefined) return othersOf(target) !== undefined && index > 0 ? [] : proposeNames(typed, noun, '')
  const words = (await parameter.proposeCompletions?.call(context, partial)) ?? []
  return words.filter((each) => each.startsWith(partial)).map((each) => `${each}\t${parameter.brief}`)
}

async function proposeNames(
  { context, target, rest, partial }: Typed,
  noun: Noun,
  prefix: string,
): Promise<readonly string[]> {
  const given = (name: string) => {
    const letter = isCommand(target) ? flagsOf(target).find((each) => each.name === name)?.letter : undefined
    const written = rest.findLast((each) => each.startsWith(`--${name}=`) || each.startsWith(`-${letter}=`))
    return written?.slice(written.indexOf('=') + 1)
  }
  const { findNames } = await import('./names.ts')
  return (await findNames(context, noun, given))
    .filter(({ name }) => (prefix + name).startsWith(partial))
    .map(({ name, what }) => `${prefix}${name}\t${what}`)
}

function isFile(placeholder: string): boolean {
  return /^(?:file|dir)$/i.test(placeholder)
}
