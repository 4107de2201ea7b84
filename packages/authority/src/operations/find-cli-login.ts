// Finds the login that a command line asks for, by the id that it was given.
import { hashCliLoginId, type CliLogin } from '../domain/cli-login.ts'
import { DomainError } from '../domain/errors.ts'
import type { ReadTransaction } from '../domain/store.ts'

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
