// Checks that the root key and the database belong together before either is changed. A startup must not make a key for
// a database that has one, and must not make a new database if one was lost.
import { StartupError } from '../domain/errors.ts'
import type { FoundDatabase } from '../domain/store.ts'
import { checkRootKey } from './keyring.ts'
import { rootKeyPath } from './root-key-file.ts'
import { createRootKey, type FoundRootKey } from './root-key.ts'

/**
 * Returns the root key of the database; makes one if both are new.
 * @param makeDirectory makes the data directory if it is missing
 * @throws StartupError `root_key_mismatch` or `database_missing`; nothing is changed then
 */
export async function admitRootKey(
  rootKey: FoundRootKey | undefined,
  database: FoundDatabase & { readonly name: string },
  dataDirectory: string,
  makeDirectory: (directory: string) => void,
): Promise<FoundRootKey> {
  const { rootKeyProof, holdsAccounts, hadPredecessor, name } = database
  const path = rootKeyPath(dataDirectory)
  if (rootKey === undefined) {
    if (rootKeyProof === undefined && !holdsAccounts) {
      makeDirectory(dataDirectory)
      return createRootKey(dataDirectory)
    }
    throw new StartupError(
      'root_key_mismatch',
      `${name} was made under a root key, and there is none: neither HALLPASS_ROOT_KEY nor ${path}. ` +
        'Restore it from your copy: another key cannot open the database. Nothing was changed.',
    )
  }
  if (rootKeyProof !== undefined) checkRootKey(rootKey.key, rootKeyProof)
  else if (holdsAccounts) {
    throw new StartupError(
      'root_key_mismatch',
      `${name} holds accounts and not the proof of a root key: it is damaged. Restore a backup. Nothing was changed.`,
    )
  } else if (rootKey.file?.isUsed === true) {
    throw new StartupError(
      'database_missing',
      `${path} is in use for a database, and ${name} is missing or empty. Restore it with "hallpass restore", or with ` +
        'the tools of PostgreSQL. To start with a new database, and lose every token and account, move root.key away first. Nothing was changed.',
    )
  } else if (hadPredecessor) {
    throw new StartupError(
      'database_missing',
      `A database was in use in ${dataDirectory}, and ${name} is missing or empty. Restore it with "hallpass restore". ` +
        'To start with a new database, and lose every token and account, remove hallpass.lock there first. Nothing was changed.',
    )
  }
  return rootKey
}
