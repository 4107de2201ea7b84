// The story of a token on its page: made, copied, used, looked at, revoked.
import type { Dialog } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'

import { founder } from './authority.ts'
import { choose, hasBrowser, prepareVisitor, prepareDashboard } from './dashboard.ts'
import { createApp, mint, signIn, statusOf } from './people.ts'
import { prepareOrganisation } from './prepare.ts'

describe.skipIf(!hasBrowser)('the tokens page', () => {
  const prepared = prepareDashboard()
  const { dashboard, ask, admin } = prepared
  const slug = prepareOrganisation(prepared, 'Acme Staging')
  beforeAll(async () => {
    for (const name of ['web-1', 'web-2']) await createApp(ask, admin.token, slug, name)
  })
  const ada = prepareVisitor(() => dashboard.visitorAs(founder, `/dashboard/${slug}`))
  let token = ''

  it('is where the address of an organisation leads, first in the sidebar', async () => {
    const { page } = ada
    expect(new URL(page.url()).pathname).toBe(`/dashboard/${slug}/tokens`)
    const links = page.getByRole('navigation', { name: 'Main' }).getByRole('link')
    expect(await links.first().textContent()).toBe('Tokens')
    await page.getByText('No tokens yet').waitFor()
  })

  it('shows the form at once where there is no token yet, and says when a token will end', async () => {
    const { page } = ada
    const words = page.getByRole('status').filter({ hasText: 'Expires in' })
    await expect.poll(() => words.textContent()).toMatch(/^Expires in 30 days: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/)
    await page.getByLabel('Expires').selectOption('In 20 years')
    await expect.poll(() => words.textContent()).toMatch(/^Expires in 20 years: /)
  })

  it('makes a token, shows it once with what it can do and how to use it, and copies it', async () => {
    const { page, context } = ada
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByLabel('Name (optional)').fill('ci')
    await page.getByRole('button', { name: 'Create organization token' }).click()
    await page.getByRole('heading', { name: 'ci is ready' }).waitFor()
    await page.getByRole('button', { name: 'Copy token' }).click()
    const copied = () => page.evaluate(() => navigator.clipboard.readText())
    await expect.poll(copied).toMatch(/^FlyV1 fm2_/)
    token = await copied()
    expect(await page.getByRole('group', { name: 'token', exact: true }).textContent()).toBe(token)
    await page.getByText('In organization "Acme Staging"').waitFor()
    await page.getByText('GitHub Actions', { exact: true }).click()
    await page.getByText('secrets.HALLPASS_API_TOKEN').waitFor()
    await page.getByRole('button', { name: 'Done', exact: true }).click()
    await expect.poll(() => page.content()).not.toContain(token)
    expect(await page.getByLabel('Name (optional)').count()).toBe(0)
  })

  it('has made a token that works', async () => {
    expect(await statusOf(dashboard.authority.ask, token)).toBe(200)
  })

  it('neither sends a token that is pasted into the filter nor puts it into the address, and leads to it by its id', async () => {
    const { page } = ada
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    const filter = page.getByLabel('Search by name or id')
    await filter.fill(token)
    const notice = page.getByRole('alert').filter({ hasText: 'removed and not sent' })
    await notice.waitFor()
    await expect.poll(() => filter.inputValue()).toBe('')
    await filter.fill('nothing')
    await page.getByText('No matching tokens').waitFor()
    await notice.waitFor({ state: 'detached' })
    await filter.fill(token.replace('FlyV1 ', ''))
    await page.getByRole('link', { name: 'Open this token to see or revoke it' }).click()
    await page.getByRole('heading', { name: 'ci' }).waitFor()
    const form = /fm2_|fm2%5f/i
    expect([page.url(), ...asked].filter((url) => form.test(url))).toEqual([])
    await page.goBack()
    await filter.fill(`fo1_${'Ab1'.repeat(14)}`)
    await page.getByRole('link', { name: 'See your logins' }).waitFor()
    await page.goto(dashboard.url(`/dashboard/${slug}/tokens?search=${encodeURIComponent(token)}`))
    await page.getByRole('cell', { name: 'ci' }).first().waitFor()
    await expect.poll(() => filter.inputValue()).toBe('')
  })

  it('narrows while making: two actions, one app, a command, a machine', async () => {
    const { page } = ada
    await page.getByRole('button', { name: 'New token' }).click()
    await page.getByLabel('Name (optional)').fill('narrow')
    await page.getByText('Restrict further').click()
    await page.getByRole('checkbox', { name: 'web-1' }).check()
    await page.getByRole('checkbox', { name: 'Read' }).check()
    await page.getByLabel('Only these commands in machines').fill('bin/migrate "up now"')
    await page.getByRole('button', { name: 'Create organization token' }).click()
    await page.getByText('Commands need Write and Control').waitFor()
    await page.getByRole('checkbox', { name: 'Write' }).check()
    await page.getByRole('checkbox', { name: 'Control' }).check()
    await page.getByLabel('Only these machines').fill('d890, e123')
    await page.getByRole('button', { name: 'Create organization token' }).click()
    await page.getByRole('heading', { name: 'narrow is ready' }).waitFor()
    await page.getByRole('button', { name: 'Copy token' }).click()
    await page.getByRole('link', { name: 'Open its page' }).click()
    await page.getByRole('heading', { name: 'narrow', exact: true }).waitFor()
    const caveats = page.getByRole('listitem').filter({ hasText: '{"type":' })
    // The app and the machines carry the actions.
    await expect.poll(() => caveats.allTextContents()).toHaveLength(6)
    expect((await caveats.allTextContents()).join('\n')).toContain('"args":["bin/migrate","up now"],"exact":true')
    await page.getByText('Created a token').waitFor()
    await page.getByRole('link', { name: '← Tokens' }).click()
  })

  it('makes tokens that only read, and tokens for one app', async () => {
    const { page } = ada
    for (const [kind, name, button] of [
      ['Read only', 'reader', 'Create organization token'],
      ['One app', 'deployer', 'Create deploy token'],
    ] as const) {
      await page.getByRole('button', { name: 'New token' }).click()
      await page.getByLabel('Name (optional)').fill(name)
      await page.getByText(kind, { exact: true }).first().click()
      if (kind === 'One app') await page.getByLabel('App', { exact: true }).selectOption('web-2')
      await page.getByRole('button', { name: button }).click()
      await page.getByRole('heading', { name: `${name} is ready` }).waitFor()
      await page.getByRole('button', { name: 'Done, without copying' }).click()
    }
    await expect.poll(() => page.getByRole('row', { name: /reader/ }).textContent()).toContain('Read only')
    await expect.poll(() => page.getByRole('row', { name: /deployer/ }).textContent()).toContain('App web-2')
    await expect
      .poll(() => page.getByRole('row', { name: /narrow/ }).textContent())
      .toMatch(/1 app.*2 machines.*actions rwC/)
  })

  it('revokes after asking by name, and the token is dead', async () => {
    const { page } = ada
    const row = page.getByRole('row', { name: / ci / })
    await choose(page, 'ci', 'Revoke')
    const dialog = page.getByRole('dialog', { name: 'Revoke ci?' })
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    expect(await statusOf(dashboard.authority.ask, token)).toBe(200)
    await choose(page, 'ci', 'Revoke')
    await dialog.getByRole('button', { name: 'Revoke token' }).click()
    await row.waitFor({ state: 'detached' })
    expect(await statusOf(dashboard.authority.ask, token)).toBe(401)
  })

  it('asks before a token that nobody has copied is left, by a link, by Back, or by logging out', async () => {
    const { page } = ada
    const asked: string[] = []
    let answer = false
    const onDialog = async (dialog: Dialog) => {
      asked.push(dialog.message())
      await (answer ? dialog.accept() : dialog.dismiss())
    }
    page.on('dialog', onDialog)
    try {
      await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Apps' }).click()
      await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Tokens' }).click()
      await page.getByRole('button', { name: 'New token' }).click()
      await page.getByLabel('Name (optional)').fill('unseen')
      await page.getByRole('button', { name: 'Create organization token' }).click()
      const shown = page.getByRole('heading', { name: 'unseen is ready' })
      await shown.waitFor()
      const ways = [
        () => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Apps' }).click(),
        () => page.getByRole('link', { name: 'Open its page' }).click(),
        () => page.evaluate(() => history.back()),
        async () => {
          await page.getByRole('button', { name: 'Account of' }).click()
          await page.getByRole('button', { name: 'Log out' }).click()
        },
      ]
      for (const [index, leave] of ways.entries()) {
        await leave()
        await expect.poll(() => asked).toHaveLength(index + 1)
        expect(await shown.isVisible()).toBe(true)
        expect(new URL(page.url()).pathname).toBe(`/dashboard/${slug}/tokens`)
      }
      expect(new Set(asked)).toEqual(
        new Set(['This token is shown only once, and you have not copied it. Leave anyway?']),
      )
      // A search keeps the page, and so asks nothing.
      await page.getByLabel('Search by name or id').fill('unse')
      await expect.poll(() => new URL(page.url()).search).toContain('unse')
      await page.getByLabel('Search by name or id').fill('')
      expect(asked).toHaveLength(ways.length)
      answer = true
      await ways[0]?.()
      await page.getByRole('heading', { name: 'Apps', exact: true }).first().waitFor()
      expect(asked).toHaveLength(ways.length + 1)
      await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Tokens' }).click()
    } finally {
      page.off('dialog', onDialog)
    }
  })

  it('makes no token where the part that would show it is gone, as after an update of the server', async () => {
    const visitor = await dashboard.visitorAs(founder, `/dashboard/${slug}/tokens`)
    const { page } = visitor
    await page.route(/\/assets\/core[^/]*\.js$/, (route) => route.fulfill({ status: 404 }))
    await page.getByRole('button', { name: 'New token' }).click()
    await page.getByLabel('Name (optional)').fill('nobody’s')
    await page.getByRole('button', { name: 'Create organization token' }).click()
    await page.getByText('Nothing was created: a part of this page could not be loaded.').waitFor()
    const { token: auth } = await signIn(ask, founder)
    const { text } = await ask('GET', `/v1/orgs/${slug}/tokens?state=all`, { token: auth })
    expect(text).not.toContain('nobody’s')
    await visitor.leave()
  })

  it('says by which token one was made, and how many went with the one that is revoked', async () => {
    const { page } = ada
    const { token: auth } = await signIn(ask, founder)
    const minter = await mint(ask, auth, slug, { name: 'minter' })
    const minted = await mint(ask, minter.token, slug, { name: 'made' })
    await page.reload()
    const row = page.getByRole('row', { name: / made / })
    await row.getByRole('link', { name: `token ${minter.id.slice(0, 8)}` }).click()
    await page.getByRole('heading', { name: 'minter' }).waitFor()
    await page.getByRole('button', { name: 'Revoke', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Revoke minter?' })
    await dialog.getByText('The tokens that it created, and the tokens that those created, are revoked too.').waitFor()
    await dialog.getByRole('button', { name: 'Revoke token' }).click()
    const done = page.getByRole('dialog', { name: 'minter is revoked' })
    await done.getByText('The one token that it created is revoked too.').waitFor()
    await done.getByRole('button', { name: 'Close' }).click()
    await page.getByText('with the token that it minted').waitFor()
    expect(await statusOf(ask, minted.token)).toBe(401)
    await page.getByRole('link', { name: '← Tokens' }).click()
  })

  it('shows revoked tokens on demand, which cannot be revoked again', async () => {
    const { page } = ada
    await page.getByLabel('State').selectOption('Revoked')
    const row = page.getByRole('row', { name: / ci / })
    await expect.poll(() => row.textContent()).toContain('Revoked')
    expect(await row.getByRole('checkbox').isDisabled()).toBe(true)
    await row.getByRole('button', { name: 'Actions for ci' }).click()
    expect(await page.getByRole('menuitem').allTextContents()).toEqual(['Open', 'Rename'])
    await page.keyboard.press('Escape')
    await row.getByRole('link', { name: 'ci' }).click()
    await page.getByText('Nothing: it is revoked').waitFor()
    await page.getByText('Revoked a token').waitFor()
    expect(await page.getByRole('button', { name: 'Revoke', exact: true }).count()).toBe(0)
  })

  it('takes HTML in names for text', async () => {
    const { page } = ada
    const html = '<img src=x onerror=alert(1)><b>bold</b>'
    await page.goto(dashboard.url(`/dashboard/${slug}/tokens`))
    await page.getByRole('button', { name: 'New token' }).click()
    await page.getByLabel('Name (optional)').fill(html)
    await page.getByRole('button', { name: 'Create organization token' }).click()
    await page.getByRole('heading', { name: `${html} is ready` }).waitFor()
    await page.getByRole('button', { name: 'Done, without copying' }).click()
    await page.getByRole('link', { name: html }).click()
    await page.getByRole('heading', { name: html }).waitFor()
    expect(await page.locator('img, main b').count()).toBe(0)
  })

  it('takes `personal` for one’s own organisation', async () => {
    const { page } = ada
    await page.goto(dashboard.url('/dashboard/personal'))
    await page.getByRole('heading', { name: 'Tokens', exact: true }).waitFor()
    expect(new URL(page.url()).pathname).toBe('/dashboard/personal/tokens')
  })
})
