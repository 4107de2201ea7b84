// The files of the dashboard as they are served: which paths are pages, their headers, and which paths are not found.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { get, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { startAuthority, type TestAuthority } from './authority.ts'

const script = `// ${'a script '.repeat(200)}`
const page = '<!doctype html><title>Hallpass</title>'
const asPage = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

let folder: string
let authority: TestAuthority
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hallpass-pages-'))
  await mkdir(join(folder, 'assets'))
  await writeFile(join(folder, 'index.html'), page)
  await writeFile(join(folder, 'secret.txt'), 'not for you')
  await writeFile(join(folder, 'assets/.hidden'), 'not for you')
  for (const [name, bytes] of [
    ['app-Ab_c-1.js', script],
    ['app-Ab_c-1.js.gz', gzipSync(script)],
    ['app-Ab_c-1.js.br', brotliCompressSync(script)],
  ] as const) {
    await writeFile(join(folder, 'assets', name), bytes)
  }
  authority = await startAuthority({ dashboard: folder, publicUrl: 'https://hallpass.example.com' })
})
afterAll(async () => {
  await authority.close()
  await rm(folder, { recursive: true })
})

interface Fetched {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Without the help of `fetch`, which decodes and tidies paths. */
function load(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Fetched> {
  const { hostname, port } = new URL(authority.url())
  return new Promise((resolve, reject) => {
    get({ hostname, port, path, headers, method, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }),
      )
    }).on('error', reject)
  })
}

const pages = [
  '/',
  '/login',
  '/setup',
  '/invite',
  '/account',
  '/inspect',
  '/orgs',
  '/cli/some-id',
  '/discharge/some-id',
  '/dashboard/acme',
  '/dashboard/acme/tokens',
  '/dashboard/acme/machines',
  '/dashboard/acme/tokens/6fd1f7f8-0000-4000-8000-000000000000',
]

describe('a page', () => {
  test.each(pages)('%s is the one page, as strict as can be', async (path) => {
    const { status, headers, body } = await load(path, asPage)
    expect(status).toBe(200)
    expect(body.toString()).toBe(page)
    const policy = new Map(
      String(headers['content-security-policy'])
        .split('; ')
        .map((directive) => [directive.split(' ')[0], directive.split(' ').slice(1).join(' ')] as const),
    )
    expect(Object.fromEntries(policy)).toMatchObject({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'form-action': "'self'",
      'frame-ancestors': "'none'",
      'base-uri': "'none'",
      'require-trusted-types-for': "'script'",
      'connect-src': path.startsWith('/cli/') ? "'self' http://127.0.0.1:*" : "'self'",
    })
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'strict-transport-security': 'max-age=31536000',
    })
    expect(headers['permissions-policy']).toContain('camera=()')
  })

  test('is asked for again and again, and sent where it has changed', async () => {
    const first = await load('/', asPage)
    const again = await load('/', { ...asPage, 'if-none-match': String(first.headers['etag']) })
    expect(again.status).toBe(304)
    expect(again.headers['content-security-policy']).toBe(first.headers['content-security-policy'])
    await writeFile(join(folder, 'index.html'), `${page}<p>changed</p>`)
    const changed = await load('/', { ...asPage, 'if-none-match': String(first.headers['etag']) })
    expect(changed.status).toBe(200)
    await writeFile(join(folder, 'index.html'), page)
  })

  test('is for browsers: a program with a wrong path gets an error', async () => {
    for (const accept of ['application/json', '*/*', '']) {
      expect((await load('/orgs', { accept })).status).toBe(404)
    }
    expect((await load('/', {})).status).toBe(404)
    expect((await load('/', asPage, 'HEAD')).status).toBe(200)
    // There are only pages. The answer is one of the API, whose clients send such requests.
    expect((await load('/orgs', asPage, 'POST')).status).toBe(501)
    // Clients of Java say by themselves that they take HTML, and an address of the API is none of a page.
    const java = { accept: 'text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2' }
    for (const path of ['/v1/apps/x/y/z/w', '/v1/nope', '/graphql', '/api/v1/x', '/aaa/v1/x']) {
      expect([path, (await load(path, java)).status]).toEqual([path, 501])
    }
  })

  test.each([
    '/nowhere',
    '/index.html',
    '/secret.txt',
    '/dashboard/acme/tokens/id/more',
    '//example.com/login',
    '/%2e%2e//example.com',
    '/cli',
    '/assets',
    '/assets/',
    '/assets/none.js',
    '/assets/.hidden',
    '/assets/../secret.txt',
    '/assets/..%2fsecret.txt',
    '/assets/%2e%2e/secret.txt',
    '/assets//app-Ab_c-1.js',
    '/assets/./app-Ab_c-1.js',
    '/assets/%00',
    '/assets/app-Ab_c-1.js/',
  ])('%s is none', async (path) => {
    const { status, body } = await load(path, asPage)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(405)
    expect(body.toString()).not.toContain('not for you')
  })
})

