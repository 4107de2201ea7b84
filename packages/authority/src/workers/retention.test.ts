// The worker removes data that is kept for a limited time, and nothing else.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { openSqliteStore } from '../store/open.ts'
import { createEvent, createToken, insertOrganisation } from '../store/testing/seed.ts'
import { createRetention } from './retention.ts'
import { startWorker } from './worker.ts'

const day = 86_400_000

test('audit events and ended tokens are removed when their time is over', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-retention-'))
  const store = await openSqliteStore({ directory })
  const now = () => 100 * day
  const { organisation, ended, fresh } = await store.write(async (tx) => {
    const { id } = await insertOrganisation(tx)
    const tokens = [createToken(id, { expiresAt: 9 * day }), createToken(id, { expiresAt: 11 * day })] as const
    for (const token of tokens) await tx.tokens.insert(token)
    for (const at of [1, 49 * day, 51 * day]) await tx.audit.append(createEvent(id, at))
    return { organisation: id, ended: tokens[0], fresh: tokens[1] }
  })
  const chores = createRetention({ auditEvents: 50 * day, endedTokens: 90 * day }, { now, elapsed: () => 0 })
  const worker = startWorker({ store, chores, now, id: 'one', report: () => {} })
  await expect.poll(() => store.read((tx) => tx.settings.get('ended_tokens_removed'))).toBe(`0 ${now()}`)
  await worker.stop()
  await store.read(async (tx) => {
    expect((await tx.audit.ofOrganisation(organisation, { limit: 9 })).items.map(({ at }) => at)).toEqual([51 * day])
    expect(await tx.tokens.byId(ended.id)).toBeUndefined()
    expect(await tx.tokens.byId(fresh.id)).toBeDefined()
    for (const chore of chores) expect(await chore.isDue(tx)).toBe(false)
  })
  await store.close()
  await rm(directory, { recursive: true })
  const forEver = createRetention({ auditEvents: undefined, endedTokens: undefined }, { now, elapsed: () => 0 })
  expect(forEver.map(({ name }) => name)).toEqual(['noting the time'])
})

test('a clock that jumps ahead removes a day at most for each hour that a server runs', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-retention-'))
  const store = await openSqliteStore({ directory })
  const [today, hour] = [100 * day, day / 24]
  const ends = [today - 1, today + day / 2, today + 2 * day]
  const { organisation, tokens } = await store.write(async (tx) => {
    const { id } = await insertOrganisation(tx)
    const all = ends.map((expiresAt) => createToken(id, { expiresAt }))
    for (const token of all) await tx.tokens.insert(token)
    return { organisation: id, tokens: all }
  })
  let [now, elapsed] = [today, 0]
  const start = () => createRetention({ auditEvents: 0, endedTokens: 0 }, { now: () => now, elapsed: () => elapsed })
  /** Does what is due, and returns the ends of the tokens that are left. */
  async function doChores(chores: ReturnType<typeof start>): Promise<readonly number[]> {
    for (const chore of chores) {
      if (!(await store.read((tx) => chore.isDue(tx)))) continue
      while (await store.write((tx) => chore.step(tx)));
    }
    return store.read(async (tx) => {
      const found = await Promise.all(tokens.map(({ id }) => tx.tokens.byId(id)))
      return found.flatMap((token) => (token === undefined ? [] : [token.expiresAt]))
    })
  }
  const chores = start()
  expect(await doChores(chores)).toEqual(ends.slice(1))
  await store.write((tx) => tx.audit.append(createEvent(organisation, today + day / 2)))
  now = 10_000 * day
  expect(await doChores(chores)).toEqual(ends.slice(1))
  // A start makes it no later.
  expect(await doChores(start())).toEqual(ends.slice(1))
  expect((await store.read((tx) => tx.audit.ofOrganisation(organisation, { limit: 9 }))).items).toHaveLength(1)
  elapsed = hour
  now += 2 * hour
  expect(await doChores(chores)).toEqual(ends.slice(2))
  expect((await store.read((tx) => tx.audit.ofOrganisation(organisation, { limit: 9 }))).items).toHaveLength(0)
  now = today
  expect(await doChores(chores)).toEqual(ends.slice(2))
  await store.close()
  await rm(directory, { recursive: true })
})

test('several servers that take turns believe a clock no faster than one', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-retention-'))
  const store = await openSqliteStore({ directory })
  const [today, hour] = [100 * day, day / 24]
  let elapsed = 0
  let now = today
  const servers = Array.from({ length: 3 }, () =>
    createRetention({ auditEvents: undefined, endedTokens: undefined }, { now: () => now, elapsed: () => elapsed }),
  )
  const noted = () => store.read(async (tx) => Number(await tx.settings.get('time_noted')))
  /** All of them, in turn. */
  async function takeTurns(): Promise<void> {
    for (const chore of servers.flat()) {
      const isDue = await store.read((tx) => chore.isDue(tx))
      if (isDue) await store.write((tx) => chore.step(tx))
    }
  }
  await takeTurns()
  now = 10_000 * day
  for (let hours = 1; hours <= 3; hours++) {
    elapsed += hour - 1
    await takeTurns()
    expect(await noted()).toBe(today + (hours - 1) * day)
    elapsed += 1
    // The second time, all of them see the note of one.
    await takeTurns()
    await takeTurns()
    expect(await noted()).toBe(today + hours * day)
  }
  // Both find the last note old enough. The first one notes the time, and the second then notes nothing.
  elapsed += hour
  const [[first], [second]] = servers as [(typeof servers)[0], (typeof servers)[0]]
  for (const chore of [first, second])
    expect(await store.read((tx) => chore?.isDue(tx) ?? Promise.resolve(false))).toBe(true)
  for (const chore of [first, second]) await store.write((tx) => chore?.step(tx) ?? Promise.resolve(false))
  expect(await noted()).toBe(today + 4 * day)
  await store.close()
  await rm(directory, { recursive: true })
})
