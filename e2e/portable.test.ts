// The macaroon package and the guard where there is no Node: in a page, in a worker, and where WebAssembly is forbidden.
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { resolve } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { gzipSync } from 'node:zlib'

import type { Browser, Page } from 'playwright-core'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { createVerifier } from '../packages/authority/src/main.ts'
import { hasBrowser, launchBrowser } from './dashboard.ts'
import { mint, revoke } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

let script = ''
let scriptOfNode = ''
beforeAll(async () => {
  script = await bundle("export * from '@hallpass/macaroon'")
  scriptOfNode = await bundle("export * from '@hallpass/macaroon'", ['node'])
})

/**
 * What this module exports, as one script that leaves `hallpass` behind; what imports Node cannot be bundled so. With the
 * condition `node` it is what Node loads, WebAssembly included.
 */
async function bundle(source: string, conditionNames: readonly string[] = []): Promise<string> {
  const entry = resolve(import.meta.dirname, 'entry.ts')
  const building = await rolldown({
    input: entry,
    platform: 'browser',
    resolve: { conditionNames: ['import', ...conditionNames] },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? id : null),
        load: (id) => (id === entry ? source : null),
      },
    ],
    onLog(_level, log) {
      throw new Error(log.message)
    },
  })
  const { output } = await building.generate({ format: 'iife', name: 'hallpass', minify: true })
  await building.close()
  return output[0].code
}

/** What runs there: mint, narrow, write, read, verify, clear. Plain text, for it is evaluated far away. */
const session = `(() => {
  const { mintMacaroon, attenuate, formatAuthorization, parseAuthorization, decodeMacaroon, verify, clear, actions, tokenId } = hallpass
  const bytes = (length, start) => Uint8Array.from({ length }, (_, index) => start + index)
  const key = bytes(32, 1)
  const minted = mintMacaroon({ kid: bytes(16, 40), rnd: bytes(16, 80), location: 'https://api.fly.io/v1', key,
    caveats: [{ type: 'Organization', id: 12n, mask: actions.any }, { type: 'IsMember' }] })
  const narrowed = attenuate(minted, [{ type: 'Action', mask: actions.read }])
  const header = formatAuthorization([narrowed.bytes])
  const verified = verify(decodeMacaroon(parseAuthorization(header).macaroons[0]), key)
  const may = (action) => clear(verified, [{ action, orgId: 12n, now: 1000 }]).allowed
  let forged = 'verified'
  try { verify(decodeMacaroon(parseAuthorization(header).macaroons[0]), bytes(32, 2)) } catch (error) { forged = error.code }
  return JSON.stringify({ header, id: tokenId(verified.nonce), read: may(actions.read), write: may(actions.write), forged,
    node: typeof process + typeof Buffer + typeof require })
})()`

function runWithoutNode(code: string, webAssembly: boolean): string {
  // What every JavaScript engine has, and nothing of Node: a context of its own.
  const context = createContext({}, { codeGeneration: { strings: false, wasm: webAssembly } })
  runInContext(code, context)
  return String(runInContext(session, context))
}

describe('the macaroon package', () => {
  test('does its work in a bare engine, and says what it should', () => {
    expect(JSON.parse(runWithoutNode(script, true))).toEqual({
      header: expect.stringMatching(/^FlyV1 fm2_/),
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      read: true,
      write: false,
      forged: 'forged',
      node: 'undefinedundefinedundefined',
    })
  })

  test('does the same with WebAssembly, which Node loads, and where that is forbidden', () => {
    expect(scriptOfNode).toContain('WebAssembly')
    expect(runWithoutNode(scriptOfNode, true)).toBe(runWithoutNode(script, true))
    expect(runWithoutNode(scriptOfNode, false)).toBe(runWithoutNode(script, true))
  })

  test('brings a page no WebAssembly', () => {
    expect(script).not.toContain('WebAssembly')
  })

  // With the portable kernel wherever a kernel is needed; shared modules of doors come once.
  test.each([
    [28_500, 'all of the main door', "export * from '@hallpass/macaroon'"],
    [
      23_600,
      'what verifies and clears',
      "export { parseAuthorization, decodeMacaroon, verify, clear, actions } from '@hallpass/macaroon'",
    ],
    [14_500, 'the JSON of caveats alone', "export * from '@hallpass/macaroon/json'"],
    [7_700, 'naming tokens alone', "export * from '@hallpass/macaroon/name'"],
    [3_450, 'narrowing alone', "export * from '@hallpass/macaroon/narrow'"],
    [22_950, 'what is internal alone', "export * from '@hallpass/macaroon/internal'"],
    [17_300, 'explaining alone', "export * from '@hallpass/macaroon/explain'"],
    [
      37_950,
      'all doors together',
      "export * from '@hallpass/macaroon'; export * from '@hallpass/macaroon/json'; export * from '@hallpass/macaroon/explain'",
    ],
  ])('takes at most %i bytes, compressed: %s', async (most, _what, source) => {
    expect(gzipSync(await bundle(source), { level: 9 }).length).toBeLessThanOrEqual(most)
  })

  test('has no door that is not weighed here', () => {
    const manifest = JSON.parse(readFileSync(resolve(import.meta.dirname, '../packages/macaroon/package.json'), 'utf8'))
    expect(Object.keys(manifest.exports)).toEqual(['.', './explain', './internal', './json', './name', './narrow'])
  })
})

