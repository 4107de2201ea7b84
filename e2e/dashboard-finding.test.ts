// Finding things where the answers are late, the address changes meanwhile, or what is pasted is a secret.
import { beforeAll, describe, expect, it } from 'vitest'

import type { MintedToken, Organisation } from '@hallpass/client'

import { founder } from './authority.ts'
import { focused, hasBrowser, prepareDashboard, prepareVisitor } from './dashboard.ts'
import { createOrganisation, mint } from './people.ts'
import { prepareOrganisation } from './prepare.ts'

const secret = `fo1_${'Ab1'.repeat(14)}`

describe.skipIf(!hasBrowser)('finding', () => {
  const prepared = prepareDashboard()
  const { dashboard, ask, admin } = prepared
  const slug = prepareOrganisation(prepared)
  let one: MintedToken
  let elsewhere: MintedToken
  let other: Organisation
  beforeAll(async () => {
    one = await mint(ask, admin.token, slug, { name: 'one' })
    await mint(ask, admin.token, slug, { name: 'two' })
    other = await createOrganisation(ask, admin.token, 'Zoo')
    elsewhere = await mint(ask, admin.token, other.slug, { name: 'three' })
  })
  const ada = prepareVisitor(() => dashboard.visitorAs(founder, `/dashboard/${slug}/tokens`))

  const names = () => ada.page.locator('tbody th a').allTextContents()
  const options = () => ada.page.getByRole('listbox').getByRole('option')

  async function goFromPalette(text: string, choice: RegExp): Promise<void> {
    const { page } = ada
    await page.keyboard.press('Control+k')
    await expect.poll(() => focused(page)).toBe('Go to or do')
    await page.keyboard.type(text)
    await options().filter({ hasText: choice }).click()
  }

  it('keeps what the palette found in the list that is open, and what Back leads to', async () => {
    const { page } = ada
    const field = page.getByLabel('Search by name or id')
    await expect.poll(names).toEqual(['two', 'one'])
    await goFromPalette(one.id.slice(0, 8), /^Find the token/)
    await expect.poll(names).toEqual(['one'])
    await expect.poll(() => field.inputValue()).toBe(one.id.slice(0, 8))
    await field.fill('tw')
    await expect.poll(names).toEqual(['two'])
    await page.getByRole('link', { name: 'Tokens', exact: true }).click()
    await expect.poll(names).toEqual(['two', 'one'])
    await page.goBack()
    await expect.poll(() => field.inputValue()).toBe('tw')
    await expect.poll(names).toEqual(['two'])
    await page.goForward()
    await expect.poll(() => field.inputValue()).toBe('')
    await expect.poll(names).toEqual(['two', 'one'])
  })

  it('asks to revoke the token whose page is open, and not again after a reload', async () => {
    const { page } = ada
    await page.goto(dashboard.url(`/dashboard/${slug}/tokens/${one.id}`))
    await page.getByRole('heading', { name: 'one', level: 1 }).waitFor()
    await goFromPalette(one.id, /^Revoke this token/)
    await page.getByRole('dialog', { name: 'Revoke one?' }).waitFor()
    await page.keyboard.press('Escape')
    await page.reload()
    await page.getByRole('heading', { name: 'History' }).waitFor()
    expect(await page.getByRole('dialog').count()).toBe(0)
  })

  it('shows a token of another organization there', async () => {
    const { page } = ada
    await page.goto(dashboard.url(`/dashboard/${slug}/audit`))
    await page.getByRole('heading', { name: 'Audit', level: 1 }).waitFor()
    await goFromPalette(elsewhere.id, /^Revoke this token/)
    await page.waitForURL(`**/dashboard/${other.slug}/tokens/${elsewhere.id}`)
    await page.getByRole('dialog', { name: 'Revoke three?' }).waitFor()
    await page.keyboard.press('Escape')
  })

  it('goes to no organization that was not typed, while the answer is late; says so, and that there is none', async () => {
    const { page } = ada
    await page.goto(dashboard.url(`/dashboard/${slug}/tokens`))
    await page.getByRole('button', { name: /: switch$/ }).click()
    await expect.poll(() => options().count()).toBe(3)
    let answer: () => void = () => undefined
    const late = new Promise<void>((resolve) => (answer = resolve))
    await page.route('**/v1/orgs?*search=*', async (route) => {
      await late
      await route.continue()
    })
    await page.keyboard.type('unheard of')
    await page.getByText('Searching …').waitFor()
    await page.keyboard.press('Enter')
    expect(await options().count()).toBe(0)
    answer()
    await page.getByText('No organization has such a name.').waitFor()
    expect(new URL(page.url()).pathname).toBe(`/dashboard/${slug}/tokens`)
    await page.unrouteAll()
  })

  it('says that organizations could not be searched', async () => {
    const { page } = ada
    await page.route('**/v1/orgs?*search=*', (route) =>
      route.fulfill({
        status: 429,
        contentType: 'application/json',
        body: JSON.stringify({ error: 'x', message: 'too many requests', code: 'rate_limited', request_id: 'x' }),
      }),
    )
    await page.keyboard.type('!')
    await page.getByText('Too many requests.').waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await page.keyboard.type('unheard of?')
    await page.getByText('Too many requests.').waitFor()
    expect(await page.getByText('Nothing has such a name.').count()).toBe(0)
    await page.unrouteAll()
  })

  it('sends no token that stands in an address, or is pasted', async () => {
    const { page } = ada
    const sent: string[] = []
    page.on('request', (request) => sent.push(request.url()))
    await page.goto(dashboard.url('/orgs?search=acm'))
    sent.length = 0
    const field = page.getByLabel('Search by name')
    await field.fill(secret)
    await page.getByText('it was removed and not sent').waitFor()
    expect(page.url()).not.toContain(secret)
    await page.goto(dashboard.url(`/orgs?search=${secret}`))
    await page.getByRole('link', { name: 'Zoo' }).waitFor()
    expect(sent.filter((url) => url.includes('/v1/') && url.includes(secret))).toEqual([])
  })
})