describe('an address that is nearly one of a page', () => {
  test.each([
    ['/dashboard', '/'],
    ['/dashboard/', '/'],
    ['/Dashboard//', '/'],
    ['//', '/'],
    ['/login/', '/login'],
    ['/LOGIN?return_to=%2Forgs', '/login?return_to=%2Forgs'],
    ['/orgs//?a=b?c', '/orgs?a=b?c'],
    ['//login', '/login'],
    ['/invite/', '/invite'],
    ['/CLI/Some-Id', '/cli/Some-Id'],
    ['/discharge/Some-Id/', '/discharge/Some-Id'],
    ['/dashboard/acme/', '/dashboard/acme'],
    ['/DASHBOARD/Acme/Tokens', '/dashboard/acme/tokens'],
    ['/dashboard/acme/tokens/', '/dashboard/acme/tokens'],
    ['/dashboard//acme/tokens/6FD1-x', '/dashboard/acme/tokens/6FD1-x'],
  ])('%s leads to %s', async (path, meant) => {
    const { status, headers } = await load(path, asPage)
    expect(status).toBe(302)
    expect(headers.location).toBe(meant)
    expect(headers['cache-control']).toBe('no-store')
    const { status: there, headers: those } = await load(meant, asPage)
    expect(there).toBe(200)
    expect(those['content-type']).toBe('text/html; charset=utf-8')
  })

  test('and a browser that navigates to a wrong one gets a page', async () => {
    for (const path of ['/nowhere', '/dashboard/acme/tokens/id/more', '//example.com/login']) {
      const { status, headers, body } = await load(path, asPage)
      expect(status).toBe(404)
      expect(headers.location).toBeUndefined()
      expect(headers['content-security-policy']).toContain("default-src 'none'")
      expect(body.toString()).toBe(page)
      expect((await load(path, { accept: '*/*' })).body.toString()).not.toBe(page)
    }
    expect((await load('/dashboard/', { accept: '*/*' })).status).toBe(404)
    expect((await load('/nowhere', asPage, 'POST')).headers['content-type']).not.toContain('text/html')
  })
})

describe('an asset', () => {
  test.each([
    ['br', 'gzip, deflate, br', brotliDecompressSync],
    ['gzip', 'gzip', gunzipSync],
    [undefined, 'identity', (bytes: Buffer) => bytes],
  ])('comes compressed beforehand as %s, and is kept for good', async (encoding, accepted, decode) => {
    const { status, headers, body } = await load('/assets/app-Ab_c-1.js', { 'accept-encoding': accepted })
    expect(status).toBe(200)
    expect(headers['content-encoding']).toBe(encoding)
    expect(decode(body).toString()).toBe(script)
    expect(headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': expect.stringMatching(/^(?:application|text)\/javascript; charset=utf-8$/) as string,
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      vary: 'accept-encoding',
    })
  })
})

test('where the dashboard is not built, the front door says how to build it', async () => {
  const bare = await startAuthority({ dashboard: join(folder, 'nothing') })
  const answer = await fetch(bare.url(), { headers: asPage })
  expect(answer.status).toBe(503)
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(answer.headers.get('strict-transport-security')).toBeNull()
  expect(await answer.text()).toContain('npm run build:dashboard')
  expect((await bare.ask('GET', '/healthz')).status).toBe(200)
  await bare.close()
})
