// The settings of PostgreSQL connections and transactions. A connection of our own is set once. A pooler shares connections,
// so there every transaction brings its settings.
import type { Statement } from './postgres-batch.ts'

export type Kind = 'reads' | 'writes'

/** Milliseconds. A request must be answered after five seconds, which leaves one for the rest. */
export const patience = 4000

/**
 * The first query of a new connection. It asks whether the process that answers is the one that the server named at the
 * start, and only then applies the settings. Behind a pooler another process answers.
 */
export function settingUp(kind: Kind, processId: number): string {
  const all = kind === 'reads' ? [...settings, ...ofReads] : settings
  const set = all.map(([name, value]) => `set_config('${name}', '${value}', false)`)
  const isOwn = `pg_backend_pid() = ${processId}`
  return `SELECT ${isOwn} AS is_own, current_setting('transaction_read_only') = 'on' AS read_only,
    CASE WHEN ${isOwn} THEN concat(${set.join(', ')}) END AS settings`
}

/** The statements that begin a transaction, with the settings if the connection does not have them. */
export function beginning(kind: Kind | 'lone writes', isOwn: boolean): readonly Statement[] {
  return beginnings[kind][isOwn ? 'own' : 'shared']
}

// Without sequential scans a serialisable transaction marks the rows that it read, and not a whole small table, so that
// unrelated writes do not collide. Without bitmaps and sorts a page of a list is read in the order of its index. After a bulk
// load there are no statistics, and the planner would otherwise read the whole list to sort it.
const settings = [
  ['statement_timeout', `${patience}ms`],
  ['lock_timeout', `${patience}ms`],
  ['idle_in_transaction_session_timeout', '10s'],
  ['enable_seqscan', 'off'],
  ['enable_bitmapscan', 'off'],
  ['enable_sort', 'off'],
] as const

// So that statements sent together without BEGIN see one snapshot and cannot write.
const ofReads = [
  ['default_transaction_isolation', 'repeatable read'],
  ['default_transaction_read_only', 'on'],
] as const

const local = settings.map(([name, value]) => `set_config('${name}', '${value}', true)`).join(', ')

// An acknowledged write is on the disk, whatever the settings of the server, the database or the role.
const durably = `CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', true) END`

const read = { name: 'hallpass_read', text: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' }
const write = { name: 'hallpass_write', text: 'BEGIN ISOLATION LEVEL SERIALIZABLE' }
// The lock comes before any query: the snapshot must include what a migration did.
const lock = { name: 'hallpass_lock', text: 'LOCK TABLE migrations IN ROW SHARE MODE' }
// Waits for running writes and lets no other begin, so it collides with none.
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

/** Ids follow the order of commits if nobody else takes one until this transaction has ended. Readers do not wait. */
export const appendLock: Statement = {
  name: 'hallpass_append_lock',
  text: 'LOCK TABLE feed_events IN SHARE ROW EXCLUSIVE MODE',
}

export const commit: Statement = { name: 'hallpass_commit', text: 'COMMIT' }
export const rollback: Statement = { name: 'hallpass_rollback', text: 'ROLLBACK' }
