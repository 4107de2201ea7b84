// The help of a command or of a group of commands, as wide as the terminal.
import type { Command } from '@stricli/core'

import {
  flagsOf,
  helpFlag,
  isCommand,
  othersOf,
  versionFlag,
  type Flag,
  type Route,
  type Target,
} from './command-table.ts'
import type { Context } from './context.ts'
import { fill, wrap } from './wrap.ts'

export interface HelpPlace {
  /** The words that lead to it: `hallpass tokens list`. */
  readonly prefix: readonly string[]
  /** Other names of it. */
  readonly aliases: readonly string[]
  /** Columns of the terminal. */
  readonly width: number
}

/** Columns without a terminal; wider than `widest` is hard to read. */
const usualWidth = 80
const narrowest = 40
const widest = 110

/** The columns to fill in a terminal of this width; 0 is an unknown width. */
export function helpWidth(columns: number | undefined): number {
  return Math.min(widest, Math.max(narrowest, columns === 0 ? usualWidth : (columns ?? usualWidth)))
}

/** What `--help` prints, with a line break at its end. */
export function formatHelp(target: Target, place: HelpPlace): string {
  const { prefix, aliases, width } = place
  const parent = prefix.slice(0, -1)
  const sections = [
    ['USAGE', [...prefix, ...usageOf(target)].join(' ')],
    ['', fill(target.fullDescription ?? target.brief, width)],
    ['ALIASES', aliases.map((alias) => [...parent, alias].join(' ')).join('\n')],
    ['COMMANDS', isCommand(target) ? '' : formatRows(listRoutes(target), width)],
    ['ARGUMENTS', isCommand(target) ? formatRows(listArguments(target), width) : ''],
    ['FLAGS', formatRows(listFlags(target, prefix.length === 1), width)],
  ] as const
  return sections
    .filter(([, text]) => text !== '')
    .map(([title, text]) => (title === '' ? `${text}\n` : `${title}\n${text.replace(/^(?=.)/gm, '  ')}\n`))
    .join('\n')
}

type Row = readonly [left: string, right: string]

/** The usage after the name. */
function usageOf(target: Target): readonly string[] {
  return isCommand(target) ? ['[FLAGS]', ...listArguments(target).map(([name]) => name)] : ['COMMAND', '[FLAGS]']
}

function listRoutes(route: Route): Row[] {
  return route
    .getAllEntries()
    .filter(({ hidden }) => !hidden)
    .map(({ name, target }) => [name['convert-camel-to-kebab'], target.brief])
}

function listArguments(target: Command<Context>): Row[] {
  const { positional } = target.parameters
  if (positional === undefined) return []
  const nameOf = ({ placeholder = 'argument' }) => placeholder.toUpperCase()
  const others = othersOf(target)
  if (others !== undefined && positional.kind === 'array') {
    return [
      [nameOf(positional.parameter), positional.parameter.brief],
      [`[${nameOf(others)}…]`, others.brief],
    ]
  }
  if (positional.kind === 'array') {
    const name = `${nameOf(positional.parameter)}…`
    return [[(positional.minimum ?? 0) > 0 ? name : `[${name}]`, positional.parameter.brief]]
  }
  return positional.parameters.map((each) => [each.optional === true ? `[${nameOf(each)}]` : nameOf(each), each.brief])
}

function listFlags(target: Target, isRoot: boolean): Row[] {
  const own = isCommand(target) ? flagsOf(target).filter(({ isHidden }) => !isHidden) : []
  const general = [helpFlag, ...(isRoot ? [versionFlag] : [])]
  return [
    ...own.map((flag): Row => [nameFlag(flag), describeFlag(flag)]),
    ...general.map(({ name, letter, brief }): Row => [`-${letter}, --${name}`, brief]),
  ]
}

/** `-o, --org SLUG`; where there is no letter its place is kept free. */
function nameFlag({ name, letter, placeholder, isNegatable }: Flag): string {
  const short = letter === undefined ? '    ' : `-${letter}, `
  return `${short}--${isNegatable ? '[no-]' : ''}${name}${placeholder === undefined ? '' : ` ${placeholder}`}`
}

function describeFlag({ brief, byDefault, isRepeatable }: Flag): string {
  return `${brief}${byDefault === undefined ? '' : ` (default ${byDefault})`}${isRepeatable ? ' (may be repeated)' : ''}`
}

/** Two columns, the right one wrapped; a left one that is too long has a line of its own. */
function formatRows(rows: readonly Row[], width: number): string {
  const inner = width - 2
  const most = Math.max(12, Math.floor(inner * 0.4))
  const fitting = rows.map(([left]) => left.length).filter((length) => length <= most)
  const left = Math.max(0, ...fitting) + 2
  return rows
    .map(([name, text]) => {
      const lines = wrap(text, inner - left)
      const [first = '', ...others] = name.length + 2 > left ? ['', ...lines] : lines
      return [`${name.padEnd(first === '' ? 0 : left)}${first}`, ...others.map((line) => ' '.repeat(left) + line)].join(
        '\n',
      )
    })
    .join('\n')
}
