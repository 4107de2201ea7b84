// The name of the app in a configuration file of flyctl: fly.toml, fly.json or fly.yaml.
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import { describeRepeated, lookThrough } from '@hallpass/client/json'

import type { Context } from './context.ts'
import { CommandError } from './errors.ts'
import { tell } from './output.ts'
import { readTextFile } from './text-file.ts'

/** In the order of search; the first that exists counts, as for flyctl. */
const usualNames = ['fly.toml', 'fly.json', 'fly.yaml'] as const

/**
 * The name in the file that `--config` names, or in the usual file of the directory that it names.
 * @throws CommandError where there is no file, or none that names an app
 */
export async function readGivenConfig(context: Context, given: string): Promise<string> {
  if (given === '') throw new CommandError('misused', 'the name given with --config is empty')
  const path = resolve(context.directory, given)
  const isDirectory = (await stat(path).catch(() => undefined))?.isDirectory() === true
  const found = isDirectory ? await readUsual(context, path, given) : await read(context, path, given)
  if (found === undefined) {
    const what = isDirectory ? `no ${usualNames.join(', ')} in ${given}` : `no file ${given}`
    throw new CommandError('failed', `there is ${what}`)
  }
  if (found.app !== undefined) return found.app
  throw new CommandError('failed', `${found.name} does not name an app: app = "name" is missing`)
}

/** The name in the usual file of the working directory, if one is there and names an app, and that file. */
export async function readConfigHere(
  context: Context,
): Promise<{ readonly app: string; readonly name: string } | undefined> {
  const { app, name = '' } = (await readUsual(context, context.directory, '.')) ?? {}
  return app === undefined ? undefined : { app, name }
}

/**
 * The `app` of such a file, or nothing where there is none. Other content of the file is ignored.
 * @param name the file as the person named it; its extension says its format, as for flyctl
 * @throws CommandError naming the file, and the line where that is known; it does not quote the file
 */
export async function readAppName(text: string, name: string): Promise<string | undefined> {
  const fields = await parse(text, name)
  // As Go matches field names: in any case, the exact one going before others.
  const key = [...fields.keys()]
    .filter((each) => each.toLowerCase() === 'app')
    .toSorted()
    .at(-1)
  const app = key === undefined ? undefined : fields.get(key)
  if (app === undefined || app === null) return undefined
  if (typeof app !== 'string') {
    const quotes = typeof app === 'object' ? '' : ': put it in quotes'
    throw new CommandError('failed', `${name}: app should be a text, the name of the app${quotes}`)
  }
  if (app === '') throw new CommandError('failed', `${name}: app is empty`)
  return app
}

interface Found {
  readonly app: string | undefined
  readonly name: string
}

async function readUsual(context: Context, directory: string, given: string): Promise<Found | undefined> {
  for (const usual of usualNames) {
    const found = await read(context, join(directory, usual), given === '.' ? `./${usual}` : join(given, usual))
    if (found !== undefined) return found
  }
  return undefined
}

async function read(context: Context, path: string, name: string): Promise<Found | undefined> {
  const file = await readTextFile(path, name)
  if (file === undefined) return undefined
  if (file.hadMark) {
    tell(context, `Note: ${name} begins with a byte order mark, at which flyctl stops: save it as UTF-8 without one`)
  }
  return { app: await readAppName(file.text, name), name }
}

type Fields = ReadonlyMap<string, unknown>

function parse(text: string, name: string): Promise<Fields> {
  if (name.endsWith('.json')) return parseJson(text, name)
  return /\.ya?ml$/.test(name) ? parseYaml(text, name) : parseToml(text, name)
}

async function parseToml(text: string, name: string): Promise<Fields> {
  const { parse: parseText, TomlError } = await import('smol-toml')
  try {
    return new Map(Object.entries(parseText(text, { integersAsBigInt: 'asNeeded' })))
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    // The rest of its message quotes the file.
    const [why = ''] = error.message.replace('Invalid TOML document: ', '').split('\n')
    throw unreadable(name, error.line, 'TOML', why)
  }
}

async function parseYaml(text: string, name: string): Promise<Fields> {
  const { parseAllDocuments } = await import('yaml')
  const [first] = parseAllDocuments(text, { merge: true, prettyErrors: true, logLevel: 'silent' })
  if (first === undefined || !('errors' in first)) return new Map()
  const [problem] = first.errors
  if (problem !== undefined) {
    // The rest of its message, and what stands behind a colon, quotes the file.
    const [why = ''] = problem.message.split(/ at line \d|: /)
    throw unreadable(name, problem.linePos?.[0].line, 'YAML', why)
  }
  let value: unknown
  try {
    value = first.toJS({ mapAsMap: true })
  } catch (error) {
    // An alias of nothing, or too many of them.
    throw unreadable(name, undefined, 'YAML', error instanceof Error ? (error.message.split(': ')[0] ?? '') : '')
  }
  if (value === null || value === undefined) return new Map()
  if (!(value instanceof Map)) throw noFields(name)
  return new Map([...value].filter((entry): entry is [string, unknown] => typeof entry[0] === 'string'))
}

async function parseJson(text: string, name: string): Promise<Fields> {
  if (text.trim() === '') throw new CommandError('failed', `${name} is empty`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const [, line] = /\(line (\d+) /.exec(error instanceof Error ? (error.message.split(': ')[0] ?? '') : '') ?? []
    throw unreadable(name, line, 'JSON', 'comments and commas at an end have no place there')
  }
  const { repeated } = lookThrough(text)
  if (repeated !== undefined) throw new CommandError('failed', `${name} ${describeRepeated(repeated)}`)
  if (value === null) return new Map()
  if (typeof value !== 'object' || Array.isArray(value)) throw noFields(name)
  return new Map(Object.entries(value))
}

function unreadable(name: string, line: number | string | undefined, language: string, why: string): CommandError {
  const place = line === undefined ? name : `${name}, line ${line}`
  return new CommandError('failed', `${place}: this is not ${language}${why === '' ? '' : `: ${why}`}`)
}

function noFields(name: string): CommandError {
  return new CommandError('failed', `${name} is a list or a single value, and should have fields, as app`)
}
