// What PostgreSQL's connections and transactions are set to: a connection of our own once, and one that a pooler gives to
// others between two transactions for each transaction anew.
import type { Statement } from './postgres-batch.ts'

export type Kind = 'reads' | 'writes'

/** Milliseconds. One more is left for the rest of a request, which is to be answered after five. */
export const patience = 4000

/**
 * What a new connection is asked first, in one round trip: whether the process that the server named when it began is the
 * one that answers; and only there it is set up.
 */
export function settingUp(kind: Kind, processId: number): string {
  const all = kind === 'reads' ? [...settings, ...ofReads] : settings
  const set = all.map(([name, value]) => `set_config('${name}', '${value}', false)`)
  const isOwn = `pg_backend_pid() = ${processId}`
  return `SELECT ${isOwn} AS is_own, current_setting('transaction_read_only') = 'on' AS read_only,
    CASE WHEN ${isOwn} THEN concat(${set.join(', ')}) END AS settings`
}

/** What begins a transaction, its settings where they are not those of the connection. */
export function beginning(kind: Kind | 'lone writes', isOwn: boolean): readonly Statement[] {
  return beginnings[kind][isOwn ? 'own' : 'shared']
}

// Without sequential scans a transaction marks the rows that it read, not whole small tables: unrelated writes do not
// collide. Without bitmaps and sorts a page of a list is read in the order of its index, whatever the statistics say: after
// a bulk load there are none, and the planner would read all of a list to sort it.
const settings = [
  ['statement_timeout', `${patience}ms`],
  ['lock_timeout', `${patience}ms`],
  ['idle_in_transaction_session_timeout', '10s'],
  ['enable_seqscan', 'off'],
  ['enable_bitmapscan', 'off'],
  ['enable_sort', 'off'],
] as const

// For statements that are sent together without a BEGIN: they see one snapshot, and cannot write.
const ofReads = [
  ['default_transaction_isolation', 'repeatable read'],
  ['default_transaction_read_only', 'on'],
] as const

const local = settings.map(([name, value]) => `set_config('${name}', '${value}', true)`).join(', ')

// What is acknowledged is on the disk, whatever the server, the database or the role is set to.
const durably = `CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', true) END`

const read = { name: 'hallpass_read', text: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' }
const write = { name: 'hallpass_write', text: 'BEGIN ISOLATION LEVEL SERIALIZABLE' }
// The lock before any query: the snapshot must be of what a migration left.
const lock = { name: 'hallpass_lock', text: 'LOCK TABLE migrations IN ROW SHARE MODE' }
// Waits for the writes that run, and lets none begin: it collides with nobody.
const loneLock = { name: 'hallpass_lone_lock', text: 'LOCK TABLE migrations IN EXCLUSIVE MODE' }

const beginnings = {
  reads: { own: [read], shared: [read, { text: `SELECT ${local}` }] },
  writes: writesBehind(lock),
  'lone writes': writesBehind(loneLock),
} as const

function writesBehind(first: Statement) {
  return {
    own: [
      write,
      first,
      { name: 'hallpass_version', text: `SELECT max(version) AS version, ${durably} AS durably FROM migrations` },
    ],
    shared: [
      write,
      { text: `SET LOCAL lock_timeout = '${patience}ms'` },
      first,
      { text: `SELECT max(version) AS version, ${durably} AS durably, ${local} FROM migrations` },
    ],
  }
}

export const commit: Statement = { name: 'hallpass_commit', text: 'COMMIT' }
export const rollback: Statement = { name: 'hallpass_rollback', text: 'ROLLBACK' }
