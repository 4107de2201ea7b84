// The errors of the doors that speak JSON: one shape for all, which repeats nothing of the request except field names.
import type { ApiErrorCode } from '@hallpass/client'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'

import { DomainError, type DomainErrorCode } from '../../domain/errors.ts'
import { isForwardedUntrusted } from './address.ts'
import { tellEnd } from './tell-end.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The reason for the log; the first of several. */
    refused?: DomainError
  }
}

interface ErrorAnswer {
  readonly error: string
  readonly message: string
  readonly code: ApiErrorCode
  readonly status?: string
  readonly field?: string
  readonly request_id: string
}

/** The request is for the API, not for a page. */
export function isOfApi({ method, url }: FastifyRequest): boolean {
  return ['POST', 'PUT', 'PATCH', 'DELETE'].includes(method) || /^\/(?:v\d|api|graphql|aaa)(?:[/?]|$)/.test(url)
}

/** Input that violates the contract. */
export class InvalidInput extends Error {
  readonly statusCode = 400
  readonly field: string | undefined

  constructor(sentence: string, field?: string) {
    super(sentence)
    this.name = 'InvalidInput'
    this.field = field
  }
}

const answersOfDomain: Readonly<Record<DomainErrorCode, { readonly http: number; readonly code: ApiErrorCode }>> = {
  unauthenticated: { http: 401, code: 'unauthenticated' },
  forbidden: { http: 403, code: 'forbidden' },
  blocked: { http: 403, code: 'blocked' },
  proof_needed: { http: 403, code: 'proof_needed' },
  not_found: { http: 404, code: 'not_found' },
  conflict: { http: 409, code: 'conflict' },
  name_taken: { http: 422, code: 'name_taken' },
  invalid: { http: 422, code: 'invalid_request' },
  command_not_found: { http: 422, code: 'command_not_found' },
  command_not_runnable: { http: 422, code: 'command_not_runnable' },
  failed_precondition: { http: 412, code: 'failed_precondition' },
  deadline_exceeded: { http: 408, code: 'deadline_exceeded' },
  rate_limited: { http: 429, code: 'rate_limited' },
  unavailable: { http: 503, code: 'unavailable' },
  engine_unavailable: { http: 503, code: 'engine_unavailable' },
  storage_full: { http: 503, code: 'storage_full' },
}

/** The HTTP status of the error. */
export function statusOf({ code }: DomainError): number {
  return answersOfDomain[code].http
}

// The messages that clients of the Machines API match.
const machinesTexts: Partial<Record<DomainErrorCode, string>> = {
  forbidden: 'unauthorized',
  name_taken: 'Validation failed: Name has already been taken',
}

const sharedAddress =
  ' (it came through a proxy that --trusted-proxies of the authority does not name, so everybody behind it counts as one)'

/**
 * Sends the error as the answer; an unexpected error is answered without its message.
 * @returns whether it was expected; if not, it belongs in the log
 */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): boolean {
  tellEnd(request, reply)
  if (error instanceof DomainError) sendDomainError(error, request, reply)
  else if (error instanceof InvalidInput) {
    send(reply, 400, { ...describeError(error, request), ...fieldOf(error.field) }, request.id)
  } else {
    const described = describeFrameworkError(error, request)
    if (described !== undefined) {
      send(reply, described.http, { code: described.code, message: described.message }, request.id)
      return true
    }
    send(reply, 500, describeError(error, request), request.id)
    return false
  }
  return true
}

/** The code of an error, which is `internal` if it was not expected, and a sentence for the client. */
export function describeError(
  error: unknown,
  request: FastifyRequest,
): { readonly code: ApiErrorCode; readonly message: string } {
  if (error instanceof DomainError) {
    return { code: answersOfDomain[error.code].code, message: explainRefusal(error, request) }
  }
  if (error instanceof InvalidInput) return { code: 'invalid_request', message: error.message }
  return { code: 'internal', message: 'the authority failed; its log knows why' }
}

/** Whether the client left in the middle of its request: it gets no answer and no line in the log. */
export function hasLeft({ raw }: FastifyRequest): boolean {
  return raw.destroyed && !raw.complete
}

/**
 * Answers that this part of the original's API is not served. It is not 404, because clients read that as "it is gone
 * already". Only a known part of the path is repeated.
 */
export function sendNotServed(request: FastifyRequest, reply: FastifyReply): void {
  const part = request.url.match(parts)?.at(-1)
  const what = part === undefined ? 'what this address and method are for' : part.replaceAll('_', ' ')
  send(reply, 501, { code: 'not_served', message: `this authority does not serve ${what}` }, request.id)
}

const parts =
  /(?<=\/)(?:machines|volumes|snapshots|secrets|secretkeys|ip_assignments|certificates|releases|builds|logs|postgres|mpg|egress_ips|kms|oidc)(?=[/?]|$)/g

