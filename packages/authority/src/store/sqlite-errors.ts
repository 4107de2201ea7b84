// What SQLite's error codes mean for whoever waits: https://www.sqlite.org/rescode.html
import type { Trouble } from '../domain/store.ts'

/** The kind of trouble; undefined where it is none of the database's, as a broken rule of uniqueness. */
export function reasonOf(error: unknown): Trouble['reason'] | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  if (error.errcode === growingSharedMemory) return 'storage_full'
  return reasons.get(error.errcode & 0xff)
}

/**
 * Whether the disk may be full, or a quota or a limit reached, where SQLite knows of an error in writing alone: it takes no
 * other code of the system than ENOSPC for a full disk, and does not tell which one it was.
 */
export function mayBeFull(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && failedWrites.has(Number(error.errcode))
}

// SQLITE_IOERR_WRITE, _FSYNC, _DIR_FSYNC, _TRUNCATE
const failedWrites: ReadonlySet<number> = new Set([778, 1034, 1290, 1546])

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
