// user.sign_in_with_identity: lets a person in on the word of the OpenID provider, with an account where they may have one.
import { IdentityError, type IdentityProvider, type LoginSecrets, type ProvenIdentity } from '../domain/identity.ts'
import type { Transaction } from '../domain/store.ts'
import type { SessionOrigin, User } from '../domain/user.ts'
import { redeemInvitation } from './accept-invitation.ts'
import { limitInquiries } from './limits.ts'
import type { Entering, Scene } from './operation.ts'
import { openSession, type OpenedSession } from './sign-in.ts'
import { createAccount } from './sign-up.ts'

export interface SignInWithIdentity {
  readonly provider: IdentityProvider
  readonly secrets: LoginSecrets
  /** Where the provider sent the browser, with what it says. */
  readonly callback: URL
  readonly from: SessionOrigin
}

type Place = Omit<Scene<Transaction>, 'principal'>

export const signInWithIdentity: Entering<SignInWithIdentity, ProvenIdentity, OpenedSession> = {
  name: 'user.sign_in_with_identity',

  async prepare(environment, { provider, secrets, callback }, caller) {
    limitInquiries(environment, caller, 'log in with a provider')
    return provider.finish(secrets, callback)
  },

  async run(scene, { provider, from }, proven) {
    const { user, how } = await admit(scene, provider, proven)
    const output = await openSession(scene, user, from)
    const target = `user ${user.email}${how === '' ? '' : `, ${how}`}`
    return { output, actor: { id: String(user.id), label: user.email }, target }
  },
}

/**
 * The policy, step by step: see decisions/.
 * @throws IdentityError
 */
async function admit(
  scene: Place,
  { name, signUpDomains }: IdentityProvider,
  { issuer, subject, verifiedEmail: email }: ProvenIdentity,
): Promise<{ readonly user: User; readonly how: string }> {
  const { tx, now } = scene
  const known = await tx.identities.find(issuer, subject)
  const owner = known && (await tx.users.byId(known.userId))
  if (owner !== undefined) return { user: owner, how: '' }
  if (email === undefined) {
    throw new IdentityError('unverified_email', `${name} does not say that it has verified your email address`)
  }

  const link = (user: User) => tx.identities.insert({ issuer, subject, userId: user.id, createdAt: now })
  const existing = await tx.users.byEmail(email)
  if (existing !== undefined) {
    // Addresses are given to new people, subjects are not: the account stays with whom it was linked to.
    if (await tx.identities.exists(existing.id, issuer)) {
      throw new IdentityError('other_identity', `the account of this address is somebody else's at ${name}`)
    }
    const user = { id: existing.id, email: existing.email, createdAt: existing.createdAt }
    await link(user)
    return { user, how: `linked to ${issuer}` }
  }

  const [invitation] = await tx.invitations.pendingOf(email, now)
  const domain = email.slice(email.lastIndexOf('@') + 1)
  if (invitation === undefined && !signUpDomains.includes(domain)) {
    throw new IdentityError('no_account', 'there is no account of this address, and no invitation: ask for one')
  }
  const user = await createAccount(scene, email, null)
  await link(user)
  if (invitation === undefined) return { user, how: `signed up from ${issuer}` }
  await redeemInvitation(tx, invitation.codeHash, user, now)
  return { user, how: `signed up from ${issuer} with an invitation` }
}
