// A browser whose clock is wrong: the pages count time as the authority does.
import { beforeAll, describe, expect, it } from 'vitest'

import { founder } from './authority.ts'
import { hasBrowser, prepareDashboard } from './dashboard.ts'
import { mint } from './people.ts'
import { prepareOrganisation } from './prepare.ts'

const day = 86_400_000

describe.skipIf(!hasBrowser).each([
  ['two days behind', -2 * day],
  ['two days ahead', 2 * day],
])('a browser whose clock is %s', (_, wrongBy) => {
  const prepared = prepareDashboard()
  const { dashboard, ask, admin } = prepared
  const slug = prepareOrganisation(prepared)
  beforeAll(async () => void (await mint(ask, admin.token, slug, { name: 'ci', expiry: '24h' })))

  it('shows when tokens end, and proposes ends, as one whose clock is right does', async () => {
    const visitor = await dashboard.visitor()
    const { page } = visitor
    await page.clock.install({ time: Date.now() + wrongBy })
    await page.goto(dashboard.url(`/login?return_to=${encodeURIComponent(`/dashboard/${slug}/tokens`)}`))
    await page.getByLabel('Email').fill(founder.email)
    await page.getByLabel('Password', { exact: true }).fill(founder.password)
    await page.getByRole('button', { name: 'Log in', exact: true }).click()
    const row = page.getByRole('row').filter({ hasText: 'ci' })
    await expect.poll(() => row.textContent()).toContain('in 24 hours')
    await page.getByRole('button', { name: 'New token' }).click()
    await page.getByLabel('Expires').selectOption('In 1 hour')
    const words = await page.getByRole('status').filter({ hasText: 'Expires in 1 hour' }).textContent()
    const proposed = Date.parse((words ?? '').replace('Expires in 1 hour: ', '').replace(' UTC', 'Z').replace(' ', 'T'))
    expect(Math.abs(proposed - Date.now() - 3_600_000)).toBeLessThan(60_000)
    await visitor.leave()
  })
})
