// Two people of different roles, an invitation between them, and the first account of all.
import { beforeAll, describe, expect, it } from 'vitest'

import { founder } from './authority.ts'
import { hasBrowser, prepareVisitor, prepareDashboard } from './dashboard.ts'
import { mint } from './people.ts'
import { prepareOrganisation } from './prepare.ts'

const grace = { email: 'grace@example.com', password: 'grace has a long password' }

describe.skipIf(!hasBrowser)('an admin and a member', () => {
  const prepared = prepareDashboard()
  const { dashboard, ask, admin } = prepared
  const slug = prepareOrganisation(prepared)
  beforeAll(async () => void (await mint(ask, admin.token, slug, { name: 'of the admin' })))
  const ada = prepareVisitor(() => dashboard.visitorAs(founder, `/dashboard/${slug}/members`))
  const member = prepareVisitor(() => dashboard.visitor())
  let link = ''

  it('the admin invites, and hands over a link', async () => {
    const { page } = ada
    await page.getByRole('button', { name: 'Invite a person' }).click()
    await page.getByLabel('Email').fill(grace.email)
    await page.getByRole('button', { name: 'Invite', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: `${grace.email} is invited` })
    link = (await dialog.getByRole('group', { name: 'link' }).textContent()) ?? ''
    expect(link).toMatch(/^http:\/\/.*\/invite#\S+$/)
    await dialog.getByRole('button', { name: 'Done' }).click()
    await page.getByText(`member, invited by ${founder.email}`).waitFor()
  })

  it('the member comes by the link with a new account, and the code leaves the address', async () => {
    const { page } = member
    await page.goto(link)
    await page.getByRole('heading', { name: 'Join Acme' }).waitFor()
    expect(page.url()).toBe(dashboard.url('/invite'))
    expect(await page.getByLabel('Email').inputValue()).toBe(grace.email)
    await page.getByLabel('Password', { exact: true }).fill('short')
    await page.getByRole('button', { name: 'Create account and join' }).click()
    await page.getByLabel('Password', { exact: true }).fill(grace.password)
    await page.getByRole('button', { name: 'Create account and join' }).click()
    await page.waitForURL(`**/dashboard/${slug}/tokens`)
    await page.getByRole('row', { name: /of the admin/ }).waitFor()
  })

  it('the member makes and revokes tokens, and has no button for what only admins may', async () => {
    const { page } = member
    await page.getByRole('button', { name: 'New token' }).click()
    await page.getByRole('button', { name: 'Create organization token' }).click()
    await page.getByRole('heading', { name: 'Org deploy token is ready' }).waitFor()
    await page.getByRole('button', { name: 'Done, without copying' }).click()
    await page.getByRole('link', { name: 'Members' }).click()
    await page.getByText('Only an admin of the organization can').waitFor()
    expect(await page.getByRole('button', { name: 'Invite a person' }).isDisabled()).toBe(true)
    expect(await page.getByRole('combobox').count()).toBe(0)
    expect(await page.getByRole('button', { name: /^Remove/ }).count()).toBe(0)
    await page.getByRole('link', { name: 'Settings' }).click()
    const button = page.getByRole('button', { name: 'Delete organization' })
    await button.waitFor()
    expect(await button.isDisabled()).toBe(true)
    expect(await page.getByLabel('Name').isDisabled()).toBe(true)
  })

  it('the authority decides anyway: what was an admin’s page is refused, and says why', async () => {
    const { page } = ada
    await page.getByRole('link', { name: 'Settings' }).click()
    await page.getByLabel('Name').fill('Acme Renamed')
    dashboard.authority.inspect((database) =>
      database.exec(
        "update memberships set role = 'member' where organisation_id = (select id from organisations where slug = 'acme')",
      ),
    )
    await page.getByRole('button', { name: 'Rename' }).click()
    await page.getByRole('alert').getByText('this takes an admin').waitFor()
    dashboard.authority.inspect((database) =>
      database.exec(
        "update memberships set role = 'admin' where organisation_id = (select id from organisations where slug = 'acme') and user_id = (select min(id) from users)",
      ),
    )
    await page.getByRole('button', { name: 'Rename' }).click()
    await page.getByText('Renamed.', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Organization Acme Renamed: switch' }).waitFor()
  })

  it('the admin raises the member, who then sees it', async () => {
    await ada.page.getByRole('link', { name: 'Members' }).click()
    await ada.page.getByLabel(`Role of ${grace.email}`).selectOption('Admin')
    const { page } = member
    await page.goto(dashboard.url(`/dashboard/${slug}/members`))
    await expect.poll(() => page.getByRole('button', { name: 'Invite a person' }).isEnabled()).toBe(true)
    await page.getByRole('button', { name: 'Leave the organization' }).click()
    await page.getByRole('dialog', { name: 'Leave Acme Renamed?' }).getByRole('button', { name: 'Leave' }).click()
    await page.getByRole('heading', { name: 'Organizations' }).waitFor()
    await expect.poll(() => page.getByRole('link', { name: 'Acme Renamed' }).count()).toBe(0)
  })

  it('an invitation can be withdrawn, and its link is worth nothing then', async () => {
    const { page } = ada
    await page.reload()
    await page.getByRole('button', { name: 'Invite a person' }).click()
    await page.getByLabel('Email').fill('alan@example.com')
    await page.getByRole('button', { name: 'Invite', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'alan@example.com is invited' })
    const dead = (await dialog.getByRole('group', { name: 'link' }).textContent()) ?? ''
    await dialog.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('button', { name: 'Withdraw the invitation of alan@example.com' }).click()
    await page.getByText('No open invitations.').waitFor()
    const stranger = await dashboard.visitor()
    await stranger.page.goto(dead)
    await stranger.page.getByRole('heading', { name: 'This invitation is over' }).waitFor()
    await stranger.leave()
  })

  it('an organisation is deleted after typing its slug', async () => {
    const { page } = ada
    await page.getByRole('link', { name: 'Settings' }).click()
    await page.getByRole('button', { name: 'Delete organization' }).click()
    const dialog = page.getByRole('dialog')
    expect(await dialog.getByRole('button', { name: 'Delete organization' }).isDisabled()).toBe(true)
    await dialog.getByLabel(`Type ${slug} to confirm`).fill(slug)
    await dialog.getByRole('button', { name: 'Delete organization' }).click()
    await page.getByRole('heading', { name: 'Organizations' }).waitFor()
    await expect.poll(() => page.getByRole('link', { name: 'Acme Renamed' }).count()).toBe(0)
  })
})
