// user.sign_up: makes an account with a setup code or an invitation, a personal organisation and a first session.
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
    // Checked before the expensive hash, so that only a valid code causes one.
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
      // The sign-up is in no organisation's trail; joining is in the trail of the organisation joined.
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

/** A new account, or an existing one whose address nobody else has proven. */
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
 * Makes a user with a personal organisation. `hash` null means no password; `proof` says how the address is proven, if
 * it is. The callers check whether the person may have an account.
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
        ? ' already, and it is unproven: set a new password by mail, or with a link from the operator of this authority'
        : ' already: log in'
    throw new DomainError('conflict', `there is an account with the address ${email}${remedy}`, {
      field: 'email',
    })
  }
  const proven = { emailProvenAt: proof === null ? null : now, emailProvenBy: proof }
  const user = await tx.users.insert({ email, passwordHash, createdAt: now, ...proven })
  const suffix = Buffer.from(environment.randomBytes(4)).toString('hex')
  const local = suggestSlug(email.split('@')[0] ?? '')
  const personal: Omit<Organisation, 'id' | 'membershipDischarge' | 'tokenPolicy'> = {
    slug: local === '' ? suffix : `${local}-${suffix}`,
    name: 'Personal',
    personalOf: user.id,
    createdAt: now,
  }
  await foundOrganisation(context, personal, user)
  return user
}

/**
 * How the code proves the address, if it does: a code that the inviter has seen too proves nothing.
 * @throws DomainError `forbidden` if the code admits nobody, or not this address
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
    throw new DomainError('forbidden', 'this setup code has expired after an hour: restart the server for a new one', {
      field: 'setup_code',
    })
  }
  return 'operator'
}
