// Flushes a directory to the disk through SQLite: under its permission model Node.js flushes nothing for a program.
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * Returns once the disk knows the names of the files in the directory.
 * @throws Error of SQLite where it cannot be flushed
 */
export function flushDirectory(directory: string): void {
  const scratch = join(directory, `hallpass.flush.${randomBytes(6).toString('hex')}.part`)
  try {
    const database = new DatabaseSync(scratch)
    try {
      // A commit flushes the directory once its journal is there, and once it is gone: https://sqlite.org/pragma.html#pragma_synchronous
      database.exec('PRAGMA synchronous = EXTRA; PRAGMA user_version = 1')
    } finally {
      database.close()
    }
  } finally {
    for (const end of ['', '-journal']) rmSync(`${scratch}${end}`, { force: true })
  }
}
