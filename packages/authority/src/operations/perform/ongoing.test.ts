// Calls that go on: a real store, and what ends them.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { DomainError } from '../../domain/errors.ts'
import type { Store } from '../../domain/store.ts'
import { openStore } from '../../store/open.ts'
import { createOngoingCalls, type OngoingCall } from './ongoing.ts'

let directory: string
let store: Store
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hallpass-ongoing-'))
  store = await openStore({ directory })
})
afterAll(async () => {
  await store.close()
  await rm(directory, { recursive: true })
})

const good: OngoingCall = { network: 'n', owner: 'o', hasLeft: () => false, check: async () => {} }
const forever = () => new Promise<never>(() => {})
const revoked = new DomainError('unauthenticated', 'revoked')

test('a call ends with the refusal, and its signal is aborted, even if the work does not listen to it', async () => {
  const calls = createOngoingCalls(store)
  let isAllowed = true
  let given: AbortSignal | undefined
  const asks: string[] = []
  const check = async () => {
    asks.push('asked')
    if (!isAllowed) throw revoked
    isAllowed = false
  }
  const call = calls.run({ ...good, check }, (signal) => {
    given = signal
    return forever()
  })
  await expect(call).rejects.toBe(revoked)
  expect(asks).toHaveLength(2)
  expect(given?.aborted).toBe(true)
})

test('all calls are checked in one snapshot, and a client that has left ends its own', async () => {
  let snapshots = 0
  const counting: Pick<Store, 'read'> = {
    read(work, options) {
      snapshots += 1
      return store.read(work, options)
    },
  }
  const calls = createOngoingCalls(counting)
  const check = async () => {
    throw revoked
  }
  const ends = [
    calls.run({ ...good, check }, forever),
    calls.run({ ...good, hasLeft: () => true }, forever),
    calls.run({ ...good, check }, forever),
  ]
  expect((await Promise.allSettled(ends)).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(snapshots).toBe(1)
  expect(await calls.run(good, async () => 'whole')).toBe('whole')
})

test('if the store cannot be read, calls end', async () => {
  const gone = new DomainError('unavailable', 'gone')
  const calls = createOngoingCalls({ read: () => Promise.reject(gone) })
  await expect(calls.run(good, forever)).rejects.toBe(gone)
})

test('there are so many of one owner, of one network and of all; close ends them and refuses more', async () => {
  const calls = createOngoingCalls(store, { owner: 1, network: 2, all: 3 })
  const begun = [
    calls.run(good, forever),
    calls.run({ ...good, owner: 'p' }, forever),
    calls.run({ ...good, owner: 'r', network: 'm' }, forever),
  ]
  for (const place of [
    { owner: 'q', network: 'n' },
    { owner: 'o', network: 'm' },
    { owner: 'q', network: 'k' },
  ]) {
    await expect(calls.run({ ...good, ...place }, forever)).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfter: 1,
    })
  }
  calls.close()
  for (const call of begun) await expect(call).rejects.toMatchObject({ code: 'unavailable' })
  await expect(calls.run(good, forever)).rejects.toMatchObject({ code: 'unavailable' })
})
