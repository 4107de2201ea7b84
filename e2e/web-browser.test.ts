// A real browser, as its owner uses it and as others would like to: cookies, sites, content security, and TLS in front.
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, request as forward, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { founder, startAuthority, type TestAuthority } from './authority.ts'
import { hasBrowser, launchBrowser } from './dashboard.ts'

const index = `<!doctype html><html><head><title>not yet</title><script>document.title = 'inline'</script>
<script src="/assets/own.js"></script></head><body onclick="document.title = 'clicked'"><p>ours</p></body></html>`
const own = `document.title = 'ours'`

let browser: Browser
let folder: string
let authority: TestAuthority
let stranger: Server
let strangerPort: number
beforeAll(async () => {
  if (!hasBrowser) return
  folder = await mkdtemp(join(tmpdir(), 'hallpass-browser-'))
  await mkdir(join(folder, 'assets'))
  await writeFile(join(folder, 'index.html'), index)
  await writeFile(join(folder, 'assets/own.js'), own)
  authority = await startAuthority({ dashboard: folder })
  stranger = createServer((_request, response) =>
    response
      .writeHead(200, { 'content-type': 'text/html', connection: 'close' })
      .end('<!doctype html><title>evil</title><p>evil'),
  )
  strangerPort = await listen(stranger)
  browser = await launchBrowser()
})
afterAll(async () => {
  if (!hasBrowser) return
  await browser.close()
  stranger.close()
  await authority.close()
  await rm(folder, { recursive: true })
})

let context: BrowserContext
beforeEach(async () => {
  if (hasBrowser) context = await browser.newContext({ ignoreHTTPSErrors: true })
})
afterEach(() => context?.close())

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
}

/** Asks as a script of the page does; the status, or that the browser let nothing through. */
function ask(page: Page, method: string, url: string, body?: object): Promise<number | 'blocked'> {
  return page.evaluate(
    async ([method, url, body]) => {
      try {
        const response = await fetch(url, {
          method,
          credentials: 'include',
          ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
        })
        return response.status
      } catch {
        return 'blocked' as const
      }
    },
    [method, url, body === undefined ? undefined : JSON.stringify(body)] as const,
  )
}

async function logIn(url: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(url)
  expect(await ask(page, 'POST', '/web/session', founder)).toBe(201)
  return page
}

