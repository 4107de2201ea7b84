// Flushes a directory to disk through SQLite, because Node.js under its permission model has no fsync.
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * Returns once the names of the files in the directory are on disk.
 * @throws Error of SQLite if it cannot be flushed
 */
export function flushDirectory(directory: string): void {
  const scratch = join(directory, `hallpass.flush.${randomBytes(6).toString('hex')}.part`)
  try {
    const database = new DatabaseSync(scratch)
    try {
      // A commit flushes the directory when its journal is created, and when it is deleted:
      // https://sqlite.org/pragma.html#pragma_synchronous
      database.exec('PRAGMA synchronous = EXTRA; PRAGMA user_version = 1')
    } finally {
      database.close()
    }
  } finally {
    for (const end of ['', '-journal']) rmSync(`${scratch}${end}`, { force: true })
  }
}
