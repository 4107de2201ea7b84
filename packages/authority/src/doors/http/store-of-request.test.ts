// One request waits for its store at most once, whatever it asks.
import { expect, test } from 'vitest'

import { DomainError } from '../../domain/errors.ts'
import type { Asker, ReadOptions, Store, WriteOptions } from '../../domain/store.ts'
import { StoreOfRequest } from './store-of-request.ts'

const somebody: Asker = { network: () => 'a network', hasLeft: () => false }

test('only the time of failed waits and of a queue is subtracted from later ones', async () => {
  let now = 0
  let takes = 0
  let error: Error | undefined
  const asked: (ReadOptions | WriteOptions | undefined)[] = []
  async function ask<T>(options: ReadOptions | undefined): Promise<T> {
    asked.push(options)
    now += takes
    if (error !== undefined) throw error
    return undefined as T
  }
  const store: Store = {
    isRemote: false,
    read: (_, options) => ask(options),
    write: (_, options) => ask(options),
    health: async () => undefined,
    failed: new Promise(() => {}),
    close: async () => {},
  }
  const own = new StoreOfRequest(store, () => now, somebody)
  const nothing = async () => undefined
  takes = 3000
  await own.read(nothing)
  error = new DomainError('conflict', 'no')
  await own.write(nothing).catch(() => {})
  error = new DomainError('unavailable', 'no')
  takes = 4000
  await own.write(nothing, { isUrgent: true }).catch(() => {})
  takes = 1000
  await own.read(nothing).catch(() => {})
  await own.read(nothing).catch(() => {})
  expect(asked).toEqual([
    { patience: 4400, asker: somebody },
    { patience: 4400, asker: somebody },
    { patience: 4400, asker: somebody, isUrgent: true },
    { patience: 400, asker: somebody },
    { patience: 10, asker: somebody },
  ])

  // A request that has waited for its turn, because the database hangs, must not wait as long again.
  const late = new StoreOfRequest(store, () => now, somebody, 3400)
  await late.read(nothing).catch(() => {})
  await late.read(nothing).catch(() => {})
  expect(asked.slice(-2)).toMatchObject([{ patience: 1000 }, { patience: 10 }])
})
