// The network that is slow, breaks off, or answers with something else: every state has its face.
import { beforeAll, describe, expect, it } from 'vitest'

import { founder } from './authority.ts'
import { hasBrowser, prepareVisitor, prepareDashboard } from './dashboard.ts'
import { createApp, createOrganisation } from './people.ts'
import { prepareOrganisation } from './prepare.ts'

describe.skipIf(!hasBrowser)('a bad network', () => {
  const prepared = prepareDashboard()
  const { dashboard, ask, admin } = prepared
  const slug = prepareOrganisation(prepared)
  beforeAll(async () => void (await createApp(ask, admin.token, slug, 'web-1')))
  const visitor = prepareVisitor(() => dashboard.visitorAs(founder, `/dashboard/${slug}/tokens`))

  it('has a face while something is on its way', async () => {
    const { page } = visitor
    let let_through = (): void => undefined
    const gate = new Promise<void>((open) => (let_through = open))
    await page.route('**/v1/apps?**', async (route) => {
      await gate
      await route.continue()
    })
    await page.goto(dashboard.url(`/dashboard/${slug}/apps`))
    await page.locator('[aria-busy=true]').waitFor()
    expect(await page.getByText('web-1').count()).toBe(0)
    let_through()
    await page.getByText('web-1').waitFor()
    await page.locator('[aria-busy=true]').waitFor({ state: 'detached' })
    await page.unroute('**/v1/apps?**')
  })

  it('says what failed and what to do, with the id of the request, and recovers', async () => {
    const { page } = visitor
    const error = { error: 'x', message: 'internal', code: 'internal', request_id: 'req-123456789-1' }
    await page.route('**/v1/apps?**', (route) => route.fulfill({ status: 500, json: error }))
    await page.reload()
    await page.getByRole('heading', { name: 'The apps could not be loaded' }).waitFor()
    await page.getByText('req-123456789-1').waitFor()
    await page.unroute('**/v1/apps?**')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('web-1').waitFor()
  })

  it('says on the login page that other ways in could not be loaded, and loads them then', async () => {
    const { page } = visitor
    const context = await page.context().browser()?.newContext()
    if (context === undefined) throw new Error('the browser is gone')
    const stranger = await context.newPage()
    let isBroken = true
    await stranger.route('**/v1/login-methods', (route) =>
      route.fulfill(
        isBroken
          ? { status: 500, json: { error: 'x', message: 'internal', code: 'internal', request_id: 'r-1' } }
          : { json: { setup_needed: false, passkeys: false, oidc: { name: 'Acme login' }, mail: false } },
      ),
    )
    await stranger.goto(dashboard.url('/login'))
    await stranger.getByText('Other ways to log in could not be loaded.').waitFor()
    isBroken = false
    await stranger.getByRole('button', { name: 'Try again' }).click()
    await stranger.getByRole('link', { name: 'Log in with Acme login' }).waitFor()
    await stranger.getByText('could not be loaded').waitFor({ state: 'detached' })
    await context.close()
  })

  it('does not take what a proxy says for an answer', async () => {
    const { page } = visitor
    await page.route('**/v1/orgs/*/audit**', (route) =>
      route.fulfill({ status: 502, body: '<html>Bad gateway</html>' }),
    )
    await page.getByRole('link', { name: 'Audit' }).click()
    await page.getByText('Something between you and Hallpass answered').waitFor()
    await page.unroute('**/v1/orgs/*/audit**')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('Created an app').waitFor()
  })

  it('says that one is offline, keeps what is typed, and goes on afterwards', async () => {
    const { page, context } = visitor
    await page.getByRole('link', { name: 'Tokens', exact: true }).click()
    await page.getByLabel('Name (optional)').fill('made on a train')
    await context.setOffline(true)
    await page.getByText('You are offline.').waitFor()
    await page.getByRole('button', { name: 'Create organization token' }).click()
    await page.getByRole('alert').getByText('Hallpass does not answer').waitFor()
    expect(await page.getByLabel('Name (optional)').inputValue()).toBe('made on a train')
    await context.setOffline(false)
    await page.getByText('You are offline.').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Create organization token' }).click()
    await page.getByRole('heading', { name: 'made on a train is ready' }).waitFor()
  })

  it('shows at once what was made although its answer was lost, and keeps what is typed', async () => {
    const { page } = visitor
    const { slug: other } = await createOrganisation(ask, admin.token, 'Lost Answers')
    await page.goto(dashboard.url(`/dashboard/${other}/tokens`))
    await page.getByLabel('Name (optional)').fill('unanswered')
    await page.route('**/v1/orgs/*/tokens', async (route) => {
      if (route.request().method() !== 'POST') return route.fallback()
      await route.fetch()
      return route.abort()
    })
    await page.getByRole('button', { name: 'Create organization token' }).click()
    await page.getByRole('alert').getByText('look before you try again').waitFor()
    await page.getByRole('row').filter({ hasText: 'unanswered' }).waitFor()
    expect(await page.getByLabel('Name (optional)').inputValue()).toBe('unanswered')
    await page.getByRole('alert').getByText('look before you try again').waitFor()
    await page.unroute('**/v1/orgs/*/tokens')
  })

  it('offers to reload if a file of the page cannot be fetched', async () => {
    const { page } = visitor
    await page.goto(dashboard.url('/inspect'))
    await page.getByRole('heading', { name: 'Inspect a token' }).waitFor()
    await page.route('**/assets/**', (route) => route.abort())
    await page.getByRole('link', { name: 'Members' }).click()
    await page.getByRole('heading', { name: 'This page could not be shown' }).waitFor()
    await page.unroute('**/assets/**')
    await page.getByRole('button', { name: 'Reload' }).click()
    await page.getByRole('heading', { name: 'Members' }).waitFor()
    // The browser and React both say that a file is missing: that much was broken on purpose.
    ;(visitor.complaints as string[]).length = 0
  })

  it('has a page that could not be shown break no other one, and shows it once it can', async () => {
    const { page } = visitor
    await page.goto(dashboard.url('/inspect'))
    await page.getByRole('heading', { name: 'Inspect a token' }).waitFor()
    await page.route('**/assets/more*', (route) => route.abort())
    await page.getByRole('link', { name: 'Members' }).click()
    await page.getByRole('heading', { name: 'This page could not be shown' }).waitFor()
    await page.getByRole('link', { name: 'Inspect a token' }).click()
    await page.getByRole('heading', { name: 'Inspect a token' }).waitFor()
    await page.getByRole('link', { name: 'Members' }).click()
    await page.getByRole('heading', { name: 'This page could not be shown' }).waitFor()
    // If that does not help, the page is loaded again: some browsers remember that a file did not come.
    const loaded = page.waitForEvent('load')
    await page.getByRole('button', { name: 'Try again' }).click()
    await loaded
    await page.getByRole('heading', { name: 'This page could not be shown' }).waitFor()
    await page.unroute('**/assets/more*')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('heading', { name: 'Members' }).waitFor()
    ;(visitor.complaints as string[]).length = 0
  })

  it('loses nothing that is typed where a part of the page does not come', async () => {
    const { page } = visitor
    await page.goto(dashboard.url(`/dashboard/${slug}/tokens`))
    await page.getByRole('button', { name: 'New token' }).waitFor()
    await page.route('**/assets/{more,narrow}*', (route) => route.abort())
    await page.getByRole('button', { name: 'New token' }).click()
    await page.getByLabel('Name (optional)').fill('typed')
    await page.getByText('Restrict further').click()
    await page.getByText('This part of the page could not be loaded').waitFor()
    await page.unroute('**/assets/{more,narrow}*')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByLabel('Only these machines').waitFor()
    expect(await page.getByLabel('Name (optional)').inputValue()).toBe('typed')
    ;(visitor.complaints as string[]).length = 0
  })

  it('distinguishes what does not exist from what is not one’s own', async () => {
    const { page } = visitor
    await page.goto(dashboard.url('/dashboard/nowhere/tokens'))
    await page.getByRole('heading', { name: 'No access to nowhere' }).waitFor()
    await page.goto(dashboard.url(`/dashboard/${slug}/nothing`))
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor()
  })
})
