// Limits on guesses and mails, of two authorities on one PostgreSQL: together they allow no more than one does.
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'

import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { serve } from '../packages/authority/src/main.ts'
import { reasonWithoutPostgres, startPostgres } from '../packages/authority/src/store/testing/postgres.ts'
import { createDirectory, founder, optionsFor } from './authority.ts'
import { createAsk, expectRefusal, type Answer, type Ask } from './http.ts'
import { createOrganisation, signInFounder, signUpInto, statusOf, unique, type Person } from './people.ts'

const missing = reasonWithoutPostgres()

describe.skipIf(missing !== undefined)(missing === undefined ? 'two authorities' : `skipped: ${missing}`, () => {
  let asks: readonly [Ask, Ask]
  let admin: Person
  let slug: string
  let client: Client
  const ends: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    const server = await startPostgres()
    ends.push(() => server.stop())
    const rootKey = randomBytes(32).toString('base64')
    const start = async () => {
      const directory = await createDirectory()
      ends.unshift(() => rm(directory, { recursive: true }))
      const options = { ...optionsFor(directory), trustedProxies: ['127.0.0.1'], databaseUrl: server.url, rootKey }
      const authority = await serve(options)
      ends.unshift(() => authority.close())
      return createAsk(() => authority.url)
    }
    asks = [await start(), await start()]
    client = new Client(server.url)
    await client.connect()
    ends.unshift(() => client.end())
    admin = await signInFounder(asks[0])
    slug = (await createOrganisation(asks[0], admin.token)).slug
  })
  afterAll(async () => {
    for (const end of ends) await end()
  })

  const guess = (at: number, from: string, email: string, password = 'wrong') =>
    (at % 2 === 0 ? asks[0] : asks[1])('POST', '/v1/sessions', {
      headers: { 'x-forwarded-for': from },
      body: { email, password },
    })

  function expectLimited(answer: Answer, seconds: number): void {
    expect(expectRefusal(answer, 429).code).toBe('rate_limited')
    const wait = Number(answer.headers.get('retry-after'))
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(seconds)
  }

  test('allow ten wrong passwords a minute together, and the right one costs nothing', async () => {
    const victim = await signUpInto(asks[0], admin.token, slug)
    const from = '192.0.2.1'
    for (let at = 0; at < 12; at += 1) {
      expect((await guess(at, '192.0.2.2', victim.email, victim.password)).status).toBe(201)
    }
    for (let at = 0; at < 10; at += 1) expectRefusal(await guess(at, from, victim.email), 401)
    for (const at of [0, 1]) {
      expectLimited(await guess(at, from, victim.email), 60)
      expectLimited(await guess(at, from, victim.email, victim.password), 60)
    }
    expect((await guess(1, from, founder.email, founder.password)).status).toBe(201)
    expect(await statusOf(asks[1], victim.token)).toBe(200)
  })

  test('that are asked all at once allow one more than ten at most, because each checks one at a time', async () => {
    const victim = await signUpInto(asks[0], admin.token, slug)
    const asked = Array.from({ length: 30 }, (_, at) => guess(at, '192.0.2.3', victim.email))
    const wrong = (await Promise.all(asked)).filter(({ status }) => status === 401)
    expect(wrong.length).toBeGreaterThanOrEqual(10)
    expect(wrong.length).toBeLessThanOrEqual(11)
    for (const at of [0, 1]) expectLimited(await guess(at, '192.0.2.3', victim.email), 60)
  })

  test('let in who has logged in from there at one of them, when strangers have used up the hundred an hour', async () => {
    const victim = await signUpInto(asks[0], admin.token, slug)
    expect((await guess(0, '198.51.100.1', victim.email, victim.password)).status).toBe(201)
    for (let at = 0; at < 100; at += 1) expectRefusal(await guess(at, `203.0.113.${at}`, victim.email), 401)
    for (const at of [0, 1]) {
      expectLimited(await guess(at, '203.0.113.200', victim.email, victim.password), 3600)
      expect((await guess(at, '198.51.100.1', victim.email, victim.password)).status).toBe(201)
    }
  })

  test('allow ten wrong ones of a person who changes their password', async () => {
    const person = await signUpInto(asks[0], admin.token, slug)
    const change = (at: number) =>
      (at % 2 === 0 ? asks[0] : asks[1])('PUT', '/v1/users/current/password', {
        token: person.token,
        body: { current_password: 'wrong', new_password: 'another long password' },
      })
    for (let at = 0; at < 10; at += 1) expectRefusal(await change(at), 403)
    for (const at of [0, 1]) expectLimited(await change(at), 60)
  })

  test('let nobody in while the database does not say how often somebody has guessed', async () => {
    const victim = await signUpInto(asks[0], admin.token, slug)
    const from = '192.0.2.9'
    await client.query('begin; lock table counted_tries in access exclusive mode')
    const [right, wrong, session] = await Promise.all([
      guess(0, from, victim.email, victim.password),
      guess(1, from, victim.email),
      statusOf(asks[0], victim.token),
    ])
    for (const answer of [right, wrong]) expect(expectRefusal(answer, 503).code).toBe('unavailable')
    expect(session).toBe(200)
    await client.query('rollback')
    expect((await guess(0, from, victim.email, victim.password)).status).toBe(201)
  })

  test('keep no address and no network with the counts, and remove them when they are over', async () => {
    const email = `${unique('nobody')}@example.com`
    expectRefusal(await guess(0, '198.51.100.77', email), 401)
    const { rows } = await client.query<{ key_hash: Buffer }>('select key_hash from counted_tries')
    expect(rows.length).toBeGreaterThan(3)
    for (const { key_hash: hash } of rows) expect(hash).toHaveLength(32)
    await client.query('update counted_tries set expires_at = 1')
    const count = async () => (await client.query('select from counted_tries')).rowCount
    await expect.poll(count, { timeout: 30_000 }).toBe(0)
  })
})
