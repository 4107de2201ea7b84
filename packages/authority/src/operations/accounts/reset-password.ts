// user.reset_password: sets a new password with the code of a reset, which also proves the address.
import { DomainError } from '../../domain/errors.ts'
import type { Secret } from '../../domain/secret.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import { hashCode, type PasswordReset, type User } from '../../domain/user.ts'
import { inquiries, siteOf } from '../perform/limits.ts'
import type { OpenWrite } from '../perform/operation.ts'
import { endWaysIn, proveAddress } from './prove-address.ts'

export interface ResetPassword {
  readonly code: Secret
  readonly next: Secret
}

/** It does not log in; it returns the user. */
export const resetPassword: OpenWrite<ResetPassword, string, User> = {
  name: 'user.reset_password',
  audience: 'anyone',
  mode: 'write',
  limits: inquiries,

  async prepare({ environment, caller, now, read }, { code, next }) {
    // Checked before the expensive hash, so that only a valid code causes one.
    await read((tx) => requireReset(tx, hashCode(code.reveal()), now))
    return environment.passwords.hash(next, siteOf(caller.remoteAddress))
  },

  async run(context, { input: { code }, prepared: passwordHash }) {
    const { tx, now } = context
    const { reset, user: found } = await requireReset(tx, hashCode(code.reveal()), now)
    const user = await proveAddress(context, found, reset.madeBy)
    await endWaysIn(tx, user)
    await tx.users.setPasswordHash(user.id, passwordHash)
    return user
  },

  auditDetails: ({ id, email }) => ({
    actor: { kind: 'user', id: String(id), label: email },
    target: `user ${email}`,
  }),
}

/** @throws DomainError `forbidden` if the code is unknown, used or expired */
export async function requireReset(
  tx: ReadTransaction,
  codeHash: Uint8Array,
  now: number,
): Promise<{ readonly reset: PasswordReset; readonly user: User }> {
  const reset = await tx.passwordResets.byCodeHash(codeHash)
  const user = reset && (await tx.users.byId(reset.userId))
  if (reset !== undefined && user !== undefined && reset.expiresAt > now) return { reset, user }
  throw new DomainError('forbidden', 'this link is not known, was used already or has ended: ask for a new one', {
    field: 'code',
  })
}
