// Long lists are read in pieces, with everybody else's work between them, and hold all that short ones do.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { type Caveat } from '@hallpass/macaroon'
import { encodeCaveats } from '@hallpass/macaroon/internal'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { openAuthority, orgToken, type OpenAuthority } from './open-authority.ts'
import type { ReadTransaction } from '../packages/authority/src/domain/store.ts'
import { createAllowance } from '../packages/authority/src/operations/perform/allowance.ts'
import { listAuditEvents } from '../packages/authority/src/operations/organisations/list-audit-events.ts'
import { listOrganisationTokens, usualListing } from '../packages/authority/src/operations/tokens/list-tokens.ts'
import { mintToken } from '../packages/authority/src/operations/tokens/mint-token.ts'
import type { Environment, Operation } from '../packages/authority/src/operations/perform/operation.ts'
import { perform } from '../packages/authority/src/operations/perform/perform.ts'
import { showOrganisation } from '../packages/authority/src/operations/organisations/show-organisation.ts'
import { createDirectory } from './authority.ts'

const heavyBytes = 40_000
const tokenCount = 350
const eventCount = 900
let directory: string
let authority: OpenAuthority
/** How many rows each snapshot was asked for, of the kind that is counted. */
let rows: number[] = []
beforeAll(async () => {
  directory = await createDirectory()
  authority = await openAuthority(directory)
  await authority.ask(authority.userHeader, mintToken, orgToken)
  fill()
})
afterAll(async () => {
  await authority.close()
  await rm(directory, { recursive: true, force: true })
})

/** Past the authority, as thousands of requests would make them. */
function fill(): void {
  const { organisation } = authority
  const heavy = encodeCaveats([{ type: 'ConfineGoogleHD', hd: 'x'.repeat(heavyBytes - 10) } satisfies Caveat])
  const database = new DatabaseSync(join(directory, 'hallpass.db'), { timeout: 5000 })
  const token = database.prepare(
    `insert into tokens (id, organisation_id, profile, name, name_key, created_at, expires_at, caveats)
      values (randomblob(16), ?, 'deploy_organization', ?, ?, 0, ?, ?)`,
  )
  const event = database.prepare(
    `insert into audit_events (at, organisation_id, operation, outcome, actor_kind, actor_id, actor_label, target, reason, request_id)
      values (?, ?, 'app.create', 'allowed', 'user', '1', 'ada', ?, '', 'x')`,
  )
  const now = Date.now()
  database.exec('begin')
  for (let i = 0; i < tokenCount; i += 1) token.run(organisation.id, `t${i}`, `t${i}`, Date.now() + 1e12 + i, heavy)
  for (let i = 0; i < eventCount; i += 1) event.run(now, organisation.id, `app ${i}`)
  database.exec('commit')
  database.close()
}

/** Runs it as a door does, and counts what each of its snapshots is asked for. */
/** The noun with these methods in the place of its own. */
const over = <Noun extends object>(noun: Noun, methods: Partial<Noun>): Noun =>
  Object.create(noun, Object.getOwnPropertyDescriptors(methods))

async function run<Input, Subject, Output>(
  operation: Operation<Input, Subject, Output>,
  input: Input,
  turn: Partial<Pick<Environment, 'isLate' | 'pause'>> = {},
) {
  const { environment } = authority
  const { store } = environment
  rows = []
  const count = (limit: number) => rows.push((rows.pop() ?? 0) + limit)
  const counting = (tx: ReadTransaction): ReadTransaction => ({
    ...tx,
    tokens: over(tx.tokens, {
      ofOrganisation(id, query) {
        count(query.limit)
        return tx.tokens.ofOrganisation(id, query)
      },
    }),
    audit: over(tx.audit, {
      ofOrganisation(id, page) {
        count(page.limit)
        return tx.audit.ofOrganisation(id, page)
      },
    }),
    organisations: tx.organisations,
    memberships: over(tx.memberships, { page: () => expect.unreachable('the members were read') }),
    apps: tx.apps,
    sessions: tx.sessions,
    uses: tx.uses,
  })
  const piecewise: typeof store = {
    ...store,
    read(work) {
      rows.push(0)
      return store.read((tx) => work(counting(tx)))
    },
    write: (...rest) => store.write(...rest),
  }
  const caller = { requestId: 'x', remoteAddress: '127.0.0.1', sourceAddress: '127.0.0.1', spend: createAllowance() }
  const presented = await authority.authenticate(authority.userHeader)
  return perform({ ...environment, ...turn, store: piecewise }, caller, operation, presented, input)
}

test('a page of tokens ends early where their caveats are long, and the next one goes on', async () => {
  const names: string[] = []
  let after: string | undefined
  let pages = 0
  do {
    const page = await run(listOrganisationTokens, { ...usualListing, slug: 'acme', limit: 1000, after })
    expect(Math.max(...rows)).toBeLessThanOrEqual(100)
    const bytes = page.items.reduce((sum, { caveats }) => sum + (caveats?.length ?? 0), 0)
    expect(bytes).toBeLessThanOrEqual(1024 * 1024)
    names.push(...page.items.map(({ name }) => name))
    after = page.next
    pages += 1
  } while (after !== undefined)
  expect(names.slice(0, -1)).toEqual(Array.from({ length: tokenCount }, (_, i) => `t${tokenCount - 1 - i}`))
  expect(pages).toBe(Math.ceil((tokenCount * heavyBytes) / (1024 * 1024)))
})

test('a client that shows no caveats gets a whole page without reading them', async () => {
  const asked = { ...usualListing, slug: 'acme', limit: 300, after: undefined, withoutCaveats: true }
  const { items, next } = await run(listOrganisationTokens, asked)
  expect([items.length, new Set(items.map(({ caveats }) => caveats))]).toEqual([300, new Set([null])])
  expect(next).toContain(items.at(-1)?.id)
  expect(rows).toEqual([100, 100, 100])
})

test('a read whose turn is used up by others reads in a later one, and has its place there', async () => {
  const asked = { ...usualListing, slug: 'acme', limit: 300, after: undefined, withoutCaveats: true }
  let pauses = 0
  const pause = async () => void (pauses += 1)
  const { items } = await run(listOrganisationTokens, asked, { isLate: () => true, pause })
  expect([items.length, rows, pauses]).toEqual([300, [0, 100, 100, 100], 3])
})

test('a page of the audit trail is made of pieces', async () => {
  const first = await run(listAuditEvents, { slug: 'acme', limit: 500, before: undefined })
  expect(rows).toEqual([200, 200, 100])
  expect(first.items.map(({ target }) => target)).toEqual(
    Array.from({ length: 500 }, (_, i) => `app ${eventCount - 1 - i}`),
  )
  const second = await run(listAuditEvents, { slug: 'acme', limit: 1000, before: first.next })
  expect(second.items).toHaveLength(eventCount - 500 + 2)
  expect(second.next).toBeUndefined()
})

test('an organisation is shown without reading who belongs to it', async () => {
  expect(await run(showOrganisation, { slug: 'acme' })).toMatchObject({ role: 'admin', own: false })
})
