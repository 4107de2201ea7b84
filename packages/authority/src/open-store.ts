// Opens the store with its root key: the two must belong together.
import { join } from 'node:path'

import type { Logger } from 'pino'

import type { Config } from './config.ts'
import { describeCause } from './domain/cause.ts'
import type { Store, Trouble } from './domain/store.ts'
import { admitRootKey } from './keyring/admit.ts'
import { checkRootKey, proveRootKey } from './keyring/keyring.ts'
import { clearDrafts } from './keyring/root-key-file.ts'
import { findRootKey, type RootKey } from './keyring/root-key.ts'
import { openStore } from './store/open.ts'
import { lookAtDataDirectory, makeDataDirectory } from './store/sqlite-directory.ts'
import { flushDirectory } from './store/sqlite-flush.ts'

/** Checks that the root key and the database belong together before either is made or changed. */
export async function openWithRootKey({ dataDirectory, databaseUrl, rootKey: environment }: Config, log: Logger) {
  // For PostgreSQL too, because the root key is in it.
  if (environment === undefined) lookAtDataDirectory(dataDirectory, 'server')
  await clearDrafts(dataDirectory, Date.now())
  let rootKey = await findRootKey({ environment, dataDirectory })
  const place =
    databaseUrl === undefined
      ? { directory: dataDirectory, name: join(dataDirectory, 'hallpass.db') }
      : { url: databaseUrl.reveal(), name: 'the PostgreSQL database' }
  const store = await openStore({
    ...place,
    warn: (sentence) => log.warn(sentence),
    report: (what, trouble, cause) => logCondition(log, what, trouble, cause),
    progress: (sentence) => log.info(sentence),
    async admit(database) {
      const given = rootKey
      rootKey = await admitRootKey(given, { ...database, name: place.name }, dataDirectory, makeDataDirectory)
      // Flushes the key to disk before anything is stored under it.
      if (given === undefined) flushDirectory(dataDirectory)
    },
  })
  if (rootKey === undefined) throw new Error('a store was opened without a root key')
  return { store, rootKey }
}

/** Checks that the root key is the database's own, which a new database records. */
export async function recogniseRootKey(store: Store, rootKey: RootKey): Promise<void> {
  // A start on a full disk finds it and writes nothing.
  const known = await store.read((tx) => tx.settings.get('root_key_proof'))
  if (known !== undefined) return checkRootKey(rootKey, known)
  await store.write(async (tx) => {
    const proof = await tx.settings.get('root_key_proof')
    if (proof === undefined) await tx.settings.set('root_key_proof', proveRootKey(rootKey))
    else checkRootKey(rootKey, proof)
  })
}

/** Logs each change once, with the database's own message, which contains no secret. */
function logCondition(log: Logger, what: 'reads' | 'writes', trouble: Trouble | undefined, cause: unknown): void {
  if (trouble === undefined) log.info({ what }, `${what} go on again`)
  else {
    const detail = { detail: describeCause({ cause }) }
    log.error({ what, reason: trouble.reason, ...detail }, `${what} are refused: ${trouble.message}`)
  }
}
