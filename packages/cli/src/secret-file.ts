// Reads a secret from its variable, or from the file that the variable names with _FILE behind it, as systemd, Docker and
// Kubernetes hand secrets over.
import { readFileSync, statSync, type Stats } from 'node:fs'

import { expectNotEmpty, readPathVariable } from './context.ts'
import type { Environment } from './environment.ts'
import { CommandError } from './errors.ts'
import { cleanText } from './given-text.ts'
import { reasonOf } from './text-file.ts'

/**
 * The secret, without white space around it; undefined where neither is set.
 * @throws CommandError `misused` where both are set, one is set but empty, or the file is empty, cannot be read, or others can read or change it
 */
export function readSecret(environment: Environment, name: string): string | undefined {
  const found = findSecret(environment, name)
  return found === undefined ? undefined : cleanText(found.text, found.source)
}

/** The raw text, and its source: the variable, or the variable with its file. */
export function findSecret(
  environment: Environment,
  name: string,
): { readonly text: string; readonly source: string } | undefined {
  const variable = `${name}_FILE`
  for (const each of [name, variable]) expectNotEmpty(environment, each)
  const given = environment[name]
  const path = readPathVariable(environment, variable)
  if (path === undefined) return given === undefined ? undefined : { text: given, source: name }
  if (given !== undefined) throw new CommandError('misused', `${name} and ${variable} are both set: leave one away`)
  const text = readPrivately(path, variable)
  const source = `${path}, which ${variable} names,`
  if (text.trim() === '') throw new CommandError('misused', `${source} is empty`)
  return { text, source }
}

function readPrivately(path: string, source: string): string {
  try {
    const found = statSync(path)
    if (!found.isFile()) throw new Error('it is no file')
    if (found.size > longest) throw new Error('it is too long for a secret')
    expectPrivate(path, found)
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if (cause instanceof CommandError) throw cause
    throw new CommandError('misused', `${path}, which ${source} names, cannot be read: ${reasonOf(cause)}`, { cause })
  }
}

/** The group may read, because systemd's access lists show as group rights, and Kubernetes shares volumes by group. */
function expectPrivate(path: string, { mode, uid }: Stats): void {
  const us = process.getuid?.()
  if (us === undefined) return
  if ((mode & 0o026) !== 0) {
    const octal = (mode & 0o777).toString(8)
    throw new CommandError('misused', `others can read or change ${path} (mode ${octal}): run "chmod 400 ${path}"`)
  }
  // Root accepts files of any user; others only their own.
  if (us !== 0 && uid !== us && uid !== 0) {
    throw new CommandError('misused', `${path} belongs to another user (${uid}): run "chown ${us} ${path}"`)
  }
}

const longest = 64 * 1024
