// The inspector: takes tokens apart in the page, and asks nobody.
import { actions, formatAuthorization, mintMacaroon } from '@hallpass/macaroon'
import type { Request } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'

import { hasBrowser, prepareVisitor, prepareDashboard } from './dashboard.ts'
import { createApp, mint } from './people.ts'
import { prepareOrganisation } from './prepare.ts'

describe.skipIf(!hasBrowser)('the inspector', () => {
  const prepared = prepareDashboard()
  const { dashboard, ask, admin } = prepared
  const slug = prepareOrganisation(prepared)
  const visitor = prepareVisitor(() => dashboard.visitor())
  let token = ''
  const requests: Request[] = []
  beforeAll(async () => {
    await createApp(ask, admin.token, slug, 'web-1')
    token = (await mint(ask, admin.token, slug, { name: 'ci', expiry: '720h' })).token
    await visitor.page.goto(dashboard.url('/inspect'))
    await visitor.page.getByRole('heading', { name: 'Inspect a token' }).waitFor()
    visitor.page.on('request', (request) => requests.push(request))
  })

  it('explains a token to its holder, logged in or not', async () => {
    const { page } = visitor
    await page.getByLabel('Token', { exact: true }).fill(`Bearer ${token}`)
    const card = page.getByRole('article', { name: 'Permission token' })
    await page.getByRole('status').getByText('Permission token: see below.').waitFor()
    await card.getByRole('row', { name: /everything in it yes yes yes yes yes/ }).waitFor()
    await card.getByText('Its 3 caveats').click()
    await card.getByText('{"type":"IsMember"').waitFor()
    await card.getByText('https://api.fly.io/v1').waitFor()
  })

  it('shows what nobody would see of its texts, and has room for all of them', async () => {
    const { page } = visitor
    const foreign = mintMacaroon({
      kid: new Uint8Array(3),
      rnd: new Uint8Array(16),
      location: `https://third.example/\u202e${'x'.repeat(100)}\u200b`,
      key: new Uint8Array(32),
      caveats: [{ type: 'Organization', id: 1n, mask: actions.all }],
    })
    await page.setViewportSize({ width: 360, height: 700 })
    await page.getByLabel('Token', { exact: true }).fill(formatAuthorization([foreign.bytes]))
    await page.getByRole('heading', { name: String.raw`third.example/\u{202e}xxx` }).waitFor()
    expect(await page.locator('body').textContent()).not.toMatch(/[\u202e\u200b]/)
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0)
    await page.setViewportSize({ width: 1280, height: 720 })
    await page.getByLabel('Token', { exact: true }).fill(`Bearer ${token}`)
  })

  it('narrows it by clicking, and what comes of it is narrower for the authority too', async () => {
    const { page } = visitor
    await page.getByRole('checkbox', { name: 'Read' }).check()
    await page.getByLabel('Expires').selectOption('In 1 hour or earlier')
    await page.getByLabel('Only from these networks').fill('127.0.0.1/8')
    await page.getByText('This has bits beyond its length: write 127.0.0.0/8.').waitFor()
    await page.getByLabel('Only from these networks').fill('127.0.0.0/8, ::1')
    await page.getByLabel('Agent').fill(admin.token)
    await page.getByText('The run label holds a token or a code').waitFor()
    await page.getByLabel('Agent').fill('<b>ci</b>')
    await page.getByLabel('On behalf of').fill('ada@example.com')
    await page.getByRole('status').getByText('The restricted token is below.').waitFor()
    const narrowed = (await page.getByRole('group', { name: 'restricted token' }).textContent()) ?? ''
    await page
      .getByRole('article', { name: 'The restricted token' })
      .getByRole('row', { name: /^the organization and everything in it yes no no no no/i })
      .first()
      .waitFor()
    await page.getByText('Its holders labelled it: agent "<b>ci</b>", on behalf of ada@example.com.').waitFor()
    await page.getByText('It may be used only from addresses in 127.0.0.0/8 or ::1/128.').waitFor()
    const { ask } = dashboard.authority
    expect((await ask('GET', '/v1/apps/web-1', { token: narrowed })).status).toBe(200)
    expect((await ask('DELETE', '/v1/apps/web-1', { token: narrowed })).status).toBe(403)
  })

  it('reads several at once, and says of each what is wrong with it', async () => {
    const { page } = visitor
    const [, body = ''] = token.split('fm2_')
    const middle = Math.floor(body.length / 8) * 4
    await page.getByLabel('Token', { exact: true }).fill(`${token},fm2_${body.slice(0, middle)}`)
    await page.getByText(/^Macaroon 2 is damaged: /).waitFor()
    await page.getByLabel('Token', { exact: true }).fill(token.slice(0, -5))
    await page.getByText(/truncated/).waitFor()
    await page.getByLabel('Token', { exact: true }).fill('hello')
    await page.getByText('This begins with none of fm2_').waitFor()
    await page.getByLabel('Token', { exact: true }).fill(admin.token)
    await page.getByText('It has no caveats').waitFor()
    await page.getByLabel('Token', { exact: true }).fill('')
    expect(await page.getByRole('article').count()).toBe(0)
  })

  it('has asked nobody anything', () => {
    expect(requests.map((request) => request.url())).toEqual([])
  })
})
