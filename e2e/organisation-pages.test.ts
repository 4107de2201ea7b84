// The organizations of a person by pages: what happens to one in between moves no other.
import { beforeAll, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { expectAnswer, expectRefusal } from './http.ts'
import { createOrganisation } from './people.ts'
import { prepareAuthority } from './prepare.ts'

const { ask, admin } = prepareAuthority()
const names = ['Bea', 'alpha', 'Élan', 'Zed', 'beta', 'Gamma', 'gamma ray']
beforeAll(async () => {
  for (const name of names) await createOrganisation(ask, admin.token, name)
})

async function page(query: string) {
  return expectAnswer(routes.listOrganisations, await ask('GET', `/v1/orgs?${query}`, { token: admin.token }))
}

test('pages go on where the last one ended, also if that organization is renamed or deleted meanwhile', async () => {
  const first = await page('limit=3')
  expect(first.orgs.map(({ name }) => name)).toEqual(['alpha', 'Bea', 'beta'])
  const [, bea, beta] = first.orgs
  await ask('DELETE', `/v1/orgs/${beta?.slug}`, { token: admin.token })
  await ask('PATCH', `/v1/orgs/${bea?.slug}`, { token: admin.token, body: { name: 'Zz' } })
  const seen: string[] = []
  for (let cursor = first.next_cursor; cursor !== undefined;) {
    const next = await page(`limit=2&cursor=${cursor}`)
    seen.push(...next.orgs.map(({ name }) => name))
    cursor = next.next_cursor
  }
  expect(seen).toEqual(['Gamma', 'gamma ray', 'Personal', 'Zed', 'Zz', 'Élan'])
})

test('a search finds parts of names and slugs, in any case', async () => {
  expect((await page('limit=9&search=GAMMA')).orgs.map(({ name }) => name)).toEqual(['Gamma', 'gamma ray'])
  expectRefusal(await ask('GET', '/v1/orgs?limit=2&cursor=x', { token: admin.token }), 400)
})
