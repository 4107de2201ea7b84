// The token that a holder's command works on, and the macaroons in it.
import { resolve } from 'node:path'

import {
  expiration,
  MacaroonError,
  parseBundle,
  permissionLocation,
  type DamagedToken,
  type Macaroon,
} from '@hallpass/macaroon'

import type { Context } from './context.ts'
import { checkCredential, chooseHeldToken } from './credentials.ts'
import { CommandError } from './errors.ts'
import type { GlobalFlags } from './flags.ts'
import { readTextFile } from './text-file.ts'

/** What a header carries. */
export interface HeldTokens {
  readonly permissions: readonly Macaroon[]
  /** Beside each permission token those discharges that answer it. */
  readonly answers: ReadonlyMap<Macaroon, readonly Macaroon[]>
  readonly discharges: readonly Macaroon[]
  readonly authTokens: readonly string[]
}

/**
 * The token as text: what is written behind the command (`-` is standard input), else the credential in use. A header
 * that a shell split at its space is joined again.
 */
export async function readHeldToken(context: Context, flags: GlobalFlags, words: readonly string[]): Promise<string> {
  if (words.length === 0) return chooseHeldToken(flags, context.environment)
  if (flags.accessToken !== undefined) {
    throw new CommandError('misused', 'two tokens are given: one behind the command, and one with --access-token')
  }
  if (words.join(' ') === '-') return checkCredential(await readStandardInput(context), 'standard input')
  return checkCredential(words.join(' '), 'the argument')
}

/**
 * The macaroons of a token, sorted by their location.
 * @throws MacaroonError where the text, or one of its macaroons, is damaged
 */
export function splitToken(token: string, location = permissionLocation): HeldTokens {
  const { permissions, discharges, damaged, authTokens, leftOut } = parseBundle(token, { location })
  // An extra comma is harmless; a damaged token is an error, before the holder discards the original.
  const broken = leftOut.find(({ error }) => error.code !== 'empty')
  if (broken !== undefined) throw broken.error
  const count = permissions.length + discharges.length + damaged.length
  if (damaged[0] !== undefined) throw nameDamage(damaged[0], count)
  return {
    permissions: permissions.map(({ macaroon }) => macaroon),
    answers: new Map(permissions.map(({ macaroon, discharges: answers }) => [macaroon, answers])),
    discharges,
    authTokens,
  }
}

/**
 * The same where permission tokens are needed.
 * @throws CommandError where there is none
 */
export function splitPermissions(token: string, location = permissionLocation): HeldTokens {
  const held = splitToken(token, location)
  if (held.permissions.length > 0) return held
  if (held.discharges.length === 0) {
    throw new CommandError(
      'failed',
      'this is an auth token, which nobody can narrow: make a token with `hallpass tokens create`, and narrow that',
    )
  }
  throw new CommandError('failed', `there is no permission token of ${location} in the credential`)
}

/**
 * The one permission token, and what comes with it.
 * @throws CommandError where there is none, or more than one
 */
export function splitPermission(token: string): HeldTokens & { readonly permission: Macaroon } {
  const held = splitPermissions(token)
  const [permission, ...others] = held.permissions
  if (permission === undefined || others.length > 0) {
    throw new CommandError('failed', 'there is more than one permission token in the credential, and one is needed')
  }
  return { ...held, permission }
}

/** Without those that have ended: they answer nothing, and a header has limited room. */
export function dropEnded(discharges: readonly Macaroon[], now: Date): readonly Macaroon[] {
  return discharges.filter(({ unsafeCaveats }) => {
    const end = expiration(unsafeCaveats)
    return end === undefined || Number(end) * 1000 >= now.getTime()
  })
}

/** Says which of several macaroons is damaged, or that the only one is, because "Byte 0" alone says too little. */
function nameDamage({ index, error }: DamagedToken, count: number): MacaroonError {
  // That a macaroon is truncated says as much.
  if (count === 1 && error.code === 'truncated') return error
  const which = count === 1 ? 'The token' : `Macaroon ${index + 1} of ${count}`
  return new MacaroonError(error.code, `${which} is damaged: ${error.message}`)
}

/** A file as text; `-` is standard input. */
export async function readText(context: Context, file: string): Promise<string> {
  if (file === '-') return readStandardInput(context)
  const found = await readTextFile(resolve(context.directory, file), file)
  if (found === undefined) throw new CommandError('failed', `cannot read ${file}: there is no such file`)
  return found.text
}

const longestInput = 1024 * 1024

async function readStandardInput(context: Context): Promise<string> {
  if (context.stdin.isTTY) throw new CommandError('misused', 'standard input is a terminal: pipe something in')
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  try {
    for await (const chunk of context.stdin) {
      text += decoder.decode(chunk as Uint8Array, { stream: true })
      if (text.length > longestInput) throw new CommandError('failed', 'there is more than 1 MiB on standard input')
    }
    return text + decoder.decode()
  } catch (cause) {
    if (cause instanceof CommandError) throw cause
    throw new CommandError('failed', 'what is on standard input is not UTF-8 text', { cause })
  }
}
