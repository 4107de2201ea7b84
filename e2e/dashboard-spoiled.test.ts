// Somebody between the page and the authority who answers in its place: a portal's page, a proxy's `{}`, half an answer.
import { createServer, request as ask, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { founder } from './authority.ts'
import { hasBrowser, logIn, type Visitor, prepareDashboard } from './dashboard.ts'
import { createApp } from './people.ts'
import { prepareOrganisation } from './prepare.ts'

interface Spoiled {
  readonly type?: string
  readonly body: string
}

const spoilings: Readonly<Record<string, Spoiled>> = {
  'the page of a portal': { type: 'text/html', body: '<!doctype html><title>Welcome to the hotel</title>' },
  'an empty object': { body: '{}' },
  null: { body: 'null' },
  nothing: { body: '' },
  'half of an answer': { body: '{"orgs":[{"slug":"ac' },
  'members of other types': {
    body: '{"id":"x","email":7,"user":null,"orgs":{},"apps":null,"members":3,"tokens":{"length":1},"events":"x"}',
  },
}

const pages = [
  ['/orgs', /^\/v1\/orgs(?:\?|$)/, 'the page of a portal', 'Organizations'],
  ['/dashboard/acme/tokens', /^\/v1\/orgs\/acme$/, 'an empty object', 'Tokens'],
  ['/dashboard/acme/tokens', /^\/v1\/orgs\/acme\/tokens/, 'null', 'Tokens'],
  ['/dashboard/acme/apps', /^\/v1\/apps/, 'nothing', 'Apps'],
  ['/dashboard/acme/members', /\/invitations/, 'half of an answer', 'Members'],
  ['/dashboard/acme/audit', /^\/v1\/.*\/audit/, 'members of other types', 'Audit'],
  ['/account', /^\/v1\/sessions/, 'the page of a portal', 'Account'],
  ['/account', /^\/v1\/users\/current/, 'an empty object', 'Account'],
] as const

const happened = 'Something between you and Hallpass answered instead of it.'
const sentence = `${happened} Try again.`
const lookFirst = `${happened} It may have been done all the same: look before you try again.`

interface Proxy {
  readonly server: Server
  readonly origin: string
  /** Which answers it spoils, by path, and how; until the next call. */
  spoil(paths?: RegExp, how?: Spoiled): void
}

async function startProxy(target: string): Promise<Proxy> {
  let spoiling: { readonly paths: RegExp; readonly how: Spoiled } | undefined
  const server = createServer((request, response) => {
    const { method = 'GET', url = '/', headers } = request
    if (spoiling?.paths.test(url) === true) {
      const { type = 'application/json', body } = spoiling.how
      request.resume().on('end', () => response.writeHead(200, { 'content-type': type }).end(body))
      return
    }
    const passed = ask(new URL(url, target), { method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    passed.on('error', () => response.destroy())
    request.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    server,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spoil(paths, how) {
      spoiling = paths === undefined || how === undefined ? undefined : { paths, how }
    },
  }
}

describe.skipIf(!hasBrowser)('answers that somebody in between spoils', () => {
  const prepared = prepareDashboard()
  const { dashboard, ask, admin } = prepared
  const slug = prepareOrganisation(prepared)
  let proxy: Proxy
  let visitor: Visitor
  beforeAll(async () => {
    await createApp(ask, admin.token, slug, 'web-1')
    proxy = await startProxy(dashboard.authority.url())
    visitor = await dashboard.visitor()
    await visitor.page.goto(`${proxy.origin}/login`)
    await logIn(visitor.page, founder)
    await visitor.page.waitForURL((at) => at.pathname !== '/login')
  })
  afterAll(async () => {
    await visitor.leave()
    proxy.server.closeAllConnections()
    proxy.server.close()
  })

  it.each(pages)('are one clear sentence on %s, and it recovers: %s, %s', async (path, paths, kind, heading) => {
    const { page } = visitor
    proxy.spoil(paths, spoilings[kind])
    await page.goto(proxy.origin + path)
    await page.getByRole('alert').getByText(sentence).first().waitFor()
    proxy.spoil()
    await page.getByRole('button', { name: 'Try again' }).first().click()
    await page.getByRole('heading', { level: 1, name: heading }).waitFor()
    await page.getByText(sentence).first().waitFor({ state: 'detached' })
  })

  it('leave no dead button, and what was typed', async () => {
    const { page } = visitor
    await page.goto(`${proxy.origin}/dashboard/acme/tokens`)
    await page.getByLabel('Name (optional)').fill('kept')
    const create = page.getByRole('button', { name: 'Create organization token' })
    for (const how of Object.values(spoilings)) {
      proxy.spoil(/^\/v1\/orgs\/acme\/tokens$/, how)
      const answered = page.waitForResponse((response) => response.request().method() === 'POST')
      await create.click()
      await answered
      await page.getByRole('alert').getByText(lookFirst).waitFor()
    }
    expect(await page.getByLabel('Name (optional)').inputValue()).toBe('kept')
    proxy.spoil()
    await create.click()
    await page.getByRole('heading', { name: 'kept is ready' }).waitFor()
  })

  it('let nobody in', async () => {
    const stranger = await dashboard.visitor()
    const { page } = stranger
    await page.goto(`${proxy.origin}/login`)
    for (const how of Object.values(spoilings)) {
      proxy.spoil(/^\/web\/session$/, how)
      const answered = page.waitForResponse((response) => response.request().method() === 'POST')
      await logIn(page, founder)
      await answered
      await page.getByRole('alert').getByText(sentence).waitFor()
    }
    proxy.spoil()
    await logIn(page, founder)
    await page.waitForURL((at) => at.pathname !== '/login')
    await stranger.leave()
  })
})
