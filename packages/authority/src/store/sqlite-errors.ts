// What SQLite's error codes mean for whoever waits: https://www.sqlite.org/rescode.html
import type { Trouble } from '../domain/store.ts'

/** The kind of trouble; undefined where it is none of the database's, as a broken rule of uniqueness. */
export function reasonOf(error: unknown): Trouble['reason'] | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  if (error.errcode === growingSharedMemory) return 'storage_full'
  return reasons.get(error.errcode & 0xff)
}

const reasons: ReadonlyMap<number, Trouble['reason']> = new Map([
  [5, 'locked'], // SQLITE_BUSY
  [7, 'unreachable'], // SQLITE_NOMEM
  [8, 'read_only'], // SQLITE_READONLY
  [10, 'damaged'], // SQLITE_IOERR
  [11, 'damaged'], // SQLITE_CORRUPT
  [13, 'storage_full'], // SQLITE_FULL
  [14, 'unreachable'], // SQLITE_CANTOPEN
  [15, 'locked'], // SQLITE_PROTOCOL
  [26, 'damaged'], // SQLITE_NOTADB
])

// SQLITE_IOERR_SHMSIZE
const growingSharedMemory = 4874
