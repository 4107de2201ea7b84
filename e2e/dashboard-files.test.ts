// The built files: small, hashed, compressed beforehand, and nothing in the page that its policy forbids.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'

import type { Page, Response } from 'playwright-core'
import { describe, expect, it } from 'vitest'

import { founder } from './authority.ts'
import { dashboardFolder, hasBrowser, prepareDashboard } from './dashboard.ts'
import { prepareOrganisation } from './prepare.ts'

const assets = join(dashboardFolder, 'assets')

describe('the built files', () => {
  const names = existsSync(assets) ? readdirSync(assets).filter((name) => !/\.(?:br|gz)$/.test(name)) : []

  it('are there, hashed', () => {
    expect(names.length).toBeGreaterThan(3)
    for (const name of names) expect(name).toMatch(/^[\w-]+-[\w-]{8}\.(?:js|css|svg)$/)
  })

  it('lie there compressed too, and are the same', () => {
    for (const path of [...names.map((name) => join(assets, name)), join(dashboardFolder, 'index.html')]) {
      const plain = readFileSync(path)
      expect(gunzipSync(readFileSync(`${path}.gz`)).equals(plain), path).toBe(true)
      expect(brotliDecompressSync(readFileSync(`${path}.br`)).equals(plain), path).toBe(true)
    }
  })

  it('have at most 185 KB, gzipped, all together', () => {
    const all = names.map((name) => readFileSync(join(assets, `${name}.gz`)).length)
    const page = readFileSync(join(dashboardFolder, 'index.html.gz')).length
    expect(all.reduce((sum, size) => sum + size, page)).toBeLessThanOrEqual(185_000)
  })

  it('carry no schemas, no WebAssembly, and no way to make code or markup of text', () => {
    for (const name of names.filter((each) => each.endsWith('.js'))) {
      const text = readFileSync(join(assets, name), 'utf8')
      expect(text, name).not.toMatch(/ZodError|WebAssembly|new Function\(|\beval\(|insertAdjacentHTML|document\.write/)
    }
  })

  it('name nothing inline and nothing from elsewhere in the page', () => {
    const page = readFileSync(join(dashboardFolder, 'index.html'), 'utf8')
    expect(page).not.toMatch(/<style|style=|\son\w+=|https?:|<script(?![^>]*\ssrc=)/)
  })
})

describe.skipIf(!hasBrowser)('the first page', () => {
  const prepared = prepareDashboard()
  const { dashboard } = prepared
  const slug = prepareOrganisation(prepared)

  it('takes at most 115 KB, gzipped: to log in, and to come to the tokens', async () => {
    const visitor = await dashboard.visitor()
    const { page } = visitor
    const files = collectFiles(page)
    await page.goto(dashboard.url(`/dashboard/${slug}/tokens`))
    await page.getByRole('heading', { name: 'Log in to Hallpass' }).waitFor()
    expect(sizeOf(files)).toBeLessThanOrEqual(115_000)
    await page.getByLabel('Email').fill(founder.email)
    await page.getByLabel('Password', { exact: true }).fill(founder.password)
    await page.keyboard.press('Enter')
    await page.getByText('No tokens yet').waitFor()
    expect(sizeOf(files)).toBeLessThanOrEqual(115_000)
    await visitor.leave()
  })

  it('moves nothing that has been shown', async () => {
    const visitor = await dashboard.visitorAs(founder, '/orgs')
    const { page } = visitor
    for (const path of ['tokens', 'apps', 'machines', 'members', 'trust', 'audit', 'settings'].map(
      (name) => `/dashboard/${slug}/${name}`,
    )) {
      await page.addInitScript(() => {
        const seen = globalThis as unknown as { shift: number }
        seen.shift = 0
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) seen.shift += (entry as unknown as { value: number }).value
        }).observe({ type: 'layout-shift', buffered: true })
      })
      // Not before everything that stands in for something is painted.
      await page.route('**/v1/**', async (route) => {
        await page.evaluate(() => new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next))))
        await route.continue()
      })
      await page.goto(dashboard.url(path))
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.waitForFunction(() => document.querySelector('[aria-busy=true]') === null)
      expect(await page.evaluate(() => (globalThis as unknown as { shift: number }).shift), path).toBeLessThan(0.02)
      await page.unrouteAll({ behavior: 'wait' })
    }
    await visitor.leave()
  })

  it('has the chosen colours from the first frame on', async () => {
    const visitor = await dashboard.visitor({ colorScheme: 'light' })
    const { page } = visitor
    await page.goto(dashboard.url('/login'))
    await page.getByRole('button', { name: 'Use dark colours' }).click()
    // Nothing of the page's own scripts comes: only what stands in its head.
    await page.route(/assets\/(?:main|index|login)[^/]*\.js/, (route) => route.abort())
    await page.reload()
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark')
    ;(visitor.complaints as string[]).length = 0
    await visitor.leave()
  })
})

function collectFiles(page: Page): Set<string> {
  const files = new Set<string>()
  page.on('response', (response: Response) => {
    const { pathname } = new URL(response.url())
    if (pathname.startsWith('/assets/')) files.add(pathname.slice('/assets/'.length))
  })
  return files
}

function sizeOf(files: ReadonlySet<string>): number {
  const page = readFileSync(join(dashboardFolder, 'index.html.gz')).length
  return [...files].reduce((sum, name) => sum + readFileSync(join(assets, `${name}.gz`)).length, page)
}
