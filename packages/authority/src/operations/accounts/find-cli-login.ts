// Finds the login of a command line by its id.
import { hashCliLoginId, type CliLogin } from '../../domain/cli-login.ts'
import { DomainError } from '../../domain/errors.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import type { Services } from '../perform/operation.ts'

/**
 * The login, while it is open.
 * @throws DomainError `not_found` if it is unknown, has ended, was denied or was redeemed
 */
export async function findCliLogin(tx: ReadTransaction, id: string, now: number): Promise<CliLogin> {
  const login = await tx.cliLogins.byIdHash(hashCliLoginId(id))
  if (login === undefined || login.expiresAt <= now) {
    throw new DomainError('not_found', 'this login is not known, or has ended: start it again')
  }
  return login
}

/**
 * Refuses a login without a challenge if the operator requires one.
 * @throws DomainError `invalid`
 */
export function checkProof({ requirePkce }: Pick<Services, 'requirePkce'>, codeChallenge: string | null): void {
  if (codeChallenge !== null || !requirePkce) return
  throw new DomainError(
    'invalid',
    'this authority lets in only command lines that prove that they asked (PKCE): use hallpass auth login, or log in with an email address and a password',
    { field: 'code_challenge' },
  )
}
