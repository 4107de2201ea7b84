// The errors of the domain: one code each, a sentence for people, and a hidden cause.

import { getSystemErrorMap } from 'node:util'

export type DomainErrorCode =
  | 'unauthenticated' // no token, or not genuine, or no longer valid
  | 'forbidden' // genuine, but a caveat or a role forbids it
  | 'blocked' // genuine, but a limit of its organization blocks it
  | 'proof_needed' // the person is logged in, and must prove again who they are
  | 'not_found'
  | 'conflict'
  | 'name_taken'
  | 'invalid' // well formed, but against a rule of the domain
  | 'command_not_found' // the machine has no such program
  | 'command_not_runnable' // what it has of that name is no program that can be run
  | 'failed_precondition' // the target is not in the state that this needs
  | 'deadline_exceeded' // the awaited state did not come in time
  | 'rate_limited'
  | 'unavailable' // at the moment the store cannot be read or written, or an issuer gives no keys
  | 'engine_unavailable' // there is no engine, or it does not answer: machines cannot be changed
  | 'storage_full' // only what takes authority away can still be written

export class DomainError extends Error {
  readonly code: DomainErrorCode
  /** The wrong input field, as the door spells it, if there is one. */
  readonly field: string | undefined
  /** Seconds after which a retry makes sense. */
  readonly retryAfter: number | undefined

  constructor(
    code: DomainErrorCode,
    sentence: string,
    options: { readonly field?: string; readonly retryAfter?: number; readonly cause?: unknown } = {},
  ) {
    super(sentence, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'DomainError'
    this.code = code
    this.field = options.field
    this.retryAfter = options.retryAfter
  }
}

/** The server cannot start, or the store or the keyring cannot continue: a sentence for the operator. */
export class StartupError extends Error {
  readonly code:
    | 'data_directory_in_use'
    | 'data_directory_exposed' // others can change what is in it, or where it is
    | 'database_damaged'
    | 'file_exists' // and is not overwritten
    | 'database_missing' // there is none, or an empty one, where one was in use
    | 'database_newer_than_program'
    | 'database_outdated'
    | 'root_key_invalid'
    | 'root_key_mismatch'
    | 'database_unreachable'
    | 'configuration_invalid'
    | 'address_unavailable' // it cannot listen there: in use, not of this machine, or not allowed
    | 'account_unknown'
    | 'verifier_refused'
    | 'account_needed' // without it an organisation has no admin

  constructor(code: StartupError['code'], sentence: string, options?: { readonly cause?: unknown }) {
    super(sentence, options)
    this.name = 'StartupError'
    this.code = code
  }
}

/** How the user and the password of a URL are written (RFC 3986 §3.2.1), as part of a sentence. */
export const escapesOfUrls = 'write # in a user or password as %23, / as %2F, ? as %3F, @ as %40, : as %3A and % as %25'

/** What Node's permission model refused; undefined for any other error. */
export function denialOf(error: unknown): string | undefined {
  if (!(error instanceof Error && 'code' in error && error.code === 'ERR_ACCESS_DENIED')) return undefined
  const resource = Reflect.get(Object(error), 'resource')
  const flag = permissionFlags.get(String(Reflect.get(Object(error), 'permission')))
  if (flag === undefined) return 'Node.js forbids it under --permission'
  const of = typeof resource === 'string' && resource !== '' ? `=${resource}` : ''
  return `Node.js was started with --permission and without ${flag}${of}`
}

/**
 * Why the system or Node refused, in words without the system's code: `no space left on device`.
 * @param named what the sentence names already; another path is named, too
 */
export function refusalOf(error: unknown, named?: string): string {
  if (!(error instanceof Error)) return String(error)
  const [, words] = ('errno' in error ? getSystemErrorMap().get(Number(error.errno)) : undefined) ?? []
  const path: unknown = Reflect.get(error, 'path')
  const isElsewhere = named !== undefined && typeof path === 'string' && path !== named
  return denialOf(error) ?? (words === undefined ? error.message : words + (isElsewhere ? ` (${path})` : ''))
}

const permissionFlags: ReadonlyMap<string, string> = new Map([
  ['FileSystemRead', '--allow-fs-read'],
  ['FileSystemWrite', '--allow-fs-write'],
])

/** Whether the store is unavailable at the moment. The store itself reports the reason. */
export function isUnavailable(error: unknown): error is DomainError {
  return error instanceof DomainError && (error.code === 'unavailable' || error.code === 'storage_full')
}
