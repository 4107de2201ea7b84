// Makes the pictures of every page, light and dark, in docs/screenshots: of a real authority with a few people, apps and
// tokens in it, and machines that run. `npm run screenshots` after `npm run build:dashboard`.
import { mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'

import { createClient, type Client } from '@hallpass/client'
import type { Page } from 'playwright-core'

import { founder } from '../e2e/authority.ts'
import { startingCliLogin } from '../e2e/cli-login.ts'
import { choose, hasBrowser, startDashboard, type Dashboard } from '../e2e/dashboard.ts'
import { readonlyOf } from '../e2e/macaroons.ts'
import { reasonWithoutDockerd, startDockerd } from '../packages/engine/src/testing/dockerd.ts'

const folder = resolve(import.meta.dirname, '../docs/screenshots')
const day = 86_400_000
const userAgent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'

const reason = reasonWithoutDockerd()
if (reason !== undefined) process.stderr.write(`${reason}\n`)
if (!hasBrowser || reason !== undefined) process.exit(1)
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const dockerd = await startDockerd('host')
const dashboard = await startDashboard({ engine: `unix://${dockerd.socketPath}` })
try {
  const seeded = await seed(dashboard)
  for (const colorScheme of ['light', 'dark'] as const) await takeAll(seeded, colorScheme)
} finally {
  await dashboard.close()
  await dockerd.stop()
}

interface Seeded {
  readonly slug: string
  readonly tokenId: string
  readonly token: string
  readonly machineId: string
  readonly invitation: string
  readonly cliLogin: string
}

/** What an organisation looks like after a few months. */
async function seed({ authority }: Dashboard): Promise<Seeded> {
  const { access_token } = await createClient({ url: authority.url() }).signIn(founder)
  const client = createClient({ url: authority.url(), token: access_token })
  const { slug } = await client.createOrganisation({ name: 'Acme Staging' })
  await client.createOrganisation({ name: 'Acme Production' })
  for (const name of ['web', 'api', 'worker']) await client.createApp({ name: `acme-${name}`, org_slug: slug })
  const { code } = await client.inviteMember({ org_slug: slug, email: 'grace@example.com', role: 'admin' })
  const grace = await createClient({ url: authority.url() }).signUp({
    email: 'grace@example.com',
    password: 'grace has a long password',
    invitation: code,
  })
  const graceClient = createClient({ url: authority.url(), token: grace.access_token })
  const reading = [{ type: 'Action', body: 'r' }]
  const old = await client.createToken({
    org_slug: slug,
    profile: 'deploy_organization',
    name: 'Old laptop',
    expiry: '90d',
  })
  await client.revokeToken({ token_id: old.id })
  await graceClient.createToken({ org_slug: slug, profile: 'deploy_organization', name: 'Terraform' })
  await client.createToken({
    org_slug: slug,
    profile: 'deploy',
    name: 'Preview deploys',
    app: 'acme-web',
    expiry: '1y',
  })
  await graceClient.createToken({
    org_slug: slug,
    profile: 'deploy_organization',
    name: 'Status page',
    expiry: '90d',
    caveats: reading,
  })
  const machines = [
    { type: 'Machines', body: { machines: { d8901: '*' } } },
    { type: 'Action', body: 'rC' },
  ]
  await client.createToken({
    org_slug: slug,
    profile: 'deploy_organization',
    name: 'Night shift',
    expiry: '30d',
    caveats: machines,
  })
  const minted = await client.createToken({
    org_slug: slug,
    profile: 'deploy_organization',
    name: 'GitHub Actions',
    expiry: '30d',
  })
  await client.revokeDerivedToken({ derived: readonlyOf(minted.token) })
  const invited = await client.inviteMember({ org_slug: slug, email: 'alan@example.com' })
  const login = await client.createCliLogin(startingCliLogin({ name: 'hallpass on build-box' }).body)
  await authority.restart(age)
  const machineId = await runMachines(createClient({ url: authority.url(), token: minted.token }))
  return { slug, machineId, tokenId: minted.id, token: minted.token, invitation: invited.code, cliLogin: login.id }
}

/** The id of one that writes a log. */
async function runMachines(client: Client): Promise<string> {
  const serves =
    'echo "listening on port 8080"; for n in 1 2 3 4; do echo "GET /jobs/$n 200 in ${n}1 ms"; done; exec sleep 3600'
  const scripts = {
    'web-1': serves,
    'web-2': serves,
    'import-0412': 'echo "12,480 rows imported"',
    'import-0413': 'echo "cannot reach the database" >&2; exit 3',
  }
  const made = Object.entries(scripts).map(async ([name, script]) => {
    const config = { image: dockerd.image, init: { exec: ['sh', '-c', script] }, restart: { policy: 'no' as const } }
    const app_name = name.startsWith('web') ? 'acme-web' : 'acme-worker'
    const { id } = await client.createMachine({ app_name, name, config })
    const state = name.startsWith('web') ? 'started' : 'stopped'
    await client.waitForMachine({ app_name, machine_id: id, state: [state] })
    return id
  })
  const [first = ''] = await Promise.all(made)
  return first
}

/** Moves what was done just now into the past. */
function age(database: DatabaseSync): void {
  const ids = database.prepare('select id from tokens order by created_at desc').all()
  const move = database.prepare('update tokens set created_at = created_at - ? where id = ?')
  for (const [index, { id }] of ids.entries()) move.run(index ** 3 * day, id ?? null)
  database.exec(`update memberships set created_at = created_at - ${120 * day}`)
  const events = database.prepare('select id from audit_events order by id desc').all()
  const back = database.prepare('update audit_events set at = at - ? where id = ?')
  for (const [index, { id }] of events.entries()) back.run(Math.floor(index ** 2 * day * 0.6), id ?? null)
}

async function takeAll(seeded: Seeded, colorScheme: 'light' | 'dark'): Promise<void> {
  const { slug, tokenId, token, machineId, invitation, cliLogin } = seeded
  const stranger = await dashboard.visitor({ colorScheme, userAgent })
  const ada = await dashboard.visitorAs(founder, `/dashboard/${slug}/tokens`, { colorScheme, userAgent })

  async function take(page: Page, name: string, path: string, prepare?: (page: Page) => Promise<void>): Promise<void> {
    await page.goto('about:blank')
    await page.goto(dashboard.url(path))
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.waitForFunction(() => document.querySelector('[aria-busy=true]') === null)
    await prepare?.(page)
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`), animations: 'disabled' })
  }

  await take(stranger.page, 'login', '/login')
  await take(stranger.page, 'invite', `/invite#${invitation}`)
  await take(ada.page, 'tokens', `/dashboard/${slug}/tokens`)
  await take(ada.page, 'created', `/dashboard/${slug}/tokens`, async (page) => {
    await page.getByRole('button', { name: 'New token' }).click()
    await page.getByLabel('Name (optional)').fill('Smoke tests')
    await page.getByLabel('Expires').selectOption('In 7 days')
    await page.getByRole('button', { name: 'Create organization token' }).click()
    await page.getByText('In organization "Acme Staging"').waitFor()
  })
  await take(ada.page, 'revoke', `/dashboard/${slug}/tokens`, async (page) => {
    await choose(page, 'Smoke tests', 'Revoke')
    await page.getByRole('button', { name: 'Revoke token' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await choose(page, 'GitHub Actions', 'Revoke')
  })
  await take(ada.page, 'token', `/dashboard/${slug}/tokens/${tokenId}`, async (page) => {
    await page.getByText('In organization "Acme Staging"').waitFor()
  })
  await take(ada.page, 'narrowed', `/dashboard/${slug}/tokens/${tokenId}`, async (page) => {
    const revoked = page.getByRole('listitem').filter({ hasText: /^dt_/ })
    await revoked.waitFor()
    await revoked.evaluate((element) => element.scrollIntoView({ block: 'center' }))
  })
  for (const name of ['apps', 'members', 'audit', 'settings']) await take(ada.page, name, `/dashboard/${slug}/${name}`)
  await take(ada.page, 'machines', `/dashboard/${slug}/machines`, async (page) => {
    await page.getByRole('row', { name: /web-1/ }).waitFor()
  })
  await take(ada.page, 'machine', `/dashboard/${slug}/machines/acme-web/${machineId}`, async (page) => {
    await page.getByRole('group', { name: 'Log of web-1' }).getByText('GET /jobs/4').waitFor()
  })
  await take(ada.page, 'organisations', '/orgs')
  await take(ada.page, 'account', '/account')
  await take(ada.page, 'command-line', `/cli/${cliLogin}`)
  await take(ada.page, 'inspect', '/inspect', async (page) => {
    await page.getByLabel('Token', { exact: true }).fill(token)
    await page.getByRole('article').waitFor()
  })
  await stranger.leave()
  await ada.leave()
}
