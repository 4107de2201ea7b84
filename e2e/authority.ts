// A real authority for a test: started in this process on a free port, with data of its own, and asked over real HTTP.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import type { ServeOptions } from '../packages/authority/src/config.ts'
import { createPasswordHasher } from '../packages/authority/src/keyring/passwords.ts'
import { serveWith, type RunningAuthority } from '../packages/authority/src/serve.ts'
import { quickPlace } from '../packages/authority/src/store/testing/quick-place.ts'
import { createAsk, type Ask } from './http.ts'

export const founder = { email: 'ada@example.com', password: 'ada-s long password' } as const

// What an authority leaves behind that has had its first start. Made once, for all directories of this process.
const firstStart = { at: Date.now(), files: await startFirst() }

export interface TestAuthority {
  readonly url: () => string
  readonly directory: string
  readonly ask: Ask
  /** Stops, lets `edit` change the database, and starts again on the same data. */
  restart(edit?: (database: DatabaseSync) => void): Promise<void>
  /** Reads the database while the authority runs. */
  inspect<T>(look: (database: DatabaseSync) => T): T
  stop(): Promise<void>
  /** Stops, and removes everything. */
  close(): Promise<void>
}

/** The port is any free one where none is given. */
export type Overrides = Partial<Omit<ServeOptions, 'dataDirectory' | 'listen'>> & { readonly port?: number }

/** An authority with the account of {@link founder}. */
export async function startAuthority({ port = 0, ...overrides }: Overrides = {}): Promise<TestAuthority> {
  const isOwn = ['databaseUrl', 'rootKey', 'bootstrap'].some((name) => name in overrides)
  // The account must not be made after the clock of the test.
  const isUsual = !isOwn && Date.now() >= firstStart.at
  const directory = isUsual ? await createFoundedDirectory() : await createDirectory()
  const listen = { host: '127.0.0.1', port }
  const start = () => serveCheaply({ ...optionsFor(directory), listen, ...overrides })
  let running: RunningAuthority | undefined
  try {
    running = await start()
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
  let url = running.url
  async function stop(): Promise<void> {
    await running?.close()
    running = undefined
  }
  return {
    url: () => url,
    directory,
    ask: createAsk(() => url),
    async restart(edit) {
      await stop()
      if (edit !== undefined) withDatabase(directory, edit)
      running = await start()
      url = running.url
    },
    inspect: (look) => withDatabase(directory, look),
    stop,
    async close() {
      await stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Passwords are hashed as always, but for a thousandth of the cost: tests do it hundreds of times. */
function serveCheaply(options: ServeOptions): Promise<RunningAuthority> {
  return serveWith(options, createPasswordHasher({ memory: 8, passes: 1 }))
}

export function optionsFor(directory: string): ServeOptions {
  return {
    listen: { host: '127.0.0.1', port: 0 },
    dataDirectory: directory,
    bootstrap: founder,
    logLevel: 'silent',
  }
}

export function createDirectory(): Promise<string> {
  return mkdtemp(join(quickPlace, 'hallpass-e2e-'))
}

/** The data of an authority in which the founder has an account. */
async function createFoundedDirectory(): Promise<string> {
  const directory = await createDirectory()
  for (const [name, content] of firstStart.files) await writeFile(join(directory, name), content, { mode: 0o600 })
  return directory
}

async function startFirst(): Promise<readonly (readonly [name: string, content: Buffer])[]> {
  const directory = await createDirectory()
  const running = await serveCheaply(optionsFor(directory))
  await running.close()
  const names = await readdir(directory)
  const files = await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name))] as const))
  await rm(directory, { recursive: true })
  return files
}

export function withDatabase<T>(directory: string, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(directory, 'hallpass.db'), { timeout: 5000 })
  try {
    return work(database)
  } finally {
    database.close()
  }
}
