// Examines a PostgreSQL database without changing it, for a startup and for `hallpass doctor`.
import type { Client } from 'pg'

import type { FoundDatabase } from '../domain/store.ts'
import { newestEvent, type Examined } from './look.ts'

/** The facts that a startup needs. */
export async function readFound(client: Client): Promise<FoundDatabase> {
  const accounts = (await hasTable(client, 'users')) ? await client.query('select 1 from users limit 1') : undefined
  return {
    rootKeyProof: await readSetting(client, 'root_key_proof'),
    holdsAccounts: accounts !== undefined && accounts.rows.length > 0,
    hadPredecessor: false,
  }
}

async function readSetting(client: Client, name: string): Promise<string | undefined> {
  if (!(await hasTable(client, 'settings'))) return undefined
  const { rows } = await client.query<{ value: string }>('select value from settings where name = $1', [name])
  return rows[0]?.value
}

/** The version of its tables; 0 if there are none. */
export async function currentVersion(client: Client): Promise<number> {
  if (!(await hasTable(client, 'migrations'))) return 0
  const { rows } = await client.query<{ version: number | null }>('select max(version) as version from migrations')
  return rows[0]?.version ?? 0
}

/** Examines the database, and the settings that durability depends on. */
export async function examineClient(client: Client): Promise<Examined> {
  const problems: string[] = []
  await client.query('begin transaction read only')
  const before = Date.now()
  const { rows } = await client.query<State>(stateQuery)
  const after = Date.now()
  const [state] = rows
  if (state !== undefined) {
    problems.push(...problemsOf(state))
    const ahead = Number(state.now) < before ? Number(state.now) - before : Math.max(0, Number(state.now) - after)
    if (Math.abs(ahead) > mostApart) {
      problems.push(
        `The clock of the database server is ${Math.round(Math.abs(ahead) / 1000)} seconds ${ahead > 0 ? 'ahead of' : 'behind'} ` +
          'the one here: let both follow a time server.',
      )
    }
  }
  const events = (await hasTable(client, 'audit_events'))
    ? await client.query<{ at: number | null }>(newestEvent)
    : undefined
  const found = await readFound(client)
  const look = {
    ...found,
    version: await currentVersion(client),
    newest: events?.rows[0]?.at ?? undefined,
    lastEngine: await readSetting(client, 'engine_last'),
  }
  await client.query('rollback')
  return { look, problems }
}

/** The settings with which a crash may lose data; each a sentence that says how to fix it. */
export async function findWeakSettings(client: Client): Promise<string[]> {
  const { rows } = await client.query<State>(stateQuery)
  return rows.flatMap(problemsOf)
}

interface State {
  readonly now: string
  readonly standby: boolean
  readonly read_only: string
  readonly synchronous_commit: string
  readonly fsync: string
  readonly full_page_writes: string
  readonly checksum_failures: string | null
}

const stateQuery = `select (extract(epoch from clock_timestamp()) * 1000)::bigint::text as now,
  pg_is_in_recovery() as standby, current_setting('default_transaction_read_only') as read_only,
  current_setting('synchronous_commit') as synchronous_commit, current_setting('fsync') as fsync,
  current_setting('full_page_writes') as full_page_writes,
  (select checksum_failures::text from pg_stat_database where datname = current_database()) as checksum_failures`

function problemsOf(state: State): string[] {
  const problems: string[] = []
  if (state.standby) problems.push('This PostgreSQL is a standby, which takes no writes: name the primary.')
  else if (state.read_only === 'on') {
    problems.push('This PostgreSQL takes no writes: set default_transaction_read_only = off.')
  }
  if (state.synchronous_commit === 'off') {
    problems.push(
      'synchronous_commit is off: set it to on. Hallpass turns it on for all that it writes, so that a crash loses nothing.',
    )
  }
  for (const setting of ['fsync', 'full_page_writes'] as const) {
    if (state[setting] !== 'on')
      problems.push(`${setting} is off, so that a crash can destroy the database: set it to on.`)
  }
  if (Number(state.checksum_failures ?? 0) > 0) {
    problems.push(
      `PostgreSQL found ${state.checksum_failures} damaged pages: restore a backup, and look after the disk.`,
    )
  }
  return problems
}

async function hasTable(client: Client, name: string): Promise<boolean> {
  // Not to_regclass: it answers from a cache that a migration by another server does not empty in time.
  const { rows } = await client.query(
    'select 1 from pg_tables where tablename = $1 and schemaname = any (current_schemas(false))',
    [name],
  )
  return rows.length > 0
}

// How far clocks may differ, in milliseconds: tokens begin a minute early.
const mostApart = 5000
