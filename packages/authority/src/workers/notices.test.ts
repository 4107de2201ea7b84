// Who is told of the end of a token, how often, and when: with clocks that move, several servers, and failures.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { day, usualNoticeDays } from '../domain/notice.ts'
import type { Organisation } from '../domain/organisation.ts'
import type { Store, Transaction } from '../domain/store.ts'
import type { NewToken } from '../domain/token.ts'
import type { User } from '../domain/user.ts'
import { openStore } from '../store/open.ts'
import { overEachEngine } from '../store/testing/engines.ts'
import { createDatabase } from '../store/testing/postgres.ts'
import { createToken, insertOrganisation, insertUser } from '../store/testing/seed.ts'
import { createNotices, type Told } from './notices.ts'
import { startWorker, type Chore } from './worker.ts'

const hour = day / 24
const start = 20_000 * day

overEachEngine((postgres) => {
  let directory: string
  let place: Parameters<typeof openStore>[0]
  let store: Store
  let now = start
  /** In the outbox, as the postbox would write them. */
  let fails = false

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hallpass-notices-'))
    const server = postgres()
    place = server === undefined ? { directory } : { url: await createDatabase(server) }
    store = await openStore(place)
    now = start
    fails = false
  })
  afterEach(async () => {
    await store.close()
    await rm(directory, { recursive: true })
  })

  interface Mail {
    readonly to: string
    readonly at: number
    readonly kind: string
    readonly tokens: readonly string[]
    readonly others: number
  }

  /** Leaves mail as rows of the outbox, so that it is there only if its transaction is. */
  async function post(tx: Transaction, { email }: User, { kind, tokens, others }: Told): Promise<boolean> {
    const mail: Mail = { to: email, at: now, kind, tokens: tokens.map(({ record }) => record.name), others }
    const payload = Buffer.from(JSON.stringify(mail))
    await tx.outbox.insert({ kind: 'mail', payload, dueAt: now, expiresAt: Number.MAX_SAFE_INTEGER })
    if (fails) throw new Error('the server was killed')
    return true
  }

  const chores = (changes: Partial<Parameters<typeof createNotices>[0]> = {}) =>
    createNotices({ days: usualNoticeDays, now: () => now, post, ...changes })

  /** Does what is due, and returns the mails that it left. */
  async function work(all: readonly Chore[] = chores()): Promise<readonly Mail[]> {
    for (const chore of all) {
      if (!(await store.read((tx) => chore.isDue(tx)))) continue
      while (await store.write((tx) => chore.step(tx)));
    }
    return takeMails()
  }

  async function takeMails(): Promise<readonly Mail[]> {
    const mails: Mail[] = []
    for (;;) {
      const task = await store.write((tx) => tx.outbox.claim(Number.MAX_SAFE_INTEGER - 2, Number.MAX_SAFE_INTEGER - 1))
      if (task === undefined) return mails
      mails.push(JSON.parse(Buffer.from(task.payload).toString()) as Mail)
      await store.write((tx) => tx.outbox.delete(task.id))
    }
  }

  /** An organisation with this person as a member, and the given tokens of theirs. */
  async function furnish(
    tokens: readonly Partial<NewToken>[],
    { proven = true }: { readonly proven?: boolean } = {},
  ): Promise<{ readonly maker: User; readonly organisation: Organisation; readonly made: readonly NewToken[] }> {
    return store.write(async (tx) => {
      const maker = await insertUser(tx, proven ? { emailProvenAt: 1, emailProvenBy: 'mail' } : {})
      const organisation = await insertOrganisation(tx)
      await tx.memberships.insert({ organisationId: organisation.id, userId: maker.id, role: 'member', createdAt: 1 })
      const made = tokens.map((changes) =>
        createToken(organisation.id, { createdBy: maker.id, createdAt: start, ...changes }),
      )
      for (const token of made) await tx.tokens.insert(token)
      return { maker, organisation, made }
    })
  }

  async function addAdmin(organisation: Organisation, proven = true): Promise<User> {
    return store.write(async (tx) => {
      const admin = await insertUser(tx, proven ? { emailProvenAt: 1, emailProvenBy: 'mail' } : {})
      await tx.memberships.insert({ organisationId: organisation.id, userId: admin.id, role: 'admin', createdAt: 1 })
      return admin
    })
  }

  /** Whole days before the end at which a token of this life is told of, looked at every six hours. */
  async function noticesOf(days: number): Promise<readonly number[]> {
    const end = now + days * day
    await furnish([{ name: `of ${days}`, createdAt: now, expiresAt: end }])
    const left: number[] = []
    for (; now < end + day; now += 6 * hour) {
      for (const mail of await work()) if (mail.tokens.includes(`of ${days}`)) left.push((end - mail.at) / day)
    }
    return left
  }

  test('a token is told of 30, 7 and 1 days before its end, if it lives clearly longer', async () => {
    expect(await noticesOf(60)).toEqual([30, 7, 1])
    expect(await noticesOf(30)).toEqual([7, 1])
    expect(await noticesOf(7)).toEqual([1])
    expect(await noticesOf(2)).toEqual([])
    expect(await noticesOf(0.01)).toEqual([])
  })

  test('of several notices that are due at once, after the server was down, only the nearest is sent', async () => {
    const { maker } = await furnish([
      { name: 'a', expiresAt: start + 60 * day },
      { name: 'b', expiresAt: start + 66 * day },
    ])
    expect(await work()).toEqual([])
    now = start + 59.5 * day
    expect(await work()).toEqual([{ to: maker.email, at: now, kind: 'end', tokens: ['a', 'b'], others: 0 }])
    expect(await work()).toEqual([])
    now += 2 * day
    expect(await work()).toEqual([])
    now = start + 65 * day
    expect(await work()).toMatchObject([{ tokens: ['b'] }])
  })

  test('one mail a day has what would be due before the next one, and lists twenty of many', async () => {
    const tokens = Array.from({ length: 150 }, (_, at) => ({ name: `t${at}`, expiresAt: start + 60 * day + at * hour }))
    const { maker } = await furnish(tokens)
    const mails: Mail[] = []
    for (now = start + 28 * day; now < start + 40 * day; now += hour) mails.push(...(await work()))
    const times = mails.map(({ at }) => at)
    expect(times.every((at, number) => number === 0 || at - (times[number - 1] ?? 0) >= day)).toBe(true)
    expect(mails.every(({ to }) => to === maker.email)).toBe(true)
    expect(mails.reduce((sum, mail) => sum + mail.tokens.length + mail.others, 0)).toBe(150)
    expect(Math.max(...mails.map((mail) => mail.tokens.length))).toBe(20)
    // Each is told of at least thirty days before its end.
    for (const { at, tokens: named } of mails) {
      for (const name of named)
        expect(start + 60 * day + Number(name.slice(1)) * hour - at).toBeGreaterThanOrEqual(30 * day)
    }
  })

  test('a clock that is set back repeats nothing, and one that was years ahead silences nobody', async () => {
    await furnish([{ name: 'a', expiresAt: start + 60 * day }])
    now = start + 30 * day
    expect(await work()).toHaveLength(1)
    now = start + 20 * day
    expect(await work()).toEqual([])
    now = start + 4000 * day
    expect(await work()).toEqual([])
    now = start + 31 * day
    expect(await work()).toEqual([])
    now = start + 53 * day
    expect(await work()).toMatchObject([{ tokens: ['a'] }])
    now = start + 59 * day
    expect(await work()).toMatchObject([{ tokens: ['a'] }])
    now = start + 53 * day
    expect(await work()).toEqual([])
  })

  describe('nobody is told', () => {
    test('of what is revoked, replaced, or of a machine, also if that is so since it was noted', async () => {
      const expiresAt = start + 60 * day
      const { made } = await furnish([
        { expiresAt, revokedAt: 1, revokedBy: 'ada' },
        { expiresAt, successorId: crypto.randomUUID() },
        { expiresAt, machineId: 'machine' },
        { name: 'revoked later', expiresAt },
        { name: 'replaced later', expiresAt },
        { name: 'stays', expiresAt },
      ])
      now = start + 29.5 * day
      expect(await work()).toEqual([])
      const [, , , revoked, replaced, stays] = made
      await store.write(async (tx) => {
        await tx.tokens.revoke(revoked?.id ?? '', now, 'ada')
        await tx.tokens.handOn(replaced?.id ?? '', stays?.id ?? '', now + 40 * day)
      })
      now = start + 30 * day
      expect(await work()).toMatchObject([{ tokens: ['stays'], others: 0 }])
    })

    test('where nothing is mailed; and mail that is turned on later brings nothing old', async () => {
      await furnish([
        { name: 'old', expiresAt: start + 60 * day },
        { name: 'new', expiresAt: start + 70 * day },
      ])
      now = start + 35 * day
      expect(await work(chores({ post: undefined }))).toEqual([])
      expect(await work()).toEqual([])
      now = start + 40 * day
      expect(await work()).toMatchObject([{ tokens: ['new'] }])
      now = start + 53 * day
      expect(await work()).toMatchObject([{ tokens: ['old'] }])
    })

    test('where notices are turned off', async () => {
      await furnish([{ expiresAt: start + 60 * day }])
      now = start + 59.5 * day
      expect(await work(chores({ days: [] }))).toEqual([])
    })
  })

  test('where all that would be listed are revoked since they were noted, the others are still told of', async () => {
    const all = Array.from({ length: 25 }, (_, at) => ({ name: `t${at}`, expiresAt: start + 60 * day + at }))
    const { maker, made } = await furnish(all)
    now = start + 29.5 * day
    expect(await work()).toEqual([])
    await store.write(async (tx) => {
      for (const { id } of made.slice(0, 20)) await tx.tokens.revoke(id, now, 'ada')
    })
    now = start + 30 * day
    expect(await work()).toEqual([{ to: maker.email, at: now, kind: 'end', tokens: [], others: 5 }])
  })

  test('the admins are told in the place of a maker who is gone or has no proven address', async () => {
    const expiresAt = start + 60 * day
    const left = await furnish([{ name: 'left', expiresAt }])
    const unproven = await furnish([{ name: 'unproven', expiresAt }], { proven: false })
    const nobody = await furnish([{ name: 'nobody', expiresAt, createdBy: null }])
    const expected: string[] = []
    for (const [name, { organisation }] of Object.entries({ left, unproven, nobody })) {
      for (const admin of [await addAdmin(organisation), await addAdmin(organisation)])
        expected.push(`${admin.email} ${name}`)
      await addAdmin(organisation, false)
    }
    await store.write((tx) => tx.memberships.delete(left.organisation.id, left.maker.id))
    now = start + 30 * day
    const told = (await work()).map(({ to, tokens }) => `${to} ${tokens.join()}`)
    expect(new Set(told)).toEqual(new Set(expected))
    expect(told).toHaveLength(6)
  })

  test('a person who left since a token was noted learns nothing of it', async () => {
    const { maker, organisation } = await furnish([{ expiresAt: start + 60 * day }])
    now = start + 29.5 * day
    expect(await work()).toEqual([])
    await store.write((tx) => tx.memberships.delete(organisation.id, maker.id))
    now = start + 30 * day
    expect(await work()).toEqual([])
  })

  test('a server that is killed before the commit has told nobody, and the next one does', async () => {
    const { maker } = await furnish([{ name: 'a', expiresAt: start + 60 * day }])
    now = start + 30 * day
    fails = true
    await expect(work()).rejects.toThrow('killed')
    expect(await takeMails()).toEqual([])
    fails = false
    expect(await work()).toMatchObject([{ to: maker.email, tokens: ['a'] }])
    expect(await work()).toEqual([])
  })

  test('many tokens that end at once are noted in steps', async () => {
    const all = Array.from({ length: 300 }, (_, at) => ({ name: `t${at}`, expiresAt: start + 60 * day }))
    await furnish(all)
    now = start + 30 * day
    const [note] = chores()
    let steps = 1
    while (await store.write((tx) => note?.step(tx) ?? Promise.resolve(false))) steps += 1
    expect(steps).toBeGreaterThan(300 / 65)
    const [mail, ...more] = await work()
    expect([mail?.tokens.length, mail?.others, more.length]).toEqual([20, 280, 0])
  })

  test('two servers at once tell each person once', async () => {
    const people = await Promise.all(
      Array.from({ length: 5 }, () => furnish(Array.from({ length: 40 }, () => ({ expiresAt: start + 60 * day })))),
    )
    now = start + 30 * day
    const other = postgres() === undefined ? store : await openStore(place)
    const all = [store, other].flatMap((each) => chores().map((chore) => ({ each, chore })))
    // Without the lease of workers, so that their steps meet.
    await Promise.all(
      all.map(async ({ each, chore }) => {
        while (await each.write((tx) => chore.step(tx)));
      }),
    )
    // What one of them mailed before the other had noted everything waits for a day.
    const mails = [...(await takeMails())]
    now += day
    mails.push(...(await work()))
    for (const { maker } of people) {
      const own = mails.filter(({ to }) => to === maker.email)
      expect(own.reduce((sum, mail) => sum + mail.tokens.length + mail.others, 0)).toBe(40)
    }
    if (other !== store) await other.close()
  })

  test('a worker does it by itself', async () => {
    await furnish([{ expiresAt: start + 60 * day }])
    now = start + 30 * day
    const worker = startWorker({ store, chores: chores(), now: () => now, id: 'one', report: () => {} })
    await expect.poll(takeMails).toHaveLength(1)
    await worker.stop()
  })
})
