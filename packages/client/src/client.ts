// A fetch client of an authority: one function for each route of the contract, typed by it, with no other logic.
import type { z } from 'zod'

import type { Route, allRoutes } from './contract.ts'
import { endpoints, type OperationName } from './contract/endpoints.ts'
import { ApiError, ConnectionError, apiErrorCodes, type ApiErrorCode, type ConnectionDetails } from './errors.ts'
import type { Fetch, FetchAnswer } from './fetch.ts'
import { JsonError, parseJson } from './json.ts'
import { PackingError, readText, unknownPacking } from './read-text.ts'
import { holdsSecret } from './secret-text.ts'
import { expiryHeader } from './token-expiry.ts'

export interface ClientOptions {
  /** Where the authority is, as `http://127.0.0.1:4280`; a path in it is kept. */
  readonly url: string
  /** A credential as it stands in an Authorization header: `FlyV1 fm2_…`, `fo1_…`, or several with commas. */
  readonly token?: string | undefined
  /** Empty in a browser, which sends its own. */
  readonly userAgent?: string
  /** The nonce of the lease of a machine, sent with what changes something. */
  readonly leaseNonce?: string | undefined
  /** Milliseconds for one request; 30,000 by default. */
  readonly timeout?: number
  /** Bytes of an answer, unpacked, and values in it; 64 MiB by default, and any number. What has more is no answer. */
  readonly mostOfAnswer?: { readonly bytes: number; readonly parts: number }
  readonly fetch?: Fetch
  /** What is wrong with an answer by the contract, as `@hallpass/client/answers` finds it. Without it, any JSON is taken. */
  readonly checkAnswer?: (asked: Asked, answer: unknown) => string | undefined | Promise<string | undefined>
  /** Called with each answer that says when the token ends: it does within seven days. */
  readonly onExpiry?: ((endsAt: Date) => void) | undefined
  /** Makes the error that is thrown instead: the caller may know more, for example where the token came from. */
  readonly reword?: (error: Error, asked: Omit<Asked, 'status'>) => Error | Promise<Error>
}

/** A request, and the status of its answer. */
export interface Asked {
  readonly name: OperationName
  readonly method: string
  readonly path: string
  readonly status: number
}

/**
 * One function for each route, by its name: `client.showApp({ app_name: 'web' })`. It takes the parameters of the path
 * with the fields of the query, or of the body, and gives what the route answers.
 */
export type Client = { readonly [Name in OperationName]: Call<(typeof allRoutes)[Name]> }

type Call<R extends Route> = (
  ...input: Partial<Input<R>> extends Input<R> ? [input?: Input<R>] : [input: Input<R>]
) => Promise<R extends { readonly answer: infer Answer } ? z.output<Answer> : void>

type Input<R extends Route> = ParamsOf<R> & ReadonlyArrays<FieldsOf<R>>

type ParamsOf<R> = R extends { readonly params: infer Params }
  ? { readonly [Name in keyof z.output<Params>]: string | number }
  : unknown

/** With GET there is a query, with the other methods a body. */
type FieldsOf<R> = R extends { readonly method: 'GET'; readonly query: infer Query }
  ? z.input<Query>
  : R extends { readonly body: infer Body }
    ? NonNullable<z.input<Body>>
    : unknown

type ReadonlyArrays<T> = {
  readonly [Field in keyof T]: T[Field] extends (infer Item)[] | undefined
    ? readonly Item[] | Extract<T[Field], undefined>
    : T[Field]
}

const usualMostOfAnswer = { bytes: 64 * 1024 * 1024, parts: Infinity } as const

/**
 * A client of the authority at `url`. Every method throws {@link ApiError} if the authority refuses, and
 * {@link ConnectionError} if no authority answers.
 * @throws TypeError where the token cannot stand in a header
 */
export function createClient(options: ClientOptions): Client {
  const send = sender(options)
  const names = Object.keys(endpoints) as OperationName[]
  const calls = names.map((name) => [name, (input: Fields = {}) => send(name, input)])
  return Object.fromEntries(calls) as Client
}

type Fields = Readonly<Record<string, unknown>>

/** The path with its parameters, and the fields that are left. */
function fillPath(pattern: string, input: Fields): { readonly path: string; readonly fields: Fields } {
  const fields = { ...input }
  const path = pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = fields[name]
    delete fields[name]
    return typeof value === 'string' || typeof value === 'number' ? encodeURIComponent(value) : ''
  })
  return { path, fields }
}

