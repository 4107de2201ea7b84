// Several tokens at once on their page: selected, revoked together, and what could not be; and one with another name.
import { beforeAll, describe, expect, it } from 'vitest'

import type { MintedToken } from '@hallpass/client'

import { founder } from './authority.ts'
import { choose, focused, hasBrowser, prepareDashboard, prepareVisitor } from './dashboard.ts'
import { createApp, mint, signUpInto, statusOf } from './people.ts'
import { prepareOrganisation } from './prepare.ts'

describe.skipIf(!hasBrowser)('several tokens', () => {
  const prepared = prepareDashboard()
  const { dashboard, ask, admin } = prepared
  const slug = prepareOrganisation(prepared)
  const minted = new Map<string, MintedToken>()
  beforeAll(async () => {
    await createApp(ask, admin.token, slug, 'web-1')
    for (const name of ['one', 'two', 'three', 'four']) {
      minted.set(name, await mint(ask, admin.token, slug, { name, expiry: '48h' }))
    }
    await mint(ask, minted.get('one')?.token ?? '', slug, { name: 'made by one' })
    const grace = await signUpInto(ask, admin.token, slug, { name: 'grace' })
    await mint(ask, grace.token, slug, { name: 'hers', profile: 'deploy', app: 'web-1' })
  })
  const ada = prepareVisitor(() => dashboard.visitorAs(founder, `/dashboard/${slug}/tokens`))

  it('copies the whole id of one', async () => {
    const { page, context } = ada
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('row', { name: / two / }).getByRole('button', { name: 'Copy the id' }).click()
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(minted.get('two')?.id)
  })

  it('renames one, and gives the focus back', async () => {
    const { page } = ada
    await choose(page, 'four', 'Rename')
    const dialog = page.getByRole('dialog', { name: 'Rename four' })
    await dialog.getByLabel('Name').fill('nightly')
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'nightly' }).waitFor()
    await dialog.waitFor({ state: 'detached' })
    await expect.poll(() => focused(page)).toBe('Actions for nightly')
  })

  it('marks what ends within a week, and finds by kind, app, maker and state', async () => {
    const { page } = ada
    const names = async () => (await page.locator('tbody th a').allTextContents()).sort()
    await expect.poll(() => page.getByRole('row', { name: / two / }).textContent()).toContain('Ends soon')
    await page.getByLabel('State').selectOption('Ends soon')
    await expect.poll(names).toEqual(['made by one', 'nightly', 'one', 'three', 'two'])
    await page.getByText('5 tokens', { exact: true }).waitFor()
    await page.getByLabel('State').selectOption('Live')
    await page.getByRole('button', { name: 'Filters' }).click()
    for (const [label, option] of [
      ['Kind', 'Deploy tokens'],
      ['App', 'web-1'],
      ['Created by', /^grace/],
    ] as const) {
      const select = page.getByLabel(label)
      const wanted = select.locator('option').filter({ hasText: option })
      await select.selectOption((await wanted.textContent()) ?? '')
      await expect.poll(names).toEqual(['hers'])
      await page.getByRole('button', { name: 'Filters (1)' }).waitFor()
      await page.getByRole('button', { name: 'Clear', exact: true }).click()
      await expect.poll(async () => (await names()).length).toBe(6)
    }
  })

  it('are revoked in one go, with what they created, after a dialog that names them; what cannot be is said', async () => {
    const { page } = ada
    await page.getByRole('checkbox', { name: 'Select one' }).check()
    await page.getByRole('checkbox', { name: 'Select three' }).check()
    await page.getByText('2 selected').waitFor()
    await page.getByRole('button', { name: 'Revoke all 2' }).click()
    const dialog = page.getByRole('dialog', { name: 'Revoke 2 tokens?' })
    await dialog.waitFor()
    expect(await dialog.getByRole('listitem').allTextContents()).toEqual([
      expect.stringContaining('three'),
      expect.stringContaining('one'),
    ])
    await expect.poll(() => focused(page)).toBe('Cancel')
    await page.route(`**/v1/tokens/${minted.get('three')?.id}`, (route) =>
      route.fulfill({
        status: 429,
        contentType: 'application/json',
        body: JSON.stringify({
          error: 'too many',
          message: 'too many requests',
          code: 'rate_limited',
          request_id: 'x',
        }),
      }),
    )
    await dialog.getByRole('button', { name: 'Revoke 2 tokens' }).click()
    const done = page.getByRole('dialog', { name: '1 token revoked' })
    await done.getByText('1 token that they created, directly or through others, is revoked too.').waitFor()
    await done.getByText('One token could not be revoked').waitFor()
    expect(await done.getByRole('listitem').textContent()).toMatch(/^three: .+\.$/)
    await page.unrouteAll()
    await done.getByRole('button', { name: 'Close' }).click()
    await page.getByText('1 selected').waitFor()
    const alive = async (name: string) => (await statusOf(ask, minted.get(name)?.token ?? '')) === 200
    expect([await alive('one'), await alive('two'), await alive('three')]).toEqual([false, true, true])
  })

  it('are named with their ids in one line, however long a name is', async () => {
    const { page } = ada
    await mint(ask, admin.token, slug, { name: 'x'.repeat(128) })
    await page.reload()
    await page.getByRole('checkbox', { name: /^Select xx/ }).check()
    await page.getByRole('button', { name: 'Revoke it' }).click()
    const dialog = page.getByRole('dialog', { name: 'Revoke 1 token?' })
    const { height = 0 } = (await dialog.locator('code').boundingBox()) ?? {}
    expect(height).toBeGreaterThan(0)
    expect(height).toBeLessThan(24)
    await dialog.getByRole('button', { name: 'Revoke 1 token' }).click()
    await dialog.waitFor({ state: 'detached' })
  })

  it('are selected all at once, on the page that is seen', async () => {
    const { page } = ada
    await page.getByRole('checkbox', { name: 'Select all on this page' }).click()
    await page.getByText('4 selected').waitFor()
    await page.getByLabel('Search by name or id').fill('two')
    await page.getByText('1 selected').waitFor()
    await page.getByRole('button', { name: 'Revoke it' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke 1 token' }).click()
    await page.getByText('No matching tokens').waitFor()
    await page.getByRole('status').getByText('1 token revoked.', { exact: true }).waitFor()
  })

  it('show the beginning of a name that does not fit, in whichever direction it is read', async () => {
    const { page } = ada
    // Whether the first character of the name lies within what is seen of it.
    const showsBeginning = (name: string) =>
      page
        .getByRole('link', { name })
        .first()
        .evaluate((link) => {
          const text = link.firstChild ?? link
          const first = document.createRange()
          first.setStart(text, 0)
          first.setEnd(text, 1)
          const [letter, place] = [first.getBoundingClientRect(), link.getBoundingClientRect()]
          return link.scrollWidth > link.clientWidth && letter.left >= place.left && letter.right <= place.right
        })
    const names = ['שלום '.repeat(24).trim(), 'hello '.repeat(20).trim()]
    for (const name of names) await mint(ask, admin.token, slug, { name })
    await page.goto(dashboard.url(`/dashboard/${slug}/tokens`))
    for (const name of names) expect(await showsBeginning(name), name).toBe(true)
  })
})
