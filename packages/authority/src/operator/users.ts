// What the operator does with accounts, with or without a running server.
import { randomBytes } from 'node:crypto'

import { StartupError } from '../domain/errors.ts'
import type { Secret } from '../domain/secret.ts'
import type { ReadTransaction } from '../domain/store.ts'
import { createCode, hashCode, resetLifetimes, type ListedUser, type User } from '../domain/user.ts'
import { findOrphans, removeAccount } from '../operations/accounts/delete-account.ts'
import { endWaysIn } from '../operations/accounts/prove-address.ts'
import { resetUrl } from '../operations/accounts/reset-mail.ts'
import { beside, eventOf, operator, type Place } from './beside.ts'

/** @throws StartupError an error of the store */
export function listUsers(place: Place): Promise<readonly ListedUser[]> {
  return beside(place, (store) => store.read((tx) => tx.users.list()))
}

/** A link for setting a new password, once, within a day. */
export interface ResetLink {
  readonly email: string
  readonly url: Secret
  /** Milliseconds. */
  readonly expiresAt: number
}

/**
 * Ends every way into the account, and makes a link for its owner. Using the link proves the address, on the operator's
 * word.
 * @throws StartupError `account_unknown`, or an error of the store
 */
export function resetUser(
  place: Place & { readonly email: string; readonly publicUrl: string; readonly now: number },
): Promise<ResetLink> {
  const { publicUrl, now } = place
  const code = createCode(randomBytes)
  const expiresAt = now + resetLifetimes.operator
  return beside(place, (store) =>
    store.write(async (tx) => {
      const user = await requireUser(tx, place.email)
      await endWaysIn(tx, user)
      const codeHash = hashCode(code.reveal())
      await tx.passwordResets.insert({ userId: user.id, codeHash, madeBy: 'operator', createdAt: now, expiresAt })
      await tx.audit.append(eventOf('user.reset', `user ${user.email}`, now))
      return { email: user.email, url: resetUrl(publicUrl, code), expiresAt }
    }),
  )
}

/**
 * Deletes the account. Refuses to leave an organisation without an admin, unless the operator insists.
 * @returns the slugs of the organisations that have no admin now
 * @throws StartupError `account_unknown`, `account_needed`, or an error of the store
 */
export function deleteUser(
  place: Place & { readonly email: string; readonly evenLastAdmin: boolean; readonly now: number },
): Promise<readonly string[]> {
  const { evenLastAdmin, now } = place
  return beside(place, (store) =>
    store.write(async (tx) => {
      const user = await requireUser(tx, place.email)
      const orphans = (await findOrphans(tx, user)).map(({ slug }) => slug)
      if (orphans.length > 0 && !evenLastAdmin) {
        throw new StartupError(
          'account_needed',
          `${user.email} is the last admin of ${orphans.join(', ')}: make somebody else an admin there first, or pass ` +
            '--even-last-admin. Nothing was changed.',
        )
      }
      await removeAccount(tx, user, { now, by: operator })
      await tx.audit.append(eventOf('user.delete', `user ${user.email}`, now))
      return orphans
    }),
  )
}

async function requireUser(tx: ReadTransaction, email: string): Promise<User> {
  const user = await tx.users.byEmail(email.toLowerCase())
  if (user === undefined)
    throw new StartupError('account_unknown', `There is no account ${email}. Nothing was changed.`)
  const { passwordHash: _, ...known } = user
  return known
}
