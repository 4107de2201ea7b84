// The fields that narrow a token, and what they say.
import { isSubset, MacaroonError, parseAction } from '@hallpass/macaroon'
import { commandActions, splitItems, splitShellWords, type NarrowingWords } from '@hallpass/macaroon/narrow'

export interface Narrowing {
  /** Numbers of apps; none: every app. */
  readonly apps: readonly bigint[]
  /** Letters of `rwcdC`; none: everything. */
  readonly actions: string
  /** One command a line, as in a shell; empty: every command. */
  readonly commands: string
  /** Whether a command may have more arguments than are written. */
  readonly takesMore: boolean
  /** Ids of machines, with spaces or commas between; empty: every machine. */
  readonly machines: string
}

export const unnarrowed: Narrowing = { apps: [], actions: '', commands: '', takesMore: false, machines: '' }

/** The actions, in the order in which masks are written. */
export const actionLetters = [
  { letter: 'r', label: 'Read' },
  { letter: 'w', label: 'Write' },
  { letter: 'c', label: 'Create' },
  { letter: 'd', label: 'Delete' },
  { letter: 'C', label: 'Control' },
] as const

/** The same as words of the core; an empty field says nothing. */
export function wordsOfNarrowing({ apps, actions, commands, takesMore, machines }: Narrowing): NarrowingWords {
  const ids = listMachines(machines)
  const { args } = readCommands(commands)
  return {
    apps: apps.length === 0 ? undefined : apps,
    machines: ids.length === 0 ? undefined : ids,
    actions: actions === '' ? undefined : parseAction(actions),
    commands: args.length === 0 ? undefined : args.map((words) => ({ args: words, exact: !takesMore })),
  }
}

/** What it is narrowed to, in a few words; empty where it is not. */
export function sayNarrowing({ apps, actions, commands, machines }: Narrowing): string {
  const labels = actionLetters.filter(({ letter }) => actions.includes(letter)).map(({ label }) => label.toLowerCase())
  const { args, problem } = readCommands(commands)
  return [
    sayCount(apps.length, 'app'),
    labels.length === 0 ? '' : `to ${labels.join(', ')}`,
    problem === undefined ? sayCount(args.length, 'command') : 'commands',
    sayCount(listMachines(machines).length, 'machine'),
  ]
    .filter((part) => part !== '')
    .join('; ')
}

function sayCount(count: number, noun: string): string {
  return count === 0 ? '' : `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** What is wrong with a field, in a sentence. */
export function problemsOfNarrowing({ commands, actions }: Narrowing): { readonly commands?: string } {
  const { args, problem } = readCommands(commands)
  if (problem !== undefined) return { commands: problem }
  if (args.length > 0 && actions !== '' && !isSubset(commandActions, parseAction(actions))) {
    return { commands: 'Commands need Write and Control. Allow both or remove the commands.' }
  }
  return {}
}

/** `"rw"` with one more letter, or one less, in the order of `rwcdC`. */
export function toggleAction(actions: string, letter: string): string {
  const wanted = (each: string) => actions.includes(each) !== (each === letter)
  return actionLetters
    .map((action) => action.letter)
    .filter(wanted)
    .join('')
}

function listMachines(text: string): readonly string[] {
  return splitItems(text).filter((id) => id !== '')
}

/** The words of each line that is not blank, split as the command line splits them, and what is wrong with the first bad one. */
function readCommands(text: string): { readonly args: readonly (readonly string[])[]; readonly problem?: string } {
  const args: (readonly string[])[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    try {
      args.push(splitShellWords(line))
    } catch (error) {
      if (!(error instanceof MacaroonError)) throw error
      return { args, problem: `Line ${index + 1} ${error.message}.` }
    }
  }
  return { args }
}
