// user.sign_in_with_identity: lets a person in on the word of the OpenID provider, with an account where they may have one.
import type { Transaction } from '../../domain/store.ts'
import { IdentityError, type IdentityProvider, type LoginSecrets, type ProvenIdentity } from '../../domain/identity.ts'
import type { SessionOrigin, User } from '../../domain/user.ts'
import { inquiries } from '../perform/limits.ts'
import type { OpenContext, OpenWrite } from '../perform/operation.ts'
import { proveAddress } from './prove-address.ts'
import { describeEntered, openSession, type OpenedSession } from './sign-in.ts'
import { createAccount } from './sign-up.ts'

export interface SignInWithIdentity {
  readonly provider: IdentityProvider
  readonly secrets: LoginSecrets
  /** Where the provider sent the browser, with what it says. */
  readonly callback: URL
  readonly from: SessionOrigin
}

interface IdentitySession extends OpenedSession {
  /** Where the account or its address came with this login; empty where it was known. */
  readonly how: string
}

export const signInWithIdentity: OpenWrite<SignInWithIdentity, ProvenIdentity, IdentitySession> = {
  name: 'user.sign_in_with_identity',
  audience: 'anyone',
  mode: 'write',
  limits: inquiries,

  prepare: (_context, { provider, secrets, callback }) => provider.finish(secrets, callback),

  async run(context, { input: { provider, from }, prepared: proven }) {
    const { user, how } = await admit(context, provider, proven)
    return { ...(await openSession(context, user, from)), how }
  },

  auditDetails: (session) => ({
    ...describeEntered(session),
    target: `user ${session.user.email}${session.how === '' ? '' : `, ${session.how}`}`,
  }),
}

/**
 * The policy, step by step: see decisions/.
 * @throws IdentityError
 */
async function admit(
  context: OpenContext<Transaction>,
  { name, signUpDomains }: IdentityProvider,
  { issuer, subject, verifiedEmail: email, whyUnverified }: ProvenIdentity,
): Promise<{ readonly user: User; readonly how: string }> {
  const { tx, now } = context
  const known = await tx.identities.find(issuer, subject)
  const link = (user: User) => tx.identities.insert({ issuer, subject, userId: user.id, createdAt: now })
  const owner = known && (await tx.users.byId(known.userId))
  if (owner !== undefined && owner.emailProvenAt !== null) return { user: owner, how: '' }
  if (owner !== undefined) {
    // Linked on the provider's word before the account knew of proofs: the word counts as one.
    const user = await proveAddress(context, owner, 'provider')
    await link(user)
    return { user, how: `proven by ${issuer}` }
  }
  if (email === undefined) {
    throw new IdentityError('unverified_email', `${name} does not say that it has verified your email address`, {
      detail: whyUnverified,
    })
  }

  const existing = await tx.users.byEmail(email)
  if (existing !== undefined) {
    // Addresses are given to new people, subjects are not: the account stays with whom it was linked to.
    if (await tx.identities.exists(existing.id, issuer)) {
      throw new IdentityError('other_identity', `the account of this address is somebody else's at ${name}`)
    }
    const { passwordHash: _, ...found } = existing
    const user = await proveAddress(context, found, 'provider')
    await link(user)
    return { user, how: `linked to ${issuer}` }
  }

  const [invitation] = await tx.invitations.pendingOf(email, now)
  const domain = email.slice(email.lastIndexOf('@') + 1)
  if (invitation === undefined && !signUpDomains.includes(domain)) {
    throw new IdentityError('no_account', 'there is no account of this address, and no invitation: ask for one')
  }
  const user = await createAccount(context, email, null, 'provider')
  await link(user)
  // Nobody joins unasked: what the person is invited to, they are shown.
  return { user, how: `signed up from ${issuer}${invitation === undefined ? '' : ' with an invitation'}` }
}
