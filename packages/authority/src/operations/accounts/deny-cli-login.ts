// cli_login.deny: a person refuses the login of a command line.
import type { CliLogin } from '../../domain/cli-login.ts'
import { describeCliLogin } from './approve-cli-login.ts'
import { findCliLogin } from './find-cli-login.ts'
import type { WriteOperation } from '../perform/operation.ts'
import { personal } from '../perform/personal.ts'

export const denyCliLogin: WriteOperation<{ readonly id: string }, undefined, CliLogin> = {
  name: 'cli_login.deny',
  mode: 'write',
  isUrgent: true,
  access: personal('login'),

  async run({ tx, now }, { input: { id } }) {
    const login = await findCliLogin(tx, id, now)
    await tx.cliLogins.delete(login.id)
    return login
  },

  auditDetails: (login) => ({ target: describeCliLogin(login), organisationId: null }),
}
