// What people and programs see of an authority whose database is held by another program, or is damaged.
import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { founder } from './authority.ts'
import { arrive, type Place, type Served } from './hallpass.ts'
import { createAsk, expectRefusal, type Ask } from './http.ts'
import { readonlyOf } from './macaroons.ts'
import { createOrganisation, mint, signInFounder, statusOf } from './people.ts'

let place: Place
let served: Served
let ask: Ask
let database: string

const bootstrap = { HALLPASS_BOOTSTRAP_EMAIL: founder.email, HALLPASS_BOOTSTRAP_PASSWORD: founder.password }

beforeEach(async () => {
  place = await arrive()
  const data = join(place.directory, 'data')
  served = await place.serve(['--data', data], bootstrap)
  ask = createAsk(() => served.url)
  database = join(data, 'hallpass.db')
})
afterEach(() => place.leave())

describe('while another program holds the database', () => {
  test('tokens are checked, refusals stay refusals, and writes answer 503', async () => {
    const { token } = await signInFounder(ask)
    const { slug } = await createOrganisation(ask, token)
    const org = await mint(ask, token, slug)
    const other = new DatabaseSync(database)
    other.exec('BEGIN IMMEDIATE')
    const refused = ask('POST', `/v1/orgs/${slug}/tokens`, { token: readonlyOf(org.token), body: {} })
    const minted = ask('POST', `/v1/orgs/${slug}/tokens`, { token, body: {} })
    const ready = ask('GET', '/readyz')
    const ended = minted.then(() => 'ended')
    let checks = 0
    while ((await Promise.race([ended, statusOf(ask, org.token)])) === 200) checks += 1
    // With a lock that is waited for on the event loop, one of them takes as long as all.
    expect(checks).toBeGreaterThan(10)
    expectRefusal(await refused, 403)
    const answer = await minted
    expect(expectRefusal(answer, 503)).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('nothing was changed') as string,
    })
    expect(answer.headers.get('retry-after')).toBe('2')
    expect((await ready).status).toBe(503)
    other.close()
    await expect.poll(async () => (await ask('GET', '/readyz')).status).toBe(200)
    await mint(ask, token, slug)
    const lines = served.output().split('\n')
    expect(lines.filter((line) => line.includes('writes are refused: another program holds'))).toHaveLength(1)
    expect(lines.filter((line) => line.includes('writes go on again'))).toHaveLength(1)
    expect(served.output()).not.toContain('unforeseen')
  })
})

describe('a database that is damaged under the server', () => {
  test('ends it with a sentence, and who asked is refused', async () => {
    const { token } = await signInFounder(ask)
    for (let count = 0; count < 5; count++) await createOrganisation(ask, token)
    // All of it is in the database then, and the log is empty.
    await served.stop()
    served = await place.serve(['--data', join(place.directory, 'data')])
    const file = await open(database, 'r+')
    const { size } = await file.stat()
    await file.write(randomBytes(size - 4096), 0, size - 4096, 4096)
    await file.close()
    expectRefusal(await ask('POST', '/v1/sessions', { body: { ...founder } }), 503)
    expect(await served.stop('SIGCONT')).toBe(1)
    expect(served.output()).toMatch(
      /^Error: .*hallpass\.db or its log cannot be read or written any more .*hallpass doctor/m,
    )
    expect(served.output()).not.toMatch(/should not have|at .*\.[jt]s:\d/)
  })
})
