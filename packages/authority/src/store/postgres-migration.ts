// Brings a PostgreSQL database up to date; safe where several servers start at once.
import { setTimeout as pause } from 'node:timers/promises'

import type { Client } from 'pg'

import { migrate, type Progress } from './migrate.ts'
import { postgresWords, sqlOf } from './migration.ts'
import { connectOnce } from './postgres-connections.ts'
import { codeOf } from './postgres-errors.ts'
import type { PostgresHosts } from './postgres-hosts.ts'
import { currentVersion } from './postgres-look.ts'

/** What is let go of in the middle is undone by the server, and done again by the next start. */
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
              // Those who write hold it for as long: none of them ends after this step what it began before.
              if ((await currentVersion(client)) > 0) await client.query('LOCK TABLE migrations IN EXCLUSIVE MODE')
              await expectMine()
              return work()
            }, `SET LOCAL lock_timeout = '2s'; SELECT pg_advisory_xact_lock(${stepLock})`)
          } catch (error) {
            // Behind who waits for a lock that somebody has for long, as a dump, all others would wait.
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
        // Of one that was interrupted an index is left that is never used.
        await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${index.name}`)
        await client.query(sqlOf(index).replace('create index', 'create index concurrently'))
      },
    },
    Date.now(),
    progress,
  )
}

/**
 * Holds a lock on a connection of its own, in a transaction, as poolers mix sessions up. It is never waited for in the
 * database: an index that is made concurrently waits for all who wait there.
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
  // Long before the server takes the silence for the end.
  const beats = setInterval(() => void ask().catch(() => {}), 5000)
  return {
    /**
     * Asks the server: a program that stood still for long does not know yet that another one has the turn by now.
     * @throws what the turn was lost by
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

// A machine that vanishes in the middle lets go of everything half a minute later; whoever waits for its locks waits
// longer than that.
const settings = `SET LOCAL statement_timeout = '10min'; SET LOCAL lock_timeout = '10min';
  SET LOCAL idle_in_transaction_session_timeout = '30s'`
