// Deleting an organisation of many tokens: done at once for everybody, and its rows are removed after a kill too.
import { rm } from 'node:fs/promises'
import { afterAll, expect, test } from 'vitest'

import { createDirectory, withDatabase } from './authority.ts'
import { startChild, type ChildAuthority } from './child.ts'
import { createOrganisation, mint, signInFounder, statusOf } from './people.ts'

let child: ChildAuthority | undefined
let directory = ''
afterAll(async () => {
  await child?.end('SIGKILL')
  await rm(directory, { recursive: true, force: true })
})

test('a deleted organisation is gone at once, and what is left of it goes when the server is back', async () => {
  directory = await createDirectory()
  child = await startChild(directory)
  const { token } = await signInFounder(child.ask)
  const { slug } = await createOrganisation(child.ask, token, 'Many')
  const minted = await mint(child.ask, token, slug)
  const id = withDatabase(directory, (database) => {
    const row = database.prepare('select id from organisations where slug = ?').get(slug)
    database.exec(`with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 5000)
      insert into tokens (id, organisation_id, profile, name, name_key, created_at, expires_at)
      select randomblob(16), ${Number(row?.['id'])}, 'deploy_organization', 'ci', 'ci', n, 4000000000000 from numbers`)
    return Number(row?.['id'])
  })
  const rows = () =>
    withDatabase(directory, (database) =>
      Number(database.prepare('select count(*) as n from tokens where organisation_id = ?').get(id)?.['n']),
    )

  expect((await child.ask('DELETE', `/v1/orgs/${slug}`, { token })).status).toBe(204)
  expect(rows()).toBeGreaterThan(4000)
  expect(await statusOf(child.ask, minted.token)).toBe(401)
  expect((await createOrganisation(child.ask, token, 'Many')).slug).toBe(slug)
  await child.end('SIGKILL')
  expect(rows()).toBeGreaterThan(0)
  // As if it came back after the ten seconds for which the work is still that of the one that was killed.
  withDatabase(directory, (database) => database.exec("delete from settings where name = 'worker_lease'"))

  child = await startChild(directory)
  expect(await statusOf(child.ask, minted.token)).toBe(401)
  await expect.poll(rows, { interval: 100 }).toBe(0)
  expect(await statusOf(child.ask, token)).toBe(200)
})
