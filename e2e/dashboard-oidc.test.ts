// Logging in with a real OpenID provider from the login page, in a real Chromium.
import { routes } from '@hallpass/client/contract'
import { afterAll, describe, expect, it } from 'vitest'

import { startProvider, type TestProvider } from '../packages/authority/src/identity/testing/openid-provider.ts'
import { founder } from './authority.ts'
import { hasBrowser, prepareDashboard } from './dashboard.ts'
import { freePort } from './free-port.ts'
import { expectAnswer } from './http.ts'
import { createOrganisation, invite, signInFounder } from './people.ts'

describe.skipIf(!hasBrowser)('the login page', () => {
  let provider: TestProvider
  const { dashboard } = prepareDashboard(async () => {
    const port = await freePort()
    const publicUrl = `http://localhost:${port}`
    provider = await startProvider(`${publicUrl}/web/oidc/callback`)
    const { issuer, clientId, clientSecret } = provider
    return { publicUrl, oidc: { issuer, clientId, clientSecret, name: 'Example ID' }, port }
  })
  afterAll(() => provider.close())

  it('sends to the provider and back, to where somebody wanted to go', async () => {
    const visitor = await dashboard.visitor()
    provider.logIn({ sub: 'ada', email: founder.email, email_verified: true })
    await visitor.page.goto(dashboard.url('/login?return_to=%2Faccount'))
    await visitor.page.getByRole('link', { name: 'Log in with Example ID' }).click()
    await visitor.page.waitForURL(dashboard.url('/account'))
    await visitor.page.getByText(founder.email).first().waitFor()
    await visitor.leave()
  })

  it('lets somebody in who was invited, shows by whom, and lets them choose', async () => {
    const { ask } = dashboard.authority
    const { token } = await signInFounder(ask)
    const [acme, other] = [await createOrganisation(ask, token, 'Acme'), await createOrganisation(ask, token, 'Other')]
    for (const { slug } of [acme, other]) await invite(ask, token, slug, { email: 'grace@example.com' })
    const visitor = await dashboard.visitor()
    const { page } = visitor
    provider.logIn({ sub: 'grace', email: 'grace@example.com', email_verified: true })
    await page.goto(dashboard.url('/login'))
    await page.getByRole('link', { name: 'Log in with Example ID' }).click()
    await page.getByText('You are invited to 2 organizations').waitFor()
    await page.getByRole('link', { name: 'See the invitations' }).click()
    await page.getByText(`member, invited by ${founder.email}, expires`).first().waitFor()
    await page.getByRole('button', { name: 'Decline the invitation to Other' }).click()
    await page.getByRole('button', { name: 'Decline the invitation to Other' }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Join Acme' }).click()
    await page.waitForURL(dashboard.url(`/dashboard/${acme.slug}/tokens`))
    await visitor.leave()
    const membersOf = async (slug: string) =>
      expectAnswer(routes.showOrganisation, await ask('GET', `/v1/orgs/${slug}`, { token })).members.map(
        ({ email }) => email,
      )
    expect(await membersOf(acme.slug)).toContain('grace@example.com')
    expect(await membersOf(other.slug)).not.toContain('grace@example.com')
  })

  it('says why somebody was not let in, and goes on to where they wanted to go', async () => {
    const visitor = await dashboard.visitor()
    provider.logIn({ sub: 'eve', email: 'eve@elsewhere.example', email_verified: true })
    await visitor.page.goto(dashboard.url('/login?return_to=%2Faccount'))
    await visitor.page.getByRole('link', { name: 'Log in with Example ID' }).click()
    await visitor.page.getByText('Ask for an invitation').waitFor()
    await visitor.page.getByLabel('Email').fill(founder.email)
    await visitor.page.getByLabel('Password', { exact: true }).fill(founder.password)
    await visitor.page.getByRole('button', { name: 'Log in', exact: true }).click()
    await visitor.page.waitForURL(dashboard.url('/account'))
    await visitor.leave()
  })
})
