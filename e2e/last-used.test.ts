// When, from where and for what tokens, logins and passkeys were last used: through every door, allowed or not, on several
// authorities, and after a kill.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'

import { describe, expect, test } from 'vitest'

import type { ShownToken, Token } from '@hallpass/client'
import { routes } from '@hallpass/client/contract'

import { serve } from '../packages/authority/src/main.ts'
import { reasonWithoutPostgres, startPostgres } from '../packages/authority/src/store/testing/postgres.ts'
import { createDirectory, founder, optionsFor, startAuthority } from './authority.ts'
import { startChild } from './child.ts'
import { arrive } from './hallpass.ts'
import { hasBrowser, prepareDashboard, prepareVisitor } from './dashboard.ts'
import { createAsk, expectAnswer, expectRefusal, type Ask } from './http.ts'
import { addPasskey, logInWith } from './passkeys.ts'
import { createApp, createOrganisation, mint, signInFounder, signUpInto } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

const soon = { usesInterval: 20 }
const prepared = prepareAuthority({ ...soon, trustedProxies: ['127.0.0.1'], publicUrl: 'http://localhost:1' })
const { authority, ask, admin } = prepared
const slug = prepareOrganisation(prepared)

async function show(id: string, { token = admin.token, from = ask } = {}): Promise<ShownToken> {
  return expectAnswer(routes.showToken, await from('GET', `/v1/tokens/${id}`, { token }))
}

/** The token once it was used for this. */
async function shownAfter(id: string, operation: string, from: Ask = ask, token = admin.token): Promise<ShownToken> {
  await expect.poll(async () => (await show(id, { from, token })).last_used_operation).toBe(operation)
  return show(id, { from, token })
}

test('a token that was never used says so; its first use is known soon, and is that of the list too', async () => {
  const { id, token, ...minted } = await mint(ask, admin.token, slug, { name: 'fresh' })
  const never = { last_used_at: null, last_used_ip: null, last_used_operation: null, last_used_agent: null }
  expect(minted).toMatchObject({ ...never, last_use_known_since: minted.created_at })
  expect(await show(id)).toMatchObject({ ...never, used_from: [], last_use_known_since: minted.created_at })
  const before = Date.now()
  const headers = { 'x-forwarded-for': '203.0.113.7', 'user-agent': 'curl/8.5 \u00ad\u0080x' }
  expect((await ask('GET', `/v1/apps?org_slug=${slug}`, { token, headers })).status).toBe(200)
  const shown = await shownAfter(id, 'app.list')
  expect(shown).toMatchObject({ last_used_ip: '203.0.113.7', last_used_agent: 'curl/8.5 x' })
  const at = Date.parse(shown.last_used_at ?? '')
  expect(at).toBeGreaterThanOrEqual(before)
  expect(at).toBeLessThanOrEqual(Date.now())
  expect(shown.used_from).toEqual([{ ip: '203.0.113.7', at: shown.last_used_at }])
  const listed = expectAnswer(
    routes.listOrganisationTokens,
    await ask('GET', `/v1/orgs/${slug}/tokens?search=fresh`, { token: admin.token }),
  )
  const { used_from: _from, revoked_derived: _derived, ...expected } = shown
  expect(listed.tokens).toEqual([expected])
})

test('the last five addresses are kept, each once; only a trusted proxy says what they are', async () => {
  const { id, token } = await mint(ask, admin.token, slug)
  for (const last of [1, 2, 3, 4, 5, 6, 2, 7]) {
    await ask('GET', '/v1/orgs', { token, headers: { 'x-forwarded-for': `198.51.100.9, 203.0.113.${last}` } })
    // Addresses of one millisecond have no order.
    for (const at = Date.now(); Date.now() === at;) await nextTurn()
  }
  await ask('GET', '/v1/tokens/current', { token, headers: { 'x-forwarded-for': '2001:DB8::0:1' } })
  const { used_from } = await shownAfter(id, 'token.current')
  expect(used_from.map(({ ip }) => ip)).toEqual(['2001:db8::1', ...[7, 2, 6, 5].map((last) => `203.0.113.${last}`)])

  const open = await startAuthority(soon)
  const { token: person } = await signInFounder(open.ask)
  const acme = await createOrganisation(open.ask, person)
  const spoofed = await mint(open.ask, person, acme.slug)
  await open.ask('GET', '/v1/tokens/current', { token: spoofed.token, headers: { 'x-forwarded-for': '203.0.113.7' } })
  expect((await shownAfter(spoofed.id, 'token.current', open.ask, person)).last_used_ip).toBe('127.0.0.1')
  await open.close()
})

