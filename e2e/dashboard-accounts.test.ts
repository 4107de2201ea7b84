// Whose an account is, in the pages: a forgotten password, an address that nobody has proven, and leaving for good.
import { describe, expect, it } from 'vitest'

import { partsOf } from '../packages/authority/src/mail/testing/smtp.ts'
import { violationsIn } from './axe.ts'
import { hasBrowser, logIn, prepareDashboard } from './dashboard.ts'
import { mint, signUpInto, statusOf } from './people.ts'
import { prepareOrganisation, prepareMailServer, mailThrough } from './prepare.ts'

describe.skipIf(!hasBrowser)('an account', () => {
  const smtp = prepareMailServer()
  const prepared = prepareDashboard(() => mailThrough(smtp))
  const { dashboard, admin } = prepared
  const slug = prepareOrganisation(prepared)

  it('is got back by a link that comes by mail, from the login page', async () => {
    const { email } = await signUpInto(dashboard.authority.ask, admin.token, slug)
    const visitor = await dashboard.visitor()
    const { page } = visitor
    await page.goto(dashboard.url('/login'))
    await page.getByRole('link', { name: 'Forgot your password?' }).click()
    await page.getByLabel('Email').fill(email)
    await page.getByRole('button', { name: 'Send the link' }).click()
    await page.getByText('a link is on its way').waitFor()
    // After the one with the invitation.
    const mails = () => smtp.received.filter(({ to }) => to.includes(email))
    await expect.poll(() => mails().length, { interval: 20 }).toBe(2)
    const mail = mails().at(-1)
    const link = /http\S+\/reset#\S+/.exec((mail && partsOf(mail).get('text/plain')) ?? '')?.[0] ?? ''
    await page.goto('about:blank')
    await page.goto(link)
    await page.getByLabel('New password', { exact: true }).fill('a password that I know')
    expect(page.url()).not.toContain('#')
    await page.getByRole('button', { name: 'Set password' }).click()
    await page.getByText(`You can log in as ${email} with it.`).waitFor()
    await page.getByRole('link', { name: 'Log in' }).click()
    await logIn(page, { email, password: 'a password that I know' })
    // What it belonged to waits for a word of its owner.
    await page.getByText('You are invited to an organization').waitFor()
    await page.goto(dashboard.url('/account'))
    await page.getByRole('button', { name: 'Change password' }).waitFor()
    expect(await page.getByText('so others see it as unproven').count()).toBe(0)
    await visitor.leave()
  })

  it('says to its owner and to others that its address is not proven', async () => {
    const person = await signUpInto(dashboard.authority.ask, admin.token, slug, { role: 'admin' })
    await mint(dashboard.authority.ask, person.token, slug, { name: 'by somebody' })
    const visitor = await dashboard.visitorAs(person, '/account')
    const { page } = visitor
    await page.getByText('so others see it as unproven').waitFor()
    expect(await violationsIn(page)).toEqual([])
    await page.goto(dashboard.url(`/dashboard/${slug}/members`))
    const row = page.getByRole('listitem').filter({ hasText: person.email })
    await row.getByText('unproven').waitFor()
    await page.goto(dashboard.url(`/dashboard/${slug}/tokens`))
    await page.getByText(`${person.email} (unproven)`).first().waitFor()
    await visitor.leave()
  })

  it('ends all other logins, after a question, and stays in', async () => {
    const person = await signUpInto(dashboard.authority.ask, admin.token, slug)
    const visitor = await dashboard.visitorAs(person, '/account')
    const { page } = visitor
    await page.getByText('this one').waitFor()
    const logins = page.getByRole('listitem').filter({ hasText: /Browser|Command line/ })
    expect(await logins.count()).toBe(2)
    expect(await logins.filter({ hasText: 'this one' }).textContent()).toContain('Chrome on Linux')
    await page.getByRole('button', { name: 'End all others' }).click()
    const dialog = page.getByRole('dialog', { name: 'End all other logins?' })
    await dialog.getByText('One browser or command line is logged out at once.').waitFor()
    await dialog.getByRole('button', { name: 'End all others' }).click()
    await page.getByRole('status').getByText('All other logins have ended.', { exact: true }).waitFor()
    expect(await logins.count()).toBe(1)
    expect(await statusOf(dashboard.authority.ask, person.token)).toBe(401)
    await visitor.leave()
  })

  it('is deleted by its owner, after a question', async () => {
    const person = await signUpInto(dashboard.authority.ask, admin.token, slug)
    const visitor = await dashboard.visitorAs(person, '/account')
    const { page } = visitor
    await page.getByRole('button', { name: 'Delete account' }).click()
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByRole('heading', { name: 'Log in to Hallpass' }).waitFor()
    expect(await statusOf(dashboard.authority.ask, person.token)).toBe(401)
    await visitor.leave()
  })
})
