// The handlers for people: accounts, logins, passwords, and command lines that log in through a browser.
import { Secret } from '../../domain/secret.ts'
import { describeUserAgent } from '../../domain/session-label.ts'
import { sessionLifetime, type SessionOrigin } from '../../domain/user.ts'
import { approveCliLogin, type ApprovedCliLogin } from '../../operations/accounts/approve-cli-login.ts'
import { changePassword } from '../../operations/accounts/change-password.ts'
import { createCliLogin } from '../../operations/accounts/create-cli-login.ts'
import { deleteAccount } from '../../operations/accounts/delete-account.ts'
import { deleteOtherSessions } from '../../operations/accounts/delete-other-sessions.ts'
import { deleteSession } from '../../operations/accounts/delete-session.ts'
import { denyCliLogin } from '../../operations/accounts/deny-cli-login.ts'
import { listSessions } from '../../operations/accounts/list-sessions.ts'
import { redeemCliLogin } from '../../operations/accounts/redeem-cli-login.ts'
import { requestPasswordReset } from '../../operations/accounts/request-password-reset.ts'
import { resetPassword } from '../../operations/accounts/reset-password.ts'
import { showCliLogin } from '../../operations/accounts/show-cli-login.ts'
import { showCurrentUser } from '../../operations/accounts/show-current-user.ts'
import { showLoginMethods } from '../../operations/accounts/show-login-methods.ts'
import { signIn } from '../../operations/accounts/sign-in.ts'
import { signOut } from '../../operations/accounts/sign-out.ts'
import { signUp } from '../../operations/accounts/sign-up.ts'
import { readAdmission } from '../http/admission.ts'
import type { Exchange } from '../http/exchange.ts'
import { encodeInstant, encodeListedSession, encodeSession } from './encode.ts'
import type { Handlers } from '../http/handler.ts'

type Names =
  | 'signUp'
  | 'signIn'
  | 'signOut'
  | 'showCurrentUser'
  | 'changePassword'
  | 'deleteCurrentUser'
  | 'requestPasswordReset'
  | 'resetPassword'
  | 'showLoginMethods'
  | 'listSessions'
  | 'deleteSession'
  | 'deleteOtherSessions'
  | 'createCliLogin'
  | 'showCliLogin'
  | 'approveCliLogin'
  | 'denyCliLogin'
  | 'redeemCliLogin'

export const accountHandlers: Handlers<Names> = {
  async signUp({ body }, { perform, userAgent }) {
    const { email, password } = body
    const admission = readAdmission(body)
    return encodeSession(
      await perform(signUp, { email, password: new Secret(password), admission, from: sessionFrom(userAgent) }),
    )
  },

  async signIn({ body: { email, password } }, { perform, userAgent }) {
    return encodeSession(await perform(signIn, { email, password: new Secret(password), from: sessionFrom(userAgent) }))
  },

  signOut: (_input, { perform }) => perform(signOut, undefined),

  async showCurrentUser(_input, { perform }) {
    const { id, email, emailProvenAt, hasPassword } = await perform(showCurrentUser, undefined)
    return { id, email, email_proven: emailProvenAt !== null, has_password: hasPassword }
  },

  changePassword({ body: { current_password, new_password, end_passkeys } }, { perform }) {
    const current = current_password === undefined ? undefined : new Secret(current_password)
    return perform(changePassword, { current, next: new Secret(new_password), endPasskeys: end_passkeys })
  },

  deleteCurrentUser: (_input, { perform }) => perform(deleteAccount, undefined),

  requestPasswordReset: ({ body: { email } }, { perform }) => perform(requestPasswordReset, { email }),

  async resetPassword({ body: { code, new_password } }, { perform }) {
    const { email } = await perform(resetPassword, { code: new Secret(code), next: new Secret(new_password) })
    return { email }
  },

  async showLoginMethods(_input, { perform }) {
    const { setupNeeded, passkeys, oidc, mail } = await perform(showLoginMethods, undefined)
    return { setup_needed: setupNeeded, passkeys, oidc: oidc === undefined ? null : { name: oidc.name }, mail }
  },

  async listSessions(_input, { perform }) {
    return { sessions: (await perform(listSessions, undefined)).map(encodeListedSession) }
  },

  deleteOtherSessions: (_input, { perform }) => perform(deleteOtherSessions, undefined),

  deleteSession: ({ params }, { perform }) => perform(deleteSession, { id: readSessionId(params.session_id) }),

  async createCliLogin({ body }, { perform, publicUrl }) {
    const { id, expiresAt } = await perform(createCliLogin, {
      name: body.name,
      codeChallenge: body.code_challenge,
      state: body.state,
      redirectPort: body.redirect_port,
    })
    return { id: id.reveal(), auth_url: `${publicUrl()}/cli/${id.reveal()}`, expires_at: encodeInstant(expiresAt) }
  },

  async showCliLogin({ params: { login_id: id } }, { perform }) {
    const login = await perform(showCliLogin, { id })
    return {
      id,
      name: login.name,
      requested_from: login.requestedFrom,
      created_at: encodeInstant(login.createdAt),
      expires_at: encodeInstant(login.expiresAt),
      session_expires_in: sessionLifetime / 1000,
      redirect_port: login.redirectPort,
      state: login.state,
      pkce: login.codeChallenge !== null,
    }
  },

  async approveCliLogin({ params: { login_id: id } }, { perform }) {
    const approved = await perform(approveCliLogin, { id })
    return { code: approved.code?.reveal() ?? null, callback_url: callbackOf(approved) }
  },

  async denyCliLogin({ params: { login_id: id } }, { perform }) {
    await perform(denyCliLogin, { id })
    return undefined
  },

  async redeemCliLogin({ params, body: { code, code_verifier } }, { perform }) {
    const proof = { code: new Secret(code), verifier: new Secret(code_verifier) }
    return encodeSession(await perform(redeemCliLogin, { id: new Secret(params.login_id), proof }))
  },
}

/** The client keeps the auth token itself. */
export function sessionFrom(userAgent: Exchange['userAgent']): SessionOrigin {
  return { kind: 'cli', label: describeUserAgent(userAgent) }
}

/** Text that is not a number is no session. */
function readSessionId(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : 0
}

/** Where the command line waits for its code, on the machine of the person who approves. */
function callbackOf({ login: { redirectPort, state }, code }: ApprovedCliLogin): string | null {
  if (redirectPort === null || code === undefined) return null
  return `http://127.0.0.1:${redirectPort}/callback?${new URLSearchParams({ code: code.reveal(), state }).toString()}`
}
