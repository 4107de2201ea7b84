// Every page, light and dark, wide and narrow: axe finds nothing, nothing sticks out, nothing jumps.
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'

import { startingCliLogin } from './cli-login.ts'
import { founder } from './authority.ts'
import { violationsIn } from './axe.ts'
import { choose, hasBrowser, prepareDashboard } from './dashboard.ts'
import { createApp, createOrganisation, invite, mint, signUpInto } from './people.ts'

const wide = { width: 1280, height: 800 }
const narrow = { width: 375, height: 740 }

// Axe looks at everything there is, a dozen times over.
describe.skipIf(!hasBrowser)('every page', { timeout: 240_000 }, () => {
  const { dashboard, ask, admin } = prepareDashboard()
  /** By what stands in its heading. */
  let pages: readonly (readonly [path: string, heading: string | RegExp])[] = []
  let strangersPages: typeof pages = []
  let token = ''

  beforeAll(async () => {
    const { token: auth } = admin
    const { slug } = await createOrganisation(ask, auth, 'Acme Staging')
    await createApp(ask, auth, slug, 'web-1')
    const grace = await signUpInto(ask, auth, slug, { name: 'grace' })
    const inviting = await createOrganisation(ask, grace.token, 'A house that invites')
    await invite(ask, grace.token, inviting.slug, { email: founder.email })
    const code = await invite(ask, auth, slug, { email: 'alan@example.com' })
    const minted = await mint(ask, auth, slug, { name: 'ci', expiry: '720h' })
    token = minted.token
    await mint(ask, auth, slug, {
      profile: 'deploy',
      app: 'web-1',
      name: 'A token with a very long name, which says who carries it and why, on which machine and until when',
    })
    const login = await ask('POST', '/v1/cli-logins', { body: startingCliLogin().body })
    const { id } = login.body as { id: string }
    pages = [
      [`/dashboard/${slug}/tokens`, 'Tokens'],
      [`/dashboard/${slug}/tokens/${minted.id}`, 'ci'],
      [`/dashboard/${slug}/apps`, 'Apps'],
      [`/dashboard/${slug}/machines`, 'Machines'],
      [`/dashboard/${slug}/machines/web-1`, 'Machines of web-1'],
      [`/dashboard/${slug}/members`, 'Members'],
      [`/dashboard/${slug}/audit`, 'Audit'],
      [`/dashboard/${slug}/trust`, 'CI jobs'],
      [`/dashboard/${slug}/settings`, 'Settings'],
      ['/dashboard/personal/tokens', 'Tokens'],
      ['/orgs', 'Organizations'],
      ['/account', 'Account'],
      ['/inspect', 'Inspect a token'],
      [`/cli/${id}`, 'A command line asks to log in'],
      ['/dashboard/nowhere/tokens', 'No access to nowhere'],
      ['/nowhere/at/all', /./],
    ]
    strangersPages = [
      ['/login', 'Log in to Hallpass'],
      ['/login?error=oidc_denied', 'Log in to Hallpass'],
      ['/setup', 'Hallpass is set up already'],
      [`/invite#${code}`, 'Join Acme Staging'],
      ['/invite', 'This link is incomplete'],
      ['/reset', 'Reset your password'],
      ['/reset#abcdefgh-abcdefgh-abcdefgh-abcdefgh', 'Set a new password'],
      ['/inspect', 'Inspect a token'],
    ]
  })

  it('is accessible, for who is logged in', async () => {
    const visitor = await dashboard.visitorAs(founder, '/orgs', { colorScheme: 'light' })
    for (const [path, heading] of pages.filter(([each]) => !each.startsWith('/nowhere'))) {
      await visitor.page.goto(dashboard.url(path))
      await visitor.page.getByRole('heading', { level: 1, name: heading }).waitFor()
      await expectGoodAtEachWidth(visitor.page, path)
    }
    await visitor.leave()
  })

  it('is accessible, for who is not', async () => {
    const visitor = await dashboard.visitor({ colorScheme: 'light' })
    for (const [path, heading] of strangersPages) {
      await visitor.page.goto('about:blank')
      await visitor.page.goto(dashboard.url(path))
      await visitor.page.getByRole('heading', { level: 1, name: heading }).waitFor()
      await expectGoodAtEachWidth(visitor.page, path)
    }
    await visitor.leave()
  })

  it.each([wide, narrow])('is accessible with everything opened, $width pixels wide', async (viewport) => {
    const visitor = await dashboard.visitorAs(founder, pages[0]?.[0], { colorScheme: 'light', viewport })
    const { page } = visitor
    await page.getByRole('button', { name: 'New token' }).click()
    await page.getByText('Restrict further').click()
    await page.getByLabel('Only these machines').waitFor()
    await page.getByRole('button', { name: 'Filters' }).click()
    await page.getByLabel('Kind').waitFor()
    await page.getByRole('button', { name: 'Actions for ci', exact: true }).click()
    await expectGood(page, 'the menu of a token')
    await page.keyboard.press('Escape')
    await page.getByRole('checkbox', { name: 'Select ci' }).check()
    await page.getByRole('button', { name: 'Revoke it' }).click()
    await page.getByRole('dialog').waitFor()
    await expectGood(page, 'the dialog of several revocations')
    await page.keyboard.press('Escape')
    await choose(page, 'ci', 'Revoke')
    await expectGood(page, 'the dialog of a revocation')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: /^Organization / }).click()
    await page.getByRole('listbox').getByRole('option').first().waitFor()
    await expectGood(page, 'the menu of organisations')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Go to or do' }).click()
    await page.getByRole('listbox').getByRole('option').first().waitFor()
    await expectGood(page, 'the palette')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Create organization token' }).click()
    await page.getByRole('heading', { name: 'Access' }).waitFor()
    await page.getByText('In organization "Acme Staging"').waitFor()
    await expectGood(page, 'a new token')
    await page.goto(dashboard.url('/inspect'))
    await page.getByLabel('Token', { exact: true }).fill(token)
    await page.getByText(/^Its \d caveats$/).click()
    await page.getByRole('checkbox', { name: 'Read' }).check()
    await page.getByRole('heading', { name: 'The restricted token' }).waitFor()
    await expectGood(page, 'an inspected token')
    await visitor.leave()
  })
})

