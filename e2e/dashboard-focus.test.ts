// Where the focus is after what had it is gone, what is read out, and what a click beside a dialog does: nothing.
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'

import { founder } from './authority.ts'
import { choose, focused, hasBrowser, logIn, prepareVisitor, prepareDashboard } from './dashboard.ts'
import { createApp, invite, mint } from './people.ts'
import { prepareOrganisation, late } from './prepare.ts'

describe.skipIf(!hasBrowser)('a person who does not see the page, or has no mouse', () => {
  const prepared = prepareDashboard()
  const { dashboard, ask, admin } = prepared
  const slug = prepareOrganisation(prepared)
  beforeAll(async () => {
    await createApp(ask, admin.token, slug, 'web-1')
    await invite(ask, admin.token, slug, { email: 'grace@example.com' })
    await mint(ask, admin.token, slug, { name: 'ci' })
  })
  const visitor = prepareVisitor(() => dashboard.visitorAs(founder, `/dashboard/${slug}/tokens`))
  const page = late(() => visitor.page)

  const goTo = (name: string) => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name }).click()

  /** Waits until it is read out. */
  async function hear(words: string): Promise<void> {
    await page.getByRole('status').getByText(words, { exact: true }).waitFor()
  }

  it('is back on the button after a dialog that came to nothing', async () => {
    for (const leave of [
      () => page.keyboard.press('Escape'),
      () => page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click(),
    ]) {
      await choose(page, 'ci', 'Revoke')
      await page.getByRole('dialog').waitFor()
      await leave()
      await expect.poll(() => focused(page)).toBe('Actions for ci')
    }
  })

  it('is on the heading after a token is revoked, and hears of it, though it was the last of the list', async () => {
    await choose(page, 'ci', 'Revoke')
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke token' }).click()
    await page.getByText('No tokens yet').waitFor()
    await hear('ci is revoked.')
    await expect.poll(() => focused(page)).toBe('Tokens')
  })

  it('hears which tokens died with the one that emptied the list', async () => {
    const minter = await mint(ask, admin.token, slug, { name: 'minter' })
    await mint(ask, minter.token, slug, { name: 'made' })
    await page.reload()
    await choose(page, 'minter', 'Revoke')
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke token' }).click()
    const done = page.getByRole('dialog', { name: 'minter is revoked' })
    await done.getByText('The one token that it created is revoked too.').waitFor()
    await done.getByRole('button', { name: 'Close' }).click()
    await expect.poll(() => focused(page)).toBe('Tokens')
  })

  it('is on the new token, and on the page’s heading when done with it', async () => {
    await page.getByRole('button', { name: 'Create organization token' }).click()
    await expect.poll(() => focused(page)).toBe('Org deploy token is ready')
    await page.getByRole('button', { name: 'Done, without copying' }).click()
    await expect.poll(() => focused(page)).toBe('Tokens')
  })

  it('hears how many tokens there are once others are asked for', async () => {
    await page.getByLabel('Search by name or id').fill('no such token')
    await hear('No token.')
    await page.getByLabel('Search by name or id').fill('')
    await hear('One token.')
    await page.getByLabel('State').selectOption('All states')
    await hear('4 tokens.')
  })

  it('stays in the page where a button in it goes away, and hears what came of it', async () => {
    await goTo('Members')
    await page.getByRole('button', { name: 'Withdraw the invitation of grace@example.com' }).click()
    await hear('The invitation is withdrawn.')
    await expect.poll(() => focused(page)).toBe('Invitations')
    await goTo('Settings')
    await page.getByLabel('Name', { exact: true }).fill('Acme 2')
    await page.getByRole('button', { name: 'Rename' }).click()
    await hear('Renamed.')
    await expect.poll(() => focused(page)).toBe('Name')
    await page.getByLabel('Tokens can create tokens').uncheck()
    await page.getByRole('button', { name: 'Save the policy' }).click()
    await hear('Saved.')
    await goTo('Apps')
    await page.getByRole('button', { name: 'Delete web-1' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete app' }).click()
    await hear('The app web-1 is deleted.')
    await expect.poll(() => focused(page)).toBe('Apps')
  })

  it('is where it was after logging in again', async () => {
    await goTo('Tokens')
    await page.getByRole('button', { name: 'New token' }).click()
    await page.getByLabel('Name (optional)').fill('typed')
    dashboard.authority.inspect((database) => database.exec('update sessions set expires_at = 1'))
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'You are logged out' })
    await dialog.waitFor()
    // Twice: the second one closes a dialog that only minds the first.
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    expect(await dialog.isVisible()).toBe(true)
    await logIn(page, founder)
    await dialog.waitFor({ state: 'detached' })
    await expect.poll(() => focused(page)).toBe('Name (optional)')
  })

  it('loses nothing that is typed by a click beside a dialog', async () => {
    await goTo('Apps')
    await page.getByRole('button', { name: 'New app' }).click()
    await page.getByRole('dialog').getByLabel('Name').fill('half-typed')
    await clickBeside(page)
    expect(await page.getByRole('dialog').getByLabel('Name').inputValue()).toBe('half-typed')
    await page.getByRole('dialog').getByLabel('Name').fill('Not a name!')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').locator('[aria-invalid=true]').waitFor()
    await expect.poll(() => focused(page)).toBe('Name')
    await page.keyboard.press('Escape')
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0)
  })

  it('loses no link that is shown once by a click beside it, nor by Escape', async () => {
    await goTo('Members')
    await page.getByRole('button', { name: 'Invite a person' }).click()
    await page.getByLabel('Email').fill('alan@example.com')
    await page.getByRole('button', { name: 'Invite', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'alan@example.com is invited' })
    await dialog.waitFor()
    await clickBeside(page)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    expect(await dialog.isVisible()).toBe(true)
    await visitor.context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await dialog.getByRole('button', { name: 'Copy link' }).click()
    await dialog.getByText('Copied').first().waitFor()
    await clickBeside(page)
    expect(await dialog.isVisible()).toBe(true)
    await dialog.getByRole('button', { name: 'Done' }).click()
    await expect.poll(() => focused(page)).toBe('Invite a person')
  })
})

async function clickBeside(page: Page): Promise<void> {
  await page.mouse.click(10, 780)
}
