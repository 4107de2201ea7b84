// What SQLite's error codes mean for the caller: https://www.sqlite.org/rescode.html
import type { Trouble } from '../domain/store.ts'

/** The kind of trouble; undefined if the database is not the cause, for example a violated uniqueness rule. */
export function reasonOf(error: unknown): Trouble['reason'] | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  if (error.errcode === growingSharedMemory) return 'storage_full'
  return reasons.get(error.errcode & 0xff)
}

/**
 * Whether the disk, a quota or a limit may be full, when SQLite reports only a write error: it recognizes only ENOSPC
 * as a full disk, and does not report the system's code.
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
