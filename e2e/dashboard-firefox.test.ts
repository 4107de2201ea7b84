// The dashboard in Firefox, over WebDriver BiDi: a token is made, renamed and revoked with others; the menus and the palette
// work by keys. By Puppeteer, because what Playwright asks of a Firefox over BiDi the one of Debian does not know yet.
import { existsSync } from 'node:fs'

import puppeteer, { type Browser, type Page } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { founder, startAuthority, type TestAuthority } from './authority.ts'
import { dashboardFolder } from './dashboard.ts'
import { createOrganisation, mint, signIn } from './people.ts'
import { late } from './prepare.ts'

const path = ['firefox-esr', 'firefox'].map((name) => `/usr/bin/${name}`).find((each) => existsSync(each))
if (path === undefined) process.stderr.write('skipped: no Firefox is installed, so no page is tried in one\n')

describe.skipIf(path === undefined)('Firefox', { timeout: 120_000 }, () => {
  let browser: Browser | undefined
  let authority: TestAuthority | undefined
  let opened: Page | undefined
  const page = late(() => opened)
  const complaints: string[] = []

  beforeAll(async () => {
    const started = await startAuthority({ dashboard: dashboardFolder })
    authority = started
    const { token } = await signIn(started.ask, founder)
    const { slug } = await createOrganisation(started.ask, token, 'Acme')
    for (const name of ['one', 'two', 'three']) await mint(started.ask, token, slug, { name, expiry: '48h' })
    browser = await puppeteer.launch({ browser: 'firefox', executablePath: path ?? '', headless: true })
    opened = await browser.newPage()
    opened.setDefaultTimeout(60_000)
    opened.on('pageerror', (error) => complaints.push(String(error)))
    await opened.setViewport({ width: 1280, height: 800 })
    await opened.goto(`${started.url()}/login?return_to=/dashboard/${slug}/tokens`)
    await opened.locator('input[type=email]').fill(founder.email)
    await opened.locator('input[type=password]').fill(founder.password)
    await opened.keyboard.press('Enter')
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await authority?.close()
  })

  const click = (role: string, name: string) => page.locator(`::-p-aria([name="${name}"][role="${role}"])`).click()
  const see = (words: string) =>
    page.waitForFunction((text: string) => document.body.innerText.includes(text), {}, words)
  const focused = () =>
    page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent)

  it('shows the list, and makes a token that is restricted', async () => {
    await see('3 tokens')
    await see('Ends soon')
    await click('button', 'New token')
    await page.locator('input[placeholder="Org deploy token"]').fill('ci')
    await page.locator('summary').click()
    await see('Only these machines')
    await click('checkbox', 'Read')
    await see('Restricted further: to read')
    await click('button', 'Create organization token')
    await see('ci is ready')
    await see('In organization Acme')
    await click('button', 'Done, without copying')
    await see('4 tokens')
  })

  it('renames by the menu of a row, and gives the focus back', async () => {
    await click('button', 'Actions for three')
    await expect.poll(focused).toBe('Open')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.locator('dialog[open] input').fill('nightly')
    await page.keyboard.press('Enter')
    await expect.poll(focused).toBe('Actions for nightly')
  })

  it('revokes several', async () => {
    await click('checkbox', 'Select one')
    await click('checkbox', 'Select two')
    await click('button', 'Revoke all 2')
    await expect.poll(focused).toBe('Cancel')
    await click('button', 'Revoke 2 tokens')
    await see('2 tokens')
  })

  it('switches by typing, goes by the palette, and has nothing to complain of', async () => {
    await click('button', 'Organization Acme: switch')
    await expect.poll(focused).toBe('Organization')
    await page.keyboard.type('pers')
    await page.waitForFunction(() => document.querySelectorAll('[role=listbox] [role=option]').length === 1)
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => location.pathname === '/dashboard/personal/tokens')
    await page.keyboard.down('Control')
    await page.keyboard.press('k')
    await page.keyboard.up('Control')
    await expect.poll(focused).toBe('Go to or do')
    await page.keyboard.type('account')
    await page.keyboard.press('Enter')
    await see('Firefox on Linux')
    expect(complaints).toEqual([])
  })
})