test('a use counts through every door, when it is refused, and when a service asks about the token', async () => {
  const { name: app } = await createApp(ask, admin.token, slug)
  const deploy = await mint(ask, admin.token, slug, { profile: 'deploy', app })
  const asked: readonly (readonly [string, number, () => Promise<{ readonly status: number }>])[] = [
    ['app.create', 403, () => ask('POST', '/v1/apps', { token: deploy.token, body: { name: 'x', org_slug: slug } })],
    ['machine.list', 200, () => ask('GET', `/v1/apps/${app}/machines`, { token: deploy.token })],
    ['app.show', 200, () => ask('POST', '/graphql', { token: deploy.token, body: appQuery(app) })],
    ['token.current', 200, () => ask('GET', '/v1/tokens/current', { token: deploy.token })],
    ['token.authenticate', 200, () => ask('POST', '/v1/tokens/authenticate', { body: { header: deploy.token } })],
    [
      'token.authorise',
      403,
      () =>
        ask('POST', '/v1/tokens/authorize', {
          body: { header: deploy.token, access: { action: 'c', org_slug: slug } },
        }),
    ],
  ]
  for (const [operation, status, use] of asked) {
    expect((await use()).status, operation).toBe(status)
    expect((await shownAfter(deploy.id, operation)).last_used_ip).toBe('127.0.0.1')
  }
  const access = { action: 'r', app_name: app, source_address: '203.0.113.99' }
  await ask('POST', '/v1/tokens/authorize', { body: { header: deploy.token, access } })
  await expect.poll(async () => (await show(deploy.id)).last_used_ip).toBe('203.0.113.99')
  // However it is written, it is one address.
  for (const source_address of ['2001:DB8:0::1', '2001:db8::1', '::ffff:203.0.113.99']) {
    await ask('POST', '/v1/tokens/authorize', { body: { header: deploy.token, access: { ...access, source_address } } })
  }
  const lastFrom = async () => (await show(deploy.id)).used_from.slice(0, 3).map(({ ip }) => ip)
  await expect.poll(lastFrom).toEqual(['203.0.113.99', '2001:db8::1', '127.0.0.1'])
})

test('a list is sorted by last use, and says which tokens were not used for a time', async () => {
  const { slug: other } = await createOrganisation(ask, admin.token)
  const [used, idle, never] = [
    await mint(ask, admin.token, other, { name: 'used' }),
    await mint(ask, admin.token, other, { name: 'idle' }),
    await mint(ask, admin.token, other, { name: 'never' }),
    await mint(ask, admin.token, other, { name: 'young' }),
  ]
  for (const { token } of [idle, used]) await ask('GET', '/v1/tokens/current', { token })
  await Promise.all([used, idle].map(({ id }) => shownAfter(id, 'token.current')))
  const daysAgo = (days: number) => Date.now() - days * 86_400_000
  const bytes = (id: string) => Buffer.from(id.replaceAll('-', ''), 'hex')
  let since = ''
  await authority.restart((database) => {
    since = String(database.prepare(`select value from settings where name = 'uses_known_since'`).get()?.['value'])
    const age = database.prepare('update tokens set created_at = ? where id = ?')
    for (const { id } of [used, idle, never]) age.run(daysAgo(200), bytes(id))
    database.prepare('update token_uses set used_at = ? where token_id = ?').run(daysAgo(100), bytes(idle.id))
    database.prepare(`update settings set value = ? where name = 'uses_known_since'`).run(String(daysAgo(150)))
  })
  const list = async (query: Readonly<Record<string, string>>, token = admin.token) => {
    const path = `/v1/orgs/${other}/tokens?${new URLSearchParams(query).toString()}`
    return expectAnswer(routes.listOrganisationTokens, await ask('GET', path, { token }))
  }
  const names = async (query: Readonly<Record<string, string>>) => (await list(query)).tokens.map(({ name }) => name)
  const byUse = { sort: 'last_used_at' }
  expect(await names(byUse)).toEqual(['used', 'idle', 'young', 'never'])
  expect(await names({ ...byUse, order: 'asc' })).toEqual(['never', 'young', 'idle', 'used'])
  expect(await names({ ...byUse, unused: '90d' })).toEqual(['idle', 'never'])
  expect(await names({ unused: '120d' })).toEqual(['never'])
  expect(await names({ unused: '2160h', search: 'IDL' })).toEqual(['idle'])
  // Nobody knows what happened before.
  expect(await names({ unused: '151d' })).toEqual([])
  const [forgotten] = (await list({ search: 'never' })).tokens
  expect(Date.parse(forgotten?.last_use_known_since ?? '')).toBeGreaterThan(Date.parse(forgotten?.created_at ?? ''))

  const paged: Token[] = []
  let cursor: string | undefined
  do {
    const page = await list({ ...byUse, limit: '1', ...(cursor === undefined ? {} : { cursor }) })
    for (const token of page.tokens) paged.push(token)
    cursor = page.next_cursor
  } while (cursor !== undefined)
  expect(paged.map(({ name }) => name)).toEqual(['used', 'idle', 'young', 'never'])
  const { next_cursor = '' } = await list({ ...byUse, limit: '1' })
  const refused = async (query: Readonly<Record<string, string>>) => {
    const path = `/v1/orgs/${other}/tokens?${new URLSearchParams(query).toString()}`
    return expectRefusal(await ask('GET', path, { token: admin.token }), 400)
  }
  expect(await refused({ ...byUse, cursor: next_cursor, unused: '1d' })).toMatchObject({ field: 'cursor' })
  expect(await refused({ unused: '90' })).toMatchObject({ field: 'unused' })
  await authority.restart((database) =>
    database.prepare(`update settings set value = ? where name = 'uses_known_since'`).run(since),
  )
})

