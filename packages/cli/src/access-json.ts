// The JSON of `tokens explain --access`: an access as Go's flyio.Access writes it, and names instead of numbers.
import { JsonError, parseJson } from '@hallpass/client/json'
import { actions, MacaroonError, parseAction, type Access } from '@hallpass/macaroon'

import { CommandError } from './errors.ts'
import { readCommand } from './narrowing-flags.ts'

/** An access without its time, whose organisation and app may still be names. */
export interface WrittenAccess {
  readonly access: Omit<Access, 'now'>
  /** A name, or digits. */
  readonly organisation: string | undefined
  readonly app: string | undefined
}

/**
 * Reads it.
 * @throws CommandError `misused` that names the field
 */
export function readAccess(text: string): WrittenAccess {
  const fields = new Map(Object.entries(readObject(text)))
  for (const name of fields.keys()) {
    if (known.includes(name)) continue
    throw wrong(`has an unknown field ${JSON.stringify(name.slice(0, 40))}: there are ${known.join(', ')}`)
  }
  for (const [name, number] of [
    ['org', 'orgid'],
    ['app', 'appid'],
  ] as const) {
    if (fields.has(name) && fields.has(number)) throw wrong(`has both ${name} and ${number}: give one`)
  }
  const texts = Object.entries(textFields).flatMap(([name, field]) =>
    fields.has(name) ? [[field, readText(name, fields.get(name))] as const] : [],
  )
  return {
    access: {
      action: readAction(fields.get('action')),
      ...Object.fromEntries(texts),
      ...(fields.has('command') ? { command: readCommandField(fields.get('command')) } : {}),
    },
    organisation: readId('org', fields) ?? readId('orgid', fields),
    app: readId('app', fields) ?? readId('appid', fields),
  }
}

const textFields = {
  app_feature: 'appFeature',
  feature: 'feature',
  volume: 'volume',
  machine: 'machine',
  machine_feature: 'machineFeature',
  mutation: 'mutation',
  sourceMachine: 'sourceMachine',
  sourceApp: 'sourceApp',
  sourceOrganization: 'sourceOrganization',
  sourceAddress: 'sourceAddress',
  cluster: 'cluster',
  storage_object: 'storageObject',
} as const satisfies Record<string, keyof Access>

const known: readonly string[] = ['action', 'org', 'orgid', 'app', 'appid', 'command', ...Object.keys(textFields)]

function readObject(text: string): object {
  let value: unknown
  try {
    value = parseJson(text)
  } catch (cause) {
    const problem = cause instanceof JsonError ? cause.message : 'is not JSON'
    throw wrong(`${problem}: write it like {"orgid":12,"action":"r"}`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw wrong('is not a JSON object')
}

function readAction(value: unknown): number {
  if (value === undefined) throw wrong('lacks the field action: letters of rwcdC')
  if (typeof value !== 'string') throw wrong('has an action that is no text: write letters of rwcdC')
  try {
    // All named actions: the whole mask would include some that nobody attempts.
    return parseAction(value) & actions.all
  } catch (error) {
    if (error instanceof MacaroonError) throw wrong(`has an ${error.message}`)
    throw error
  }
}

function readText(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw wrong(`has a field ${name} that is no text`)
}

function readCommandField(value: unknown): readonly string[] {
  if (typeof value === 'string') return readCommand(value, 'the command in the value of --access')
  if (Array.isArray(value) && value.every((each): each is string => typeof each === 'string')) return value
  throw wrong('has a command that is neither a text nor a list of texts')
}

/** Numbers too large for JavaScript may be in quotes. */
function readId(name: string, fields: ReadonlyMap<string, unknown>): string | undefined {
  const value = fields.get(name)
  if (value === undefined) return undefined
  const isNumber = name.endsWith('id')
  if (typeof value === 'string' && value !== '' && (!isNumber || /^\d+$/.test(value))) return value
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return String(value)
  if (typeof value === 'number') throw wrong(`has a field ${name} that is no whole number below 2^53: put it in quotes`)
  throw wrong(`has a field ${name} that is ${isNumber ? 'no number' : 'neither a name nor a number'}`)
}

function wrong(predicate: string): CommandError {
  return new CommandError('misused', `the value of --access ${predicate}`)
}
