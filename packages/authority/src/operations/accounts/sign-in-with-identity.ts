// user.sign_in_with_identity: lets a person in on the word of the OpenID provider, with an account where they may have one.
import { IdentityError, type IdentityProvider, type LoginSecrets, type ProvenIdentity } from '../../domain/identity.ts'
import type { Transaction } from '../../domain/store.ts'
import { describeUser, type SessionOrigin, type User } from '../../domain/user.ts'
import { limitInquiries } from '../perform/limits.ts'
import type { Caller, Entering, OperationContext } from '../perform/operation.ts'
import { proveAddress } from './prove-address.ts'
import { openSession, type OpenedSession } from './sign-in.ts'
import { createAccount } from './sign-up.ts'

export interface SignInWithIdentity {
  readonly provider: IdentityProvider
  readonly secrets: LoginSecrets
  /** Where the provider sent the browser, with what it says. */
  readonly callback: URL
  readonly from: SessionOrigin
}

type Place = Omit<OperationContext<Transaction>, 'principal' | 'spend'>

export const signInWithIdentity: Entering<SignInWithIdentity, ProvenIdentity, OpenedSession> = {
  name: 'user.sign_in_with_identity',

  async prepare(environment, { provider, secrets, callback }, caller) {
    limitInquiries(environment, caller, 'log in with a provider')
    return provider.finish(secrets, callback)
  },

  async run(context, { provider, from }, proven, caller) {
    const { user, how } = await admit(context, provider, proven, caller)
    const output = await openSession(context, user, from)
    const target = `user ${user.email}${how === '' ? '' : `, ${how}`}`
    return { output, actor: { id: String(user.id), label: describeUser(user) }, target }
  },
}

/**
 * The policy, step by step: see decisions/.
 * @throws IdentityError
 */
async function admit(
  context: Place,
  { name, signUpDomains }: IdentityProvider,
  { issuer, subject, verifiedEmail: email, whyUnverified }: ProvenIdentity,
  caller: Caller,
): Promise<{ readonly user: User; readonly how: string }> {
  const { tx, now } = context
  const known = await tx.identities.find(issuer, subject)
  const link = (user: User) => tx.identities.insert({ issuer, subject, userId: user.id, createdAt: now })
  const owner = known && (await tx.users.byId(known.userId))
  if (owner !== undefined && owner.emailProvenAt !== null) return { user: owner, how: '' }
  if (owner !== undefined) {
    // Linked on the provider's word before the account knew of proofs: the word counts as one.
    const user = await proveAddress(context, owner, 'provider', caller)
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
    const user = await proveAddress(context, found, 'provider', caller)
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