test('logins and passkeys have their last use, which only their person sees', async () => {
  const person = await signUpInto(ask, admin.token, slug)
  const headers = { 'x-forwarded-for': '203.0.113.50', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0' }
  const sessions = async () =>
    expectAnswer(routes.listSessions, await ask('GET', '/v1/sessions', { token: person.token, headers })).sessions
  expect((await sessions())[0]).toMatchObject({ last_used_at: null, current: true })
  await expect.poll(async () => (await sessions())[0]?.last_used_operation).toBe('session.list')
  expect((await sessions())[0]).toMatchObject({ last_used_ip: '203.0.113.50', last_used_agent: 'Firefox on Linux' })

  const { authenticator, id } = await addPasskey(ask, 'http://localhost:1', person.token)
  const passkeys = async () =>
    expectAnswer(routes.listPasskeys, await ask('GET', '/v1/passkeys', { token: person.token })).passkeys
  expect(await passkeys()).toMatchObject([{ id, last_used_at: null, last_used_ip: null, last_used_agent: null }])
  expect((await logInWith(ask, authenticator)).status).toBe(201)
  await expect.poll(async () => (await passkeys())[0]?.last_used_ip).toBe('127.0.0.1')
  expect((await passkeys())[0]).toMatchObject({ last_used_at: expect.any(String), last_used_agent: 'node' })
})

test('of addresses no more is kept than the operator wants, in the database either', async () => {
  const frugal = await startAuthority({ ...soon, keep: { addresses: 'network' }, trustedProxies: ['127.0.0.1'] })
  const { token: person } = await signInFounder(frugal.ask)
  const { id, token } = await mint(frugal.ask, person, (await createOrganisation(frugal.ask, person)).slug)
  for (const from of ['203.0.113.7', '203.0.113.8', '2001:db8:1:2::3']) {
    await frugal.ask('GET', '/v1/tokens/current', { token, headers: { 'x-forwarded-for': from } })
  }
  const networks = async () => (await show(id, { token: person, from: frugal.ask })).used_from.map(({ ip }) => ip)
  await expect.poll(networks).toEqual(['2001:db8:1::/48', '203.0.113.0/24'])
  const kept = frugal.inspect((database) => JSON.stringify(database.prepare('select * from token_uses').all()))
  expect(kept).not.toMatch(/203\.0\.113\.[78]|:2::3/)
  await frugal.close()
})

test('while the database refuses writes, answers are as ever; the uses of that time are known afterwards', async () => {
  const { id, token } = await mint(ask, admin.token, slug)
  const blocker = new DatabaseSync(join(authority.directory, 'hallpass.db'))
  blocker.exec('begin immediate')
  try {
    for (let count = 0; count < 20; count += 1)
      expect((await ask('GET', '/v1/tokens/current', { token })).status).toBe(200)
  } finally {
    blocker.exec('rollback')
    blocker.close()
  }
  await shownAfter(id, 'token.current')
})

test('an orderly end writes what is known, however long the interval', async () => {
  const slow = await startAuthority()
  const { token: person } = await signInFounder(slow.ask)
  const { id, token } = await mint(slow.ask, person, (await createOrganisation(slow.ask, person)).slug)
  await slow.ask('GET', '/v1/tokens/current', { token })
  await slow.restart()
  expect(await show(id, { token: person, from: slow.ask })).toMatchObject({ last_used_operation: 'token.current' })
  await slow.close()
})

test('a kill loses what was not written yet, and nothing before it', async () => {
  const directory = await createDirectory()
  const child = await startChild(directory, soon)
  const { token: person } = await signInFounder(child.ask)
  const { slug: acme } = await createOrganisation(child.ask, person)
  const { id, token } = await mint(child.ask, person, acme)
  await child.ask('GET', '/v1/tokens/current', { token })
  const { last_used_at } = await shownAfter(id, 'token.current', child.ask, person)
  const cut = child.ask('GET', `/v1/orgs/${acme}`, { token }).catch(() => undefined)
  await child.end('SIGKILL')
  await cut
  const next = await startChild(directory)
  const shown = await show(id, { token: person, from: next.ask })
  expect(Date.parse(shown.last_used_at ?? '')).toBeGreaterThanOrEqual(Date.parse(last_used_at ?? ''))
  await next.end('SIGTERM')
  await rm(directory, { recursive: true })
})

test('the command line lists, filters and shows last uses', async () => {
  const { slug: own } = await createOrganisation(ask, admin.token)
  const [used, idle] = [
    await mint(ask, admin.token, own, { name: 'used' }),
    await mint(ask, admin.token, own, { name: 'idle' }),
  ]
  await ask('GET', '/v1/tokens/current', { token: used.token, headers: { 'x-forwarded-for': '203.0.113.7' } })
  const { last_used_at } = await shownAfter(used.id, 'token.current')
  const place = await arrive()
  const run = async (...args: readonly string[]) =>
    place.run(args, { env: { HALLPASS_API_URL: authority.url(), HALLPASS_API_TOKEN: admin.token } })
  const said = `${String(last_used_at).slice(0, 16).replace('T', ' ')} +0000 UTC`
  const { stdout } = await run('tokens', 'list', '-o', own, '--sort', 'last-used')
  const [header = '', first = '', second = ''] = stdout.split('\n')
  expect(header).toMatch(/LAST USED$/)
  expect([first.startsWith(used.id), first.endsWith(said)]).toEqual([true, true])
  expect([second.startsWith(idle.id), second.endsWith('never')]).toEqual([true, true])
  const { tokens } = JSON.parse((await run('tokens', 'list', '-o', own, '--json')).stdout) as {
    readonly tokens: readonly Token[]
  }
  expect(tokens.find(({ id }) => id === used.id)).toMatchObject({ last_used_at, last_used_ip: '203.0.113.7' })
  const shown = (await run('tokens', 'show', used.id)).stdout
  expect(shown).toContain(`Last used: ${said}\nLast used for: token.current\nLast used by: node\n`)
  expect(shown).toMatch(/USED FROM +LAST\n203\.0\.113\.7 +2/)

  const bytes = (id: string) => Buffer.from(id.replaceAll('-', ''), 'hex')
  const early = await run('tokens', 'list', '-o', own, '--unused', '90d')
  expect(early.stdout).not.toContain(idle.id)
  expect(early.stderr).toMatch(/^the authority knows since .* which tokens are used: it cannot look 90d back yet\n$/)
  await authority.restart((database) => {
    const old = Date.now() - 100 * 86_400_000
    database.prepare('update tokens set created_at = ? where id in (?, ?)').run(old, bytes(used.id), bytes(idle.id))
    database.prepare(`update settings set value = ? where name = 'uses_known_since'`).run(String(old - 1))
  })
  const late = await run('tokens', 'list', '-o', own, '--unused', '90d')
  expect([late.stdout.includes(idle.id), late.stdout.includes(used.id), late.stderr]).toEqual([true, false, ''])
  expect(await run('tokens', 'list', '-o', own, '--unused', 'long')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('the value of --unused is not a duration'),
  })
  await place.leave()
})

