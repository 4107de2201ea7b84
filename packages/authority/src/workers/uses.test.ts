// The last uses are written beside everything else: a store that fails loses none, and an orderly end writes the rest.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { DomainError } from '../domain/errors.ts'
import type { Store } from '../domain/store.ts'
import { UseLog } from '../domain/use-log.ts'
import { openSqliteStore } from '../store/open.ts'
import { createToken, insertOrganisation } from '../store/testing/seed.ts'
import { startUseWriter, type UseWriterOptions } from './uses.ts'
import type { Worker } from './worker.ts'

let directory = ''
let store: Store
let uses: UseLog
let writer: Worker | undefined
const reported: unknown[] = []
let dropped = 0

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hallpass-uses-'))
  store = await openSqliteStore({ directory })
  uses = createLog(1000)
  reported.length = 0
  dropped = 0
})
afterEach(async () => {
  await writer?.stop()
  await store.close()
  await rm(directory, { recursive: true })
})

function createLog(since: number, bounds = { most: 1000, many: 500 }): UseLog {
  const same = (text: string) => text
  return new UseLog(since, { address: same, userAgent: same }, bounds)
}

function start(changes: Partial<UseWriterOptions> = {}): Worker {
  writer = startUseWriter({
    store,
    uses,
    interval: 3_600_000,
    report: (error) => reported.push(error),
    reportDropped: (count) => (dropped += count),
    ...changes,
  })
  return writer
}

async function insertTokens(count: number): Promise<readonly string[]> {
  const all = await store.write(async (tx) => {
    const { id } = await insertOrganisation(tx)
    const made = Array.from({ length: count }, () => createToken(id))
    for (const token of made) await tx.tokens.insert(token)
    return made
  })
  return all.map(({ id }) => id)
}

/** How many of the tokens have a use that is written. */
function countWritten(ids: readonly string[]): Promise<number> {
  return store.read(async (tx) => {
    const found = await Promise.all(ids.map((id) => tx.tokens.byIdWithNames(id)))
    return found.filter((token) => token?.lastUse !== null).length
  })
}

const use = (ids: readonly string[], at = 5) => {
  for (const id of ids) uses.tokens.note(id, { remoteAddress: '192.0.2.1' }, 'app.list', at)
}

test('an orderly end writes all uses, in several batches, and of tokens that are gone none', async () => {
  const ids = await insertTokens(250)
  const worker = start()
  use([...ids, crypto.randomUUID()])
  await worker.stop()
  expect(await countWritten(ids)).toBe(250)
  expect(reported).toEqual([])
})

test('many uses are written before their time', async () => {
  const written = Promise.withResolvers<undefined>()
  uses = createLog(1000, { most: 1000, many: 50 })
  const [ids, more] = [await insertTokens(50), await insertTokens(50)]
  start({
    store: {
      read: (work, options) => store.read(work, options),
      async write(work, options) {
        const result = await store.write(work, options)
        if (options?.isStep === true && (await countWritten([...ids, ...more])) === 100) written.resolve(undefined)
        return result
      },
    },
  })
  use(ids)
  use(more)
  await written.promise
})

test('what a store refuses is written by the next turn; a failure is reported once, and trouble of the store never', async () => {
  const ids = await insertTokens(150)
  const failures = [new DomainError('unavailable', 'away'), new Error('odd'), new Error('odd again')]
  let refused = Promise.withResolvers<undefined>()
  const failing: Pick<Store, 'read' | 'write'> = {
    read: (work, options) => store.read(work, options),
    write: async (work, options) => {
      const failure = options?.isStep === true ? failures.shift() : undefined
      if (failure === undefined) return store.write(work, options)
      refused.resolve(undefined)
      throw failure
    },
  }
  use(ids)
  start({ store: failing, interval: 1 })
  for (let left = failures.length; left > 0; left--) {
    await refused.promise
    refused = Promise.withResolvers()
  }
  await writer?.stop()
  expect(failures).toEqual([])
  expect(await countWritten(ids)).toBe(150)
  expect(reported).toEqual([expect.objectContaining({ message: 'odd' })])
  expect(dropped).toBe(0)
})

test('uses beyond the bound are counted, and said', async () => {
  uses = createLog(1000, { most: 10, many: 11 })
  const ids = await insertTokens(13)
  use(ids)
  await start().stop()
  expect([await countWritten(ids), dropped]).toEqual([10, 3])
})

test('the time since when uses are known is that of the first server, and stays', async () => {
  const knownSince = () => store.read((tx) => tx.uses.knownSince())
  expect(await knownSince()).toBeUndefined()
  await start().stop()
  expect(await knownSince()).toBe(1000)
  await start({ uses: createLog(2000) }).stop()
  expect(await knownSince()).toBe(1000)
})
