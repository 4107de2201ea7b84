// The story without a mouse: by Tab, Enter, Space, the arrows and Escape alone.
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'

import { founder } from './authority.ts'
import { focused, hasBrowser, prepareVisitor, prepareDashboard } from './dashboard.ts'
import { createApp } from './people.ts'
import { prepareOrganisation, late } from './prepare.ts'

describe.skipIf(!hasBrowser)('without a mouse', () => {
  const prepared = prepareDashboard()
  const { dashboard, ask, admin } = prepared
  const slug = prepareOrganisation(prepared)
  beforeAll(async () => void (await createApp(ask, admin.token, slug, 'web-1')))
  const visitor = prepareVisitor(() => dashboard.visitor())
  const page = late(() => visitor.page)

  it('logs in', async () => {
    await page.goto(dashboard.url('/login'))
    await page.getByLabel('Email').waitFor()
    await tabTo(page, 'Email')
    await page.keyboard.type(founder.email)
    await tabTo(page, 'Password')
    await page.keyboard.type(founder.password)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Tokens', exact: true }).waitFor()
  })

  it('switches to another organisation, and lands on its heading', async () => {
    await page.goto(dashboard.url('/dashboard/personal/tokens'))
    await page.getByRole('heading', { name: 'Tokens', exact: true }).waitFor()
    await tabTo(page, 'Organization Personal: switch')
    await page.keyboard.press('Enter')
    await expect.poll(() => focused(page)).toBe('Organization')
    await page.keyboard.type('acm')
    const acme = page.getByRole('listbox').getByRole('option', { name: /^Acme/ })
    await expect.poll(() => page.getByRole('listbox').getByRole('option').count()).toBe(1)
    expect(await acme.getAttribute('aria-selected')).toBe('true')
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/dashboard/${slug}/tokens`)
    await expect.poll(() => focused(page)).toBe('Tokens')
  })

  it('skips to the content', async () => {
    await page.reload()
    await page.getByRole('heading', { name: 'Tokens', exact: true }).waitFor()
    await page.keyboard.press('Tab')
    await expect.poll(() => focused(page)).toBe('Skip to content')
    const box = await page.getByRole('link', { name: 'Skip to content' }).boundingBox()
    expect(box?.width).toBeGreaterThan(50)
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    await expect.poll(() => focused(page)).toBe('New token')
    await page.keyboard.press('Enter')
    await expect.poll(() => focused(page)).toBe('Name (optional)')
  })

  it('makes a token for one app, with every control of the form', async () => {
    await page.keyboard.type('by hand')
    await tabTo(page, /^Expires/)
    await page.keyboard.press('ArrowUp')
    await tabTo(page, 'Everything')
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => focused(page)).toBe('Read only')
    await page.keyboard.press('ArrowRight')
    await tabTo(page, 'App')
    await page.keyboard.type('web')
    await tabTo(page, 'Restrict further')
    await page.keyboard.press('Enter')
    await page.getByLabel('Only these machines').waitFor()
    await tabTo(page, 'Read')
    await page.keyboard.press('Space')
    await tabTo(page, 'Create deploy token')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'by hand is ready' }).waitFor()
    await expect.poll(() => focused(page)).toBe('by hand is ready')
    await tabTo(page, 'Copy token')
    await page.keyboard.press('Enter')
    await tabTo(page, /^Done/)
    await page.keyboard.press('Enter')
    await page.getByRole('row', { name: /by hand.*Read app web-1/ }).waitFor()
  })

  it('asks in a dialog that keeps the focus, and gives it back', async () => {
    await tabTo(page, 'Actions for by hand')
    await revokeByKeys(page)
    const dialog = page.getByRole('dialog', { name: 'Revoke by hand?' })
    await dialog.waitFor()
    // What cannot be undone is not what Enter does at first.
    await expect.poll(() => focused(page)).toBe('Cancel')
    for (let presses = 0; presses < 6; presses++) {
      await page.keyboard.press('Tab')
      const isInside = await page.evaluate(
        () =>
          document.activeElement === document.body ||
          document.querySelector('dialog')?.contains(document.activeElement),
      )
      expect(isInside).toBe(true)
    }
    await page.keyboard.press('Escape')
    // Gone from the page, and not only closed: until then the page counts it as open, and opens no other.
    await page.locator('dialog').waitFor({ state: 'detached' })
    await expect.poll(() => focused(page)).toBe('Actions for by hand')
  })

  it('revokes', async () => {
    await revokeByKeys(page)
    await tabTo(page, 'Revoke token')
    await page.keyboard.press('Enter')
    await page.getByRole('row', { name: /by hand/ }).waitFor({ state: 'detached' })
  })

  it('changes the colours, which stay', async () => {
    await tabTo(page, 'Use dark colours')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark')
    await page.reload({ waitUntil: 'commit' })
    await page.getByRole('button', { name: 'Use light colours' }).waitFor()
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark')
  })

  it('sees what is chosen where the colours of the system are forced', async () => {
    await page.emulateMedia({ forcedColors: 'active' })
    await page.goto(dashboard.url(`/dashboard/${slug}/tokens`))
    const colours = (text: string) =>
      page
        .locator('label, a')
        .filter({ hasText: text })
        .first()
        .evaluate((element) => {
          const { color, backgroundColor } = getComputedStyle(element)
          return `${color} on ${backgroundColor}`
        })
    await page.getByText('Read only', { exact: true }).click()
    await expect.poll(() => colours('Read only')).not.toBe(await colours('One app'))
    await expect.poll(() => colours('Everything')).toBe(await colours('One app'))
    const links = page.getByRole('navigation', { name: 'Main' }).getByRole('link')
    const backgrounds = await links.evaluateAll((all) => all.map((link) => getComputedStyle(link).backgroundColor))
    expect(new Set(backgrounds.slice(1)).size).toBe(1)
    expect(backgrounds[0]).not.toBe(backgrounds[1])
    const button = page.getByRole('button', { name: 'Create organization token' })
    expect(await button.evaluate((element) => getComputedStyle(element).borderTopWidth)).toBe('1px')
    await page.emulateMedia({ forcedColors: null })
  })
})

/** Opens the menu that has the focus, and takes its last item. */
async function revokeByKeys(page: Page): Promise<void> {
  await page.keyboard.press('Enter')
  await expect.poll(() => focused(page)).toBe('Open')
  await page.keyboard.press('ArrowDown')
  await expect.poll(() => focused(page)).toBe('Rename')
  await page.keyboard.press('End')
  await expect.poll(() => focused(page)).toBe('Revoke')
  await page.keyboard.press('Enter')
}

/** Presses Tab until the focus is there, which is visible; fails where it never comes there. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const seen: string[] = []
  for (let presses = 0; presses < 60; presses++) {
    const now = await focused(page)
    if (typeof name === 'string' ? now === name || now === `${name} (optional)` : name.test(now)) {
      const outline = await page.evaluate(() => {
        const element = document.activeElement
        const shown = [element, element?.closest('label')].filter((each) => each instanceof Element)
        return shown.map((each) => getComputedStyle(each).outlineStyle).join(' ')
      })
      if (presses > 0) expect(outline, `the focus on ${now} is visible`).toMatch(/solid|auto/)
      return
    }
    seen.push(now)
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab never comes to ${String(name)}: ${seen.join(', ')}`)
}
