// The options of the web door.
import type { Authenticate } from '../../operations/perform/authenticate.ts'
import type { Environment } from '../../operations/perform/operation.ts'
import type { SessionCookies } from './session-cookie.ts'

export interface WebDoor {
  readonly environment: Environment
  readonly authenticate: Authenticate
  readonly cookies: SessionCookies
  /** Called for each failed login at a provider. */
  readonly report: (failure: LoginFailure) => void
  /** The folder of the built dashboard; without it there are no pages. */
  readonly dashboard: string | undefined
}

/** A failed login at the provider, for the operator's log. */
interface LoginFailure {
  readonly code: string
  readonly provider: string
  readonly detail?: string
  readonly request_id: string
}
