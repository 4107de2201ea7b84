// user.sign_in: opens a session for an email address and its password.
import { DomainError } from '../domain/errors.ts'
import type { Secret } from '../domain/secret.ts'
import type { Transaction } from '../domain/store.ts'
import { createAuthToken, hashAuthToken, sessionLifetime, type SessionOrigin, type User } from '../domain/user.ts'
import { networkOf } from './limits.ts'
import type { Entering, Environment } from './operation.ts'

export interface SignIn {
  readonly email: string
  readonly password: Secret
  readonly from: SessionOrigin
}

export interface OpenedSession {
  readonly user: User
  /** `fo1_…`: shown once, stored only as a hash. */
  readonly authToken: Secret
  readonly expiresAt: number
}

export const signIn: Entering<SignIn, User, OpenedSession> = {
  name: 'user.sign_in',

  async prepare(environment, { email, password }, caller) {
    const limited = `${networkOf(caller.remoteAddress)} ${email}`
    const retryAfter = environment.signInLimit.take(limited, environment.now())
    if (retryAfter > 0) {
      throw new DomainError('rate_limited', `too many failed logins: try again in ${retryAfter} seconds`, {
        retryAfter,
      })
    }
    const user = await environment.store.read((tx) => tx.users.byEmail(email))
    if (!(await environment.passwords.verify(password, user?.passwordHash ?? undefined)) || user === undefined) {
      throw new DomainError('unauthenticated', 'the email address or the password is wrong')
    }
    environment.signInLimit.forgive(limited)
    return { id: user.id, email: user.email, createdAt: user.createdAt }
  },

  async run(scene, { from }, user) {
    return { output: await openSession(scene, user, from), actor: { id: String(user.id), label: user.email } }
  },
}

/** A new session of the user; their ended ones are swept away on the occasion. */
export async function openSession(
  { tx, environment, now }: { readonly tx: Transaction; readonly environment: Environment; readonly now: number },
  user: User,
  { kind, label }: SessionOrigin,
): Promise<OpenedSession> {
  const authToken = createAuthToken(environment.randomBytes)
  const tokenHash = hashAuthToken(authToken.reveal())
  if (tokenHash === undefined) throw new Error('a new auth token is not of the form that it should have')
  await tx.sessions.deleteExpired(user.id, now)
  const session = await tx.sessions.insert({
    userId: user.id,
    tokenHash,
    kind,
    label,
    createdAt: now,
    expiresAt: now + sessionLifetime,
  })
  return { user, authToken, expiresAt: session.expiresAt }
}
