// user.reset_password: a new password for whoever holds the code of a reset, which is a proof of the address.
import { DomainError } from '../../domain/errors.ts'
import type { Secret } from '../../domain/secret.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import { hashCode, type PasswordReset, type User } from '../../domain/user.ts'
import { limitInquiries, siteOf } from '../perform/limits.ts'
import type { Entering } from '../perform/operation.ts'
import { endWaysIn, proveAddress } from './prove-address.ts'

export interface ResetPassword {
  readonly code: Secret
  readonly next: Secret
}

/** It logs nobody in, and answers with the user. */
export const resetPassword: Entering<ResetPassword, string, User> = {
  name: 'user.reset_password',

  async prepare(environment, { code, next }, caller) {
    limitInquiries(environment, caller, 'set a new password')
    // Before the costly hash, so that only a good code can ask for it.
    await environment.store.read((tx) => requireReset(tx, code, environment.now()))
    return environment.passwords.hash(next, siteOf(caller.remoteAddress))
  },

  async run(context, { code }, passwordHash, caller) {
    const { tx, now } = context
    const { reset, user: found } = await requireReset(tx, code, now)
    const user = await proveAddress(context, found, reset.madeBy, caller)
    await endWaysIn(tx, user)
    await tx.users.setPasswordHash(user.id, passwordHash)
    return { output: user, actor: { id: String(user.id), label: user.email } }
  },
}

/** @throws DomainError `forbidden` where the code is not known, used or ended */
async function requireReset(
  tx: ReadTransaction,
  code: Secret,
  now: number,
): Promise<{ readonly reset: PasswordReset; readonly user: User }> {
  const reset = await tx.passwordResets.byCodeHash(hashCode(code.reveal()))
  const user = reset && (await tx.users.byId(reset.userId))
  if (reset !== undefined && user !== undefined && reset.expiresAt > now) return { reset, user }
  throw new DomainError('forbidden', 'this link is not known, was used already or has ended: ask for a new one', {
    field: 'code',
  })
}
