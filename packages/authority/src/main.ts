// What the package offers: starting an authority, and the commands of its operator.
import type { ServeOptions } from './config.ts'
import { createPasswordHasher } from './keyring/passwords.ts'
import { serveWith, type RunningAuthority } from './serve.ts'

export type { ServeOptions } from './config.ts'
export { backUp, restore } from './operator/backup.ts'
export { examine } from './operator/doctor.ts'
export { deleteUser, listUsers, resetUser } from './operator/users.ts'
export { createVerifier, listVerifiers, revokeVerifier } from './operator/verifiers.ts'
export { StartupError } from './domain/errors.ts'
export type { RunningAuthority } from './serve.ts'

/**
 * Starts an authority.
 * @throws StartupError with a sentence for the operator
 */
export function serve(options: ServeOptions): Promise<RunningAuthority> {
  return serveWith(options, createPasswordHasher())
}
