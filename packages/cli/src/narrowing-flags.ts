// Reads the flags of `tokens attenuate`, as far as this is possible offline.
import { actions, MacaroonError, parseAction, type Action, type Command } from '@hallpass/macaroon'
import { holdsWholeSecret } from '@hallpass/client/secret-text'
import { splitItems, splitShellWords, type NarrowingWords } from '@hallpass/macaroon/narrow'

import { CommandError } from './errors.ts'
import { readDuration } from './mint.ts'

/** The flags as they are written; lists have commas or spaces, as on the dashboard, and may be given more than once. */
export interface NarrowingFlags {
  readonly org?: string | undefined
  readonly app?: readonly string[] | undefined
  readonly machine?: readonly string[] | undefined
  readonly volume?: readonly string[] | undefined
  readonly feature?: readonly string[] | undefined
  readonly mutation?: readonly string[] | undefined
  readonly command?: readonly string[] | undefined
  readonly commandPrefix?: readonly string[] | undefined
  readonly readOnly?: boolean | undefined
  readonly actions?: string | undefined
  readonly from?: readonly string[] | undefined
  readonly for?: string | undefined
  readonly until?: string | undefined
  readonly agent?: string | undefined
  readonly run?: string | undefined
  readonly onBehalfOf?: string | undefined
}

/** Whether any of them is given. */
export function narrows(flags: NarrowingFlags): boolean {
  const { org, app, machine, volume, feature, mutation, command, commandPrefix, readOnly, from } = flags
  const given = [org, app, machine, volume, feature, mutation, command, commandPrefix, readOnly, from, flags.actions]
  return [...given, flags.for, flags.until, readLabel(flags)].some((flag) => flag !== undefined)
}

/** The run label; undefined where no flag says any of it. */
export function readLabel({ agent, run, onBehalfOf }: NarrowingFlags): NarrowingWords['label'] {
  const texts = [agent, run, onBehalfOf].filter((text) => text !== undefined)
  if (texts.length === 0) return undefined
  if (texts.some(holdsWholeSecret)) {
    throw new CommandError('misused', 'the run label holds a token or a code, which others would see')
  }
  return { agent, run, onBehalfOf }
}

/** The items of a list flag, each once; undefined where it is not given. */
export function readItems(flag: string, texts: readonly string[] | undefined): readonly string[] | undefined {
  if (texts === undefined) return undefined
  const items = texts.flatMap(splitItems)
  if (items.includes('')) throw new CommandError('misused', `the value of --${flag} has an empty item`)
  return [...new Set(items)]
}

/** `wg`, `wg:r`, `wg:rwcdC`. */
export function readFeatures(flags: NarrowingFlags): ReadonlyMap<string, Action | undefined> | undefined {
  const items = readItems('feature', flags.feature)
  if (items === undefined) return undefined
  const features = new Map<string, Action | undefined>()
  for (const item of items) {
    const [name = '', letters, ...more] = item.split(':')
    if (name === '' || more.length > 0) {
      throw new CommandError('misused', 'the value of --feature is not NAME or NAME:ACTIONS, like wg or wg:rw')
    }
    if (features.has(name)) throw new CommandError('misused', `the feature ${name} is given twice`)
    features.set(name, letters === undefined ? undefined : readLetters('feature', letters))
  }
  return features
}

/** What `--read-only` and `--actions` say. */
export function readActions({ readOnly, actions: letters }: NarrowingFlags): Action | undefined {
  if (letters === undefined) return readOnly === true ? actions.read : undefined
  if (readOnly === true) throw new CommandError('misused', '--read-only and --actions contradict each other: give one')
  return readLetters('actions', letters)
}

/** What `--command` and `--command-prefix` say; undefined where neither is given. */
export function readCommands({
  command,
  commandPrefix,
}: Pick<NarrowingFlags, 'command' | 'commandPrefix'>): readonly Command[] | undefined {
  if (command === undefined && commandPrefix === undefined) return undefined
  return [
    ...(command ?? []).map((line) => ({ args: readCommand(line, 'the value of --command'), exact: true })),
    ...(commandPrefix ?? []).map((line) => ({
      args: readCommand(line, 'the value of --command-prefix'),
      exact: false,
    })),
  ]
}

/**
 * The words of a command.
 * @throws CommandError `misused`
 */
export function readCommand(line: string, source: string): readonly string[] {
  try {
    return splitShellWords(line)
  } catch (error) {
    if (!(error instanceof MacaroonError)) throw error
    throw new CommandError('misused', `${source} ${error.message}`)
  }
}

/** Unix seconds of the end, from `--for` or `--until`. */
export function readEnd(flags: NarrowingFlags, now: Date): number | undefined {
  if (flags.for !== undefined && flags.until !== undefined) {
    throw new CommandError('misused', '--for and --until both say when it ends: give one')
  }
  const seconds = Math.floor(now.getTime() / 1000)
  if (flags.for !== undefined) return seconds + readDuration(flags.for, '--for')
  if (flags.until === undefined) return undefined
  const end = readInstant(flags.until)
  if (end === undefined) {
    throw new CommandError('misused', 'the value of --until is not an instant: write it like 2026-12-01T00:00Z')
  }
  if (end <= seconds) throw new CommandError('misused', 'the value of --until lies in the past')
  return end
}

/**
 * Unix seconds of an instant of RFC 3339, whose seconds may be left out; undefined for anything else, such as the 30th of
 * February or a time without a zone. A fraction of a second is dropped.
 */
export function readInstant(text: string): number | undefined {
  const [, day, minute, second = '00', zone = ''] =
    /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/.exec(text) ?? []
  if (day === undefined || minute === undefined) return undefined
  const local = `${day}T${minute}:${second}`
  const asUtc = Date.parse(`${local}Z`)
  // Days that a month does not have run over into the next month.
  if (Number.isNaN(asUtc) || new Date(asUtc).toISOString().slice(0, 19) !== local) return undefined
  return Math.floor(Date.parse(local + zone) / 1000)
}

function readLetters(flag: string, letters: string): Action {
  try {
    const mask = parseAction(letters) & actions.all
    if (mask !== actions.none) return mask
  } catch (error) {
    if (!(error instanceof MacaroonError)) throw error
    throw new CommandError('misused', `the value of --${flag} has an ${error.message}`)
  }
  throw new CommandError('misused', `the value of --${flag} names no action: write letters of rwcdC`)
}
