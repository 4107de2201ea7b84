// The fields that narrow a token, and what they say.
import { actions as masks, isSubset, MacaroonError, parseAction } from '@hallpass/macaroon'
import {
  commandActions,
  parseNetwork,
  splitItems,
  splitShellWords,
  type NarrowingWords,
} from '@hallpass/macaroon/narrow'

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
  /** Networks, with spaces or commas between; empty: from anywhere. */
  readonly networks: string
}

export const unnarrowed: Narrowing = {
  apps: [],
  actions: '',
  commands: '',
  takesMore: false,
  machines: '',
  networks: '',
}

/** What is wrong with each field, in a sentence. */
export interface NarrowingProblems {
  readonly commands?: string
  readonly networks?: string
}

/** The actions, in the order in which masks are written. */
export const actionLetters = [
  { letter: 'r', action: masks.read, label: 'Read' },
  { letter: 'w', action: masks.write, label: 'Write' },
  { letter: 'c', action: masks.create, label: 'Create' },
  { letter: 'd', action: masks.delete, label: 'Delete' },
  { letter: 'C', action: masks.control, label: 'Control' },
] as const

/** The same as words of the core; an empty field says nothing. */
export function wordsOfNarrowing({
  apps,
  actions,
  commands,
  takesMore,
  machines,
  networks,
}: Narrowing): NarrowingWords {
  const ids = listItems(machines)
  const from = listItems(networks)
  const { args } = readCommands(commands)
  return {
    apps: apps.length === 0 ? undefined : apps,
    machines: ids.length === 0 ? undefined : ids,
    networks: from.length === 0 ? undefined : from,
    actions: actions === '' ? undefined : parseAction(actions),
    commands: args.length === 0 ? undefined : args.map((words) => ({ args: words, exact: !takesMore })),
  }
}

/** What it is narrowed to, in a few words; empty where it is not. */
export function sayNarrowing({ apps, actions, commands, machines, networks }: Narrowing): string {
  const labels = actionLetters.filter(({ letter }) => actions.includes(letter)).map(({ label }) => label.toLowerCase())
  const { args, problem } = readCommands(commands)
  return [
    sayCount(apps.length, 'app'),
    labels.length === 0 ? '' : `to ${labels.join(', ')}`,
    problem === undefined ? sayCount(args.length, 'command') : 'commands',
    sayCount(listItems(machines).length, 'machine'),
    sayCount(listItems(networks).length, 'network'),
  ]
    .filter((part) => part !== '')
    .join('; ')
}

function sayCount(count: number, noun: string): string {
  return count === 0 ? '' : `${count} ${noun}${count === 1 ? '' : 's'}`
}

export function problemsOfNarrowing({ commands, actions, networks }: Narrowing): NarrowingProblems {
  const { args, problem } = readCommands(commands)
  const needsMore = args.length > 0 && actions !== '' && !isSubset(commandActions, parseAction(actions))
  const ofCommands =
    problem ?? (needsMore ? 'Commands need Write and Control. Allow both or remove the commands.' : undefined)
  const ofNetworks = problemOfNetworks(listItems(networks))
  return {
    ...(ofCommands === undefined ? {} : { commands: ofCommands }),
    ...(ofNetworks === undefined ? {} : { networks: ofNetworks }),
  }
}

function problemOfNetworks(items: readonly string[]): string | undefined {
  for (const [at, item] of items.entries()) {
    try {
      parseNetwork(item)
    } catch (error) {
      if (!(error instanceof MacaroonError)) throw error
      return `${items.length === 1 ? 'This' : `Number ${at + 1}`} ${error.message}.`
    }
  }
  return undefined
}

/** `"rw"` with one more letter, or one less, in the order of `rwcdC`. */
export function toggleAction(actions: string, letter: string): string {
  const wanted = (each: string) => actions.includes(each) !== (each === letter)
  return actionLetters
    .map((action) => action.letter)
    .filter(wanted)
    .join('')
}

function listItems(text: string): readonly string[] {
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
