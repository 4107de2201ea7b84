// Rotating a token on the dashboard: from its row, and on its page.
import { beforeAll, describe, expect, it } from 'vitest'

import type { MintedToken } from '@hallpass/client'

import { founder } from './authority.ts'
import { choose, hasBrowser, prepareDashboard, prepareVisitor } from './dashboard.ts'
import { mint, statusOf } from './people.ts'
import { prepareOrganisation } from './prepare.ts'

describe.skipIf(!hasBrowser)('rotating on the dashboard', () => {
  const prepared = prepareDashboard()
  const { dashboard, ask, admin } = prepared
  const slug = prepareOrganisation(prepared)
  let old: MintedToken
  beforeAll(async () => {
    old = await mint(ask, admin.token, slug, { name: 'nightly', expiry: '48h' })
  })
  const ada = prepareVisitor(() => dashboard.visitorAs(founder, `/dashboard/${slug}/tokens`))
  let next = ''

  it('asks how long the old one works on, and shows the new one once', async () => {
    const { page } = ada
    await choose(page, 'nightly', 'Rotate')
    const dialog = page.getByRole('dialog', { name: 'Rotate nightly?' })
    await dialog.getByLabel('The old token works on').selectOption('For 1 hour')
    await dialog.getByRole('button', { name: 'Rotate token' }).click()
    await page.getByRole('heading', { name: 'nightly is ready' }).waitFor()
    next = (await page.getByRole('group', { name: 'token', exact: true }).textContent()) ?? ''
    expect([await statusOf(ask, old.token), await statusOf(ask, next)]).toEqual([200, 200])
    await page.getByRole('button', { name: 'Done, without copying' }).click()
    await expect.poll(() => page.getByRole('row', { name: /nightly/ }).count()).toBe(2)
  })

  it('marks the old one, which cannot be rotated again, and leads to the new one and back', async () => {
    const { page } = ada
    const menus = page.getByRole('button', { name: 'Actions for nightly' })
    await menus.nth(1).click()
    expect(await page.getByRole('menuitem', { name: 'Rotate' }).count()).toBe(0)
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'replaced' }).click()
    await page.getByText('Replaces', { exact: true }).waitFor()
    await page.getByRole('link', { name: old.id }).click()
    await page.getByText('Replaced by', { exact: true }).waitFor()
    expect(await page.getByRole('button', { name: 'Rotate', exact: true }).count()).toBe(0)
    await page.getByText('Rotated a token').waitFor()
    await page.getByRole('button', { name: 'Revoke', exact: true }).click()
    await page.getByText('belong to the token that replaced it, and stay valid').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  })

  it('rotates on its page, and revokes the old one at once where no grace is left', async () => {
    const { page } = ada
    await page.getByText('Replaced by', { exact: true }).locator('..').getByRole('link').click()
    await page.getByText('Replaces', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Rotate', exact: true }).click()
    await page.getByLabel('The old token works on').selectOption('Not at all: it is revoked at once')
    await page.getByRole('button', { name: 'Rotate token' }).click()
    await page.getByRole('heading', { name: 'nightly is ready' }).waitFor()
    await expect.poll(() => statusOf(ask, next)).toBe(401)
    await page.getByRole('button', { name: 'Done, without copying' }).click()
    await page.getByText('by rotating it').waitFor()
  })
})
