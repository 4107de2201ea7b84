// Brings arguments, written as flyctl's users write them, into the one form that the parser knows.
import { CommandError } from './errors.ts'

/** Flags that take a value mean the same in every command, so they can be known before the command is … */
const shortFlagsWithValue = 'acCnopstx'
/** … but for these, which mean something else outside of `tokens`. */
const shortFlagsOfTokensWithValue = 'dflS'
const longFlagsWithValue: ReadonlySet<string> = new Set([
  'access',
  'access-token',
  'actions',
  'api-url',
  'app',
  'cluster',
  'command',
  'command-prefix',
  'config',
  'data',
  'database-url',
  'discharge',
  'email',
  'expiry',
  'feature',
  'file',
  'for',
  'invitation',
  'listen',
  'location',
  'log-level',
  'machine',
  'mutation',
  'name',
  'org',
  'role',
  'scope',
  'secret',
  'secret-file',
  'setup-code',
  'slug',
  'ticket',
  'until',
  'volume',
])

/**
 * Arguments for the parser: `-oacme` becomes `-o=acme`, the value after a flag is tied to it even where it starts with
 * a hyphen, flags of every command move behind the words, and `help X` becomes `X --help`.
 * @throws CommandError for a flag that no command has
 */
export function arrangeArguments(given: readonly string[]): string[] {
  const end = given.includes('--') ? given.indexOf('--') : given.length
  const before = given[0] === 'help' ? [...given.slice(1, end), '--help'] : given.slice(0, end)
  const words: string[] = []
  const global: string[] = []

  for (let index = 0; index < before.length; index += 1) {
    const argument = before[index] ?? ''
    const flag = readFlag(argument)
    if (flag === undefined) {
      words.push(argument)
      continue
    }
    const target = isGlobal(flag.name) ? global : words
    if (!takesValue(flag.name, words[0])) {
      target.push(argument)
      continue
    }
    let value = flag.value
    if (value === undefined && index + 1 < before.length) {
      index += 1
      value = before[index]
    }
    target.push(...(value === undefined ? [argument] : tie(flag.name, value)))
  }
  return [...words, ...global, ...given.slice(end)]
}

interface Flag {
  /** With its hyphens. */
  readonly name: string
  readonly value: string | undefined
}

function readFlag(argument: string): Flag | undefined {
  const [, longName, longValue] = /^(--[A-Za-z][\w.-]*)(?:=([^]*))?$/.exec(argument) ?? []
  if (longName !== undefined) {
    rejectInherited(longName)
    return { name: longName, value: longValue }
  }
  const [, shortName, rest] = /^(-[A-Za-z])([^]*)$/.exec(argument) ?? []
  if (shortName === undefined || rest === undefined) return undefined
  return { name: shortName, value: rest === '' ? undefined : rest.replace(/^=/, '') }
}

/** The parser looks flags up in plain objects, which inherit a `constructor`. */
function rejectInherited(name: string): void {
  const camel = name.slice(2).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
  if (name.slice(2) in {} || camel in {}) throw new CommandError('misused', `there is no flag ${name}`)
}

function takesValue(name: string, command: string | undefined): boolean {
  if (name.startsWith('--')) return longFlagsWithValue.has(name.slice(2))
  const letter = name.slice(1)
  const isOfTokens = command === 'tokens' || command === 'token'
  return shortFlagsWithValue.includes(letter) || (isOfTokens && shortFlagsOfTokensWithValue.includes(letter))
}

function isGlobal(name: string): boolean {
  return name === '-t' || name === '--access-token' || name === '--api-url'
}

/** `name=value` where the parser would take the value for a flag; it reads no empty and no many-lined value so. */
function tie(name: string, value: string): string[] {
  return value === '' || /[\r\n\u2028\u2029]/.test(value) || !value.startsWith('-')
    ? [name, value]
    : [`${name}=${value}`]
}
