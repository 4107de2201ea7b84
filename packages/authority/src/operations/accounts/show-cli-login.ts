// cli_login.show: shows a person the login of a command line before they decide.
import type { CliLogin } from '../../domain/cli-login.ts'
import { DomainError } from '../../domain/errors.ts'
import { findCliLogin } from './find-cli-login.ts'
import type { ReadOperation } from '../perform/operation.ts'
import { personal } from '../perform/personal.ts'

export const showCliLogin: ReadOperation<{ readonly id: string }, undefined, CliLogin> = {
  name: 'cli_login.show',
  mode: 'read',

  // `run` looks it up, so that only a logged-in person learns anything.
  access: personal('login'),

  async run({ tx, now }, { input: { id } }) {
    const login = await findCliLogin(tx, id, now)
    if (login.approval !== null) throw new DomainError('conflict', 'this login has been approved already')
    return login
  },
}
