// The frame around the pages: the organizations of somebody who has many, and the palette.
import { beforeAll, describe, expect, it } from 'vitest'

import { founder } from './authority.ts'
import { focused, hasBrowser, prepareDashboard, prepareVisitor } from './dashboard.ts'
import { createApp, mint } from './people.ts'
import { late, prepareOrganisation } from './prepare.ts'

describe.skipIf(!hasBrowser)('somebody with 500 organizations', () => {
  const prepared = prepareDashboard()
  const { dashboard, ask, admin } = prepared
  const slug = prepareOrganisation(prepared, 'Acme')
  let id = ''
  beforeAll(async () => {
    await createApp(ask, admin.token, slug, 'web-1')
    id = (await mint(ask, admin.token, slug, { name: 'ci' })).id
    await dashboard.authority.restart((database) => {
      for (let number = 100; number < 600; number++) {
        const { lastInsertRowid } = database
          .prepare('insert into organisations (slug, name, created_at) values (?, ?, 1)')
          .run(`team-${number}`, `Team ${number}`)
        database
          .prepare("insert into memberships (organisation_id, user_id, role, created_at) values (?, 1, 'admin', 1)")
          .run(lastInsertRowid)
      }
    })
  })
  const visitor = prepareVisitor(() => dashboard.visitorAs(founder, `/dashboard/${slug}/tokens`))
  const page = late(() => visitor.page)
  const options = () => page.getByRole('listbox').getByRole('option')

  it('has none of them loaded with a page, and finds one by a part of its name, with the arrows', async () => {
    const asked: string[] = []
    page.on('request', (request) => {
      const { pathname, search } = new URL(request.url())
      if (pathname === '/v1/orgs') asked.push(search)
    })
    await page.reload()
    await page.getByRole('button', { name: 'Actions for ci' }).waitFor()
    expect(asked).toEqual([])
    await page.getByRole('button', { name: 'Organization Acme: switch' }).click()
    await expect.poll(() => options().count()).toBe(20)
    await page.getByText('There are more: type a part of the name.').waitFor()
    await page.keyboard.type('team 59')
    await expect.poll(() => options().allTextContents()).toHaveLength(10)
    await page.keyboard.press('ArrowUp')
    await expect.poll(() => options().last().getAttribute('aria-selected')).toBe('true')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/dashboard/team-591/tokens')
    await page.getByRole('button', { name: 'Organization Team 591: switch' }).waitFor()
    expect(asked.every((search) => search.includes('limit=20'))).toBe(true)
  })

  it('leafs through them on their page, and searches there', async () => {
    await page.goto(dashboard.url('/orgs'))
    const links = page.getByRole('main').getByRole('listitem')
    await expect.poll(() => links.count()).toBe(50)
    await page.getByRole('button', { name: 'Next' }).click()
    await expect.poll(() => links.first().textContent()).not.toContain('Acme')
    await page.getByLabel('Search by name').fill('TEAM 321')
    await expect.poll(() => links.allTextContents()).toEqual([expect.stringContaining('Team 321')])
  })

  it('goes and does by typing: a page, an app, an organization, a new token, a token by its id', async () => {
    await page.goto(dashboard.url(`/dashboard/${slug}/audit`))
    await page.getByRole('heading', { name: 'Audit', level: 1 }).waitFor()
    async function take(text: string, first: RegExp): Promise<void> {
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox', { name: 'Go to or do' }).waitFor()
      await expect.poll(() => focused(page)).toBe('Go to or do')
      await page.keyboard.type(text)
      await expect.poll(() => options().first().textContent()).toMatch(first)
      await page.keyboard.press('Enter')
    }
    await take('memb', /^Members/)
    await page.waitForURL(`**/dashboard/${slug}/members`)
    await expect.poll(() => focused(page)).toBe('Members')
    await take('web-1', /^web-1/)
    await page.waitForURL(`**/dashboard/${slug}/machines/web-1`)
    await take('new', /^New token/)
    await page.getByLabel('Name (optional)').waitFor()
    await take(id, /^Open this token/)
    await page.getByRole('heading', { name: 'ci', level: 1 }).waitFor()
    await page.getByRole('heading', { name: 'History' }).waitFor()
    await page.keyboard.press('Control+k')
    await page.keyboard.type(id.slice(0, 8))
    await options().filter({ hasText: 'Find the token' }).click()
    await page.getByText('1 token', { exact: true }).waitFor()
    await take('team 404', /^Team 404/)
    await page.waitForURL('**/dashboard/team-404/tokens')
  })

  it('asks to revoke a token by its id, and takes no token itself', async () => {
    await page.goto(dashboard.url(`/dashboard/${slug}/apps`))
    await page.getByRole('heading', { name: 'Apps', level: 1 }).waitFor()
    await page.getByRole('button', { name: 'Go to or do' }).click()
    const field = page.getByRole('combobox', { name: 'Go to or do' })
    await field.fill(`fo1_${'Ab1'.repeat(14)}`)
    await page.getByText('it was removed and not sent').waitFor()
    expect(await field.inputValue()).toBe('')
    await field.fill(id)
    await options().filter({ hasText: 'Revoke this token' }).click()
    await page.getByRole('dialog', { name: 'Revoke ci?' }).waitFor()
    await page.keyboard.press('Escape')
  })

  it('logs out from it; on a phone the colours are in the menu of the account', async () => {
    await page.setViewportSize({ width: 320, height: 640 })
    await page.getByRole('button', { name: /^Account of/ }).click()
    await page.getByRole('button', { name: /^Use (?:dark|light) colours$/ }).click()
    expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toMatch(/dark|light/)
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Go to or do' }).click()
    await page.keyboard.type('log out')
    await options().filter({ hasText: 'Log out' }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Log in to Hallpass' }).waitFor()
  })
})
