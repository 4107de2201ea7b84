// The part of the settings with the limits of tokens, and the button that approves one.
import { describe, expect, it } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { founder } from './authority.ts'
import { violationsIn } from './axe.ts'
import { hasBrowser, prepareDashboard, prepareVisitor } from './dashboard.ts'
import { expectAnswer } from './http.ts'
import { mint, statusOf } from './people.ts'
import { prepareOrganisation, preparePerson } from './prepare.ts'

describe.skipIf(!hasBrowser)('the token policy', () => {
  const prepared = prepareDashboard()
  const { dashboard, ask, admin } = prepared
  const slug = prepareOrganisation(prepared)
  const member = preparePerson(prepared, slug)
  const ada = prepareVisitor(() => dashboard.visitorAs(founder, `/dashboard/${slug}/settings`))
  const bob = prepareVisitor(() => dashboard.visitorAs(member, `/dashboard/${slug}/settings`))
  const policy = async () =>
    expectAnswer(routes.showTokenPolicy, await ask('GET', `/v1/orgs/${slug}/policy`, { token: admin.token }))

  it('is set by an admin, and what is wrong stands beside its field', async () => {
    const { page } = ada
    const save = page.getByRole('button', { name: 'Save the policy' })
    await page.getByLabel('Longest lifetime').fill('90d')
    await page.getByLabel('Default lifetime').fill('120d')
    await page.getByLabel('Only from these networks').fill('127.0.0.0/8, office')
    await save.click()
    await page.getByText('Networks.1 is no network', { exact: false }).waitFor()
    await page.getByLabel('Only from these networks').fill('127.0.0.0/8 ::1')
    await save.click()
    await page.getByText('Default token lifetime is 120 days, longer than').waitFor()
    expect(await page.getByLabel('Default lifetime').evaluate((field) => field === document.activeElement)).toBe(true)
    await page.getByLabel('Default lifetime').fill('30d')
    await page.getByLabel('An admin approves new tokens').check()
    expect(await violationsIn(page)).toEqual([])
    await save.click()
    await page.getByText('Saved.').waitFor()
    expect(await policy()).toEqual({
      max_token_lifetime: '2160h0m0s',
      default_token_lifetime: '720h0m0s',
      tokens_may_mint: true,
      only_admins_mint: false,
      approval: true,
      networks: ['127.0.0.0/8', '::1/128'],
    })
    await page.reload()
    await expect.poll(() => page.getByLabel('Longest lifetime').inputValue()).toBe('90d')
    expect(await save.isDisabled()).toBe(true)
  })

  it('is shown to members, who cannot change it', async () => {
    const { page } = bob
    expect(await page.getByLabel('Longest lifetime').isDisabled()).toBe(true)
    expect(await page.getByLabel('Tokens can create tokens').isDisabled()).toBe(true)
  })

  it('an admin approves a token that waits', async () => {
    const { page } = ada
    const waiting = await mint(ask, member.token, slug, { expiry: '1d' })
    expect(await statusOf(ask, waiting.token)).toBe(403)
    await page.goto(`${new URL(page.url()).origin}/dashboard/${slug}/tokens`)
    await page.getByLabel('State').selectOption('Pending')
    await page.getByText('1 token', { exact: true }).waitFor()
    await page.getByRole('link', { name: waiting.name }).click()
    await page.getByText('is not approved yet').first().waitFor()
    expect(await violationsIn(page)).toEqual([])
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByRole('button', { name: 'Approve' }).waitFor({ state: 'detached' })
    expect(await statusOf(ask, waiting.token)).toBe(200)
    await bob.page.goto(
      `${new URL(page.url()).origin}/dashboard/${slug}/tokens/${(await mint(ask, member.token, slug)).id}`,
    )
    await bob.page.getByText('is not approved yet').waitFor()
    expect(await bob.page.getByRole('button', { name: 'Approve' }).count()).toBe(0)
  })
})
