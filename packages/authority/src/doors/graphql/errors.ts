// The errors of the GraphQL door: always in `errors`, with one code for programs, and repeating nothing that was sent.
import type { FastifyRequest } from 'fastify'
import { GraphQLError, Kind, type GraphQLFormattedError } from 'graphql'

import { DomainError, type DomainErrorCode } from '../../domain/errors.ts'
import { InvalidInput, describeFrameworkError, explainRefusal } from '../http/errors.ts'

/** The codes that clients of the original know, and a few more. */
type Code =
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'NOT_SERVED'
  | 'UNPROCESSABLE'
  | 'INVALID'
  | 'INVALID_ARGUMENTS'
  | 'RATE_LIMITED'
  | 'UNAVAILABLE'
  | 'STORAGE_FULL'
  | 'SERVER_ERROR'

const codesOfDomain: Readonly<Record<DomainErrorCode, Code>> = {
  unauthenticated: 'UNAUTHORIZED',
  forbidden: 'FORBIDDEN',
  blocked: 'FORBIDDEN',
  proof_needed: 'FORBIDDEN',
  not_found: 'NOT_FOUND',
  conflict: 'UNPROCESSABLE',
  name_taken: 'UNPROCESSABLE',
  invalid: 'UNPROCESSABLE',
  command_not_found: 'UNPROCESSABLE',
  command_not_runnable: 'UNPROCESSABLE',
  failed_precondition: 'UNPROCESSABLE',
  deadline_exceeded: 'UNAVAILABLE',
  rate_limited: 'RATE_LIMITED',
  unavailable: 'UNAVAILABLE',
  engine_unavailable: 'UNAVAILABLE',
  storage_full: 'STORAGE_FULL',
}

// The messages that clients of the original match.
const wordsOfDomain: Partial<Record<DomainErrorCode, string>> = {
  name_taken: 'Validation failed: Name has already been taken',
}

const mostErrors = 10

export interface Refusal {
  readonly errors: readonly GraphQLFormattedError[]
  /** The errors behind them. */
  readonly causes: readonly unknown[]
  /** Unexpected errors, for the log. */
  readonly unforeseen: readonly unknown[]
}

/** The `errors` of the answer, for what was thrown while answering, or for an invalid query. */
export function formatErrors(errors: readonly unknown[], request: FastifyRequest): Refusal {
  const unforeseen: unknown[] = []
  const causes = errors.map(causeOf)
  const formatted = errors.slice(0, mostErrors).map((error, index) => {
    const cause = causes[index]
    const known = describe(cause, request)
    if (known === undefined) unforeseen.push(cause)
    const { message, code } = known ?? { message: 'the authority failed; its log knows why', code: 'SERVER_ERROR' }
    const path = error instanceof GraphQLError ? error.path : undefined
    const locations = path === undefined && error instanceof GraphQLError ? error.locations : undefined
    return {
      message,
      ...(locations === undefined ? {} : { locations }),
      ...(path === undefined ? {} : { path }),
      // Clients decode only text here.
      extensions: { code },
    }
  })
  return { errors: formatted, causes, unforeseen }
}

/** Something that the original answers and this authority does not. */
export class NotServed extends Error {}

/** The error that a resolver threw. The library's own errors are the outer ones, which have a position. */
function causeOf(error: unknown): unknown {
  if (!(error instanceof GraphQLError)) return error
  const { originalError } = error
  return originalError === undefined || originalError instanceof GraphQLError ? error : originalError
}

function describe(
  cause: unknown,
  request: FastifyRequest,
): { readonly message: string; readonly code: Code } | undefined {
  if (cause instanceof DomainError) {
    const message = explainRefusal(cause, request)
    return { message: wordsOfDomain[cause.code] ?? message, code: codesOfDomain[cause.code] }
  }
  if (cause instanceof InvalidInput) return { message: cause.message, code: 'INVALID_ARGUMENTS' }
  if (cause instanceof NotServed) return { message: cause.message, code: 'NOT_SERVED' }
  if (cause instanceof GraphQLError) return { message: describeGraphql(cause), code: 'INVALID' }
  const described = describeFrameworkError(cause, request)
  return described === undefined ? undefined : { message: described.message, code: 'INVALID' }
}

/** The library's message, except where it quotes: people paste tokens into queries. */
function describeGraphql({ message, nodes }: GraphQLError): string {
  if (message.startsWith('Syntax Error: ')) {
    return /more than \d+ tokens/.test(message) ? 'the query is too long' : 'the query is not well formed'
  }
  const [, variable, place = ''] =
    /^Variable "\$(\w{1,40})" has invalid value(?: at ([.\w[\]]{1,80}):)?/.exec(message) ?? []
  if (variable !== undefined) return `the variable $${variable}${place} is not of the type that the query gives it`
  if (nodes?.some(({ kind }) => valueKinds.has(kind)) === true)
    return 'a value in the query is not of the type that its place takes'
  return /\w{41}/.test(message) ? 'the query does not fit the schema' : message
}

const valueKinds: ReadonlySet<string> = new Set([
  Kind.INT,
  Kind.FLOAT,
  Kind.STRING,
  Kind.BOOLEAN,
  Kind.NULL,
  Kind.ENUM,
  Kind.LIST,
  Kind.OBJECT,
  Kind.OBJECT_FIELD,
])
