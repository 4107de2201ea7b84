// Conformance: random histories of tokens, compared with a plain list in memory.
import {
  array,
  assert,
  asyncProperty,
  constant,
  constantFrom,
  integer,
  nat,
  oneof,
  record,
  type Arbitrary,
} from 'fast-check'
import { expect, test } from 'vitest'

import type { Page } from '../../domain/page.ts'
import type { Store } from '../../domain/store.ts'
import type { ListedToken, Profile, TokenQuery } from '../../domain/token.ts'
import { createToken, insertApp, insertOrganisation } from './seed.ts'
import { belongs, compareTokens, type ModelToken } from './tokens.ts'

export function describeTokenModel(getStore: () => Store): void {
  test('any history of tokens reads as a plain list would', async () => {
    const history = array(step, { minLength: 1, maxLength: 30 })
    await assert(
      asyncProperty(history, async (steps) => {
        const world = await createWorld(getStore())
        for (const next of steps) await take(next, world)
      }),
      { numRuns: 30 },
    )
  })
}

type Step =
  | {
      readonly kind: 'insert'
      readonly organisation: number
      readonly app: number
      readonly name: string
      readonly profile: Profile
      readonly createdAt: number
      readonly expiresAt: number
    }
  | { readonly kind: 'revoke'; readonly token: number; readonly at: number }
  | { readonly kind: 'revokeOfApp'; readonly app: number; readonly at: number }
  | { readonly kind: 'use'; readonly token: number; readonly at: number }
  | {
      readonly kind: 'list'
      readonly of: 'organisation' | 'app'
      readonly owner: number
      readonly query: Omit<TokenQuery, 'after'>
    }

interface World {
  readonly store: Store
  readonly organisations: readonly number[]
  /** One app of each organisation, and null for no app. */
  readonly apps: readonly (number | null)[]
  readonly tokens: ModelToken[]
}

const time = integer({ min: 1, max: 4 })
const name = constantFrom('a', 'A', 'ab', 'Zoé', 'ZOÉ', '%', '_a', '\\', '\u{1f680}', '\uffee')
const step: Arbitrary<Step> = oneof(
  {
    weight: 3,
    arbitrary: record({
      kind: constant('insert' as const),
      organisation: nat(1),
      app: nat(2),
      name,
      profile: constantFrom('deploy' as const, 'litefs_cloud' as const),
      createdAt: time,
      expiresAt: time,
    }),
  },
  record({ kind: constant('revoke' as const), token: nat(20), at: time }),
  record({ kind: constant('revokeOfApp' as const), app: nat(2), at: time }),
  record({ kind: constant('use' as const), token: nat(20), at: time }),
  {
    weight: 2,
    arbitrary: record({
      kind: constant('list' as const),
      of: constantFrom('organisation' as const, 'app' as const),
      owner: nat(1),
      query: record({
        state: constantFrom('live' as const, 'all' as const, 'revoked' as const, 'expired' as const),
        sort: constantFrom('expires_at' as const, 'created_at' as const, 'name' as const, 'last_used_at' as const),
        order: constantFrom('asc' as const, 'desc' as const),
        search: constantFrom('', '', 'A', 'é', '%', '_', '\\'),
        unusedSince: constantFrom(undefined, undefined, 1, 2, 3, 5),
        endsBy: constantFrom(undefined, 2, 4),
        profile: constantFrom(undefined, undefined, 'deploy' as const, 'litefs_cloud' as const),
        now: integer({ min: 0, max: 5 }),
        limit: integer({ min: 1, max: 6 }),
      }),
    }),
  },
)

async function createWorld(store: Store): Promise<World> {
  return store.write(async (tx) => {
    const one = (await insertOrganisation(tx)).id
    const two = (await insertOrganisation(tx)).id
    const apps = [(await insertApp(tx, one)).id, (await insertApp(tx, two)).id, null]
    return { store, organisations: [one, two], apps, tokens: [] }
  })
}

async function take(next: Step, { store, organisations, apps, tokens }: World): Promise<void> {
  switch (next.kind) {
    case 'insert': {
      const appId = apps[next.app] ?? null
      const { name, profile, createdAt, expiresAt } = next
      const organisation = organisations[appId === null ? next.organisation : next.app] ?? 0
      const token = createToken(organisation, { appId, name, profile, createdAt, expiresAt })
      await store.write((tx) => tx.tokens.insert(token))
      tokens.push(token)
      break
    }
    case 'revoke': {
      const token = tokens[next.token]
      if (token === undefined) break
      await store.write((tx) => tx.tokens.revoke(token.id, next.at, 'somebody'))
      revoke(tokens, next.at, 'somebody', (other) => other.id === token.id)
      break
    }
    case 'revokeOfApp': {
      const appId = apps[next.app] ?? null
      if (appId === null) break
      await store.write((tx) => tx.tokens.revokeOfApp(appId, next.at, 'app'))
      revoke(tokens, next.at, 'app', (other) => other.appId === appId)
      break
    }
    case 'use': {
      const token = tokens[next.token]
      if (token === undefined) break
      const use = { id: token.id, at: next.at, operation: 'app.list', userAgent: 'curl' }
      const usedFrom = [{ address: '192.0.2.1', at: next.at }] as const
      await store.write((tx) => tx.uses.record({ tokens: [{ ...use, usedFrom }], logins: [] }))
      tokens[next.token] = { ...token, usedAt: Math.max(next.at, token.usedAt ?? next.at) }
      break
    }
    case 'list': {
      const owner = (next.of === 'app' ? apps[next.owner] : organisations[next.owner]) ?? 0
      const expected = tokens
        .filter((token) => (next.of === 'app' ? token.appId : token.organisationId) === owner)
        .filter((token) => belongs(token, next.query))
        .sort((a, b) => compareTokens(a, b, next.query))
      const organisation = organisations[next.owner] ?? 0
      expect(await listAll(store, { id: owner, organisationId: organisation }, next)).toEqual(expected)
      const counted = { organisation, app: next.of === 'app' ? owner : null }
      expect(await store.read((tx) => tx.tokens.count(counted, next.query))).toEqual({ count: expected.length })
    }
  }
}

function revoke(tokens: ModelToken[], at: number, by: string, matches: (token: ModelToken) => boolean): void {
  for (const [index, token] of tokens.entries()) {
    if (matches(token) && token.revokedAt === null) tokens[index] = { ...token, revokedAt: at, revokedBy: by }
  }
}

async function listAll(
  store: Store,
  owner: { readonly id: number; readonly organisationId: number },
  { of, query }: Step & { kind: 'list' },
): Promise<ModelToken[]> {
  const listed: ModelToken[] = []
  let after: string | undefined
  do {
    const asked = after === undefined ? query : { ...query, after }
    const page: Page<ListedToken, string> = await store.read((tx) =>
      of === 'app' ? tx.tokens.ofApp(owner, asked) : tx.tokens.ofOrganisation(owner.id, asked),
    )
    expect(page.items.length).toBeLessThanOrEqual(query.limit)
    for (const { createdByEmail: _email, createdByProvenAt: _at, appName: _app, lastUse, ...token } of page.items) {
      listed.push(lastUse === null ? token : { ...token, usedAt: lastUse.at })
    }
    after = page.next
  } while (after !== undefined)
  return listed
}
