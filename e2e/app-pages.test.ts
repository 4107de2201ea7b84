// Lists of apps are made in pieces, and judged within what one request may spend.
import { rm } from 'node:fs/promises'

import { actions, type Caveat } from '@hallpass/macaroon'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { openAuthority, orgToken, type OpenAuthority } from './open-authority.ts'
import { createAllowance } from '../packages/authority/src/operations/perform/allowance.ts'
import { createApp } from '../packages/authority/src/operations/apps/create-app.ts'
import { createOrganisation } from '../packages/authority/src/operations/organisations/create-organisation.ts'
import { mintToken } from '../packages/authority/src/operations/tokens/mint-token.ts'
import { pageApps } from '../packages/authority/src/operations/apps/list-apps.ts'
import { perform } from '../packages/authority/src/operations/perform/perform.ts'
import { createDirectory } from './authority.ts'
import { bundle, narrow, onlyFor } from './macaroons.ts'

const appCount = 700
let directory: string
let authority: OpenAuthority
let token: string
/** By name, the ids of all apps of the first organisation. */
let ids: ReadonlyMap<string, number>
/** What each piece of an answer has spent. */
let pieces: number[] = []
beforeAll(async () => {
  directory = await createDirectory()
  authority = await openAuthority(directory)
  const { userHeader, ask } = authority
  const create = (slug: string, name: string) =>
    ask(userHeader, createApp, { slug, name, network: 'default', idempotencyKey: undefined })
  const created = await Promise.all(Array.from({ length: appCount }, (_, i) => create('acme', `web-${1000 + i}`)))
  ids = new Map(created.map(({ app }) => [app.name, app.id]))
  await ask(userHeader, createOrganisation, { name: 'Other', slug: 'other' })
  await Promise.all(Array.from({ length: 30 }, (_, i) => create('other', `web-${1000 + i * 20}-b`)))
  token = (await ask(userHeader, mintToken, orgToken)).token.reveal()
})
afterAll(async () => {
  await authority.close()
  await rm(directory, { recursive: true, force: true })
})

async function list(header: string, slug: string | undefined, limit: number, after?: string) {
  const { environment } = authority
  const spend = createAllowance()
  pieces = [0]
  const counting = {
    ...environment,
    pause() {
      pieces.push(0)
      return environment.pause()
    },
  }
  const caller = {
    requestId: 'x',
    remoteAddress: '127.0.0.1',
    sourceAddress: '127.0.0.1',
    spend(checks: number) {
      pieces[pieces.length - 1] = (pieces.at(-1) ?? 0) + checks
      spend(checks)
    },
  }
  const page = await perform(counting, caller, pageApps, await authority.authenticate(header), { slug, limit, after })
  return { names: page.items.map(({ app }) => app.name), next: page.next }
}

/** All pages together. */
async function walk(header: string, slug: string | undefined, limit: number): Promise<readonly string[]> {
  const all: string[] = []
  let after: string | undefined
  do {
    const { names, next } = await list(header, slug, limit, after)
    expect(names.length).toBeLessThanOrEqual(limit)
    if (next !== undefined) expect(names).toHaveLength(limit)
    all.push(...names)
    after = next
  } while (after !== undefined)
  return all
}

test('pages of any size hold the same apps in the same order', async () => {
  const names = [...ids.keys()].toSorted()
  const some = names.filter((_, i) => i % 7 === 3)
  const limited = onlyFor(token, ...some.map((name) => ids.get(name) ?? 0))
  const both = [...names, ...Array.from({ length: 30 }, (_, i) => `web-${1000 + i * 20}-b`)].toSorted((a, b) =>
    a < b ? -1 : 1,
  )
  for (const limit of [99, 249, 250, 251, 1000, Infinity]) {
    expect(await walk(token, 'acme', limit)).toEqual(names)
    expect(await walk(limited, undefined, limit)).toEqual(some)
    expect(await walk(authority.userHeader, undefined, limit)).toEqual(both)
  }
  const [first = '', second = ''] = some
  const two = bundle(onlyFor(token, ids.get(first) ?? 0), onlyFor(token, ids.get(second) ?? 0))
  expect(await walk(two, undefined, 5)).toEqual([first, second])
})

test('no piece of an answer takes more than a little, and others come between', async () => {
  const caveats = Array.from({ length: 50 }, (_, i): Caveat => ({ type: 'Action', mask: actions.read + 32 * i }))
  const { names } = await list(narrow(token, ...caveats), 'acme', Infinity)
  expect(names).toHaveLength(appCount)
  expect(pieces.length).toBeGreaterThan(10)
  expect(Math.max(...pieces)).toBeLessThan(2600)
})

test('a request that takes too much is refused', async () => {
  const caveats = Array.from({ length: 240 }, (_, i): Caveat => ({ type: 'Action', mask: actions.read + 32 * i }))
  const costly = (i: number) => narrow(token, ...caveats, { type: 'Action', mask: 32 * i })
  const header = bundle(...Array.from({ length: 8 }, (_, i) => costly(i)))
  await expect(list(header, undefined, Infinity)).rejects.toThrow('takes too much work')
  expect(pieces.reduce((sum, each) => sum + each, 0)).toBeLessThan(260_000)
})