describe.skipIf(!hasBrowser)('in a browser', () => {
  test('a session lasts over tabs and reloads, no script sees it, and it ends in all of them', async () => {
    const page = await logIn(authority.url())
    expect(await ask(page, 'GET', '/v1/users/current')).toBe(200)
    expect(await page.evaluate(() => document.cookie)).toBe('')
    const [cookie] = await context.cookies()
    expect(cookie).toMatchObject({ name: 'hallpass', httpOnly: true, sameSite: 'Lax', path: '/' })
    const second = await context.newPage()
    await second.goto(`${authority.url()}/dashboard/acme/tokens`)
    expect(await ask(second, 'POST', '/v1/orgs', { name: 'Made in a browser' })).toBe(201)
    await page.reload()
    expect(await ask(page, 'DELETE', '/web/session')).toBe(204)
    expect(await ask(second, 'GET', '/v1/users/current')).toBe(401)
    expect(await context.cookies()).toEqual([])
  })

  test('a session that ended elsewhere takes its cookie along', async () => {
    const page = await logIn(authority.url())
    await authority.restart((database) => database.exec('delete from sessions'))
    const again = await context.newPage()
    await again.goto(authority.url())
    expect(await context.cookies()).toHaveLength(1)
    expect(await ask(again, 'GET', '/v1/orgs')).toBe(401)
    expect(await context.cookies()).toEqual([])
    await page.close()
  })

  test.each([
    ['another site', 'localhost'],
    ['another port of the same host, to which the browser sends the cookie', '127.0.0.1'],
  ])('%s can do nothing with it', async (_where, host) => {
    await logIn(authority.url())
    const target = authority.url()
    const evil = await context.newPage()
    await evil.goto(`http://${host}:${strangerPort}/`)
    for (const [method, path, body] of [
      ['GET', '/v1/orgs', undefined],
      ['POST', '/v1/orgs', { name: 'Made by a stranger' }],
      ['DELETE', '/web/session', undefined],
      ['POST', '/web/session', founder],
    ] as const) {
      expect(await ask(evil, method, target + path, body), `${method} ${path}`).toBe('blocked')
    }
    // What needs no preflight is sent, and is nobody's.
    const sent = await evil.evaluate(async (url) => {
      const response = await fetch(url, {
        mode: 'no-cors',
        credentials: 'include',
        method: 'POST',
        body: '{"name":"x"}',
      })
      return response.type
    }, `${target}/v1/orgs`)
    expect(sent).toBe('opaque')

    for (const [action, method, type] of [
      ['/v1/orgs', 'post', 'text/plain'],
      ['/v1/orgs', 'post', 'application/x-www-form-urlencoded'],
      ['/web/session', 'post', 'text/plain'],
      ['/v1/users/current', 'get', 'application/x-www-form-urlencoded'],
    ] as const) {
      const form = await context.newPage()
      await form.goto(`http://${host}:${strangerPort}/`)
      const answered = form.waitForResponse((response) => response.url().startsWith(target))
      await form.evaluate(
        ([action, method, type]) => {
          const form = document.createElement('form')
          Object.assign(form, { action, method, enctype: type })
          const input = document.createElement('input')
          Object.assign(input, { name: '{"name":"Made by a form","x":"', value: '"}' })
          form.append(input)
          document.body.append(form)
          setTimeout(() => form.submit())
        },
        [target + action, method, type] as const,
      )
      expect([400, 401, 403, 415], `${method} ${action} ${type}`).toContain((await answered).status())
    }
    const page = await context.newPage()
    await page.goto(target)
    const organisations = await page.evaluate(async () => (await fetch('/v1/orgs')).text())
    expect(organisations).not.toMatch(/by a (?:stranger|form)/)
    expect(await ask(page, 'GET', '/v1/users/current')).toBe(200)
  })

  test('a link from elsewhere shows the page, and no data', async () => {
    await logIn(authority.url())
    for (const [path, status] of [
      ['/v1/users/current', 401],
      ['/dashboard/acme/tokens', 200],
    ] as const) {
      const link = await context.newPage()
      await link.goto(`http://localhost:${strangerPort}/`)
      const answered = link.waitForResponse(authority.url() + path)
      await link.evaluate((url) => void setTimeout(() => location.assign(url)), authority.url() + path)
      expect((await answered).status(), path).toBe(status)
    }
    // Nor can it be framed.
    const evil = await context.newPage()
    await evil.goto(`http://localhost:${strangerPort}/`)
    await evil.evaluate((url) => {
      const frame = document.createElement('iframe')
      frame.src = url
      document.body.append(frame)
      return new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }))
    }, authority.url())
    expect(
      await evil
        .frames()[1]
        ?.evaluate(() => document.body.textContent)
        .catch(() => 'none'),
    ).not.toContain('ours')
  })

  test('the page runs its own script and nothing that was put into it', async () => {
    const page = await context.newPage()
    await page.goto(authority.url())
    expect(await page.title()).toBe('ours')
    await page.click('p')
    expect(await page.title()).toBe('ours')
    const injected = await page.evaluate(() => {
      try {
        document.body.innerHTML = '<b>put in</b>'
        return 'put in'
      } catch (error) {
        return error instanceof TypeError ? 'refused' : 'failed'
      }
    })
    expect(injected).toBe('refused')
    const evaluated = await page.evaluate(() => {
      const element = document.createElement('script')
      try {
        element.textContent = `document.title = 'put in'`
        document.head.append(element)
      } catch {
        // Trusted Types refuse it before the policy does.
      }
      return document.title
    })
    expect(evaluated).toBe('ours')
  })

  test('a page speaks to this machine only where it hands over a code', async () => {
    const seen: string[] = []
    const waiting = createServer((request, response) => {
      seen.push(request.url ?? '')
      response.writeHead(200, { 'access-control-allow-origin': '*' }).end()
    })
    const url = `http://127.0.0.1:${await listen(waiting)}/callback`
    const page = await context.newPage()
    await page.goto(`${authority.url()}/account`)
    expect(await ask(page, 'GET', `${url}?from=account`)).toBe('blocked')
    await page.goto(`${authority.url()}/cli/some-id`)
    const sent = await page.evaluate(async (url) => (await fetch(url)).status, `${url}?from=cli`)
    expect(sent).toBe(200)
    expect(seen).toEqual(['/callback?from=cli'])
    waiting.close()
  })
})

const canMakeCertificates = hasBrowser && hasOpenssl()
if (!canMakeCertificates)
  process.stderr.write('skipped: without Chromium and openssl there is no TLS to put in front\n')

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe.skipIf(!canMakeCertificates)('behind a proxy that ends TLS', () => {
  let proxy: Server
  let secured: TestAuthority
  let publicUrl: string
  beforeAll(async () => {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'].concat([
        '-subj',
        '/CN=localhost',
        '-addext',
        'subjectAltName=DNS:localhost',
        '-keyout',
        key,
        '-out',
        cert,
      ]),
      { stdio: 'ignore' },
    )
    // As nginx does by default: the host is the one of the upstream.
    proxy = createTlsServer({ key: await readFile(key), cert: await readFile(cert) }, (request, response) => {
      const { hostname, port } = new URL(secured.url())
      const headers = {
        ...request.headers,
        host: 'upstream',
        'x-forwarded-for': request.socket.remoteAddress ?? '',
        'x-forwarded-proto': 'https',
      }
      const passed = forward({ hostname, port, path: request.url, method: request.method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
      request.pipe(passed)
    })
    publicUrl = `https://localhost:${await listen(proxy)}`
    secured = await startAuthority({ dashboard: folder, publicUrl, trustedProxies: ['127.0.0.1'] })
  })
  afterAll(async () => {
    proxy.close()
    await secured.close()
  })

  test('the cookie is bound to the host, and the session works', async () => {
    const page = await logIn(publicUrl)
    expect(await context.cookies()).toMatchObject([
      { name: '__Host-hallpass', secure: true, httpOnly: true, sameSite: 'Lax', path: '/' },
    ])
    expect(await ask(page, 'GET', '/v1/users/current')).toBe(200)
    expect(await ask(page, 'POST', '/v1/orgs', { name: 'Over TLS' })).toBe(201)
    expect(await ask(page, 'DELETE', '/web/session')).toBe(204)
    expect(await context.cookies()).toEqual([])
  })

  test('the way around the proxy is no way in', async () => {
    const page = await context.newPage()
    await page.goto(secured.url())
    expect(await ask(page, 'POST', '/web/session', founder)).toBe(403)
  })
})