describe.skipIf(!hasBrowser)('names without an end and a space', { timeout: 120_000 }, () => {
  const { dashboard, ask, admin } = prepareDashboard()
  let slug = ''
  beforeAll(async () => {
    const { token } = admin
    slug = (await createOrganisation(ask, token, 'ANameOfEightyLetters'.repeat(4))).slug
    await createApp(ask, token, slug, 'an-app-whose-name-has-all-of-the-sixty-three-letters-of-a-label')
    await signUpInto(ask, token, slug, { name: 'a-long-part-before-the-at-of-an-address-of-somebody' })
    await mint(ask, token, slug, { name: 'ATokenWithALongName'.repeat(6) })
  })

  it('fit into 320 pixels with text of its own size and of twice that', async () => {
    const visitor = await dashboard.visitorAs(founder, '/orgs', { viewport: { width: 320, height: 640 } })
    const { page } = visitor
    const paths = ['tokens', 'apps', 'machines', 'members', 'trust', 'audit', 'settings'].map(
      (name) => `/dashboard/${slug}/${name}`,
    )
    for (const path of [...paths, '/orgs', '/account', '/inspect']) {
      await page.goto(dashboard.url(path))
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.waitForFunction(() => document.querySelector('[aria-busy=true]') === null)
      for (const size of ['100%', '200%']) {
        await page.evaluate((to) => document.documentElement.style.setProperty('font-size', to), size)
        await expectNoOverflow(page, `${path} with text of ${size}`)
      }
    }
    await page.goto(dashboard.url(paths[0] ?? ''))
    for (const menu of [/^Organization /, /^Account of /]) {
      await page.getByRole('button', { name: menu }).click()
      const box = await page.locator('[popover]:popover-open').boundingBox()
      expect(box?.x).toBeGreaterThanOrEqual(0)
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(320)
      await page.keyboard.press('Escape')
    }
    await visitor.leave()
  })

  it('are printed in dark ink, with nothing to press', async () => {
    const visitor = await dashboard.visitorAs(founder, `/dashboard/${slug}/tokens`, { colorScheme: 'light' })
    const { page } = visitor
    await page.getByRole('button', { name: 'Use dark colours' }).click()
    await page.emulateMedia({ media: 'print' })
    await page.getByRole('link', { name: /^ATokenWith/ }).waitFor()
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('light')
    expect(await page.getByRole('button', { name: /^Actions for/ }).count()).toBe(0)
    expect(await page.getByRole('navigation').count()).toBe(0)
    await visitor.leave()
  })
})

async function expectNoOverflow(page: Page, what: string): Promise<void> {
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
  )
  expect(overflow, `${what}: sticks out to the right`).toBe(false)
}

async function expectGoodAtEachWidth(page: Page, what: string): Promise<void> {
  for (const size of [wide, narrow]) {
    await page.setViewportSize(size)
    await expectGood(page, `${what}, ${size.width} pixels wide`)
  }
}

/** All rules in light colours; in dark ones those of colours, which alone can differ. */
async function expectGood(page: Page, what: string): Promise<void> {
  await settle(page)
  expect(await violationsIn(page), what).toEqual([])
  const light = await inkOf(page)
  await page.emulateMedia({ colorScheme: 'dark' })
  expect(await inkOf(page), what).not.toBe(light)
  await settle(page)
  expect(await violationsIn(page, 'color-contrast'), `${what}, dark`).toEqual([])
  await page.emulateMedia({ colorScheme: 'light' })
  const text = await page.evaluate(() => [
    document.title,
    document.body.innerText,
    ...[...document.querySelectorAll('[aria-label], [title]')].flatMap((each) => [
      each.getAttribute('aria-label'),
      each.getAttribute('title'),
    ]),
  ])
  // One spelling everywhere people see it.
  expect(text.join('\n').match(/.*organisation.*/i) ?? [], what).toEqual([])
  await expectNoOverflow(page, what)
}

/** Everything is loaded, and no colour is on its way to another: after a change of light to dark, or back. */
async function settle(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector('[aria-busy=true]') === null)
  await page.evaluate(async () => {
    await document.fonts.ready
    await Promise.allSettled(document.getAnimations().map(({ finished }) => finished))
  })
}

function inkOf(page: Page): Promise<string> {
  return page.evaluate(() => getComputedStyle(document.body).color)
}
