// A fetch client of an authority: one method a route, typed by the contract, with no other logic.
import type { App, CreatedApp } from './contract/apps.ts'
import type { CaveatJson } from './contract/caveats.ts'
import type { CliLogin, CliLoginApproval, StartedCliLogin } from './contract/cli-logins.ts'
import type { DischargeRequest } from './contract/discharges.ts'
import type { Invitation, InvitationPreview, OwnInvitation, PendingInvitation } from './contract/invitations.ts'
import type {
  AuditEvents,
  Member,
  Organisation,
  OrganisationDetails,
  Role,
  MembershipDemand,
} from './contract/organisations.ts'
import type { Passkey, PasskeyCeremony } from './contract/passkeys.ts'
import type { Region } from './contract/platform.ts'
import type {
  CurrentTokens,
  Descendants,
  MintedToken,
  Profile,
  RevokedToken,
  Token,
  TokenList,
} from './contract/tokens.ts'
import type { CurrentUser, ListedSession, LoginMethods, SessionAnswer } from './contract/users.ts'
import type { AskedAccess, Authorization, VerifiedTokenAnswer } from './contract/verifying.ts'
import { ApiError, ConnectionError, apiErrorCodes, type ApiErrorCode, type ConnectionDetails } from './errors.ts'
import { parseJson } from './json.ts'
import { readText } from './read-text.ts'
import { holdsSecret } from './secret-text.ts'

export interface ClientOptions {
  /** Where the authority is, as `http://127.0.0.1:4280`; a path in it is kept. */
  readonly url: string
  /** A credential as it stands in an Authorization header: `FlyV1 fm2_…`, `fo1_…`, or several with commas. */
  readonly token?: string | undefined
  readonly userAgent?: string
  /** Milliseconds for one request; 30,000 by default. */
  readonly timeout?: number
  readonly fetch?: typeof globalThis.fetch
  /** What is wrong with an answer by the contract, as `@hallpass/client/answers` finds it. Without it, any JSON is taken. */
  readonly checkAnswer?: (asked: Asked, answer: unknown) => Promise<string | undefined>
  /** What is thrown in the place of an error: the caller may know more, as where the token came from. */
  readonly reword?: (error: Error, asked: Omit<Asked, 'status'>) => Error | Promise<Error>
}

/** A request, and the status of its answer. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly status: number
}

export interface ListQuery {
  readonly state?: 'live' | 'all' | 'revoked' | 'expired'
  readonly sort?: 'expires_at' | 'created_at' | 'name'
  readonly order?: 'asc' | 'desc' | undefined
  readonly search?: string | undefined
  readonly limit?: number
  readonly cursor?: string | undefined
}

export type Client = ReturnType<typeof createClient>

const longestAnswer = 64 * 1024 * 1024

/**
 * A client of the authority at `url`.
 * @throws TypeError where the token cannot stand in a header.
 * Every method throws {@link ApiError} where the authority says no, and {@link ConnectionError} where it says nothing.
 */
