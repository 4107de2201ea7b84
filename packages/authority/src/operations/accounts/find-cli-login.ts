// Finds the login that a command line asks for, by the id that it was given.
import { hashCliLoginId, type CliLogin } from '../../domain/cli-login.ts'
import { DomainError } from '../../domain/errors.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import type { Services } from '../perform/operation.ts'

/**
 * The login, as long as it is open.
 * @throws DomainError `not_found` where it is not known, has ended, was denied or was redeemed
 */
export async function findCliLogin(tx: ReadTransaction, id: string, now: number): Promise<CliLogin> {
  const login = await tx.cliLogins.byIdHash(hashCliLoginId(id))
  if (login === undefined || login.expiresAt <= now) {
    throw new DomainError('not_found', 'this login is not known, or has ended: start it again')
  }
  return login
}

/**
 * Refuses a login that was begun without a challenge, where the operator wants none of those.
 * @throws DomainError `invalid`
 */
export function checkProof({ requirePkce }: Pick<Services, 'requirePkce'>, codeChallenge: string | null): void {
  if (codeChallenge !== null || !requirePkce) return
  throw new DomainError(
    'invalid',
    'this authority lets a command line in only where it proves that it asked (PKCE): use hallpass auth login, or log in with an email address and a password',
    { field: 'code_challenge' },
  )
}
