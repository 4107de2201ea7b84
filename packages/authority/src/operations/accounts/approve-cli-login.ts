// cli_login.approve: a person lets a command line log in as them.
import type { CliLogin } from '../../domain/cli-login.ts'
import { DomainError } from '../../domain/errors.ts'
import type { Secret } from '../../domain/secret.ts'
import { createCode, hashCode } from '../../domain/user.ts'
import { checkProof, findCliLogin } from './find-cli-login.ts'
import { requireFreshProof } from './fresh-proof.ts'
import type { WriteOperation } from '../perform/operation.ts'
import { expectPerson, personal } from '../perform/personal.ts'

export interface ApprovedCliLogin {
  readonly login: CliLogin
  /** Shown once; undefined if the login began without a challenge. */
  readonly code: Secret | undefined
}

export const approveCliLogin: WriteOperation<{ readonly id: string }, undefined, ApprovedCliLogin> = {
  name: 'cli_login.approve',
  mode: 'write',
  access: personal('login'),

  async run({ tx, environment, now }, { input: { id }, actor }) {
    expectPerson(actor)
    const login = await findCliLogin(tx, id, now)
    if (login.approval !== null) throw new DomainError('conflict', 'this login has been approved already')
    checkProof(environment, login.codeChallenge)
    // The new login outlasts this session.
    requireFreshProof(actor, now)
    const code = login.codeChallenge === null ? undefined : createCode(environment.randomBytes)
    const codeHash = code === undefined ? null : hashCode(code.reveal())
    await tx.cliLogins.approve(login.id, { userId: actor.user.id, codeHash })
    return { login, code }
  },

  auditDetails: ({ login }) => ({ target: describeCliLogin(login), organisationId: null }),
}

/** For the audit trail: the name that the machine gives itself, and its address. */
export function describeCliLogin({ name, requestedFrom }: CliLogin): string {
  return `login of ${name} from ${requestedFrom}`
}
