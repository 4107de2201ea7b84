// Whether a root key and a database belong together, before either is changed: a start must neither make a key for a
// database that has one, nor begin anew where a database got lost.
import { StartupError } from '../domain/errors.ts'
import type { FoundDatabase } from '../domain/store.ts'
import { checkRootKey } from './keyring.ts'
import { rootKeyPath } from './root-key-file.ts'
import { createRootKey, type FoundRootKey } from './root-key.ts'

/**
 * The root key for the database that was found; made where both are new.
 * @param makeDirectory makes the data directory where it is missing
 * @throws StartupError `root_key_mismatch` or `database_missing`, with nothing changed
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
        'Put it back from where you keep a copy of it: another one opens nothing. Nothing was changed.',
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
        'the tools of PostgreSQL. To begin anew, and lose every token and account, move root.key away first. Nothing was changed.',
    )
  } else if (hadPredecessor) {
    throw new StartupError(
      'database_missing',
      `A database was in use in ${dataDirectory}, and ${name} is missing or empty. Restore it with "hallpass restore". ` +
        'To begin anew, and lose every token and account, remove hallpass.lock there first. Nothing was changed.',
    )
  }
  return rootKey
}
