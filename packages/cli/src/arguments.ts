// Brings arguments, in any usual spelling, into the one form that the parser knows.
import type { Command } from '@stricli/core'

import {
  commandsBelow,
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
import { CommandError } from './errors.ts'
import { globalFlags } from './flags.ts'
import { toKebab } from './settings.ts'

/**
 * Arguments for the parser: `-jo acme` becomes `-j -o=acme`, the value after a flag is joined to it even if it starts
 * with a hyphen, flags move behind the name of the command, and `help X` becomes `X --help`.
 * @throws CommandError for a flag that no command has, and where flags stand alone
 */
export function arrangeArguments(root: Route, given: readonly string[]): string[] {
  const { route, target, rest, asksForHelp } = scanArguments(root, given)
  const { flags, words } = separate(rest)
  const general = [helpFlag, ...(target === root ? [versionFlag] : [])]
  const isGeneral = (flag: string) => general.some(({ name, letter }) => flag === `--${name}` || flag === `-${letter}`)
  if (asksForHelp || flags.some(isGeneral)) {
    // The parser would exit with 0 there and ignore the rest.
    const others = flags.filter((flag) => !isGeneral(flag))
    if (isCommand(target)) {
      const isMisuse = words.length > mostWords(target) || others.some((flag) => !hasFlag(target, flag))
      if (isMisuse) return [...route, ...rest.filter((each) => !isGeneral(each))]
    } else {
      const unknown = others.find((flag) => !hasFlag(target, flag))
      if (unknown !== undefined) throw new CommandError('misused', `there is no flag ${nameOf(unknown)}`)
      if (words.length > 0) return [...route, ...words]
    }
    return [...route, ...(asksForHelp ? ['--help'] : []), ...rest]
  }
  const isAlone =
    !isCommand(target) && target.getDefaultCommand() === undefined && rest.length > (rest[0] === '--' ? 1 : 0)
  if (isAlone && rest[0]?.startsWith('-') === true) {
    throw new CommandError('misused', `no command is given: see \`${['hallpass', ...route].join(' ')} --help\``)
  }
  return [...route, ...rest]
}

function separate(rest: readonly string[]): { readonly flags: readonly string[]; readonly words: readonly string[] } {
  const end = rest.indexOf('--')
  const [before, after] = end === -1 ? [rest, []] : [rest.slice(0, end), rest.slice(end + 1)]
  return {
    flags: before.filter(isFlag),
    // An empty one, and one of several lines, is the value of the flag before it.
    words: [...before.filter((each) => !isFlag(each) && /^.+$/.test(each)), ...after],
  }
}

function mostWords({ parameters: { positional } }: Command<Context>): number {
  if (positional?.kind === 'tuple') return positional.parameters.length
  return positional === undefined ? 0 : (positional.maximum ?? Infinity)
}

function nameOf(flag: string): string {
  return flag.replace(/=[^]*$/, '')
}

/** Whether the command has it, or one of those in the group. */
function hasFlag(target: Target, flag: string): boolean {
  const written = nameOf(flag)
  if (!written.startsWith('--')) return findFlag(target, ({ letter }) => `-${letter}` === written) !== undefined
  const name = toKebab(written.slice(2))
  return (
    findFlag(target, (each) => name === each.name || (each.isNegatable && name === `no-${each.name}`)) !== undefined
  )
}

interface Scanned {
  /** The words that lead to the command. */
  readonly route: readonly string[]
  /** The command, or the group of commands as far as it is known. */
  readonly target: Target
  /** Flags, each tied to its value, and the arguments. */
  readonly rest: readonly string[]
  /** The flag at the end, whose value is still to come. */
  readonly awaiting: Flag | undefined
  /** Whether all that follows is an argument. */
  readonly isEscaped: boolean
  readonly asksForHelp: boolean
}

/** Finds the command, and separates flags and values by its table. */
export function scanArguments(root: Route, given: readonly string[]): Scanned {
  const route: string[] = []
  const rest: string[] = []
  let target: Target = root
  let isSettled = false
  let asksForHelp = false
  let awaiting: Flag | undefined

  for (let index = 0; index < given.length; index += 1) {
    const argument = given[index] ?? ''
    if (argument === '--') {
      return { route, target, rest: [...rest, ...given.slice(index)], awaiting, isEscaped: true, asksForHelp }
    }
    for (const part of takeApart(target, argument)) {
      if (part.flag?.placeholder === undefined) rest.push(part.text)
      else if (part.value !== undefined) rest.push(...tie(part.text, part.value))
      else if (index + 1 < given.length) rest.push(...tie(part.text, given[(index += 1)] ?? ''))
      else {
        rest.push(part.text)
        awaiting = part.flag
      }
    }
    if (isFlag(argument)) continue
    const isCommandOfOthers = isCommand(target) && othersOf(target) !== undefined && isWordIn(rest)
    if (isCommandOfOthers) {
      return { route, target, rest: [...rest, '--', ...given.slice(index)], awaiting, isEscaped: true, asksForHelp }
    }
    const next: Target | undefined =
      isCommand(target) || isSettled ? undefined : target.getRoutingTargetForInput(argument)
    if (next !== undefined) {
      route.push(argument)
      target = next
    } else if (!isCommand(target) && !isSettled && argument === 'help') asksForHelp = true
    else {
      const inner = isCommand(target) || isSettled ? undefined : target.getDefaultCommand()
      if (inner !== undefined) {
        // The command of another program begins, as in `flyctl apps list -j`: its flags are not ours.
        return {
          route,
          target: inner,
          rest: [...rest, '--', ...given.slice(index)],
          awaiting,
          isEscaped: true,
          asksForHelp,
        }
      }
      isSettled = true
      rest.push(argument)
    }
  }
  return { route, target, rest, awaiting, isEscaped: false, asksForHelp }
}

/** Whether one of these is an argument and no flag. */
function isWordIn(rest: readonly string[]): boolean {
  return rest.some((each) => !isFlag(each))
}

interface Part {
  /** A flag with its hyphens; with its value where it takes none by the table. */
  readonly text: string
  readonly flag: Flag | undefined
  /** What is written right behind it. */
  readonly value?: string | undefined
}

const longFlag = /^--([A-Za-z][\w.-]*)(?:=([^]*))?$/

function isFlag(argument: string): boolean {
  return longFlag.test(argument) || /^-[A-Za-z]/.test(argument)
}

/** The flags in one argument; none where it is a word. */
function takeApart(target: Target, argument: string): readonly Part[] {
  const [, name, value] = longFlag.exec(argument) ?? []
  if (name !== undefined) {
    rejectInherited(name)
    const flag = findFlag(target, (each) => each.name === toKebab(name))
    // The parser would take it for a word.
    if (flag?.placeholder === undefined && value === '')
      throw new CommandError('misused', `--${name} has nothing behind its =`)
    return [flag?.placeholder === undefined ? { text: argument, flag } : { text: `--${name}`, flag, value }]
  }
  if (!isFlag(argument)) return []
  const parts: Part[] = []
  let letters = argument.slice(1)
  while (letters !== '') {
    const letter = letters.charAt(0)
    letters = letters.slice(1)
    if (!/[A-Za-z]/.test(letter)) throw new CommandError('misused', `there is no flag -${letter}`)
    const flag = findLetter(target, letter)
    const takesRest = flag?.placeholder !== undefined && letters !== ''
    // Behind the command it may mean something else.
    const isGeneral = !isCommand(target) && flag !== undefined && generalNames.has(flag.name)
    const text = isGeneral ? `--${flag.name}` : `-${letter}`
    if (takesRest) parts.push({ text, flag, value: letters.replace(/^=/, '') })
    else parts.push({ text: `${text}${letters.startsWith('=') ? letters : ''}`, flag })
    if (takesRest || letters.startsWith('=')) break
  }
  return parts
}

/** Before the command is known, flags are those of every command that may come: none means two things in that. */
function findFlag(target: Target, isWanted: (flag: Flag) => boolean): Flag | undefined {
  return commandsBelow(target).flatMap(flagsOf).find(isWanted)
}

/**
 * Before the command is known, a letter of the flags that all have is theirs.
 * @throws CommandError where another takes a value in one command that may come, and none in another
 */
function findLetter(target: Target, letter: string): Flag | undefined {
  const found = commandsBelow(target)
    .flatMap(flagsOf)
    .filter((each) => each.letter === letter)
  const general = isCommand(target) ? undefined : found.find(({ name }) => generalNames.has(name))
  if (general !== undefined) return general
  const takesValue = found[0]?.placeholder !== undefined
  if (found.every(({ placeholder }) => (placeholder !== undefined) === takesValue)) return found[0]
  throw new CommandError(
    'misused',
    `-${letter} means different things in different commands: write it behind the command`,
  )
}

const generalNames: ReadonlySet<string> = new Set(Object.keys(globalFlags).map(toKebab))

/** The parser looks flags up in plain objects, which inherit `constructor`. */
function rejectInherited(name: string): void {
  const camel = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
  if (name in {} || camel in {}) throw new CommandError('misused', `there is no flag --${name}`)
}

/** `name=value`, so that no value is taken for a flag; the parser cannot read empty or multi-line values so. */
function tie(name: string, value: string): string[] {
  return value === '' || /[\r\n\u2028\u2029]/.test(value) ? [name, value] : [`${name}=${value}`]
}
