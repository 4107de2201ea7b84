// What an authority answers when it refuses, and what a caller of the client catches.

/** The codes of the contract: a program decides by these, a person reads the message. */
export const apiErrorCodes = [
  'invalid_request',
  'unauthenticated',
  'forbidden',
  'blocked',
  'proof_needed',
  'not_found',
  'conflict',
  'name_taken',
  'command_not_found',
  'command_not_runnable',
  'failed_precondition',
  'deadline_exceeded',
  'too_large',
  'rate_limited',
  'unavailable',
  'engine_unavailable',
  'storage_full',
  'not_served',
  'internal',
] as const

export type ApiErrorCode = (typeof apiErrorCodes)[number]

/** The authority answered, and refused. */
export class ApiError extends Error {
  readonly code: ApiErrorCode
  /** The HTTP status. */
  readonly status: number
  /** The authority's name for this request, to look for in its log. */
  readonly requestId: string | undefined
  readonly field: string | undefined

  constructor(
    code: ApiErrorCode,
    message: string,
    details: { readonly status: number; readonly requestId?: string | undefined; readonly field?: string | undefined },
  ) {
    super(message)
    this.name = 'ApiError'
    this.code = code
    this.status = details.status
    this.requestId = details.requestId
    this.field = details.field
  }
}

/** The request, and what is known of the answer if it is not an authority's. */
export interface ConnectionDetails {
  readonly method?: string
  readonly path?: string
  readonly status?: number
  /** Where a redirect leads, as the header says. */
  readonly location?: string | undefined
  readonly retryAfter?: string | undefined
  /** What is wrong with the answer by the contract. */
  readonly problem?: string
  /** The beginning of what was answered. */
  readonly text?: string
}

/** No answer, or none that an authority gives. */
export class ConnectionError extends Error {
  readonly code:
    | 'unreachable'
    | 'timeout'
    // The answer began, and did not come to its end.
    | 'cut_off'
    | 'not_an_authority'
    // A name was a token or a code, which logs would have kept, or led to another address.
    | 'not_sent'
  readonly details: ConnectionDetails

  constructor(
    code: ConnectionError['code'],
    message: string,
    options: ErrorOptions & { readonly details?: ConnectionDetails } = {},
  ) {
    super(message, options)
    this.name = 'ConnectionError'
    this.code = code
    this.details = options.details ?? {}
  }
}

/** A third party gave no discharge. */
export class DischargeError extends Error {
  readonly code:
    | 'refused' // it says no; the message is its own
    | 'needs_person' // somebody has to confirm, and there is nobody to ask
    | 'address_not_allowed' // neither https nor on this machine
    | 'unreachable'
    | 'timeout'
    | 'not_a_third_party'
  /** Where the third party is found, as the token says. */
  readonly location: string

  constructor(code: DischargeError['code'], location: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.name = 'DischargeError'
    this.code = code
    this.location = location
  }
}
