// The ways in: the first account of all, and a command line that asks to be let in.
import { createServer } from 'node:http'
import { rm } from 'node:fs/promises'

import { routes } from '@hallpass/client/contract'
import { describe, expect, it } from 'vitest'

import { serve } from '../packages/authority/src/main.ts'
import { createDirectory, founder, optionsFor } from './authority.ts'
import { startingCliLogin, type StartingCliLogin } from './cli-login.ts'
import {
  dashboardFolder,
  hasBrowser,
  launchBrowser,
  logIn,
  startDashboard,
  prepareVisitor,
  prepareDashboard,
} from './dashboard.ts'
import { askForConfirmation } from './discharges.ts'
import { freePort } from './free-port.ts'
import { expectAnswer } from './http.ts'
import { createOrganisation, mint, requireMembership, signInFounder } from './people.ts'
import { addAuthenticator } from './passkeys.ts'

describe.skipIf(!hasBrowser)('the first account', () => {
  it('is made by the link with the setup code, and then never again', async () => {
    const directory = await createDirectory()
    const { bootstrap: _, ...options } = optionsFor(directory)
    const running = await serve({ ...options, dashboard: dashboardFolder })
    const browser = await launchBrowser()
    try {
      const page = await browser.newPage()
      await page.goto(running.url)
      await page.getByText('There are no accounts yet.').waitFor()
      await page.goto('about:blank')
      await page.goto(`${running.url}/setup#${running.setupCode?.reveal()}`)
      await page.getByRole('heading', { name: 'Set up Hallpass' }).waitFor()
      expect(page.url()).toBe(`${running.url}/setup`)
      await page.getByLabel('Email').fill(founder.email)
      await page.getByLabel('Password', { exact: true }).fill(founder.password)
      await page.getByRole('button', { name: 'Create account' }).click()
      await page.getByRole('heading', { name: 'Tokens', exact: true }).waitFor()
      await page.goto(`${running.url}/setup`)
      await page.getByRole('heading', { name: 'Hallpass is set up already' }).waitFor()
    } finally {
      await browser.close()
      await running.close()
      await rm(directory, { recursive: true, force: true })
    }
  })
})

describe.skipIf(!hasBrowser)('a command line that asks to be let in', () => {
  const { dashboard } = prepareDashboard()
  const ada = prepareVisitor(() => dashboard.visitorAs(founder, '/orgs'))

  async function ask(starting: StartingCliLogin): Promise<string> {
    const answer = await dashboard.authority.ask('POST', '/v1/cli-logins', { body: starting.body })
    return expectAnswer(routes.createCliLogin, answer).id
  }

  async function redeem(id: string, code: string, starting: StartingCliLogin): Promise<number> {
    const body = { code, code_verifier: starting.verifier }
    return (await dashboard.authority.ask('POST', `/v1/cli-logins/${id}/redeem`, { body })).status
  }

  it('says who asks, from where, for what and for how long, and gets a code to type', async () => {
    const starting = startingCliLogin({ name: 'ada-s-laptop <b>x</b>' })
    const id = await ask(starting)
    const { page } = ada
    await page.goto(dashboard.url(`/cli/${id}`))
    const facts = await page.locator('dl').textContent()
    expect(facts).toContain('ada-s-laptop <b>x</b>')
    expect(facts).toContain('127.0.0.1')
    expect(facts).toContain(`as ${founder.email}`)
    expect(facts).toMatch(/For how long\d+ (?:days|hours)/)
    await page.getByRole('button', { name: 'Approve' }).click()
    const code = (await page.getByRole('group', { name: 'code' }).textContent()) ?? ''
    expect(await redeem(id, code, starting)).toBe(201)
  })

  it('gets the code handed over where it waits on the same machine', async () => {
    const arrived: string[] = []
    const waiting = createServer((request, response) => {
      arrived.push(request.url ?? '')
      response.end('thanks')
    }).listen(0, '127.0.0.1')
    await new Promise((listening) => waiting.once('listening', listening))
    const address = waiting.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    const starting = startingCliLogin({ redirect_port: port })
    const id = await ask(starting)
    await ada.page.goto(dashboard.url(`/cli/${id}`))
    await ada.page.getByRole('button', { name: 'Approve' }).click()
    await ada.page.getByRole('heading', { name: 'The command line is logged in' }).waitFor()
    waiting.close()
    const given = new URL(arrived[0] ?? '', 'http://127.0.0.1').searchParams
    expect(given.get('state')).toBe(starting.body.state)
    expect(await redeem(id, given.get('code') ?? '', starting)).toBe(201)
  })

  it('gets a code to type where nobody waits any more', async () => {
    const port = await freePort()
    const starting = startingCliLogin({ redirect_port: port })
    const id = await ask(starting)
    await ada.page.goto(dashboard.url(`/cli/${id}`))
    await ada.page.getByRole('button', { name: 'Approve' }).click()
    await ada.page.getByRole('heading', { name: 'Enter this code in your terminal' }).waitFor()
    const code = (await ada.page.getByRole('group', { name: 'code' }).textContent()) ?? ''
    expect(await redeem(id, code, starting)).toBe(201)
    // The browser says of its own accord that nobody listened.
    ;(ada.complaints as string[]).length = 0
  })

  it('is let in with a proof, where the person logged in a while ago', async () => {
    const starting = startingCliLogin()
    const id = await ask(starting)
    dashboard.authority.inspect((database) => database.exec('update sessions set proven_at = proven_at - 660000'))
    await ada.page.goto(dashboard.url(`/cli/${id}`))
    await ada.page.getByRole('button', { name: 'Approve' }).click()
    const proof = ada.page.getByRole('dialog', { name: 'Is it still you?' })
    await proof.getByRole('textbox', { name: 'Your password' }).fill(founder.password)
    await proof.getByRole('button', { name: 'Continue' }).click()
    await ada.page.getByRole('heading', { name: 'Enter this code in your terminal' }).waitFor()
    const code = (await ada.page.getByRole('group', { name: 'code' }).textContent()) ?? ''
    expect(await redeem(id, code, starting)).toBe(201)
    // The browser logs the refusal.
    ;(ada.complaints as string[]).length = 0
  })

  it('is turned away, and the question is gone', async () => {
    const starting = startingCliLogin()
    const id = await ask(starting)
    await ada.page.goto(dashboard.url(`/cli/${id}`))
    await ada.page.getByRole('button', { name: 'Deny' }).click()
    await ada.page.getByRole('heading', { name: 'Denied' }).waitFor()
    expect(await redeem(id, 'AAAA-BBBB-CCCC', starting)).not.toBe(201)
    await ada.page.reload()
    await ada.page.getByRole('heading', { name: 'This request is over' }).waitFor()
  })
})

