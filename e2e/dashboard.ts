// The dashboard as a person has it: a real authority, a real Chromium, and everything that the page complains of.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'

import { startAuthority, type Overrides, type TestAuthority } from './authority.ts'
import { late, prepare, type Later, type Prepared } from './prepare.ts'

/** The built pages; `npm ci` makes them. */
export const dashboardFolder = resolve(import.meta.dirname, '../packages/dashboard/dist')

// The shell is Chromium without its windows, and takes less than half of the processor time.
const names = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome']
const browserPath = names.map((name) => `/usr/bin/${name}`).find((path) => existsSync(path))

export const hasBrowser = browserPath !== undefined
if (!hasBrowser) process.stderr.write('skipped: no Chromium is installed, so no page is tried\n')

type Look = Pick<BrowserContextOptions, 'colorScheme' | 'viewport' | 'userAgent'>

export interface Visitor {
  readonly page: Page
  readonly context: BrowserContext
  /** What the page complained of so far: errors, and breaches of its content security policy. */
  readonly complaints: readonly string[]
  /** Opens another tab of the same browser. */
  anotherTab(): Promise<Page>
  /** Fails where there was anything to complain of. */
  leave(): Promise<void>
}

export interface Dashboard {
  readonly authority: TestAuthority
  readonly url: (path: string) => string
  /** Somebody with a browser of their own. */
  visitor(look?: Look): Promise<Visitor>
  /** The same, logged in by the form, on the page at this path. */
  visitorAs(person: { readonly email: string; readonly password: string }, path?: string, look?: Look): Promise<Visitor>
  close(): Promise<void>
}

let shared: Browser | undefined

/** The dashboard before the tests, and gone after them. */
export function prepareDashboard(overrides: Later<Overrides> = {}): Prepared & { readonly dashboard: Dashboard } {
  let started: Dashboard | undefined
  const prepared = prepare(async () => {
    // One browser for all files of a process: starting it takes more than a second. It ends when its pipe closes.
    if (shared?.isConnected() !== true) shared = await launchBrowser()
    started = await startDashboard(typeof overrides === 'function' ? await overrides() : overrides, shared)
    return started.authority
  })
  afterAll(() => started?.close())
  return { ...prepared, dashboard: late(() => started) }
}

/** Somebody with a browser of their own, who comes before the tests and leaves after them. */
export function prepareVisitor(come: () => Promise<Visitor>): Visitor {
  let visitor: Visitor | undefined
  beforeAll(async () => {
    visitor = await come()
  })
  afterAll(() => visitor?.leave())
  return late(() => visitor)
}

/** With this browser, or one of its own. */
export async function startDashboard(overrides: Overrides = {}, given?: Browser): Promise<Dashboard> {
  if (!existsSync(dashboardFolder)) throw new Error('the dashboard is not built: npm run build:dashboard')
  const authority = await startAuthority({ dashboard: dashboardFolder, ...overrides })
  const browser = given ?? (await launchBrowser())
  const url = (path: string) => (overrides.publicUrl ?? authority.url()) + path
  const contexts: BrowserContext[] = []
  async function visitor(look: Look = {}): Promise<Visitor> {
    const somebody = await visit(browser, look)
    contexts.push(somebody.context)
    return somebody
  }
  return {
    authority,
    url,
    visitor,
    async visitorAs(person, path = '/', look = {}) {
      const somebody = await visitor(look)
      await somebody.page.goto(url(path === '/' ? '/login' : `/login?return_to=${encodeURIComponent(path)}`))
      await logIn(somebody.page, person)
      await somebody.page.waitForURL((at) => at.pathname !== '/login')
      await somebody.page.getByRole('heading', { level: 1 }).waitFor()
      return somebody
    },
    async close() {
      for (const context of contexts) await context.close()
      if (browser !== given) await browser.close()
      await authority.close()
    },
  }
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: browserPath ?? '',
    chromiumSandbox: false,
    args: ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
  })
}

/** Takes one of the actions of the token, the first one with this name. */
export async function choose(page: Page, token: string, action: string): Promise<void> {
  await page
    .getByRole('button', { name: `Actions for ${token}`, exact: true })
    .first()
    .click()
  await page.getByRole('menuitem', { name: action, exact: true }).click()
}

/** Fills in the login form of the page. */
export async function logIn(
  page: Page,
  { email, password }: { readonly email: string; readonly password: string },
): Promise<void> {
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Log in', exact: true }).click()
}

/** The name of what has the focus, as assistive technology reads it; empty where nothing has it. */
export function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement
    if (element === null || element === document.body) return ''
    const label = element.id === '' ? null : document.querySelector(`label[for="${element.id}"]`)
    const name =
      element.getAttribute('aria-label') ??
      (label ?? element.closest('label'))?.textContent ??
      element.textContent ??
      ''
    return name.trim()
  })
}

async function visit(browser: Browser, look: Look): Promise<Visitor> {
  // Without a card that paints, each frame of a transition takes longer than it is shown.
  const still = { reducedMotion: 'reduce', viewport: { width: 1280, height: 800 } } as const
  const context = await browser.newContext({ ...still, ...look })
  // Long before the test's own time is up: then it says what it waited for.
  context.setDefaultTimeout(60_000)
  const complaints: string[] = []
  function listen(page: Page): Page {
    page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
    page.on('console', (message) => {
      // The page shows a refusal of the authority; the browser logs it too.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
        complaints.push(`console: ${message.text()}`)
      }
    })
    return page
  }
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      console.error(`the policy forbids ${violatedDirective}: ${blockedURI}`)
    })
  })
  const page = listen(await context.newPage())
  return {
    page,
    context,
    complaints,
    anotherTab: async () => listen(await context.newPage()),
    async leave() {
      await context.close()
      expect(complaints).toEqual([])
    },
  }
}