export function createClient(options: ClientOptions) {
  const send = sender(options)
  const organisation = (slug: string) => `/v1/orgs/${encodeURIComponent(slug)}`
  const app = (name: string) => `/v1/apps/${encodeURIComponent(name)}`
  const token = (id: string) => `/v1/tokens/${encodeURIComponent(id)}`
  const cliLogin = (id: string) => `/v1/cli-logins/${encodeURIComponent(id)}`
  const discharge = (id: string) => `/v1/discharges/${encodeURIComponent(id)}`

  return {
    users: {
      signUp: (body: { email: string; password: string; setup_code?: string; invitation?: string }) =>
        send<SessionAnswer>('POST', '/v1/users', { body }),
      current: () => send<CurrentUser>('GET', '/v1/users/current'),
      deleteCurrent: () => send<void>('DELETE', '/v1/users/current'),
      changePassword: (body: { current_password?: string; new_password: string; end_passkeys?: readonly number[] }) =>
        send<void>('PUT', '/v1/users/current/password', { body }),
    },
    passwordResets: {
      request: (email: string) => send<void>('POST', '/v1/password-resets', { body: { email } }),
      redeem: (body: { code: string; new_password: string }) =>
        send<{ email: string }>('POST', '/v1/password-resets/redeem', { body }),
    },
    invitations: {
      list: () => send<{ invitations: OwnInvitation[] }>('GET', '/v1/invitations'),
      accept: (id: number) => send<Organisation>('POST', `/v1/invitations/${id}/accept`),
      decline: (id: number) => send<void>('DELETE', `/v1/invitations/${id}`),
    },
    loginMethods: () => send<LoginMethods>('GET', '/v1/login-methods'),
    sessions: {
      create: (body: { email: string; password: string }) => send<SessionAnswer>('POST', '/v1/sessions', { body }),
      deleteCurrent: () => send<void>('DELETE', '/v1/sessions/current'),
      list: () => send<{ sessions: ListedSession[] }>('GET', '/v1/sessions'),
      delete: (id: number) => send<void>('DELETE', `/v1/sessions/${id}`),
    },
    cliLogins: {
      create: (body: {
        name: string
        code_challenge: string
        code_challenge_method: 'S256'
        state: string
        redirect_port?: number
      }) => send<StartedCliLogin>('POST', '/v1/cli-logins', { body }),
      show: (id: string) => send<CliLogin>('GET', cliLogin(id)),
      approve: (id: string) => send<CliLoginApproval>('POST', `${cliLogin(id)}/approve`),
      deny: (id: string) => send<void>('POST', `${cliLogin(id)}/deny`),
      redeem: (id: string, body: { code: string; code_verifier: string }) =>
        send<SessionAnswer>('POST', `${cliLogin(id)}/redeem`, { body }),
    },
    passkeys: {
      list: () => send<{ passkeys: Passkey[] }>('GET', '/v1/passkeys'),
      begin: () => send<PasskeyCeremony>('POST', '/v1/passkeys/options'),
      /** `response` is what PublicKeyCredential.toJSON() gives. */
      add: (body: { challenge_id: string; name: string; response: unknown }) =>
        send<Passkey>('POST', '/v1/passkeys', { body }),
      delete: (id: number) => send<void>('DELETE', `/v1/passkeys/${id}`),
      beginSignIn: () => send<PasskeyCeremony>('POST', '/v1/sessions/passkey-options'),
      signIn: (body: { challenge_id: string; response: unknown }) =>
        send<SessionAnswer>('POST', '/v1/sessions/passkey', { body }),
    },
    organisations: {
      list: () => send<{ orgs: Organisation[] }>('GET', '/v1/orgs'),
      create: (body: { name: string; slug?: string }) => send<Organisation>('POST', '/v1/orgs', { body }),
      show: (slug: string) => send<OrganisationDetails>('GET', organisation(slug)),
      update: (
        slug: string,
        body: { name?: string; require_membership_discharge?: MembershipDemand; tokens_may_mint?: boolean },
      ) => send<Organisation>('PATCH', organisation(slug), { body }),
      delete: (slug: string) => send<void>('DELETE', organisation(slug)),
      invitations: (slug: string) =>
        send<{ invitations: PendingInvitation[] }>('GET', `${organisation(slug)}/invitations`),
      withdrawInvitation: (slug: string, id: number) => send<void>('DELETE', `${organisation(slug)}/invitations/${id}`),
      previewInvitation: (code: string) =>
        send<InvitationPreview>('POST', '/v1/invitations/preview', { body: { invitation: code } }),
      invite: (slug: string, body: { email: string; role?: Role }) =>
        send<Invitation>('POST', `${organisation(slug)}/invitations`, { body }),
      acceptInvitation: (code: string) =>
        send<Organisation>('POST', '/v1/invitations/accept', { body: { invitation: code } }),
      changeRole: (slug: string, email: string, role: Role) =>
        send<Member>('PATCH', `${organisation(slug)}/members/${encodeURIComponent(email)}`, { body: { role } }),
      removeMember: (slug: string, email: string) =>
        send<void>('DELETE', `${organisation(slug)}/members/${encodeURIComponent(email)}`),
      audit: (slug: string, query: { limit?: number; cursor?: string | undefined } = {}) =>
        send<AuditEvents>('GET', `${organisation(slug)}/audit`, { query }),
    },
    apps: {
      list: (slug: string) =>
        send<{ total_apps: number; apps: App[] }>('GET', '/v1/apps', { query: { org_slug: slug } }),
      create: (body: { name: string; org_slug: string; network?: string }) =>
        send<CreatedApp>('POST', '/v1/apps', { body }),
      show: (name: string) => send<App>('GET', app(name)),
      delete: (name: string) => send<void>('DELETE', app(name)),
    },
    platform: {
      regions: () => send<{ Regions: Region[]; Nearest: string }>('GET', '/v1/platform/regions'),
    },
    tokens: {
      create: (
        slug: string,
        body: {
          profile: Profile
          name?: string
          app?: string
          cluster?: string
          expiry?: string
          caveats?: readonly CaveatJson[]
        },
      ) => send<MintedToken>('POST', `${organisation(slug)}/tokens`, { body }),
      listOfOrganisation: (slug: string, query: ListQuery = {}) =>
        send<TokenList>('GET', `${organisation(slug)}/tokens`, { query: { ...query } }),
      listOfApp: (name: string, query: ListQuery = {}) =>
        send<TokenList>('GET', `${app(name)}/tokens`, { query: { ...query } }),
      current: () => send<CurrentTokens>('GET', '/v1/tokens/current'),
      show: (id: string) => send<Token>('GET', token(id)),
      history: (id: string, query: { limit?: number; cursor?: string | undefined } = {}) =>
        send<AuditEvents>('GET', `${token(id)}/history`, { query }),
      /** With all that it minted, where nothing else is said. */
      revoke: (id: string, body: { descendants?: Descendants } = {}) =>
        send<RevokedToken>('DELETE', token(id), { body }),
      /** The one that this text is, or what is left of it: a header, a token, or one that is cut off or damaged. */
      revokeText: (text: string, body: { descendants?: Descendants } = {}) =>
        send<RevokedToken>('POST', '/v1/tokens/revoke', { body: { token: text, ...body } }),
      /** For services: which tokens of a header they were sent are good. This client's own token counts for nothing. */
      authenticate: (header: string) =>
        send<VerifiedTokenAnswer[]>('POST', '/v1/tokens/authenticate', { body: { header } }),
      /** For services: whether a token of a header they were sent allows an access. */
      authorize: (header: string, access: AskedAccess) =>
        send<Authorization>('POST', '/v1/tokens/authorize', { body: { header, access } }),
    },
    discharges: {
      show: (id: string) => send<DischargeRequest>('GET', discharge(id)),
      approve: (id: string) => send<void>('POST', `${discharge(id)}/approve`),
      deny: (id: string) => send<void>('POST', `${discharge(id)}/deny`),
    },
  }
}