function sender(options: ClientOptions) {
  // The error of Headers would quote it.
  if (options.token !== undefined && /[^\x20-\x7e]/.test(options.token.trim())) {
    throw new TypeError('the token has characters that no header can carry')
  }
  const { url, token, leaseNonce, userAgent = 'hallpass-client', timeout = 30_000, fetch = globalThis.fetch } = options
  const { mostOfAnswer = usualMostOfAnswer } = options
  const base = url.replace(/\/+$/, '')

  return async function send(name: OperationName, input: Fields): Promise<unknown> {
    const [method = '', pattern = ''] = endpoints[name].split(' ')
    const { path, fields } = fillPath(pattern, input)
    try {
      return await sendOnce({ name, method, path }, fields)
    } catch (error) {
      throw options.reword === undefined || !(error instanceof Error)
        ? error
        : await options.reword(error, { name, method, path })
    }
  }

  async function sendOnce(asked: Omit<Asked, 'status'>, fields: Fields): Promise<unknown> {
    const { method, path } = asked
    const given = Object.entries(fields).filter(([, value]) => value !== undefined)
    const query: [string, string][] = method === 'GET' ? given.map(([name, value]) => [name, String(value)]) : []
    const search = new URLSearchParams(query)
    const body = method === 'GET' || given.length === 0 ? undefined : JSON.stringify(fields)
    const headers = {
      accept: 'application/json',
      ...(userAgent === '' ? {} : { 'user-agent': userAgent }),
      ...(token === undefined ? {} : { authorization: withScheme(token) }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(leaseNonce === undefined || method === 'GET' ? {} : { 'fly-machine-lease-nonce': leaseNonce }),
    }

    // A URL cannot escape these: it would be the address of something else.
    if (/\/\.{0,2}(?:\/|$)/.test(path)) {
      throw new ConnectionError('not_sent', 'a name or an id is empty, or one or two dots: nothing was sent')
    }
    const target = path + (search.size > 0 ? `?${search}` : '')
    const words = query.flatMap(([name, value]) => (places.has(name) ? [] : [value]))
    if ([...(opaque.test(path) ? [] : [base + path]), ...words].some(holdsSecret)) {
      throw new ConnectionError(
        'not_sent',
        'a token or a code stands where a name or an id belongs: nothing was sent, because addresses end up in logs',
      )
    }
    let response: FetchAnswer | undefined
    let read: Read
    try {
      response = await fetch(base + target, {
        method,
        headers,
        redirect: 'manual',
        signal: AbortSignal.timeout(timeout),
        ...(body === undefined ? {} : { body }),
      })
      tellExpiry(response)
      read = await readAnswer(response, mostOfAnswer)
    } catch (cause) {
      if (cause instanceof ConnectionError) throw cause
      const options = { cause, details: asked }
      if (cause instanceof Error && cause.name === 'TimeoutError') {
        throw new ConnectionError('timeout', `${base} did not answer within ${timeout / 1000} seconds`, options)
      }
      throw response === undefined
        ? new ConnectionError('unreachable', `no authority answers at ${base}`, options)
        : new ConnectionError('cut_off', `what ${base} answered broke off before its end`, options)
    }
    const { text, answer, damage } = read
    if (!response.ok && isErrorAnswer(answer)) {
      const { request_id: requestId, field } = answer
      throw new ApiError(answer.code, answer.message, { status: response.status, requestId, field })
    }
    const { status } = response
    const problem = damage ?? (response.ok ? await problemOf({ ...asked, status }, text, answer) : '')
    if (problem !== undefined) throw stranger(base, response, { ...asked, text: text.slice(0, 1000), problem })
    return answer
  }

  function tellExpiry({ headers: answered }: FetchAnswer): void {
    const endsAt = new Date(answered.get(expiryHeader) ?? Number.NaN)
    if (options.onExpiry !== undefined && !Number.isNaN(endsAt.getTime())) options.onExpiry(endsAt)
  }

  async function problemOf(asked: Asked, text: string, answer: unknown): Promise<string | undefined> {
    if (text !== '' && answer === undefined) return 'is no JSON'
    if (options.checkAnswer !== undefined) return options.checkAnswer(asked, answer)
    const isJson = typeof answer === 'object' && answer !== null
    return isJson || (text === '' && [202, 204].includes(asked.status)) ? undefined : 'is no object'
  }
}

// A cursor is the authority's own text, which may look like anything.
const places: ReadonlySet<string> = new Set(['cursor', 'next_token'])

// Ids that are random text by themselves, and may look like anything.
const opaque = /^\/v1\/(?:cli-logins|discharges|passkeys|sessions)\//

/** Go's clients write `FlyV1` before macaroons and `Bearer` before anything else. */
function withScheme(token: string): string {
  const trimmed = token.trim()
  if (/^(?:bearer|flyv1)\s/i.test(trimmed)) return trimmed
  return /(?:^|,)\s*fm/.test(trimmed) ? `FlyV1 ${trimmed}` : `Bearer ${trimmed}`
}

interface Read {
  readonly text: string
  /** What it says as JSON; undefined where it is empty, no JSON, or damaged. */
  readonly answer?: unknown
  /** What is damaged in it, as a predicate. */
  readonly damage?: string
}

async function readAnswer(
  response: FetchAnswer,
  { bytes, parts }: NonNullable<ClientOptions['mostOfAnswer']>,
): Promise<Read> {
  let text: string | undefined
  try {
    text = await readText(response, bytes)
  } catch (error) {
    if (error instanceof PackingError) return { text: '', damage: error.message }
    throw error
  }
  if (text === undefined) return { text: '', damage: `is longer than ${bytes / 1024 / 1024} MiB` }
  if (text === '') return { text }
  try {
    return { text, answer: parseJson(text, parts) }
  } catch (error) {
    if (error instanceof JsonError && error.isRepeated) return { text, damage: error.message }
    const packing = unknownPacking(response)
    return packing === undefined ? { text } : { text, damage: `is packed as ${packing}, which nobody here unpacks` }
  }
}

function stranger(base: string, { status, headers }: FetchAnswer, details: ConnectionDetails): ConnectionError {
  const location = headers.get('location') ?? undefined
  return new ConnectionError(
    'not_an_authority',
    `${base} answered ${status} as no Hallpass authority does: is the address right?`,
    { details: { ...details, status, location, retryAfter: headers.get('retry-after') ?? undefined } },
  )
}

interface ErrorAnswer {
  readonly code: ApiErrorCode
  readonly message: string
  readonly request_id?: string
  readonly field?: string
}

function isErrorAnswer(value: unknown): value is ErrorAnswer {
  return (
    typeof value === 'object' &&
    value !== null &&
    'message' in value &&
    typeof value.message === 'string' &&
    'code' in value &&
    apiErrorCodes.some((code) => code === value.code)
  )
}
