// user.sign_up: makes an account with a setup code or an invitation, its personal organisation, and a first session.
import { timingSafeEqual } from 'node:crypto'

import { DomainError } from '../../domain/errors.ts'
import { suggestSlug, type Organisation } from '../../domain/organisation.ts'
import type { Secret } from '../../domain/secret.ts'
import type { ReadTransaction, Transaction } from '../../domain/store.ts'
import { hashCode, type AddressProof, type SessionOrigin, type User } from '../../domain/user.ts'
import { findInvitation, redeemInvitation } from '../members/accept-invitation.ts'
import { foundOrganisation } from '../organisations/create-organisation.ts'
import { siteOf } from '../perform/limits.ts'
import type { WriteContext, OpenContext, OpenWrite } from '../perform/operation.ts'
import { proveAddress } from './prove-address.ts'
import { describeEntered, openSession, type OpenedSession } from './sign-in.ts'
import { describeUserAsActor } from '../perform/principal.ts'

export interface SignUp {
  readonly email: string
  readonly password: Secret
  readonly admission: { readonly kind: 'setup_code' | 'invitation'; readonly code: Secret }
  readonly from: SessionOrigin
}

export const signUp: OpenWrite<SignUp, string, OpenedSession> = {
  name: 'user.sign_up',
  audience: 'anyone',
  mode: 'write',

  async prepare({ environment, caller, now, read }, input) {
    // Before the costly hash, so that only a good code can ask for it.
    await read((tx) => checkAdmission(tx, input, now))
    return environment.passwords.hash(input.password, siteOf(caller.remoteAddress))
  },

  async run(context, { input, prepared: passwordHash }) {
    const { tx, now, caller } = context
    const proof = await checkAdmission(tx, input, now)
    const user = await admit(context, input.email, passwordHash, proof)
    const { kind, code } = input.admission
    if (kind === 'setup_code') await tx.setupCode.delete()
    else {
      const { organisation, role } = await redeemInvitation(context, hashCode(code.reveal()), user)
      // The sign-up is no organisation's business; that somebody joined is told where they joined.
      await tx.audit.append({
        at: now,
        organisationId: organisation.id,
        operation: 'membership.accept',
        outcome: 'allowed',
        actor: describeUserAsActor(user),
        target: `membership as ${role}`,
        reason: 'with a new account',
        requestId: caller.requestId,
      })
    }
    return openSession(context, user, input.from)
  },

  auditDetails: describeEntered,
}

/** A new account; or one of before, of which nobody but who is here has shown that the address is theirs. */
async function admit(
  context: OpenContext<Transaction>,
  email: string,
  passwordHash: string,
  proof: AddressProof | null,
): Promise<User> {
  const existing = proof === null ? undefined : await context.tx.users.byEmail(email)
  if (proof === null || existing === undefined || existing.emailProvenAt !== null) {
    return createAccount(context, email, passwordHash, proof)
  }
  const { passwordHash: _, ...unproven } = existing
  const user = await proveAddress(context, unproven, proof)
  await context.tx.users.setPasswordHash(user.id, passwordHash)
  return user
}

/**
 * A user with a personal organisation; without a password where that is null, and with an address that is proven where
 * `proof` says how. Nothing here asks whether they may: the callers do.
 */
export async function createAccount(
  context: WriteContext,
  email: string,
  passwordHash: string | null,
  proof: AddressProof | null,
): Promise<User> {
  const { tx, environment, now } = context
  const existing = await tx.users.byEmail(email)
  if (existing !== undefined) {
    const remedy =
      existing.emailProvenAt === null
        ? '. Nobody has proven that it is theirs: set a new password by mail, or with a link from whoever runs this authority'
        : ': log in'
    throw new DomainError('conflict', `there is an account with the address ${email} already${remedy}`, {
      field: 'email',
    })
  }
  const proven = { emailProvenAt: proof === null ? null : now, emailProvenBy: proof }
  const user = await tx.users.insert({ email, passwordHash, createdAt: now, ...proven })
  const suffix = Buffer.from(environment.randomBytes(4)).toString('hex')
  const local = suggestSlug(email.split('@')[0] ?? '')
  const personal: Omit<Organisation, 'id' | 'membershipDischarge' | 'tokenMinting'> = {
    slug: local === '' ? suffix : `${local}-${suffix}`,
    name: 'Personal',
    personalOf: user.id,
    createdAt: now,
  }
  await foundOrganisation(context, personal, user)
  return user
}

/**
 * How the code proves the address, where it does: the one of an invitation that its inviter has seen too proves nothing.
 * @throws DomainError `forbidden` where the code admits nobody, or not this address
 */
async function checkAdmission(
  tx: ReadTransaction,
  { email, admission }: SignUp,
  now: number,
): Promise<AddressProof | null> {
  const codeHash = hashCode(admission.code.reveal())
  if (admission.kind === 'invitation') {
    return (await findInvitation(tx, codeHash, email, now)).provesAddress ? 'mail' : null
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
  return 'operator'
}
