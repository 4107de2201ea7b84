// Notices when the root key's file is removed or replaced under a running server: then only its memory has the key.
import { unwatchFile, watchFile } from 'node:fs'

import { StartupError } from '../domain/errors.ts'
import { checkRootKey, proveRootKey } from './keyring.ts'
import { rootKeyPath } from './root-key-file.ts'
import { findRootKey, type RootKey } from './root-key.ts'

/**
 * Calls `report` with a sentence when the file no longer has this key, and with undefined when it has it again.
 * @param interval milliseconds between two checks of the file; 5,000 by default
 * @returns a function that stops the watch
 */
export function watchRootKey(
  dataDirectory: string,
  key: RootKey,
  report: (trouble: string | undefined) => void,
  interval = 5000,
): () => void {
  const path = rootKeyPath(dataDirectory)
  const proof = proveRootKey(key)
  let known: string | undefined

  async function look(): Promise<void> {
    const trouble = await findTrouble(dataDirectory, proof)
    if (trouble === known) return
    known = trouble
    report(trouble && `${trouble} Restore the right file before this server stops: it still has the key in memory.`)
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
    // Every error is reported as the file's, because nobody would see it otherwise.
    if (!(error instanceof StartupError)) return `${rootKeyPath(dataDirectory)} cannot be read (${String(error)}).`
    return error.code === 'root_key_mismatch' ? `${rootKeyPath(dataDirectory)} holds another key.` : error.message
  }
}
