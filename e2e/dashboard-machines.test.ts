// Machines on their pages: what an org token started is seen to run, to write, to end and to go, and is controlled there.
import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'

import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Machine } from '@hallpass/client'
import { routes } from '@hallpass/client/contract'

import { reasonWithoutDockerd, startDockerd, type Dockerd } from '../packages/engine/src/testing/dockerd.ts'
import { serve } from '../packages/authority/src/main.ts'
import { founder, optionsFor } from './authority.ts'
import { violationsIn } from './axe.ts'
import { dashboardFolder, hasBrowser, prepareDashboard, prepareVisitor } from './dashboard.ts'
import { expectAnswer } from './http.ts'
import { narrow } from './macaroons.ts'
import { createApp, mint, signUpInto } from './people.ts'
import { prepareOrganisation } from './prepare.ts'

const markup = '<img src=x onerror=alert(1)><b>bold</b>'
const talks = `trap "exit 3" INT; n=0; while true; do n=$((n+1)); echo "line $n"; sleep 0.2; done`

describe.skipIf(!hasBrowser || reasonWithoutDockerd() !== undefined)('the pages of machines', () => {
  let dockerd: Dockerd
  const prepared = prepareDashboard(async () => {
    dockerd = await startDockerd('host')
    return { engine: `unix://${dockerd.socketPath}` }
  })
  afterAll(() => dockerd.stop())
  const { dashboard, ask, admin } = prepared
  const slug = prepareOrganisation(prepared)
  let token = ''

  async function create(app: string, name: string, script: string, config: object = {}): Promise<Machine> {
    const machine = { image: dockerd.image, init: { exec: ['sh', '-c', script] }, restart: { policy: 'no' }, ...config }
    const answer = await ask('POST', `/v1/apps/${app}/machines`, { token, body: { name, config: machine } })
    return expectAnswer(routes.createMachine, answer)
  }
  beforeAll(async () => {
    for (const name of ['web', 'jobs']) await createApp(ask, admin.token, slug, name)
    const { token: minted } = await mint(ask, admin.token, slug)
    token = narrow(minted, { type: 'RunLabel', agent: markup, run: '', onBehalfOf: 'ada@example.com' })
  })
  const ada = prepareVisitor(() => dashboard.visitorAs(founder, `/dashboard/${slug}/machines`))

  const stateIs = (page: Page, state: string) => page.locator('main h1 + div', { hasText: state }).waitFor()
  const verbs = (page: Page) =>
    page.locator('main').getByRole('button', { name: /^(?:Start|Stop|Suspend|Restart|Destroy)$/ })
  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()

  it('say how to begin where there is none, and show what comes without being asked again', async () => {
    const { page } = ada
    await page.getByText('npx hallpass machine run').waitFor()
    await ask('POST', '/v1/apps/web/volumes', { token: admin.token, body: { name: 'notes' } })
    const { id } = await create('web', 'talker', talks, {
      env: { NOTE: markup },
      guest: { cpus: 1, memory_mb: 256 },
      mounts: [{ name: 'notes', path: '/notes' }],
    })
    const row = page.getByRole('row', { name: /talker/ })
    await row.getByText('Started').waitFor()
    expect(await row.textContent()).toMatch(new RegExp(`${id}.*web.*test/busybox:1`))
    await row.getByText(`agent "${markup}", on behalf of ada@example.com`).waitFor()
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await row.getByRole('button', { name: 'Copy id of talker' }).click()
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(id)
    await row.getByRole('link', { name: 'web' }).click()
    await page.getByRole('heading', { name: 'Machines of web' }).waitFor()
    await page.getByRole('link', { name: 'talker' }).click()
  })

  it('show one: its state, its events, its configuration as text, and its log as it comes', async () => {
    const { page } = ada
    await page.getByRole('heading', { name: 'talker' }).waitFor()
    await stateIs(page, 'Started')
    const log = page.getByRole('group', { name: 'Log of talker' })
    const line = (number: number) => log.locator('p').filter({ hasText: new RegExp(`line ${number}$`) })
    await line(1).waitFor()
    await line((await log.locator('p').count()) + 10).waitFor()
    const events = page.getByRole('listitem').filter({ hasText: /^(?:Started|Created)/ })
    expect((await events.allTextContents()).map((text) => text.slice(0, 7))).toEqual(['Started', 'Created'])
    await page.getByText('1 shared processor, 256 MB of memory').waitFor()
    await page.getByText(`agent "${markup}", on behalf of ada@example.com`).waitFor()
    await page.getByText('notes, at /notes').waitFor()
    expect(await page.getByRole('group', { name: 'Configuration' }).textContent()).toContain(markup)
    expect(await page.locator('main img, main b').count()).toBe(0)
    await expectGood(page)
  })

  it('name it in the audit trail, with the run label of the token', async () => {
    const { page } = ada
    const place = page.url()
    await page.goto(dashboard.url(`/dashboard/${slug}/audit`))
    await page.getByText(`Run label: agent "${markup}", on behalf of ada@example.com`).waitFor()
    expect(await page.locator('main img, main b').count()).toBe(0)
    await expectGood(page)
    await page.goto(place)
    await stateIs(page, 'Started')
  })

  it('stop and start it, and offer only what makes sense', async () => {
    const { page } = ada
    expect(await verbs(page).allTextContents()).toEqual(['Restart', 'Suspend', 'Stop', 'Destroy'])
    await press(page, 'Stop')
    await stateIs(page, 'Stopped')
    await page.getByText('Ended with exit code 3').waitFor()
    await page.getByText('as requested').waitFor()
    expect(await verbs(page).allTextContents()).toEqual(['Start', 'Destroy'])
    await press(page, 'Start')
    await stateIs(page, 'Started')
    await press(page, 'Suspend')
    await stateIs(page, 'Suspended')
    await press(page, 'Start')
    await stateIs(page, 'Started')
    await press(page, 'Restart')
    await expect.poll(() => page.getByText('Ended with exit code 3').count()).toBe(2)
    await stateIs(page, 'Started')
  })

  it('say how machines ended by themselves: with a code, for want of memory, or before they began', async () => {
    const { page } = ada
    const [failing, hungry, missing] = [
      await create('jobs', 'failing', 'echo "\u001b[31mno luck\u001b[0m" >&2; exit 7'),
      await create('jobs', 'hungry', 'tail /dev/zero', { guest: { cpus: 1, memory_mb: 256 } }),
      await create('jobs', 'missing', 'true', { image: 'test/none:1' }),
    ]
    const open = ({ id }: Machine) => page.goto(dashboard.url(`/dashboard/${slug}/machines/jobs/${id}`))
    await open(failing)
    await page.getByText('Ended with exit code 7').waitFor()
    const line = page.getByRole('group', { name: /^Log/ }).locator('p')
    await expect.poll(() => line.textContent()).toMatch(/^\d\d:\d\d:\d\dError output: no luck$/)
    await open(hungry)
    await page.getByText('Killed because it ran out of memory, exit code 137').waitFor()
    await open(missing)
    await stateIs(page, 'Failed')
    await page.getByText('Could not be prepared').waitFor()
    expect(await verbs(page).allTextContents()).toEqual(['Start', 'Destroy'])
  })

  it('say why something is refused, and show the present state', async () => {
    const { page } = ada
    const grace = await signUpInto(ask, admin.token, slug)
    const visitor = await dashboard.visitorAs(grace, `/dashboard/${slug}/machines/web`)
    await visitor.page.getByRole('link', { name: 'talker' }).click()
    await stateIs(visitor.page, 'Started')
    const path = new URL(visitor.page.url()).pathname
    const machine = `/v1/apps/web/machines/${path.split('/').at(-1)}`
    const body = { ttl: 600, description: 'a deploy' }
    const lease = await ask('POST', `${machine}/lease`, { token, body })
    const { nonce } = expectAnswer(routes.acquireLease, lease)
    await press(visitor.page, 'Stop')
    await visitor.page.getByRole('alert').getByText('lease currently held by').waitFor()
    await visitor.page.getByText('(a deploy), which alone may change it').waitFor()
    await stateIs(visitor.page, 'Started')
    await ask('DELETE', `${machine}/lease`, { token, headers: { 'fly-machine-lease-nonce': nonce } })
    // Without an answer to its own questions, the page shows what it has.
    await visitor.page.route('**/v1/apps/web/machines/*?*', (route) => route.abort())
    expect((await ask('DELETE', `/v1/orgs/${slug}/members/${grace.email}`, { token: admin.token })).status).toBe(204)
    await press(visitor.page, 'Stop')
    await visitor.page.getByRole('alert').getByText('You are not a member of the organization').first().waitFor()
    await visitor.leave()
    await page.goto(dashboard.url(path))
    await stateIs(page, 'Started')
  })

  it('destroy it after asking, and have no button for what is gone', async () => {
    const { page } = ada
    await press(page, 'Destroy')
    const dialog = page.getByRole('dialog', { name: 'Destroy talker?' })
    await dialog.getByText('Its programs are killed at once.').waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await stateIs(page, 'Started')
    await press(page, 'Destroy')
    await dialog.getByRole('button', { name: 'Destroy machine' }).click()
    await stateIs(page, 'Destroyed')
    expect(await verbs(page).count()).toBe(0)
    await page.getByRole('link', { name: 'web' }).click()
    await page.getByText('No machines yet').waitFor()
    await page.goto(dashboard.url(`/dashboard/${slug}/audit`))
    await page.getByText('Destroyed a machine').first().waitFor()
  })

  it('come fifty at a time, and say what to do where nothing runs machines', async () => {
    const { page } = ada
    await dashboard.authority.stop()
    dashboard.authority.inspect((database) => multiply(database, 'failing', 60))
    const running = await serve({ ...optionsFor(dashboard.authority.directory), dashboard: dashboardFolder })
    try {
      const rows = page.locator('tbody tr')
      for (const list of ['machines', 'machines/jobs']) {
        await page.goto(`${running.url}/dashboard/${slug}/${list}`)
        await expect.poll(() => rows.count()).toBe(50)
        await page.getByRole('button', { name: 'Next' }).click()
        await expect.poll(() => rows.count()).toBe(13)
      }
      const state = page.getByRole('combobox', { name: 'State' })
      await state.selectOption('Failed')
      await expect.poll(() => rows.allTextContents()).toEqual([expect.stringContaining('missing')])
      await state.selectOption('Suspended')
      await page.getByText('Look at all states').waitFor()
      await state.selectOption('All states')
      await expect.poll(() => rows.count()).toBe(50)
      await page
        .getByRole('link', { name: /^failing/ })
        .first()
        .click()
      await stateIs(page, 'Stopped')
      await page.getByText('The engine that runs machines does not answer.').waitFor()
      const remedy = page.getByRole('alert').filter({ hasText: 'name an engine with --engine' })
      await remedy.waitFor()
      await press(page, 'Start')
      await expect.poll(() => remedy.count()).toBe(2)
      await stateIs(page, 'Stopped')
      await page.goto(`${running.url}/dashboard/${slug}/apps`)
      await press(page, 'Delete jobs')
      await page.getByRole('dialog').getByText('Its 63 machines are destroyed at once.').waitFor()
      await press(page, 'Delete app')
      await expect.poll(() => page.getByRole('button', { name: 'Delete jobs' }).count()).toBe(0)
    } finally {
      await running.close()
    }
  })
})

/** Puts so many more machines like one into the database. */
function multiply(database: DatabaseSync, name: string, times: number): void {
  const row = database.prepare('select * from machines where name = ?').get(name) ?? {}
  const columns = Object.keys(row)
  const insert = database.prepare(`insert into machines (${columns.join()}) values (${columns.map(() => '?').join()})`)
  for (let time = 0; time < times; time++) {
    const id = createHash('sha256').update(`${time}`).digest('hex').slice(0, 14)
    insert.run(...Object.values({ ...row, id, name: `failing-${time}`, run_id: null }))
  }
}

/** Wide and narrow; of dark colours, only what colours can break. */
async function expectGood(page: Page): Promise<void> {
  for (const width of [1280, 375]) {
    await page.setViewportSize({ width, height: 800 })
    expect(await violationsIn(page), `${width} pixels wide`).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
  }
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map(({ finished }) => finished)))
  expect(await violationsIn(page, 'color-contrast'), 'dark').toEqual([])
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 1280, height: 800 })
}
