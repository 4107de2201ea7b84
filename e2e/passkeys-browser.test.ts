// Passkeys in a real Chromium, with the authenticator that its debugging protocol brings: a page of the authority's own
// adds one and logs in with it.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { founder } from './authority.ts'
import { hasBrowser, launchBrowser } from './dashboard.ts'
import { freePort } from './free-port.ts'
import { addAuthenticator } from './passkeys.ts'
import { prepareAuthority } from './prepare.ts'

/** What a page does, as text: it runs in the browser. */
const script = `
  const ask = async (method, path, body) => {
    const response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  }
  const addPasskey = async (name) => {
    const { body: { challenge_id, options } } = await ask('POST', '/v1/passkeys/options')
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options)
    const credential = await navigator.credentials.create({ publicKey })
    return ask('POST', '/v1/passkeys', { challenge_id, name, response: credential.toJSON() })
  }
  const logIn = async () => {
    const { body: { challenge_id, options } } = await ask('POST', '/v1/sessions/passkey-options')
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options)
    const credential = await navigator.credentials.get({ publicKey })
    return ask('POST', '/web/session/passkey', { challenge_id, response: credential.toJSON() })
  }
`

describe.skipIf(!hasBrowser)('in a browser', () => {
  let browser: Browser
  let origin: string
  let page: Page
  prepareAuthority(async () => {
    const port = await freePort()
    origin = `http://localhost:${port}`
    return { publicUrl: origin, port }
  })
  beforeAll(async () => {
    browser = await launchBrowser()
    page = await browser.newPage()
    // Any document of the origin will do: what is tried is what every page of it may.
    await page.goto(`${origin}/healthz`)
    await addAuthenticator(page)
  })
  afterAll(() => browser?.close())

  const run = (what: string): Promise<unknown> => page.evaluate(`(async () => { ${script}; return ${what} })()`)

  test('a page logs in with a password, adds a passkey, and from then on comes in with it alone', async () => {
    expect(await run(`ask('POST', '/web/session', ${JSON.stringify(founder)})`)).toMatchObject({ status: 201 })
    expect(await run(`addPasskey('this machine')`)).toMatchObject({ status: 201, body: { name: 'this machine' } })
    expect(await run(`ask('DELETE', '/web/session')`)).toMatchObject({ status: 204 })
    expect(await run(`ask('GET', '/v1/users/current')`)).toMatchObject({ status: 401 })

    for (let count = 0; count < 2; count += 1) {
      expect(await run('logIn()')).toMatchObject({ status: 201, body: { user: { email: founder.email } } })
      expect(await run(`ask('GET', '/v1/users/current')`)).toMatchObject({
        status: 200,
        body: { email: founder.email },
      })
    }
    expect(await run(`ask('GET', '/v1/passkeys')`)).toMatchObject({
      body: { passkeys: [{ name: 'this machine', last_used_at: expect.stringMatching(/Z$/) as string }] },
    })
  })

  test('the authenticator makes no second one for the same person', async () => {
    await expect(run(`addPasskey('again')`)).rejects.toThrow(/InvalidStateError|already registered/)
  })

  test('a page at the address instead of the name is offered none', async () => {
    const other = await browser.newPage()
    await other.goto(`${origin.replace('localhost', '127.0.0.1')}/healthz`)
    await expect(other.evaluate(`(async () => { ${script}; return logIn() })()`)).rejects.toThrow(
      /SecurityError|domain/,
    )
    await other.close()
  })
})
