// The worker of an installation: steps between other writes, one worker at a time, continued after a restart.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import type { Store } from '../domain/store.ts'
import { openSqliteStore } from '../store/open.ts'
import { startWorker, type Chore, type Worker } from './worker.ts'

let directory = ''
let store: Store
const workers: Worker[] = []
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hallpass-worker-'))
  store = await openSqliteStore({ directory })
})
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.stop()
  await store.close()
  await rm(directory, { recursive: true })
})

/** Counts down, one step at a time. `taken` resolves when a step was taken or the work is done. */
function createChore(name: string, steps: number, fail = 0) {
  let left = steps
  let failures = fail
  const taken = Promise.withResolvers<undefined>()
  const done = Promise.withResolvers<undefined>()
  const chore: Chore = {
    name,
    isDue: async () => left > 0,
    async step(tx) {
      if (failures-- > 0) throw new Error('not now')
      await tx.settings.set(name, String((left -= 1)))
      taken.resolve(undefined)
      if (left === 0) done.resolve(undefined)
      return left > 0
    },
  }
  return { chore, left: () => left, taken: taken.promise, done: done.promise }
}

function start(id: string, chores: readonly Chore[], options: Partial<Parameters<typeof startWorker>[0]> = {}): Worker {
  const worker = startWorker({ store, chores, now: () => 1000, id, report: () => {}, ...options })
  workers.push(worker)
  return worker
}

test('takes every step of every chore, each in a transaction of its own', async () => {
  const [first, second] = [createChore('first', 3), createChore('second', 2)]
  start('one', [first.chore, second.chore])
  await Promise.all([first.done, second.done])
  await workers.pop()?.stop()
  await store.read(async (tx) => {
    expect(await tx.settings.get('first')).toBe('0')
    expect(await tx.settings.get('second')).toBe('0')
  })
})

test('gives every chore a turn while one has very much to do', async () => {
  const endless = createChore('endless', 1_000_000)
  const late = createChore('late', 1)
  start('one', [endless.chore, late.chore])
  await late.done
  expect(endless.left()).toBeGreaterThan(999_000)
})

test('stops after the current step, and another worker continues from there', async () => {
  const long = createChore('long', 1000)
  const worker = start('one', [long.chore])
  await long.taken
  await worker.stop()
  const left = long.left()
  expect(left).toBeGreaterThan(900)
  expect(await store.read((tx) => tx.settings.get('long'))).toBe(String(left))
  // By then its lease has expired.
  const rest = createChore('long', 2)
  start('other', [rest.chore], { now: () => 11_001 })
  await rest.done
})

test('leaves the work to a worker that has begun, and takes it over from one whose clock was ahead', async () => {
  const mine = createChore('mine', 1000)
  const one = start('one', [mine.chore])
  await mine.taken
  const theirs = createChore('theirs', 1)
  const asked = Promise.withResolvers<undefined>()
  const other = start('other', [
    theirs.chore,
    { name: 'next', isDue: async () => (asked.resolve(undefined), false), step: async () => false },
  ])
  await asked.promise
  expect(theirs.left()).toBe(1)
  await Promise.all([one.stop(), other.stop()])
  const late = createChore('late', 1)
  await store.write((tx) => tx.settings.set('worker_lease', 'one 99999999999'))
  start('third', [late.chore])
  await late.done
})

test('reports a failing chore once, and continues with the others', async () => {
  const [bad, good] = [createChore('bad', 1, 1), createChore('good', 1)]
  const reports: unknown[] = []
  start('one', [bad.chore, good.chore], { report: (state) => reports.push(state) })
  await good.done
  expect(reports).toEqual([{ chore: 'bad', error: expect.objectContaining({ message: 'not now' }) }])
  expect(bad.left()).toBe(1)
})
