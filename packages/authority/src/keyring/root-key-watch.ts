// Notices when the file of the root key is taken away or replaced under a server: then its memory alone has the key.
import { unwatchFile, watchFile } from 'node:fs'

import { StartupError } from '../domain/errors.ts'
import { checkRootKey, proveRootKey } from './keyring.ts'
import { rootKeyPath } from './root-key-file.ts'
import { findRootKey, type RootKey } from './root-key.ts'

/**
 * Calls `tell` with a sentence when the file no longer holds this key, and with undefined when it does again.
 * @param interval milliseconds between two looks at the file; 5,000 by default
 * @returns what ends it
 */
export function watchRootKey(
  dataDirectory: string,
  key: RootKey,
  tell: (trouble: string | undefined) => void,
  interval = 5000,
): () => void {
  const path = rootKeyPath(dataDirectory)
  const proof = proveRootKey(key)
  let known: string | undefined

  async function look(): Promise<void> {
    const trouble = await findTrouble(dataDirectory, proof)
    if (trouble === known) return
    known = trouble
    tell(
      trouble && `${trouble} Put back the right one before this server stops: it goes on with the key in its memory.`,
    )
  }
  const listener = () => void look()
  watchFile(path, { interval, persistent: false }, listener)
  return () => unwatchFile(path, listener)
}

async function findTrouble(dataDirectory: string, proof: string): Promise<string | undefined> {
  try {
    const found = await findRootKey({ environment: undefined, dataDirectory })
    if (found === undefined) return `${rootKeyPath(dataDirectory)} is gone.`
    checkRootKey(found.key, proof)
    return undefined
  } catch (error) {
    // Whatever it is, it is the file's trouble: nobody would hear it here.
    if (!(error instanceof StartupError)) return `${rootKeyPath(dataDirectory)} cannot be read (${String(error)}).`
    return error.code === 'root_key_mismatch' ? `${rootKeyPath(dataDirectory)} holds another key.` : error.message
  }
}