interface Parts {
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: unknown
}

function sender(options: ClientOptions) {
  // What Headers would say of it quotes it.
  if (options.token !== undefined && /[^\x20-\x7e]/.test(options.token.trim())) {
    throw new TypeError('the token has characters that no header can carry')
  }
  const { url, token, userAgent = 'hallpass-client', timeout = 30_000, fetch = globalThis.fetch } = options
  const base = url.replace(/\/+$/, '')

  return async function send<Answer>(method: string, path: string, parts: Parts = {}): Promise<Answer> {
    try {
      return await sendOnce<Answer>(method, path, parts)
    } catch (error) {
      throw options.reword === undefined || !(error instanceof Error)
        ? error
        : await options.reword(error, { method, path })
    }
  }

  async function sendOnce<Answer>(method: string, path: string, { query = {}, body }: Parts): Promise<Answer> {
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
    const headers = new Headers({ accept: 'application/json', 'user-agent': userAgent })
    if (token !== undefined) headers.set('authorization', withScheme(token))
    if (body !== undefined) headers.set('content-type', 'application/json')

    // A URL has no other spelling for these, and would be the address of something else.
    if (/\/\.{0,2}(?:\/|$)/.test(path)) {
      throw new ConnectionError('not_sent', 'a name or an id is empty, or one or two dots: nothing was sent')
    }
    const target = path + (search.size > 0 ? `?${search}` : '')
    const words = Object.entries(query).flatMap(([name, value]) => (name === 'cursor' ? [] : [String(value)]))
    if ([...(opaque.test(path) ? [] : [base + path]), ...words].some(holdsSecret)) {
      throw new ConnectionError(
        'not_sent',
        'a token or a code stands where a name or an id belongs: nothing was sent, because addresses end up in logs',
      )
    }
    const asked = { method, path }
    let response: Response | undefined
    let text: string
    try {
      response = await fetch(base + target, {
        method,
        headers,
        // A redirect could carry the credential to where it was not meant to go.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeout),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      text = await readWhole(response)
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
    const answer = readAnswer(text)
    if (!response.ok && isErrorAnswer(answer)) {
      const { request_id: requestId, field } = answer
      throw new ApiError(answer.code, answer.message, { status: response.status, requestId, field })
    }
    const problem = response.ok ? await problemOf({ ...asked, status: response.status }, text, answer) : ''
    if (problem !== undefined) throw stranger(base, response, { ...asked, text: text.slice(0, 1000), problem })
    return answer as Answer
  }

  async function problemOf(asked: Asked, text: string, answer: unknown): Promise<string | undefined> {
    if (text !== '' && answer === undefined) return 'is no JSON'
    if (options.checkAnswer !== undefined) return options.checkAnswer(asked, answer)
    const isJson = typeof answer === 'object' && answer !== null
    return isJson || (text === '' && [202, 204].includes(asked.status)) ? undefined : 'is no object'
  }
}

// Ids that are random text by themselves, and may look like anything.
const opaque = /^\/v1\/(?:cli-logins|discharges|passkeys|sessions)\//

/** Go's clients write `FlyV1` before macaroons and `Bearer` before anything else. */
function withScheme(token: string): string {
  const trimmed = token.trim()
  if (/^(?:bearer|flyv1)\s/i.test(trimmed)) return trimmed
  return /(?:^|,)\s*fm/.test(trimmed) ? `FlyV1 ${trimmed}` : `Bearer ${trimmed}`
}

async function readWhole(response: Response): Promise<string> {
  const text = await readText(response, longestAnswer)
  if (text === undefined) throw new ConnectionError('not_an_authority', 'the answer is longer than 64 MiB')
  return text
}

function readAnswer(text: string): unknown {
  if (text === '') return undefined
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

function stranger(base: string, { status, headers }: Response, details: ConnectionDetails): ConnectionError {
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