describe('the guard', () => {
  const prepared = prepareAuthority()
  const { ask, admin, authority } = prepared
  const slug = prepareOrganisation(prepared)

  test('needs nothing but what browsers and workers have', async () => {
    const { token, id } = await mint(ask, admin.token, slug)
    const { secret } = await createVerifier({ dataDirectory: authority.directory, name: 'worker', now: Date.now() })
    const credential = secret.reveal()
    await vi.waitUntil(async () => (await ask('GET', '/v1/revocations', { token: credential })).status === 200, 10_000)
    const offered = { fetch, TextDecoder, TextEncoder, URL, URLSearchParams, AbortController, AbortSignal, crypto }
    const timers = { performance, setTimeout, clearTimeout, queueMicrotask, atob, btoa }
    const context = createContext({ ...offered, ...timers }, { codeGeneration: { strings: false, wasm: false } })
    runInContext(await bundle("export { createGuard } from '@hallpass/guard'"), context)
    const options = JSON.stringify({ authority: authority.url(), credential })
    runInContext(`guard = hallpass.createGuard(${options})`, context)
    const question = `guard.allow(${JSON.stringify(token)}, { org_slug: ${JSON.stringify(slug)}, action: 'r' })`
    const allow = async () => (await runInContext(question, context)) as { readonly allowed: boolean }
    await runInContext('guard.ready()', context)
    expect(await allow()).toMatchObject({ allowed: true })
    expect(runInContext(`${question} instanceof Promise`, context)).toBe(false)
    await revoke(ask, admin.token, id)
    await expect.poll(allow).toMatchObject({ allowed: false, status: 401 })
    runInContext('guard.close()', context)
  })
})

describe.skipIf(!hasBrowser)('in Chromium', () => {
  let server: Server
  let browser: Browser
  let url = ''
  beforeAll(async () => {
    server = createServer(answer).listen(0, '127.0.0.1')
    await new Promise((listening) => server.once('listening', listening))
    const address = server.address()
    url = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser.close()
    server.close()
  })

  async function open(path: string): Promise<{ readonly page: Page; readonly outcome: string }> {
    const page = await browser.newPage()
    await page.goto(url + path)
    await page.waitForFunction('globalThis.outcome !== undefined')
    return { page, outcome: String(await page.evaluate('globalThis.outcome')) }
  }

  test.each([
    ['a page', '/page'],
    ['a page that forbids eval and WebAssembly', '/strict'],
    ['a worker', '/worker-page'],
  ])('%s comes to the same', async (_place, path) => {
    const { page, outcome } = await open(path)
    expect(outcome).toBe(runWithoutNode(script, true))
    await page.close()
  })

  /** Everything from one origin; the strict page allows scripts of its own, and neither eval nor WebAssembly. */
  function answer(request: IncomingMessage, response: ServerResponse): void {
    const run = `globalThis.outcome = ${session}`
    const scripts: Readonly<Record<string, string>> = {
      '/page.js': `${script}\n${run}`,
      '/worker.js': `${script}\npostMessage(${session})`,
      '/start-worker.js': `new Worker('/worker.js').onmessage = ({ data }) => { globalThis.outcome = data }`,
    }
    const body = scripts[request.url ?? '']
    if (body !== undefined) {
      response.setHeader('content-type', 'text/javascript').end(body)
      return
    }
    if (request.url === '/strict') response.setHeader('content-security-policy', "default-src 'self'")
    const source = request.url === '/worker-page' ? '/start-worker.js' : '/page.js'
    response
      .setHeader('content-type', 'text/html')
      .end(`<!doctype html><title>x</title><script src="${source}"></script>`)
  }
})
