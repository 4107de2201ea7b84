// What PostgreSQL's error codes mean for the caller: https://www.postgresql.org/docs/current/errcodes-appendix.html
import type { Trouble } from '../domain/store.ts'

/** The kind of trouble; undefined if the server is not the cause, for example a violated uniqueness rule. */
export function reasonOfPostgres(error: unknown): Trouble['reason'] | undefined {
  const code = codeOf(error)
  return reasons.get(code) ?? reasons.get(code.slice(0, 2))
}

/** Whether PostgreSQL gave up the transaction in favour of others: serialisation failure or deadlock. */
export function isCollision(error: unknown): boolean {
  return ['40001', '40P01'].includes(codeOf(error))
}

/**
 * Whether the connection did not have the prepared statement that we named, or had another one of that name. Then a pooler
 * stands between (PgBouncer in transaction mode, before 1.21 or without `max_prepared_statements`).
 */
export function isLostStatement(error: unknown): boolean {
  return ['26000', '42P05'].includes(codeOf(error))
}

/** Whether the server, or a pooler in its place, answered with this error. A server that is gone or hangs sends none. */
export function isAnswer(error: unknown): boolean {
  return error instanceof Error && 'severity' in error && typeof error.severity === 'string'
}

/** The SQLSTATE, or the code of the system. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}

const reasons: ReadonlyMap<string, Trouble['reason']> = new Map([
  ['0A000', 'read_only'], // a standby has no serialisable transactions
  ['25006', 'read_only'],
  ['25P03', 'slow'], // idle in transaction for too long
  ['55P03', 'busy'], // a lock that did not become free in time
  ['57014', 'slow'], // cancelled, because it took too long
  ['53100', 'storage_full'],
  ['08', 'unreachable'], // an error of the connection
  ['28', 'unreachable'], // an error of the login
  ['3D', 'unreachable'], // no such database
  ['53', 'unreachable'], // too many connections, no memory
  ['57', 'unreachable'], // shut down
  ['58', 'damaged'], // an error of the disk
  ['XX', 'damaged'], // corrupted data, or worse
])
