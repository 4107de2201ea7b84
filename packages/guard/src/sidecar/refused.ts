// Why a question is not answered with yes.
import type { ApiErrorCode } from '@hallpass/client'

import type { Refusal } from '../verdict.ts'

/** Known here, as the authority answers it. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number
  readonly code: ApiErrorCode

  /** @param message for the caller, which repeats nothing that was sent */
  constructor(status: number, code: ApiErrorCode, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** What a guard refuses, with the status that the authority would answer. */
export function refusedBy({ code, message }: Refusal): Refused {
  return new Refused(statuses[code], code, message)
}

const statuses: Readonly<Record<Refusal['code'], number>> = {
  unauthenticated: 401,
  forbidden: 403,
  blocked: 403,
  not_found: 404,
  rate_limited: 429,
  unavailable: 503,
}

export function invalid(message: string): Refused {
  return new Refused(400, 'invalid_request', message)
}
