// user.sign_up: makes an account with a setup code or an invitation, its personal organisation, and a first session.
import { timingSafeEqual } from 'node:crypto'

import { DomainError } from '../domain/errors.ts'
import { suggestSlug, type Organisation } from '../domain/organisation.ts'
import type { Secret } from '../domain/secret.ts'
import type { ReadTransaction, Transaction } from '../domain/store.ts'
import { hashCode, type SessionOrigin, type User } from '../domain/user.ts'
import { findInvitation, redeemInvitation } from './accept-invitation.ts'
import { foundOrganisation } from './create-organisation.ts'
import { siteOf } from './limits.ts'
import type { Entering, Environment } from './operation.ts'
import { openSession, type OpenedSession } from './sign-in.ts'

export interface SignUp {
  readonly email: string
  readonly password: Secret
  readonly admission: { readonly kind: 'setup_code' | 'invitation'; readonly code: Secret }
  readonly from: SessionOrigin
}

export const signUp: Entering<SignUp, string, OpenedSession> = {
  name: 'user.sign_up',

  async prepare(environment, input, caller) {
    // Before the costly hash, so that only a good code can ask for it.
    await environment.store.read((tx) => checkAdmission(tx, input, environment.now()))
    return environment.passwords.hash(input.password, siteOf(caller.remoteAddress))
  },

  async run({ tx, environment, now }, input, passwordHash) {
    await checkAdmission(tx, input, now)
    const user = await createAccount({ tx, environment, now }, input.email, passwordHash)
    const { kind, code } = input.admission
    if (kind === 'setup_code') await tx.setupCode.delete()
    else await redeemInvitation(tx, hashCode(code.reveal()), user, now)
    const output = await openSession({ tx, environment, now }, user, input.from)
    return { output, actor: { id: String(user.id), label: user.email } }
  },
}

/** A user with a personal organisation; without a password where that is null. Nothing here asks whether they may: the callers do. */
export async function createAccount(
  scene: { readonly tx: Transaction; readonly environment: Environment; readonly now: number },
  email: string,
  passwordHash: string | null,
): Promise<User> {
  const { tx, environment, now } = scene
  if ((await tx.users.byEmail(email)) !== undefined) {
    throw new DomainError('conflict', `there is an account with the address ${email} already`, { field: 'email' })
  }
  const user = await tx.users.insert({ email, passwordHash, createdAt: now })
  const suffix = Buffer.from(environment.randomBytes(4)).toString('hex')
  const local = suggestSlug(email.split('@')[0] ?? '')
  const personal: Omit<Organisation, 'id' | 'membershipDischarge' | 'tokenMinting'> = {
    slug: local === '' ? suffix : `${local}-${suffix}`,
    name: 'Personal',
    personalOf: user.id,
    createdAt: now,
  }
  await foundOrganisation(scene, personal, user)
  return user
}

/** @throws DomainError `forbidden` where the code admits nobody, or not this address */
async function checkAdmission(tx: ReadTransaction, { email, admission }: SignUp, now: number): Promise<void> {
  const codeHash = hashCode(admission.code.reveal())
  if (admission.kind === 'invitation') {
    await findInvitation(tx, codeHash, email, now)
    return
  }
  const code = await tx.setupCode.get()
  if (code === undefined || !timingSafeEqual(code.codeHash, codeHash) || (await tx.users.exist())) {
    throw new DomainError('forbidden', 'this setup code is not known, or was used already', { field: 'setup_code' })
  }
  if (code.expiresAt <= now) {
    throw new DomainError('forbidden', 'this setup code is dead after an hour: restart the server for a new one', {
      field: 'setup_code',
    })
  }
}
