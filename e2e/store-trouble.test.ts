// What people and programs see of an authority whose database is held by another program, or is damaged.
import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { constants } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { MintedToken } from '@hallpass/client'

import { mountDisk, reasonWithoutDisks } from '../packages/authority/src/store/testing/small-disk.ts'
import { founder } from './authority.ts'
import { createFailingDisk, reasonWithoutFailingDisk, type FailingDisk } from './failing-disk.ts'
import { arrive, type Place, type Served } from './hallpass.ts'
import { createAsk, expectRefusal, type Ask } from './http.ts'
import { readonlyOf } from './macaroons.ts'
import { createOrganisation, mint, revoke, signInFounder, statusOf } from './people.ts'

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
    // Its log comes after its answer.
    await expect.poll(() => served.output()).toContain('writes go on again')
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
    // It may be gone before it can answer: it looks for chores by itself.
    const answer = await ask('POST', '/v1/sessions', { body: { ...founder } }).catch(() => undefined)
    if (answer !== undefined) expectRefusal(answer, 503)
    expect(await served.stop('SIGCONT')).toBe(1)
    expect(served.output()).toMatch(
      /^Error: .*hallpass\.db or its log cannot be read or written any more .*hallpass doctor/m,
    )
    expect(served.output()).not.toMatch(/should not have|at .*\.[jt]s:\d/)
  })
})

const diskless = reasonWithoutDisks()

describe.skipIf(diskless !== undefined)(`a full disk${diskless ? `, skipped: ${diskless}` : ''}`, () => {
  test('lets tokens be revoked, also by a server that starts on it, and says what is wrong', async () => {
    const disk = mountDisk(20)
    try {
      let full = await place.serve(['--data', disk.directory], bootstrap)
      const onFull = createAsk(() => full.url)
      const { token } = await signInFounder(onFull)
      const { slug } = await createOrganisation(onFull, token)
      const tokens: MintedToken[] = []
      for (let count = 0; count < 40; count++) tokens.push(await mint(onFull, token, slug))
      const refuse = async (): Promise<void> => {
        const answer = await onFull('POST', `/v1/orgs/${slug}/tokens`, { token, body: {} })
        expect(expectRefusal(answer, 503).code).toBe('storage_full')
        expect(answer.headers.get('retry-after')).toBe('30')
        expect((await onFull('GET', '/readyz')).body).toMatchObject({ ok: false, reason: 'storage_full' })
      }
      const revokeSome = async (some: readonly MintedToken[]): Promise<void> => {
        for (const { id, token: revoked } of some) {
          disk.fill()
          await revoke(onFull, token, id)
          expect(await statusOf(onFull, revoked)).toBe(401)
        }
      }
      // Until what the log has of the disk is used up as well.
      await expect
        .poll(async () => {
          disk.fill()
          return (await onFull('POST', `/v1/orgs/${slug}/tokens`, { token, body: {} })).status
        })
        .toBe(503)
      await refuse()
      await revokeSome(tokens.slice(0, 20))
      await full.stop()
      disk.fill()
      full = await place.serve(['--data', disk.directory])
      await refuse()
      await revokeSome(tokens.slice(20))
      disk.makeRoom()
      await expect.poll(async () => (await onFull('GET', '/readyz')).status).toBe(200)
      await mint(onFull, token, slug)
      await full.stop()
    } finally {
      disk.remove()
    }
  })
})

const unfailing = reasonWithoutFailingDisk()

describe.skipIf(unfailing !== undefined)(`a disk that fails${unfailing ? `, skipped: ${unfailing}` : ''}`, () => {
  let disk: FailingDisk
  beforeEach(async () => {
    disk = createFailingDisk()
    served = await place.serve(['--data', join(place.directory, 'failing')], { ...bootstrap, ...disk.env })
  })
  afterEach(() => disk.remove())

  test.each([
    ['a quota that is used up', 'write', constants.errno.EDQUOT],
    ['a limit of the size of files', 'write', constants.errno.EFBIG],
    ['a quota that only the flush reports', 'flush', constants.errno.EDQUOT],
  ] as const)('is full by %s, and the server goes on', async (_, what, errno) => {
    const { token } = await signInFounder(ask)
    const { slug } = await createOrganisation(ask, token)
    const org = await mint(ask, token, slug)
    disk.fail(what, errno)
    const refused = await ask('POST', `/v1/orgs/${slug}/tokens`, { token, body: {} })
    expect(expectRefusal(refused, 503).code).toBe('storage_full')
    expect(refused.headers.get('retry-after')).toBe('30')
    expect(await statusOf(ask, org.token)).toBe(200)
    expect((await ask('GET', '/readyz')).body).toMatchObject({ ok: false, reason: 'storage_full' })
    disk.mend()
    await expect.poll(async () => (await ask('GET', '/readyz')).status).toBe(200)
    await mint(ask, token, slug)
    expect(served.output()).not.toContain('unforeseen')
  })

  test.each(['write', 'flush'] as const)('with an error in each %s ends the server on purpose', async (what) => {
    const { token } = await signInFounder(ask)
    disk.fail(what, constants.errno.EIO)
    const refused = await ask('POST', '/v1/orgs', { token, body: { name: 'Lost' } })
    expect(expectRefusal(refused, 503).code).toBe('unavailable')
    expect(await served.stop('SIGCONT')).toBe(1)
    const told = served.output().split('\n')
    expect(told.filter((line) => line.startsWith('Error: '))).toEqual([
      expect.stringMatching(/hallpass\.db or its log cannot be read or written any more .*hallpass doctor/) as string,
    ])
    expect(served.output()).not.toMatch(/unforeseen|at .*\.[jt]s:\d/)
  })

  test.each(['write', 'flush'] as const)(
    'that fails in each %s of the main file alone, behind the log, ends the server too, and nothing is lost',
    async (what) => {
      const { token } = await signInFounder(ask)
      disk.fail(what, constants.errno.EIO, 'main')
      const { slug } = await createOrganisation(ask, token)
      expect(await served.stop('SIGCONT')).toBe(1)
      expect(served.output()).toMatch(/^Error: .*hallpass\.db or its log cannot be read or written any more/m)
      disk.mend()
      served = await place.serve(['--data', join(place.directory, 'failing')])
      expect((await ask('GET', `/v1/orgs/${slug}`, { token })).status).toBe(200)
    },
  )
})
