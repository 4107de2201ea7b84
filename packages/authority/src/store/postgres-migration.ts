// Brings a PostgreSQL database up to date. Several servers may start at once.
import { setTimeout as pause } from 'node:timers/promises'

import type { Client } from 'pg'

import { migrate, type Progress } from './migrate.ts'
import { postgresWords, sqlOf } from './migration.ts'
import { connectOnce } from './postgres-connections.ts'
import { codeOf } from './postgres-errors.ts'
import type { PostgresHosts } from './postgres-hosts.ts'
import { currentVersion } from './postgres-look.ts'

/** If this program is killed, the server rolls back the step in progress, and the next start does it again. */
export async function migratePostgres(client: Client, hosts: PostgresHosts, progress?: Progress): Promise<void> {
  const transact = async <T>(work: () => Promise<T>, beginning: string): Promise<T> => {
    await client.query(`BEGIN; ${settings}; ${beginning}`)
    const result = await work()
    await client.query('COMMIT')
    return result
  }
  let expectMine = async (): Promise<void> => {}
  await migrate(
    {
      words: postgresWords,
      currentVersion: () => currentVersion(client),
      execute: async (sql) => {
        await client.query(sql)
      },
      count: async (sql) => {
        const { rows } = await client.query<[number]>({ text: sql, rowMode: 'array' })
        return rows[0]?.[0] ?? 0
      },
      async exclusively(work) {
        const until = performance.now() + patience
        for (;;) {
          try {
            return await transact(async () => {
              // Every write holds this lock: so none that began before this step ends after it.
              if ((await currentVersion(client)) > 0) await client.query('LOCK TABLE migrations IN EXCLUSIVE MODE')
              await expectMine()
              return work()
            }, `SET LOCAL lock_timeout = '2s'; SELECT pg_advisory_xact_lock(${stepLock})`)
          } catch (error) {
            // While this waits for a lock that somebody holds for long, for example a dump, all others would wait behind it.
            if (codeOf(error) !== lockNotAvailable || performance.now() > until) throw error
            await client.query('ROLLBACK')
            await pause(1000)
          }
        }
      },
      async beside(work) {
        await expectMine()
        return transact(work, 'SET LOCAL enable_seqscan = off')
      },
      async alone(work) {
        const turn = await waitForTurn(hosts)
        expectMine = turn.expectMine
        try {
          return await work()
        } finally {
          expectMine = async () => {}
          await turn.end()
        }
      },
      async buildIndex(index) {
        await expectMine()
        // An interrupted attempt leaves an index that is never used.
        await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${index.name}`)
        await client.query(sqlOf(index).replace('create index', 'create index concurrently'))
      },
    },
    Date.now(),
    progress,
  )
}

/**
 * Holds a lock on a connection of its own, in a transaction, because poolers mix sessions up. Nobody waits for this lock
 * in the database: an index that is made concurrently waits for every transaction, also for one that waits for a lock.
 */
async function waitForTurn(hosts: PostgresHosts) {
  const client = await connectOnce(hosts)
  try {
    for (;;) {
      await client.query(`BEGIN; ${settings}`)
      const { rows } = await client.query<{ mine: boolean }>(`SELECT pg_try_advisory_xact_lock(${partsLock}) AS mine`)
      if (rows[0]?.mine === true) break
      await client.query('ROLLBACK')
      await pause(200)
    }
  } catch (error) {
    await client.end()
    throw error
  }
  const ask = async (): Promise<void> => {
    await client.query('SELECT 1')
  }
  // Long before the server ends an idle transaction.
  const beats = setInterval(() => void ask().catch(() => {}), 5000)
  return {
    /**
     * Asks the server: a program that stood still for long does not know yet that another one has the turn by now.
     * @throws the error with which the turn was lost
     */
    expectMine: ask,
    end: async (): Promise<void> => {
      clearInterval(beats)
      await client.end()
    },
  }
}

// Any numbers, as long as they never change: all versions of the program must wait for the same locks.
const stepLock = 4_280_526
const partsLock = 4_280_527

// Milliseconds.
const patience = 600_000

const lockNotAvailable = '55P03'

// If a machine vanishes in the middle, its locks are released half a minute later. Others wait longer than that for them.
const settings = `SET LOCAL statement_timeout = '10min'; SET LOCAL lock_timeout = '10min';
  SET LOCAL idle_in_transaction_session_timeout = '30s'`
