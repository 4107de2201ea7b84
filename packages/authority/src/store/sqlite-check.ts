// The check of a SQLite file's pages by a startup: before it changes anything, or beside it where that would take long.
import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'

import { newestVersion } from './migrate.ts'
import { reasonOf } from './sqlite-errors.ts'
import { currentVersion, expectWhole, findDamage } from './sqlite-look.ts'

/** What a check reports while it runs beside the startup. */
export interface CheckEvents {
  damaged(error: Error): void
  /** The check could not be finished. */
  failed(error: unknown): void
  /** The file is sound. */
  sound?(): void
}

/** A check that runs beside the startup. */
export interface Check {
  /** Ends it. It reports nothing more. */
  stop(): Promise<void>
}

/**
 * Checks the file at `path`, which `database` has open, before it returns. Only a large file that needs no migration is
 * checked later, by the function that is returned, in a thread of its own. A huge one is not checked.
 * @throws StartupError `database_damaged`
 */
export function beginCheck(
  database: DatabaseSync,
  path: string,
  { beforehand, atAll, mayThread }: CheckBounds = usualBounds(),
): (events: CheckEvents) => Check | undefined {
  const { size } = statSync(path)
  if (size > atAll) return () => undefined
  if (size > beforehand && mayThread && currentVersion(database) === newestVersion) {
    return (events) => checkAside(path, events)
  }
  expectWhole(database, path)
  return () => undefined
}

/**
 * In the thread: the first finding, as text.
 * @public imported by the thread
 */
export function checkFile(path: string): string | undefined {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 10_000 })
  try {
    return findDamage(database)
  } catch (error) {
    if (error instanceof Error && reasonOf(error) === 'damaged') return error.message
    throw error
  } finally {
    database.close()
  }
}

interface CheckBounds {
  /** Bytes of a file that is checked before anything else. */
  readonly beforehand: number
  /** Bytes of a file that is checked at all. */
  readonly atAll: number
  /** Whether there may be a thread. */
  readonly mayThread: boolean
}

function usualBounds(): CheckBounds {
  // It exists only under --permission.
  const { permission } = process as Partial<NodeJS.Process>
  return { beforehand: 16 * 2 ** 20, atAll: 512 * 2 ** 20, mayThread: permission?.has('worker') ?? true }
}

function checkAside(path: string, events: CheckEvents): Check {
  // By its name: in what is built of it, this may stand in a file that has other names for what it exports.
  const extension = import.meta.url.endsWith('.js') ? 'js' : 'ts'
  const workerData = { module: new URL(`./sqlite-check.${extension}`, import.meta.url).href, path }
  const worker = new Worker(inThread, { eval: true, execArgv: [], workerData })
  worker.unref()
  worker.once('error', (error) => events.failed(error))
  worker.once('message', (finding: string | undefined) => {
    if (finding === undefined) events.sound?.()
    else events.damaged(new Error(finding))
  })
  return {
    async stop() {
      worker
        .removeAllListeners('message')
        .removeAllListeners('error')
        .on('error', () => {})
      await worker.terminate()
    },
  }
}

const inThread = `
const { parentPort, workerData } = require('node:worker_threads')
import(workerData.module).then(({ checkFile }) => parentPort.postMessage(checkFile(workerData.path)))
`
