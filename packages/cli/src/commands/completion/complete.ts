// `hallpass __complete`: the words that a shell proposes when somebody presses Tab.
import type { Command } from '@stricli/core'

import { buildHallpass } from '../../application.ts'
import { scanArguments } from '../../arguments.ts'
import { flagsOf, helpFlag, isCommand, versionFlag, type Flag, type Route, type Target } from '../../command-table.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import { filesLine } from './scripts.ts'

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
    if (awaiting !== undefined) return proposeValues(awaiting, '', partial)
    if (!isEscaped && partial.startsWith('-')) return proposeFlags(target, rest, partial)
    const arguments_ = rest.filter((each) => !each.startsWith('-'))
    if (isCommand(target)) return await proposeArguments(context, target, arguments_.length, partial)
    return arguments_.length === 0 && !isEscaped ? proposeRoutes(target, partial) : []
  } catch (error) {
    // What is typed is wrong already: there is nothing to propose, and no place to say so.
    if (error instanceof CommandError) return []
    throw error
  }
}

function proposeRoutes(route: Route, partial: string): readonly string[] {
  return route
    .getAllEntries()
    .filter(({ hidden }) => !hidden)
    .map(({ name, target }) => [name['convert-camel-to-kebab'], target.brief] as const)
    .filter(([name]) => name.startsWith(partial))
    .map(([name, brief]) => `${name}\t${brief}`)
}

function proposeFlags(target: Target, rest: readonly string[], partial: string): readonly string[] {
  const own = isCommand(target) ? flagsOf(target) : []
  const [prefix = '', name] = /^--([^=]+)=/.exec(partial) ?? []
  if (name !== undefined) {
    const flag = own.find((each) => each.name === name)
    return flag === undefined ? [] : proposeValues(flag, prefix, partial)
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
function proposeValues({ values, placeholder, brief }: Flag, prefix: string, partial: string): readonly string[] {
  if (placeholder !== undefined && isFile(placeholder)) return [filesLine]
  return (values ?? [])
    .map((value) => prefix + value)
    .filter((each) => each.startsWith(partial))
    .map((each) => `${each}\t${brief}`)
}

async function proposeArguments(
  context: Context,
  { parameters: { positional } }: Command<Context>,
  index: number,
  partial: string,
): Promise<readonly string[]> {
  const parameter = positional?.kind === 'tuple' ? positional.parameters[index] : positional?.parameter
  if (parameter === undefined) return []
  if (isFile(parameter.placeholder ?? '')) return [filesLine]
  const words = (await parameter.proposeCompletions?.call(context, partial)) ?? []
  return words.filter((each) => each.startsWith(partial)).map((each) => `${each}\t${parameter.brief}`)
}

function isFile(placeholder: string): boolean {
  return /^(?:file|dir)$/i.test(placeholder)
}