/** The problems that zod found in `input`, as a sentence: at most five, with the path and never with the value. */
export function describeIssues(place: string, input: unknown, error: z.ZodError): InvalidInput {
  // The last of a path says most: a number beyond all safe integers is beyond a closer limit too, an empty name is blank.
  // That an object has unknown fields, it does not say.
  const lastOfPaths = new Map(
    error.issues.map((issue) => [JSON.stringify([issue.path, issue.code === 'unrecognized_keys']), issue]),
  )
  const issues = [...lastOfPaths.values()].slice(0, 5).map((issue) => {
    const path = issue.path.map((key) => (typeof key === 'number' ? key : describeKey(String(key)))).join('.')
    const missing = issue.code === 'invalid_type' && valueAt(input, issue.path) === undefined
    return { path, text: `${path === '' ? place : path} ${missing ? 'is missing' : describeIssue(issue)}` }
  })
  return new InvalidInput(issues.map(({ text }) => text).join('; '), issues[0]?.path || undefined)
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    input,
  )
}

function describeIssue(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `is not of type ${issue.expected}`
    case 'unrecognized_keys':
      return `has an unknown field: ${issue.keys.slice(0, 5).map(describeKey).join(', ')}`
    case 'too_small':
      return issue.origin === 'string'
        ? `is too short: at least ${countCharacters(issue.minimum)}`
        : `is too small: at least ${issue.minimum}`
    case 'too_big':
      return issue.origin === 'string'
        ? `is too long: at most ${countCharacters(issue.maximum)}`
        : `is too large: at most ${issue.maximum}`
    case 'invalid_value':
      // The contract takes an empty text for one that is left out.
      return `is none of ${issue.values
        .filter((value) => value !== '')
        .map(String)
        .join(', ')}`
    case 'invalid_key': {
      const [first] = issue.issues
      return first === undefined ? 'is not an allowed key' : describeIssue(first)
    }
    case 'invalid_format':
      return issue.message.startsWith('Invalid ')
        ? `is not a valid ${formats.get(issue.format) ?? issue.format}`
        : issue.message
    case 'invalid_union': {
      const [first] = issue.errors[0] ?? []
      return first === undefined ? 'has none of the allowed forms' : describeIssue(first)
    }
    default:
      return issue.message
  }
}

/** What people call the formats that zod checks. */
const formats: ReadonlyMap<string, string> = new Map([
  ['email', 'email address'],
  ['url', 'URL'],
  ['uuid', 'UUID'],
  ['datetime', 'time, as 2026-12-01T10:00:00Z'],
])

function countCharacters(count: number | bigint): string {
  return count === 1 ? '1 character' : `${count} characters`
}

/** Text that does not look like a field name may be a secret, and is not repeated. */
function describeKey(key: string): string {
  return /^[A-Za-z_][\w-]{0,31}$/.test(key) ? key : '(not a name)'
}

function sendDomainError(error: DomainError, request: FastifyRequest, reply: FastifyReply): void {
  const { http } = answersOfDomain[error.code]
  const described = describeError(error, request)
  if (http === 401) void reply.header('www-authenticate', 'Bearer realm="hallpass"')
  setRetryAfter([error], reply)
  const text = machinesTexts[error.code]
  send(
    reply,
    http,
    {
      ...described,
      ...(text === undefined ? {} : { error: text }),
      ...(described.code === 'name_taken' ? { status: 'name_taken' } : {}),
      ...fieldOf(error.field),
    },
    request.id,
  )
}

/**
 * The sentence of a refusal, the same in every door and in the log. If everybody behind a proxy counts as one client,
 * the sentence about a limit says so.
 */
export function explainRefusal(error: DomainError, request: FastifyRequest): string {
  request.refused ??= error
  const isShared = error.code === 'rate_limited' && isForwardedUntrusted(request)
  return isShared ? `${error.message}${sharedAddress}` : error.message
}

/** Sets Retry-After to the longest time that one of the errors names. */
export function setRetryAfter(errors: readonly unknown[], reply: FastifyReply): void {
  const waits = errors.flatMap((error) => (error instanceof DomainError ? (error.retryAfter ?? []) : []))
  if (waits.length > 0) void reply.header('retry-after', String(Math.max(...waits)))
}

/** Describes errors of the framework in our own words, because its messages may repeat what was sent. */
export function describeFrameworkError(
  error: unknown,
  request: FastifyRequest,
): { readonly http: number; readonly code: ApiErrorCode; readonly message: string } | undefined {
  if (!isFrameworkError(error)) return undefined
  const http = error.statusCode ?? 400
  if (http === 413) {
    const most = request.routeOptions.bodyLimit / 1024
    return { http, code: 'too_large', message: `the body is too large: at most ${most} KiB` }
  }
  const code = 'invalid_request'
  if (http === 415)
    return { http, code, message: 'the body is not JSON: send it with "content-type: application/json"' }
  const message = error.code === 'FST_ERR_BAD_URL' ? 'the path is not well formed' : 'the request is not well formed'
  return { http, code, message }
}

function send(
  reply: FastifyReply,
  http: number,
  answer: Omit<ErrorAnswer, 'error' | 'request_id'> & { readonly error?: string },
  requestId: string,
): void {
  const { error = answer.message, ...rest } = answer
  const body: ErrorAnswer = { error, ...rest, request_id: requestId }
  void reply.code(http).type('application/json; charset=utf-8').send(JSON.stringify(body))
}

function fieldOf(field: string | undefined): { readonly field?: string } {
  return field === undefined ? {} : { field }
}

function isFrameworkError(error: unknown): error is FastifyError {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false
  if (!error.code.startsWith('FST_')) return false
  return 'statusCode' in error && typeof error.statusCode === 'number' && error.statusCode < 500
}