describe.skipIf(!hasBrowser)('a token whose use has to be confirmed', () => {
  it('is shown to the person who made it, and used once they agree', async () => {
    const dashboard = await startDashboard()
    const { ask } = dashboard.authority
    const { token: auth } = await signInFounder(ask)
    const { slug } = await createOrganisation(ask, auth, 'Acme')
    await requireMembership(ask, auth, slug, 'login')
    const { token } = await mint(ask, auth, slug, { name: 'ci <b>x</b>' })
    const ada = await dashboard.visitor()
    const { page } = ada
    const approved = await askForConfirmation(ask, token)
    await page.goto(dashboard.url(`/discharge/${approved.id}`))
    await logIn(page, founder)
    await page.getByRole('heading', { name: 'A token asks to be used' }).waitFor()
    expect(await page.locator('dl').textContent()).toMatch(/ci <b>x<\/b>.*Acme.*127\.0\.0\.1/)
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByRole('heading', { name: 'The token can be used' }).waitFor()
    expect((await approved.poll()).status).toBe(200)
    const denied = await askForConfirmation(ask, token)
    await page.goto(dashboard.url(`/discharge/${denied.id}`))
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.getByRole('heading', { name: 'Denied' }).waitFor()
    await page.goto(dashboard.url('/discharge/nobody-asks'))
    await page.getByRole('heading', { name: 'This request is over' }).waitFor()
    await ada.leave()
    await dashboard.close()
  })
})

describe.skipIf(!hasBrowser)('a passkey', () => {
  it('is added on the account page, lets in without a password, and is taken away', async () => {
    // Passkeys belong to a name, and an address is none.
    const port = await freePort()
    const dashboard = await startDashboard({ publicUrl: `http://localhost:${port}`, port })
    const ada = await dashboard.visitorAs(founder, '/account')
    const { page } = ada
    await addAuthenticator(page)
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByLabel('Name').fill('My laptop')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByText('never used').waitFor()
    await page.getByRole('button', { name: /Account of/ }).click()
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByRole('button', { name: 'Log in with a passkey' }).click()
    await page.getByRole('heading', { name: 'Tokens', exact: true }).waitFor()
    await page.goto(dashboard.url('/account'))
    await page.getByText('added just now, last used').waitFor()
    await page.getByRole('button', { name: 'Remove the passkey My laptop' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByText('No passkeys yet.').waitFor()
    await ada.leave()
    await dashboard.close()
  })

  it('is added after a proof where the login is old, and a new password ends it', async () => {
    const port = await freePort()
    const dashboard = await startDashboard({ publicUrl: `http://localhost:${port}`, port })
    const ada = await dashboard.visitorAs(founder, '/account')
    const { page } = ada
    await addAuthenticator(page)
    await dashboard.authority.restart((database) => database.exec('update sessions set proven_at = proven_at - 601000'))
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByLabel('Name').fill('My laptop')
    await page.getByRole('button', { name: 'Continue' }).click()
    const proof = page.getByRole('dialog', { name: 'Is it still you?' })
    await proof.getByLabel('Your password', { exact: true }).fill('a wrong one')
    await proof.getByRole('button', { name: 'Continue' }).click()
    await proof.getByText('is wrong').waitFor()
    await proof.getByLabel('Your password', { exact: true }).fill(founder.password)
    await proof.getByRole('button', { name: 'Continue' }).click()
    await page.getByText('never used').waitFor()

    await page.getByLabel('Current password', { exact: true }).fill(founder.password)
    await page.getByLabel('New password', { exact: true }).fill('a new long password')
    await page.getByRole('checkbox', { name: 'My laptop' }).check()
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByText('No passkeys yet.').waitFor()
    await ada.leave()
    await dashboard.close()
  })
})

describe.skipIf(!hasBrowser)('a command line that proves nothing', () => {
  it('is let in only past a warning that says so', async () => {
    const dashboard = await startDashboard()
    const { ask } = dashboard.authority
    const begun = await ask('POST', '/api/v1/cli_sessions', { body: { name: 'lap\u200btop' } })
    const { id } = begun.body as { readonly id: string }
    const ada = await dashboard.visitorAs(founder, `/cli/${id}`)
    await ada.page.getByRole('alert').getByText('cannot prove that it started this login').waitFor()
    // What is not seen in its name is not there.
    await ada.page.getByText('laptop', { exact: true }).waitFor()
    await ada.leave()
    await dashboard.close()
  })
})