describe.skipIf(!hasBrowser)('the dashboard', () => {
  const { dashboard, ...own } = prepareDashboard(soon)
  const acme = prepareOrganisation(own)
  const ada = prepareVisitor(() => dashboard.visitorAs(founder, `/dashboard/${acme}`))

  test('shows last uses in the list, sorts and filters by them, and has the addresses on the page of a token', async () => {
    const { page } = ada
    await mint(own.ask, own.admin.token, acme, { name: 'idle' })
    const used = await mint(own.ask, own.admin.token, acme, { name: 'used' })
    await own.ask('GET', '/v1/tokens/current', { token: used.token, headers: { 'user-agent': 'curl/8.5' } })
    await shownAfter(used.id, 'token.current', own.ask, own.admin.token)
    await page.reload()
    await page.getByRole('button', { name: 'Last used' }).click()
    const rows = page.getByRole('row')
    await expect.poll(() => rows.nth(1).textContent()).toContain('used')
    await expect.poll(() => rows.nth(1).textContent()).toContain('just now')
    expect(await rows.nth(2).textContent()).toContain('Never')
    await page.getByRole('button', { name: 'Filters' }).click()
    await page.getByLabel('Last use', { exact: true }).selectOption('Not for 90 days')
    await page.getByText(/^Uses are known since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\./).waitFor()
    await page.getByLabel('Last use', { exact: true }).selectOption('Used or not')
    await page.getByRole('link', { name: 'used', exact: true }).click()
    await page.getByText('Asked about itself').waitFor()
    await page.getByText('by curl/8.5').waitFor()
    expect(await page.getByRole('main').textContent()).toMatch(/Used from *127\.0\.0\.1, last just now/)
  })

  test('shows on the account page when and from where a login was last used', async () => {
    const { page } = ada
    const isWritten = () => {
      const { count } = dashboard.authority.inspect((database) =>
        Object(database.prepare(`select count(*) as count from login_uses where operation like 'token.%'`).get()),
      ) as { readonly count: number }
      return count > 0
    }
    await expect.poll(isWritten).toBe(true)
    await page.goto(dashboard.url('/account'))
    await page
      .getByText(/Last used: just now from 127\.0\.0\.1/)
      .first()
      .waitFor()
  })
})

