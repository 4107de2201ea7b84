// user.sign_in: opens a session with an email address and a password.
import type { AuditEvent } from '../../domain/audit-event.ts'
import { DomainError } from '../../domain/errors.ts'
import type { Secret } from '../../domain/secret.ts'
import { createAuthToken, hashAuthToken, sessionLifetime, type SessionOrigin, type User } from '../../domain/user.ts'
import type { WriteContext, OpenWrite } from '../perform/operation.ts'
import { describeUserAsActor } from '../perform/principal.ts'
import { tryLogin } from './try-password.ts'

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

interface Prepared {
  readonly user: User
  /** The hash that the password was checked against. */
  readonly hash: string | null
}

export const signIn: OpenWrite<SignIn, Prepared, OpenedSession> = {
  name: 'user.sign_in',
  audience: 'anyone',
  mode: 'write',

  async prepare(context, { email, password }) {
    const user = await context.read((tx) => tx.users.byEmail(email))
    const tried = { password, hash: user?.passwordHash ?? undefined }
    if (!(await tryLogin(context, email, tried)) || user === undefined) {
      throw wrong()
    }
    const { passwordHash: hash, ...known } = user
    return { user: known, hash }
  },

  async run(context, { input: { from }, prepared: { user, hash } }) {
    // It may have been changed, or the account taken over, since the check.
    if ((await context.tx.users.passwordHash(user.id)) !== hash) throw wrong()
    return openSession(context, user, from)
  },

  auditDetails: describeEntered,
}

function wrong(): DomainError {
  return new DomainError('unauthenticated', 'the email address or the password is wrong')
}

/** The audit details of a login. */
export function describeEntered({ user }: OpenedSession): Pick<AuditEvent, 'actor' | 'target'> {
  const actor = describeUserAsActor(user)
  return { actor, target: `user ${actor.label}` }
}

/** Opens a session of the user, with a fresh proof by default, and deletes their expired ones. */
export async function openSession(
  { tx, environment, now }: WriteContext,
  user: User,
  { kind, label }: SessionOrigin,
  provenAt: number = now,
): Promise<OpenedSession> {
  const authToken = createAuthToken(environment.randomBytes)
  const tokenHash = hashAuthToken(authToken.reveal())
  if (tokenHash === undefined) throw new Error('a new auth token is not of the form that it should have')
  await tx.sessions.deleteExpired(user.id, now, sparedSessions)
  const session = await tx.sessions.insert({
    userId: user.id,
    tokenHash,
    kind,
    label,
    createdAt: now,
    expiresAt: now + sessionLifetime,
    provenAt,
  })
  return { user, authToken, expiresAt: session.expiresAt }
}

// Expired sessions of a person that are kept, because the clock may have been wrong. They open nothing while expired.
const sparedSessions = 100
