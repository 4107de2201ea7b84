// Shared by the `tokens 3p` commands: the location, the shared secret, and base64.
import { randomBytes } from 'node:crypto'

import { isSet, type Context } from './context.ts'
import { CommandError } from './errors.ts'
import { readText } from './held-token.ts'
import { tell } from './output.ts'

export interface LocationFlag {
  readonly location?: string | undefined
}

export interface SecretFlags {
  readonly secret?: string | undefined
  readonly secretFile?: string | undefined
}

/** Bytes that nobody can guess. */
export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length))

/** @throws CommandError where none is given */
export function readLocation({ location }: LocationFlag): string {
  if (location !== undefined && location !== '') return location
  throw new CommandError('misused', 'no third party is given: name one with --location URL')
}

/**
 * The 32 bytes that are shared with the third party: from `--secret-file`, the environment, or `--secret`, in this order.
 * @throws CommandError if there is none, or it is malformed; the error never repeats it
 */
export async function readSharedSecret(context: Context, flags: SecretFlags): Promise<Uint8Array> {
  if (flags.secretFile !== undefined) {
    return decodeSecret(await readText(context, flags.secretFile), flags.secretFile)
  }
  if (isSet(context.environment, secretVariable)) {
    return decodeSecret(context.environment[secretVariable] ?? '', secretVariable)
  }
  if (flags.secret === undefined) {
    throw new CommandError('misused', `no shared secret is given: use --secret-file FILE or ${secretVariable}`)
  }
  tell(context, `Warning: every program here can read --secret: --secret-file and ${secretVariable} are safer`)
  return decodeSecret(flags.secret, '--secret')
}

/**
 * The bytes of standard base64 with padding; line breaks are dropped, as Go does.
 * @throws CommandError that names its source, and never quotes it
 */
export function decodeBase64(text: string, what: string): Uint8Array {
  const joined = text.trim().replace(/[\r\n]/g, '')
  const bytes = Buffer.from(joined, 'base64')
  if (joined !== '' && bytes.toString('base64') === joined) return new Uint8Array(bytes)
  throw new CommandError('misused', `${what} is not standard base64 with its padding`)
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

const secretVariable = 'TOKEN_3P_SHARED_SECRET'
const secretLength = 32

function decodeSecret(text: string, source: string): Uint8Array {
  const secret = decodeBase64(text, `the shared secret in ${source}`)
  if (secret.length === secretLength) return secret
  throw new CommandError(
    'misused',
    `the shared secret in ${source} should be ${secretLength} bytes, and it is ${secret.length}`,
  )
}
