// The page on which an admin trusts CI jobs, with a job of a real issuer that gets a token.
import { afterAll, describe, expect, it } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { startCiIssuer, type CiIssuer } from '../packages/authority/src/identity/testing/ci-issuer.ts'
import { founder } from './authority.ts'
import { violationsIn } from './axe.ts'
import { hasBrowser, prepareDashboard, prepareVisitor } from './dashboard.ts'
import { expectAnswer } from './http.ts'
import { createApp, signUpInto, statusOf } from './people.ts'
import { prepareOrganisation } from './prepare.ts'

describe.skipIf(!hasBrowser)('CI jobs', () => {
  let issuer: CiIssuer
  const prepared = prepareDashboard(async () => {
    issuer = await startCiIssuer()
    return { privateIssuers: [issuer.issuer] }
  })
  afterAll(() => issuer.close())
  const { dashboard, ask, admin } = prepared
  const slug = prepareOrganisation(prepared)
  const ada = prepareVisitor(() => dashboard.visitorAs(founder, `/dashboard/${slug}/trust`))
  let token = ''

  it('an admin trusts them, and a job gets a token that the list names', async () => {
    const { page } = ada
    await page.getByText('No CI jobs are trusted').waitFor()
    await page.getByRole('button', { name: 'Trust CI jobs' }).click()
    const dialog = page.getByRole('dialog', { name: 'Trust CI jobs' })
    await dialog.getByLabel('Name').fill('web on main')
    await dialog.getByLabel('CI service').selectOption('Another service')
    await dialog.getByLabel('Issuer').fill(issuer.issuer)
    await dialog.getByLabel('Subject').fill('repo:acme@11/web@22:ref:refs/heads/main')
    expect(await violationsIn(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Add' }).click()
    const added = page.getByRole('dialog', { name: 'web on main is added' })
    const audience = (await added.getByRole('group', { name: 'audience' }).textContent()) ?? ''
    expect(audience).toMatch(new RegExp(`/orgs/${slug}$`))
    await added.getByRole('button', { name: 'Done' }).click()
    await page.getByText(/sub repo:acme@11\/web@22:ref:refs\/heads\/main\. Gets an org token, for 15m\./).waitFor()

    const form = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      subject_token: await issuer.sign({ aud: audience }),
      audience: slug,
    })
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await ask('POST', '/oauth/token', { text: form.toString(), headers })
    token = (answer.body as { readonly access_token: string }).access_token
    await createApp(ask, token, slug)
    await page.getByRole('link', { name: 'Tokens' }).click()
    await page.getByRole('link', { name: /acme\/web run 4711/ }).click()
    await page.getByRole('link', { name: 'a CI job' }).click()
    await page.getByText('web on main').waitFor()
  })

  it('what is wrong stands beside its field, and nothing is lost', async () => {
    const { page } = ada
    await page.getByRole('button', { name: 'Trust CI jobs' }).click()
    const dialog = page.getByRole('dialog', { name: 'Trust CI jobs' })
    await dialog.getByLabel('Name').fill('second')
    await dialog.getByLabel('Repository id').fill('22')
    await dialog.getByLabel('Branch').fill('main')
    await dialog.getByLabel('App').fill('not-here')
    await dialog.getByRole('button', { name: 'Add' }).click()
    await dialog.getByText(/no app not-here/i).waitFor()
    expect(await dialog.getByLabel('Repository id').inputValue()).toBe('22')
    await dialog.getByLabel('App').fill('')
    await dialog.getByRole('button', { name: 'Add' }).click()
    await page.getByRole('dialog', { name: 'second is added' }).getByRole('button', { name: 'Done' }).click()
    const listed = await ask('GET', `/v1/orgs/${slug}/trust-policies`, { token: admin.token })
    const [, second] = expectAnswer(routes.listTrustPolicies, listed).trust_policies
    expect(second).toMatchObject({
      issuer: 'https://token.actions.githubusercontent.com',
      claims: { repository_id: ['22'], ref: ['refs/heads/main'] },
    })
  })

  it('a removed policy takes its tokens along', async () => {
    const { page } = ada
    await page.getByRole('button', { name: 'Remove web on main' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await expect.poll(() => page.getByText('web on main').count()).toBe(0)
    expect(await statusOf(ask, token)).toBe(401)
  })

  it('a member sees them and has no button', async () => {
    const person = await signUpInto(ask, admin.token, slug)
    const visitor = await dashboard.visitorAs(person, `/dashboard/${slug}/trust`)
    await visitor.page.getByText('second').waitFor()
    expect(await visitor.page.getByRole('button', { name: 'Trust CI jobs' }).isDisabled()).toBe(true)
    expect(await visitor.page.getByRole('button', { name: /^Remove/ }).count()).toBe(0)
    await visitor.leave()
  })
})
