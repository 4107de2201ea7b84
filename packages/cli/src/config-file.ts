// The file that `auth login` writes: the server, the account and its token. Only its owner may read it.
import { existsSync } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { JsonError, parseJson } from '@hallpass/client/json'

import { readPathVariable } from './context.ts'
import type { Environment } from './environment.ts'
import { CommandError } from './errors.ts'
import { readTextFile, reasonOf } from './text-file.ts'

export interface Config {
  readonly api_url?: string
  /** Belongs to `api_url` and is sent nowhere else. */
  readonly access_token?: string
  readonly email?: string
}

/** Where the file is: in `$HALLPASS_CONFIG_DIR`, `$XDG_CONFIG_HOME/hallpass` or `~/.config/hallpass`, if any is known. */
export function locateConfig(environment: Environment): string | undefined {
  const own = readPathVariable(environment, 'HALLPASS_CONFIG_DIR')
  if (own !== undefined) return join(own, 'config.json')
  const shared = readPathVariable(environment, 'XDG_CONFIG_HOME')
  if (shared !== undefined) return join(shared, 'hallpass', 'config.json')
  const home = readPathVariable(environment, 'HOME') ?? readPathVariable(environment, 'USERPROFILE')
  return home === undefined ? undefined : join(home, '.config', 'hallpass', 'config.json')
}

/**
 * What the file says; nothing where there is no file.
 * @throws CommandError naming the file if it cannot be read or parsed, if others may change it, or if it holds a login that
 *   everybody may read
 */
export async function readConfig(file: string | undefined): Promise<Config> {
  if (file === undefined) return {}
  const found = await readTextFile(file, file)
  if (found === undefined) return {}
  if (found.othersMayWrite) {
    // A person who changes the address gets the token.
    throw new CommandError('failed', `others may change ${file}, and with it where your token is sent: chmod 600 it`)
  }
  let value: unknown
  try {
    value = parseJson(found.text)
  } catch (cause) {
    const problem = found.text.trim() === '' ? 'is empty' : cause instanceof JsonError ? cause.message : 'is not JSON'
    throw new CommandError('failed', `${file} ${problem}: repair it, or delete it and log in again`, { cause })
  }
  const config = checkConfig(value, file)
  if (found.everybodyMayRead && config.access_token !== undefined) {
    throw new CommandError('failed', `everybody may read ${file}, and in it your login: chmod 600 it`)
  }
  return config
}

/** Replaces the file in one step, so that nobody ever reads half of it; only its owner may read it. */
export async function writeConfig(file: string | undefined, config: Config): Promise<void> {
  await viaDraft(file, async (draft, target) => {
    await writeDraft(draft, `${JSON.stringify(config, undefined, 2)}\n`)
    await rename(draft, target)
  })
}

/**
 * Checks that {@link writeConfig} could write, and changes nothing.
 * @throws CommandError naming the file where it could not
 */
export async function expectWritable(file: string | undefined): Promise<void> {
  await viaDraft(file, async (draft, target) => {
    await writeDraft(draft, ' '.repeat(usualLength))
    const found = await stat(target).catch(() => undefined)
    if (found?.isDirectory() === true) throw new Error('it is a directory')
    await rm(draft)
  })
}

/** A login is shorter. */
const usualLength = 1024

async function viaDraft(
  file: string | undefined,
  work: (draft: string, target: string) => Promise<void>,
): Promise<void> {
  if (file === undefined) {
    throw new CommandError('failed', 'there is no home directory to keep a login in: set HALLPASS_CONFIG_DIR')
  }
  const draft = `${file}.${crypto.randomUUID()}`
  try {
    await makeDirectory(dirname(file))
    await work(draft, file)
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => undefined)
    const advice = 'set HALLPASS_CONFIG_DIR to a directory that can keep a login'
    throw new CommandError('failed', `cannot write ${file}: ${reasonOf(cause)}; ${advice}`, { cause })
  }
}

/** One by one: Node's recursive mkdir never ends on a file system that takes no directories and says ENOENT, as /proc. */
async function makeDirectory(directory: string): Promise<void> {
  if (await isDirectory(directory)) return
  const parent = dirname(directory)
  if (!existsSync(parent)) await makeDirectory(parent)
  try {
    await mkdir(directory, { mode: 0o700 })
  } catch (error) {
    if (await isDirectory(directory)) return
    const isRefused = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw isRefused ? new Error(`no directory can be made in ${parent}`, { cause: error }) : error
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true
}

function checkConfig(value: unknown, file: string): Config {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CommandError('failed', `${file} does not hold a JSON object: repair it, or delete it and log in again`)
  }
  const config: Record<string, string> = {}
  for (const name of ['api_url', 'access_token', 'email']) {
    const field: unknown = Reflect.get(value, name)
    if (field === undefined) continue
    if (typeof field !== 'string' || field === '') {
      throw new CommandError('failed', `${name} in ${file} is not text: repair it, or delete the file and log in again`)
    }
    config[name] = field
  }
  return config
}

async function writeDraft(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
