// cli_login.redeem: gives the command line that began an approved login its auth token, once.
import { timingSafeEqual } from 'node:crypto'

import { challengeOf, type CliLogin } from '../../domain/cli-login.ts'
import { DomainError } from '../../domain/errors.ts'
import type { Secret } from '../../domain/secret.ts'
import { fitLabel } from '../../domain/session-label.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import { hashCode, type User } from '../../domain/user.ts'
import { checkProof, findCliLogin } from './find-cli-login.ts'
import type { OpenWrite } from '../perform/operation.ts'
import { describeEntered, openSession, type OpenedSession } from './sign-in.ts'

/** The person who approved was only logged in: a stolen session must not make itself a fresh one. */
const neverProven = 0

export interface RedeemCliLogin {
  readonly id: Secret
  /** The code of the approval and the verifier of the challenge; undefined if the login began without one. */
  readonly proof: { readonly code: Secret; readonly verifier: Secret } | undefined
}

/** It throws `conflict` until somebody approves the login. */
export const redeemCliLogin: OpenWrite<RedeemCliLogin, undefined, OpenedSession> = {
  name: 'cli_login.redeem',
  audience: 'anyone',
  mode: 'write',

  async prepare({ read, now }, input) {
    // Most of those who ask only poll, and must not hold up writers.
    await read((tx) => checkRedemption(tx, input, now))
    return undefined
  },

  async run(context, { input }) {
    const { login, user } = await checkRedemption(context.tx, input, context.now)
    // It may have been approved before the operator required a challenge.
    checkProof(context.environment, login.codeChallenge)
    await context.tx.cliLogins.delete(login.id)
    return openSession(context, user, { kind: 'cli', label: fitLabel(login.name) }, neverProven)
  },

  auditDetails: describeEntered,
}

/** @throws DomainError `not_found`, `conflict` until it is approved, `forbidden` if the proof is wrong */
async function checkRedemption(
  tx: ReadTransaction,
  { id, proof }: RedeemCliLogin,
  now: number,
): Promise<{ readonly login: CliLogin; readonly user: User }> {
  const login = await findCliLogin(tx, id.reveal(), now)
  const { approval, codeChallenge } = login
  if (approval === null) throw new DomainError('conflict', 'nobody has approved this login yet')
  if (codeChallenge !== null && !proves(proof, codeChallenge, approval.codeHash)) {
    throw new DomainError('forbidden', 'this is not the code of this login', { field: 'code' })
  }
  const user = await tx.users.byId(approval.userId)
  if (user === undefined) throw new DomainError('not_found', 'the account that approved this login was deleted')
  return { login, user }
}

function proves(proof: RedeemCliLogin['proof'], codeChallenge: string, codeHash: Uint8Array | null): boolean {
  if (proof === undefined || codeHash === null) return false
  const challenge = Buffer.from(challengeOf(proof.verifier.reveal()))
  const expected = Buffer.from(codeChallenge)
  // The length is no secret: a challenge has 43 characters.
  const verified = challenge.length === expected.length && timingSafeEqual(challenge, expected)
  return timingSafeEqual(hashCode(proof.code.reveal()), codeHash) && verified
}
