// Logins that end while somebody is at work, in this tab and in another one.
import { describe, expect, it } from 'vitest'

import { founder } from './authority.ts'
import { hasBrowser, logIn, type Dashboard, prepareDashboard } from './dashboard.ts'
import { prepareOrganisation, preparePerson } from './prepare.ts'

describe.skipIf(!hasBrowser)('a session', () => {
  const prepared = prepareDashboard()
  const { dashboard } = prepared
  const slug = prepareOrganisation(prepared)
  const grace = preparePerson(prepared, slug, { name: 'grace' })

  it('is asked for first, and one comes back to where one wanted to go', async () => {
    const visitor = await dashboard.visitor()
    const { page } = visitor
    await page.goto(dashboard.url(`/dashboard/${slug}/audit?x=1`))
    await page.getByRole('heading', { name: 'Log in to Hallpass' }).waitFor()
    await logIn(page, { ...founder, password: 'not the password' })
    await page.getByRole('alert').getByText('The email address or the password is wrong.').waitFor()
    await logIn(page, founder)
    await page.getByRole('heading', { name: 'Audit' }).waitFor()
    expect(page.url()).toBe(dashboard.url(`/dashboard/${slug}/audit?x=1`))
    await visitor.leave()
  })

  it('that ends in the middle loses nothing that was typed', async () => {
    const visitor = await dashboard.visitorAs(founder, `/dashboard/${slug}/tokens`)
    const { page } = visitor
    await page.getByLabel('Name (optional)').fill('typed before the end')
    await page.getByText('Restrict further').click()
    await page.getByLabel('Only these machines').fill('d890')
    endEverySession(dashboard)
    await page.getByRole('button', { name: 'Create organization token' }).click()
    const dialog = page.getByRole('dialog', { name: 'You are logged out' })
    await dialog.waitFor()
    // The address is the one that was there; the rest of the page is out of reach.
    expect(await dialog.getByLabel('Email').inputValue()).toBe(founder.email)
    await dialog.getByLabel('Password', { exact: true }).fill(founder.password)
    await dialog.getByRole('button', { name: 'Log in', exact: true }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(await page.getByLabel('Name (optional)').inputValue()).toBe('typed before the end')
    await page.getByRole('button', { name: 'Create organization token' }).click()
    await page.getByRole('heading', { name: 'typed before the end is ready' }).waitFor()
    await visitor.leave()
  })

  it('that another person takes over shows nothing of the first', async () => {
    const visitor = await dashboard.visitorAs(founder, '/account')
    const { page } = visitor
    endEverySession(dashboard)
    await page.getByLabel('Current password', { exact: true }).fill('x')
    await page.getByLabel('New password', { exact: true }).fill('another password')
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByRole('dialog', { name: 'You are logged out' }).waitFor()
    await logIn(page, grace)
    await page.waitForURL((url) => url.pathname === '/dashboard/personal/tokens')
    await page.getByRole('button', { name: `Account of ${grace.email}` }).waitFor()
    expect(await page.content()).not.toContain(founder.email)
    await visitor.leave()
  })

  it('that is left in one tab is over in the other, and back in both', async () => {
    const visitor = await dashboard.visitorAs(founder, `/dashboard/${slug}/apps`)
    const { page } = visitor
    const other = await visitor.anotherTab()
    await other.goto(dashboard.url(`/dashboard/${slug}/tokens`))
    await other.getByRole('button', { name: 'New token' }).click()
    await other.getByLabel('Name (optional)').fill('half typed')
    await page.getByRole('button', { name: /Account of/ }).click()
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByRole('heading', { name: 'Log in to Hallpass' }).waitFor()
    const dialog = other.getByRole('dialog', { name: 'You are logged out' })
    await dialog.waitFor()
    await logIn(page, founder)
    await page.getByRole('heading', { name: 'Tokens', exact: true }).waitFor()
    await dialog.waitFor({ state: 'detached' })
    expect(await other.getByLabel('Name (optional)').inputValue()).toBe('half typed')
    await visitor.leave()
  })

  it('that another person takes over in one tab shows nothing of the first in the other', async () => {
    const visitor = await dashboard.visitorAs(founder, `/dashboard/${slug}/apps`)
    const { page } = visitor
    const other = await visitor.anotherTab()
    await other.goto(dashboard.url('/account'))
    await other.getByText(founder.email).first().waitFor()
    await page.getByRole('button', { name: /Account of/ }).click()
    await page.getByRole('button', { name: 'Log out' }).click()
    await other.getByRole('dialog', { name: 'You are logged out' }).waitFor()
    await logIn(page, grace)
    await other.waitForURL((url) => url.pathname === '/dashboard/personal/tokens')
    await other.getByRole('button', { name: `Account of ${grace.email}` }).waitFor()
    expect(await other.content()).not.toContain(founder.email)
    await visitor.leave()
  })

  it('that is over is asked for a few times, and not for ever', async () => {
    const visitor = await dashboard.visitorAs(founder, '/account')
    const { page } = visitor
    await page.getByText('this one').waitFor()
    endEverySession(dashboard)
    let requests = 0
    page.on('request', () => (requests += 1))
    await page.getByLabel('Current password', { exact: true }).fill('x')
    await page.getByLabel('New password', { exact: true }).fill('another password')
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByRole('dialog', { name: 'You are logged out' }).waitFor()
    // As many answers again as there is any reason for.
    for (let round = 0; round < 20; round += 1) await page.evaluate(() => fetch('/v1/login-methods'))
    expect(requests - 20).toBeLessThan(10)
    await visitor.leave()
  })

  it('goes back to no other site', async () => {
    const visitor = await dashboard.visitor()
    const { page } = visitor
    await page.goto(dashboard.url(`/login?return_to=${encodeURIComponent('//example.com/')}`))
    await logIn(page, founder)
    await page.getByRole('heading', { name: 'Tokens', exact: true }).waitFor()
    expect(page.url()).toBe(dashboard.url('/dashboard/personal/tokens'))
    await visitor.leave()
  })

  it('can be looked at and ended from the account page', async () => {
    const one = await dashboard.visitorAs(founder, `/dashboard/${slug}/tokens`)
    const two = await dashboard.visitorAs(founder, '/account')
    const rows = two.page.getByRole('listitem').filter({ hasText: 'expires in' })
    await expect.poll(() => rows.count()).toBeGreaterThan(1)
    for (;;) {
      const before = await rows.count()
      if (before === 1) break
      await two.page
        .getByRole('button', { name: /^End the login/ })
        .first()
        .click()
      await expect.poll(() => rows.count()).toBe(before - 1)
    }
    expect(await rows.textContent()).toContain('this one')
    // A page that was not fetched before: what was fetched a moment ago counts as new.
    await one.page.getByRole('link', { name: 'Audit' }).click()
    await one.page.getByRole('dialog', { name: 'You are logged out' }).waitFor()
    await one.leave()
    await two.leave()
  })
})

function endEverySession(dashboard: Dashboard): void {
  dashboard.authority.inspect((database) => database.exec('update sessions set expires_at = 1'))
}
