// What the web door is given.
import type { Authenticate } from '../../operations/perform/authenticate.ts'
import type { Environment } from '../../operations/perform/operation.ts'
import type { SessionCookies } from './session-cookie.ts'

export interface WebDoor {
  readonly environment: Environment
  readonly authenticate: Authenticate
  readonly cookies: SessionCookies
  /** Told of each login with a provider that came to nothing. */
  readonly report: (failure: LoginFailure) => void
  /** The folder of the built dashboard; no pages where it is absent. */
  readonly dashboard: string | undefined
}

/** For the log of whoever runs the authority. */
interface LoginFailure {
  readonly code: string
  readonly provider: string
  readonly detail?: string
  readonly request_id: string
}
