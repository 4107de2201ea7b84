import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Store } from '../../domain/store.ts'
import { createKeyring } from '../../keyring/keyring.ts'
import { RootKey } from '../../keyring/root-key.ts'
import { openStore } from '../../store/open.ts'
import { overEachEngine } from '../../store/testing/engines.ts'
import { createOwnLimits, createSharedLimits, type PeopleLimits } from './try-limits.ts'

overEachEngine((postgres) => {
  let directory: string
  let store: Store
  let client: Client | undefined
  let now = 0
  /** Of several servers on one database, or of the one that there is. */
  let limits: readonly [PeopleLimits, PeopleLimits]

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hallpass-limits-'))
    const server = postgres()
    store = await openStore(server === undefined ? { directory } : { url: server.url })
    if (server === undefined) {
      const own = createOwnLimits(() => now)
      limits = [own, own]
      return
    }
    client = new Client(server.url)
    await client.connect()
    const rootKey = new Uint8Array(32).fill(7)
    const create = () => {
      const keyring = createKeyring(new RootKey(rootKey), 'https://hallpass.example')
      return createSharedLimits({ store, hide: (name) => keyring.hideName(name) }, () => now)
    }
    limits = [create(), create()]
  })
  afterAll(async () => {
    await client?.end()
    await store.close()
    await rm(directory, { recursive: true })
  })

  /** Lets so many seconds pass. */
  async function pass(seconds: number): Promise<void> {
    now += seconds * 1000
    await client?.query('update counted_tries set expires_at = expires_at - $1', [seconds * 1000])
  }

  it('ten failures a minute are allowed to a key, at whichever server; then it says how long to wait', async () => {
    const [ada, bob] = [randomUUID(), randomUUID()]
    for (let failure = 0; failure < 10; failure += 1) {
      const { tryLimits } = limits[failure % 2 === 0 ? 0 : 1]
      expect(await tryLimits.wait([['password', ada]], store)).toBe(0)
      await tryLimits.count([['password', ada]])
    }
    await pass(30)
    for (const { tryLimits } of limits) {
      const wait = await tryLimits.wait([['password', ada]], store)
      expect(wait).toBeGreaterThan(20)
      expect(wait).toBeLessThanOrEqual(30)
      expect(await tryLimits.wait([['password', bob]], store)).toBe(0)
      expect(await tryLimits.wait([['network', ada]], store)).toBe(0)
      // The longest of several counts.
      const both = [
        ['password', bob],
        ['password', ada],
      ] as const
      expect(await tryLimits.wait(both, store)).toBeGreaterThan(20)
    }
    await pass(30)
    for (const { tryLimits } of limits) expect(await tryLimits.wait([['password', ada]], store)).toBe(0)
  })

  it('questions count nothing', async () => {
    const key = randomUUID()
    for (let ask = 0; ask < 30; ask += 1) expect(await limits[0].tryLimits.wait([['password', key]], store)).toBe(0)
  })

  it('of many who take at once, as many get one as are allowed', async () => {
    const key = randomUUID()
    const taken: number[] = []
    // Fewer at a time than a write is tried again.
    for (let round = 0; round < 10; round += 1) {
      const asked = [...limits, ...limits].map(({ tryLimits }) => tryLimits.take([['mail', key]], store))
      taken.push(...(await Promise.all(asked)))
    }
    expect(taken.filter((wait) => wait === 0)).toHaveLength(30)
    for (const wait of taken) expect(wait).toBeLessThanOrEqual(60)
  })

  it('a login is known for a day, at every server', async () => {
    const key = randomUUID()
    const [one, other] = limits
    expect(await other.acquaintances.knows(key, store)).toBe(false)
    await one.acquaintances.meet(key, store)
    expect(await other.acquaintances.knows(key, store)).toBe(true)
    await pass(23 * 3600)
    await other.acquaintances.meet(key, store)
    await pass(23 * 3600)
    expect(await one.acquaintances.knows(key, store)).toBe(true)
    await pass(3 * 3600)
    expect(await one.acquaintances.knows(key, store)).toBe(false)
  })

  it('five resets an hour are mailed to one address; a server that is alone has counted the questions', async () => {
    const asked = { email: randomUUID(), network: '192.0.2.1' }
    const waits: number[] = []
    for (let count = 0; count < 6; count += 1) waits.push(await limits[count % 2 === 0 ? 0 : 1].takeReset(asked, store))
    expect(waits.slice(0, 5)).toEqual([0, 0, 0, 0, 0])
    expect((waits[5] ?? 0) > 3500).toBe(postgres() !== undefined)
  })
})

describe('counts in memory', () => {
  const stage = () => {
    const clock = { now: 0 }
    const { tryLimits } = createOwnLimits(() => clock.now)
    const nowhere = {} as Store
    return {
      clock,
      wait: (key: string) => tryLimits.wait([['password', key]], nowhere),
      fail: async (key: string, times: number) => {
        for (let failure = 0; failure < times; failure += 1) await tryLimits.count([['password', key]])
      },
    }
  }

  it('are not pushed out by others, however many there are', async () => {
    const { clock, wait, fail } = stage()
    await fail('ada', 10)
    for (let other = 0; other < 45_000; other += 1) await fail(`other ${other}`, 1)
    expect(await wait('ada')).toBe(60)
    // The newest of the others count too: the oldest single counts make room.
    await fail('other 44999', 9)
    expect(await wait('other 44999')).toBe(60)
    clock.now = 60_000
    expect(await wait('ada')).toBe(0)
  })

  it('are forgotten when they have ended, before any that still count', async () => {
    const { clock, wait, fail } = stage()
    for (let other = 0; other < 20_000; other += 1) await fail(`other ${other}`, 10)
    clock.now = 61_000
    await fail('ada', 10)
    expect(await wait('ada')).toBe(60)
  })
})
