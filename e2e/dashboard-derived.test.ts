// Revoking a narrowed token on the dashboard: on the page of the token that it comes from.
import { derivedTokenId } from '@hallpass/macaroon'
import { beforeAll, describe, expect, it } from 'vitest'

import type { MintedToken } from '@hallpass/client'

import { founder } from './authority.ts'
import { hasBrowser, prepareDashboard, prepareVisitor } from './dashboard.ts'
import { endingAt, nowInSeconds, readMacaroon, readonlyOf } from './macaroons.ts'
import { createApp, mint, statusOf } from './people.ts'
import { prepareOrganisation } from './prepare.ts'

describe.skipIf(!hasBrowser)('narrowed tokens on the dashboard', () => {
  const prepared = prepareDashboard()
  const { dashboard, ask, admin } = prepared
  const slug = prepareOrganisation(prepared)
  let root: MintedToken
  let [one, two] = ['', '']
  beforeAll(async () => {
    root = await mint(ask, admin.token, slug, { name: 'nightly', expiry: '48h' })
    one = readonlyOf(root.token)
    two = endingAt(root.token, nowInSeconds() + 600)
    await createApp(ask, two, slug)
  })
  const ada = prepareVisitor(() => dashboard.visitorAs(founder, `/dashboard/${slug}/tokens/${root.id}`))
  const nameOf = (token: string) => derivedTokenId(readMacaroon(token))

  it('is pasted, and dies alone', async () => {
    const { page } = ada
    await page.getByRole('button', { name: 'Revoke a narrowed token' }).click()
    const dialog = page.getByRole('dialog', { name: 'Revoke a narrowed token' })
    const field = dialog.getByLabel('Narrowed token', { exact: true })
    await field.fill(root.token)
    await dialog.getByRole('button', { name: 'Revoke token' }).click()
    await dialog.getByText('as it was minted').waitFor()
    await field.fill(one)
    await dialog.getByRole('button', { name: 'Revoke token' }).click()
    await page.getByText(nameOf(one)).first().waitFor()
    expect(await Promise.all([root.token, one, two].map((token) => statusOf(ask, token)))).toEqual([200, 401, 200])
  })

  it('is named in what it did, and dies by that name', async () => {
    const { page } = ada
    await page.getByText(`As narrowed: ${nameOf(two)}`).waitFor()
    await page.getByRole('button', { name: 'Revoke a narrowed token' }).click()
    const dialog = page.getByRole('dialog', { name: 'Revoke a narrowed token' })
    await dialog.getByLabel('Narrowed token', { exact: true }).fill(nameOf(two))
    await dialog.getByRole('button', { name: 'Revoke token' }).click()
    await expect.poll(() => page.getByText('Revoked a narrowed token').count()).toBe(2)
    expect(await Promise.all([root.token, two].map((token) => statusOf(ask, token)))).toEqual([200, 401])
  })
})
