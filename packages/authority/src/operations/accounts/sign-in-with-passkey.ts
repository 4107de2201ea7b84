// user.sign_in_with_passkey: opens a session with a passkey.
import { timingSafeEqual } from 'node:crypto'

import { DomainError } from '../../domain/errors.ts'
import { advances, userHandleOf, type PasskeyAssertion, type VerifiedAssertion } from '../../domain/passkey.ts'
import type { SessionOrigin, User } from '../../domain/user.ts'
import { inquiries } from '../perform/limits.ts'
import type { OpenWrite } from '../perform/operation.ts'
import { requireRelyingParty, takeChallenge } from './passkey-ceremony.ts'
import { describeEntered, openSession, type OpenedSession } from './sign-in.ts'

export interface SignInWithPasskey {
  readonly challengeId: string
  readonly answer: PasskeyAssertion
  readonly from: SessionOrigin
}

interface Entered extends OpenedSession {
  readonly passkeyId: number
}

export const signInWithPasskey: OpenWrite<SignInWithPasskey, VerifiedAssertion, Entered> = {
  name: 'user.sign_in_with_passkey',
  audience: 'anyone',
  mode: 'write',
  limits: inquiries,

  async prepare({ environment, read }, { answer }) {
    const party = requireRelyingParty(environment)
    const passkey = await read((tx) => tx.passkeys.byCredentialId(credentialIdOf(answer)))
    const verified = passkey && (await environment.passkeys.verifyAssertion(answer, party, passkey))
    if (verified === undefined) throw refusal(new Error('there is no passkey of this id'))
    if ('refused' in verified) throw refusal(verified.refused)
    return verified
  },

  async run(context, { input: { challengeId, answer, from }, prepared: { challenge, signCount } }) {
    const { tx, now } = context
    await takeChallenge(tx, now, { challengeId, challenge, userId: null })
    // Again: it may have been deleted, or used by somebody else, since it was verified.
    const passkey = await tx.passkeys.byCredentialId(credentialIdOf(answer))
    const user = passkey && (await tx.users.byId(passkey.userId))
    if (passkey === undefined || user === undefined) throw refusal(new Error('it has just been deleted'))
    if (!isOf(user, answer)) throw refusal(new Error('the authenticator names another user'))
    if (!advances(passkey.signCount, signCount)) {
      throw refusal(new Error(`its count did not advance from ${passkey.signCount}: there may be a copy of it`))
    }
    await tx.passkeys.use(passkey.id, signCount, now)
    return { ...(await openSession(context, user, from)), passkeyId: passkey.id }
  },

  async afterCommit({ environment, caller, now }, entered) {
    environment.uses.passkeys.note(entered.passkeyId, caller, signInWithPasskey.name, now)
    return entered
  },

  auditDetails: describeEntered,
}

function credentialIdOf({ id }: PasskeyAssertion): Uint8Array {
  return Buffer.from(id, 'base64url')
}

/** WebAuthn §7.2 step 6: the user handle from the authenticator, if it sends one. */
function isOf(user: User, { userHandle }: PasskeyAssertion): boolean {
  if (userHandle === undefined) return true
  const [sent, expected] = [Buffer.from(userHandle, 'base64url'), userHandleOf(user)]
  return sent.length === expected.length && timingSafeEqual(sent, expected)
}

/** The reason is only for the log. */
function refusal(cause: Error): DomainError {
  return new DomainError('unauthenticated', 'this passkey is not known here, or its answer is not valid', { cause })
}
