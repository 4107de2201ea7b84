// Secrets of apps: who sees names and who sees values, what is kept on the disk, and how often one may ask.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

import { beforeAll, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { expectAnswer, expectRefusal } from './http.ts'
import { readonlyOf } from './macaroons.ts'
import { createApp, mint } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

const prepared = prepareAuthority()
const { authority, ask, admin } = prepared
const slug = prepareOrganisation(prepared)

/** A new token each time: each holder may ask so often. */
let fresh: () => Promise<string>
beforeAll(async () => {
  await createApp(ask, admin.token, slug, 'web')
  await createApp(ask, admin.token, slug, 'other')
  fresh = async () => (await mint(ask, admin.token, slug)).token
})

async function set(values: Readonly<Record<string, string | null>>, app = 'web') {
  const answer = await ask('POST', `/v1/apps/${app}/secrets`, { token: await fresh(), body: { values } })
  return expectAnswer(routes.changeSecrets, answer)
}

async function list(query = '', app = 'web') {
  return expectAnswer(routes.listSecrets, await ask('GET', `/v1/apps/${app}/secrets${query}`, { token: await fresh() }))
}

test('values are set and removed, and shown only to those who may change them', async () => {
  const first = await set({ ONE: 'the first value', TWO: '' })
  expect(first).toMatchObject({ version: 1, secrets: [{ name: 'ONE' }, { name: 'TWO' }] })
  const again = await set({ ONE: 'the first value', TWO: null, MISSING: null })
  expect(again.version).toBe(2)
  expect(again.secrets[0]?.digest).toBe(first.secrets[0]?.digest)
  expect((await set({ ONE: 'another value' })).secrets[0]?.digest).not.toBe(first.secrets[0]?.digest)
  const { secrets } = await list()
  expect(secrets.map(({ name, value }) => [name, value])).toEqual([['ONE', undefined]])
  expect((await list('?show_secrets=true&version=3')).secrets).toMatchObject([{ name: 'ONE', value: 'another value' }])

  const reader = readonlyOf(await fresh())
  const path = '/v1/apps/web/secrets/ONE'
  expect((await ask('GET', path, { token: reader })).body).toEqual(secrets[0])
  for (const asked of [path, '/v1/apps/web/secrets']) {
    expectRefusal(await ask('GET', `${asked}?show_secrets=1`, { token: reader }), 403)
  }
  expectRefusal(await ask('POST', path, { token: reader, body: { value: 'x' } }), 403)
  expectRefusal(await ask('DELETE', path, { token: reader }), 403)
  expect((await ask('DELETE', path, { token: await fresh() })).body).toEqual({ version: 4, Version: 4 })
  expectRefusal(await ask('DELETE', path, { token: await fresh() }), 404)
  expectRefusal(await ask('GET', path, { token: await fresh() }), 404)
  expectRefusal(await ask('GET', '/v1/apps/web/secrets?min_version=99', { token: await fresh() }), 412)
})

test('a name or a value that no environment holds is refused, and named without its value', async () => {
  for (const [values, field] of [
    [{ 'A-B': 'the value' }, 'values.A-B'],
    [{ '1A': 'the value' }, 'values.(not a name)'],
    [{ A: 'the value\0' }, 'values.A'],
    [{ A: 7 }, 'values.A'],
  ] as const) {
    const answer = await ask('POST', '/v1/apps/web/secrets', { token: await fresh(), body: { values } })
    expect(expectRefusal(answer, 400)).toMatchObject({ code: 'invalid_request', field })
    expect(answer.text).not.toContain('the value')
  }
})

test('no value is on the disk, in the audit trail, or opens for another app', async () => {
  await set({ DATABASE: 'a-value-that-nobody-finds' })
  await set({ DATABASE: 'a-value-of-the-other-app' }, 'other')
  const trail = await ask('GET', `/v1/orgs/${slug}/audit`, { token: admin.token })
  expect(trail.text).toContain('secret.change')
  await authority.restart((database) => {
    database
      .prepare("update app_secrets set sealed = (select sealed from app_secrets where name = 'DATABASE' limit 1)")
      .run()
  })
  const answers = await Promise.all(
    ['web', 'other'].map(async (app) =>
      ask('GET', `/v1/apps/${app}/secrets?show_secrets=true`, { token: await fresh() }),
    ),
  )
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 500]))
  const kept = readdirSync(authority.directory).map((name) => readFileSync(join(authority.directory, name)))
  for (const text of [...kept, trail.text]) expect(text.includes('a-value-')).toBe(false)
})

test('one holder asks three times at once and then once a second; nobody else waits for it', async () => {
  const token = await fresh()
  const asked = async (by: string) => ask('DELETE', '/v1/apps/web/secrets/NONE', { token: by })
  const answers = [await asked(token), await asked(token), await asked(token), await asked(token)]
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 429])
  expect(answers[3]?.headers.get('retry-after')).toBe('1')
  expect((await asked(await fresh())).status).toBe(404)
  // As Go's client and others send it: a content type without a body.
  const headers = { 'content-type': 'application/json' }
  expect((await ask('GET', '/v1/apps/web/secrets', { token: `bearer ${token}`, headers })).status).toBe(200)
})

test('a lease is released however often one asks: it would keep others out', async () => {
  const token = await fresh()
  const got: number[] = []
  for (let times = 0; times < 6; times += 1) {
    got.push((await ask('DELETE', '/v1/apps/web/machines/00000000000000/lease', { token })).status)
  }
  expect(got).toEqual([404, 404, 404, 404, 404, 404])
})
