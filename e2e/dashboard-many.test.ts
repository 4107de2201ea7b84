// An organisation with 100,000 tokens: its page asks for little, and shows what is asked for.
import { randomFillSync } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'

import { beforeAll, describe, expect, it } from 'vitest'

import { founder } from './authority.ts'
import { hasBrowser, prepareVisitor, prepareDashboard } from './dashboard.ts'
import { createOrganisation } from './people.ts'

const many = 100_000

describe.skipIf(!hasBrowser)('100,000 tokens', () => {
  const { dashboard, authority, ask, admin } = prepareDashboard()
  const slug = 'acme'
  beforeAll(async () => {
    const organisation = await createOrganisation(ask, admin.token, 'Acme')
    await authority.restart((database) => fill(database, organisation.internal_numeric_id))
  })
  const visitor = prepareVisitor(() => dashboard.visitorAs(founder, `/dashboard/${slug}/tokens`))

  const rows = () => visitor.page.locator('tbody tr')

  it('are shown a page at a time, and leafed through', async () => {
    const { page } = visitor
    await expect.poll(() => rows().count()).toBe(50)
    await page.getByRole('button', { name: 'Name', exact: true }).click()
    await expect.poll(() => rows().first().textContent()).toContain('CI 000000')
    await page.getByRole('button', { name: 'Next' }).click()
    // Until they come, the rows before them stand there.
    await expect.poll(() => rows().first().textContent()).not.toContain('CI 000000')
    expect(await rows().count()).toBe(50)
    const second = await rows().first().textContent()
    await page.getByRole('button', { name: 'Previous' }).click()
    await expect.poll(() => rows().first().textContent()).toContain('CI 000000')
    await page.goForward()
    await expect.poll(() => rows().first().textContent()).toBe(second)
  })

  it('are found by a part of their names', async () => {
    const { page } = visitor
    await page.getByLabel('Search by name or id').fill('ci 0990')
    await expect.poll(() => rows().count()).toBe(50)
    await page.getByLabel('Search by name or id').fill('CI 099001')
    await expect.poll(() => rows().count()).toBe(1)
    await page.getByLabel('Search by name or id').fill('no such token')
    await page.getByText('No matching tokens').waitFor()
    await page.getByLabel('Search by name or id').fill('')
    await expect.poll(() => rows().count()).toBe(50)
  })

  it('are sorted by when they end and by when they were made, both ways', async () => {
    const { page } = visitor
    const expires = page.getByRole('columnheader', { name: 'Ends' })
    await expires.getByRole('button').click()
    await expect.poll(() => expires.getAttribute('aria-sort')).toBe('descending')
    await expect.poll(() => rows().first().textContent()).toContain('CI 099999')
    await expires.getByRole('button').click()
    await expect.poll(() => expires.getAttribute('aria-sort')).toBe('ascending')
    await expect.poll(() => rows().first().textContent()).toContain('CI 000000')
    await page.getByRole('button', { name: 'Created', exact: true }).click()
    await expect.poll(() => rows().first().textContent()).toContain('CI 099999')
  })

  it('are shown revoked on demand, and the address says so', async () => {
    const { page } = visitor
    await page.getByLabel('State').selectOption('Revoked')
    await expect.poll(() => rows().first().textContent()).toContain('Revoked')
    await page.reload()
    await expect.poll(() => rows().first().textContent()).toContain('Revoked')
    expect(await page.getByLabel('State').inputValue()).toBe('revoked')
  })

  it('are counted, as far as anybody counts', async () => {
    const { page } = visitor
    await page.goto(dashboard.url(`/dashboard/${slug}/tokens`))
    await page.getByText('More than 10,000 tokens').waitFor()
    await page.goto(dashboard.url(`/dashboard/${slug}/tokens?search=ci+0990`))
    await page.getByText('90 tokens', { exact: true }).waitFor()
  })

  it('are found by the beginning of an id, and by a filter that few fit', async () => {
    const { page } = visitor
    const id = await rows().first().getByRole('button', { name: 'Copy the id' }).textContent()
    await page.getByLabel('Search by name or id').fill(id ?? '')
    await page.getByText('1 token', { exact: true }).waitFor()
    expect(await rows().count()).toBe(1)
    await page.goto(dashboard.url(`/dashboard/${slug}/tokens?kind=deploy`))
    await page.getByText('No matching tokens').waitFor()
    await page.getByText('0 tokens', { exact: true }).waitFor()
    await page.goto(dashboard.url(`/dashboard/${slug}/tokens?by=${founder.email}&state=ending&sort=expires_at`))
    await expect.poll(() => rows().count()).toBe(50)
    expect(await rows().first().textContent()).toContain('Ends soon')
  })
})

/** Every tenth is revoked; the later ones end later. */
function fill(database: DatabaseSync, organisationId: number): void {
  const insert = database.prepare(
    `insert into tokens (id, organisation_id, app_id, profile, name, name_key, created_by, minted_by, created_at, expires_at, revoked_at, revoked_by)
    values (?, ?, null, 'deploy_organization', ?, ?, 1, null, ?, ?, ?, ?)`,
  )
  const ids = randomFillSync(Buffer.allocUnsafe(many * 16))
  const now = Date.now()
  database.exec('begin')
  for (let number = 0; number < many; number++) {
    const isRevoked = number % 10 === 0 && number > 0
    const name = `CI ${String(number).padStart(6, '0')}`
    insert.run(
      ids.subarray(number * 16, number * 16 + 16),
      organisationId,
      name,
      name.toLowerCase(),
      now - (many - number) * 1000,
      now + 86_400_000 + number * 1000,
      isRevoked ? now : null,
      isRevoked ? founder.email : null,
    )
  }
  database.exec('commit')
}