describe.skipIf(reasonWithoutPostgres() !== undefined)('two authorities on one PostgreSQL', () => {
  test('know the last use at either, with the addresses at both', async () => {
    const server = await startPostgres()
    const directories = [await createDirectory(), await createDirectory()] as const
    const start = (directory: string) =>
      serve({
        ...optionsFor(directory),
        ...soon,
        databaseUrl: server.url,
        rootKey: Buffer.alloc(32, 7).toString('base64'),
        trustedProxies: ['127.0.0.1'],
      })
    const running = [await start(directories[0]), await start(directories[1])] as const
    const [one, other] = [createAsk(() => running[0].url), createAsk(() => running[1].url)]
    const { token: person } = await signInFounder(one)
    const { id, token } = await mint(one, person, (await createOrganisation(one, person)).slug)
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([
        one('GET', '/v1/orgs', { token, headers: { 'x-forwarded-for': '203.0.113.1' } }),
        other('GET', '/v1/orgs', { token, headers: { 'x-forwarded-for': '203.0.113.2' } }),
      ])
    }
    await other('GET', '/v1/tokens/current', { token, headers: { 'x-forwarded-for': '203.0.113.2' } })
    await expect.poll(async () => (await show(id, { token: person, from: one })).used_from.length).toBe(2)
    const shown = await shownAfter(id, 'token.current', one, person)
    expect(shown.used_from.map(({ ip }) => ip)).toEqual(['203.0.113.2', '203.0.113.1'])
    await Promise.all(running.map((authority) => authority.close()))
    await server.stop()
    await Promise.all(directories.map((directory) => rm(directory, { recursive: true })))
  })
})

function appQuery(name: string) {
  return { query: 'query ($name: String!) { app(name: $name) { name } }', variables: { name } }
}
