// user.sign_in_with_identity: logs a person in through the OpenID provider, with a new account if they may have one.
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
  /** The URL where the provider sent the browser, with its query. */
  readonly callback: URL
  readonly from: SessionOrigin
}

interface IdentitySession extends OpenedSession {
  /** How the account or its address came with this login; empty if both existed. */
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
 * The policy, step by step: see decisions/0011-who-a-provider-may-let-in.md.
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
    // It was linked before accounts recorded proofs; the provider's word counts as one.
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
    // Addresses pass to new people, subjects do not: the account stays with the linked subject.
    if (await tx.identities.exists(existing.id, issuer)) {
      throw new IdentityError('other_identity', `the account of this address is linked to somebody else at ${name}`)
    }
    const { passwordHash: _, ...found } = existing
    const user = await proveAddress(context, found, 'provider')
    await link(user)
    return { user, how: `linked to ${issuer}` }
  }

  const [invitation] = await tx.invitations.pendingOf(email, now)
  const domain = email.slice(email.lastIndexOf('@') + 1)
  if (invitation === undefined && !signUpDomains.includes(domain)) {
    throw new IdentityError(
      'no_account',
      'there is no account and no invitation for this address: ask for an invitation',
    )
  }
  const user = await createAccount(context, email, null, 'provider')
  await link(user)
  // Nobody joins by logging in: the person sees their invitations and chooses.
  return { user, how: `signed up from ${issuer}${invitation === undefined ? '' : ' with an invitation'}` }
}
