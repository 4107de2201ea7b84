// What a person reads where no authority answers: the real command against sockets that do everything else.
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'

import { afterEach, beforeAll, describe, expect, it } from 'vitest'

import { createClientAt } from './connect.ts'
import type { Context } from './context.ts'
import { readPages } from './pages.ts'
import { acme, listed } from './testing/answers.ts'
import { preparePlace } from './testing/hallpass.ts'
import { createStrangers, hasOpenssl } from './testing/strangers.ts'

const place = preparePlace()

const { listen, serve, serveHttp, close } = createStrangers()
afterEach(close)

const reading = ['orgs', 'list']
const writing = ['tokens', 'create', 'org', '-o', 'acme']

/** The one sentence that the command ends with. */
async function complaint(
  url: string,
  environment: Readonly<Record<string, string>> = {},
  words: readonly string[] = reading,
): Promise<string> {
  // Node.js itself reads this variable when it starts.
  const run = 'NODE_EXTRA_CA_CERTS' in environment ? place.runProgram : place.run
  const { code, stdout, stderr } = await run(words, {
    environment: { HALLPASS_API_URL: url, HALLPASS_API_TOKEN: 'fo1_held', ...environment },
  })
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^Error: .+\n$/)
  return stderr.slice('Error: '.length, -1)
}

describe('a connection that does not come about', () => {
  it('is reported with its reason: nobody listens, the name is unknown', async () => {
    const server = createServer()
    const port = await listen(server)
    await new Promise((resolve) => server.close(resolve))
    for (const host of ['127.0.0.1', 'localhost']) {
      expect(await complaint(`http://${host}:${port}`)).toBe(
        `nothing listens at http://${host}:${port}: does the authority run, and at this address?`,
      )
    }
    expect(await complaint('http://nobody.invalid')).toMatch(/^(?:the name|no name server answers for) nobody\.invalid/)
  })

  it('is reported if it ends before the answer, with a warning that a write may have been done', async () => {
    const closing = await serve((socket) => socket.destroy())
    expect(await complaint(closing)).toBe(
      `${closing} closed the connection without an answer: where it speaks TLS, begin the address with https://`,
    )
    const done = '; it may have been done all the same: look before you try it again'
    expect(await complaint(closing, {}, writing)).toContain(done)
    const half = await serve((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{'))
    expect(await complaint(half)).toBe(`what ${half} answered broke off before its end`)
    expect(await complaint(half, {}, writing)).toContain(done)
    const other = await serve((socket) => socket.end('SSH-2.0-OpenSSH_10.0\r\n'))
    expect(await complaint(other)).toMatch(/does not speak HTTP/)
  })

  it('is reported if nobody answers in time', async () => {
    const silent = await serve(() => undefined)
    const client = createClientAt({ environment: {} } as Context, silent, { timeout: 50 })
    await expect(client.listOrganisations()).rejects.toThrow(`${silent} did not answer within 0.05 seconds`)
    await expect(client.deleteOrganisation({ org_slug: 'acme' })).rejects.toThrow('it may have been done all the same')
  })
})

describe.skipIf(!hasOpenssl)('TLS', () => {
  let certificate: string
  let tls: { readonly key: Buffer; readonly cert: Buffer }
  beforeAll(async () => {
    certificate = join(place.directory, 'certificate.pem')
    const key = join(place.directory, 'key.pem')
    const names = 'subjectAltName=DNS:authority.test,IP:127.0.0.1'
    const making = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
    const files = ['-keyout', key, '-out', certificate]
    execFileSync('openssl', ['req', '-x509', ...making, ...files, '-subj', '/CN=authority.test', '-addext', names], {
      stdio: 'ignore',
    })
    tls = { key: await readFile(key), cert: await readFile(certificate) }
  })

  const listOrganisations: RequestListener = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ orgs: [acme] }))
  }

  it('names the variable for a certificate that nobody has signed, which then works', async () => {
    const port = await listen(createTlsServer(tls, listOrganisations))
    const url = `https://127.0.0.1:${port}`
    const untrusted = await complaint(url)
    expect(untrusted).toContain(`nobody whom this machine trusts has signed the certificate of ${url}`)
    expect(untrusted).toContain('let NODE_EXTRA_CA_CERTS name a PEM file')
    const environment = { HALLPASS_API_URL: url, HALLPASS_API_TOKEN: 'fo1_held', NODE_EXTRA_CA_CERTS: certificate }
    expect(await place.runProgram(reading, { environment })).toMatchObject({ code: 0, stderr: '' })
    const other = await complaint(`https://localhost:${port}`, { NODE_EXTRA_CA_CERTS: certificate })
    expect(other).toContain('is for other names than localhost')
  })

  it('is distinguished from plain HTTP, in both directions', async () => {
    const plain = (await serveHttp(listOrganisations)).replace('http:', 'https:')
    expect(await complaint(plain)).toContain(`${plain} does not speak TLS`)
    const secure = `http://127.0.0.1:${await listen(createTlsServer(tls))}`
    expect(await complaint(secure)).toContain('where it speaks TLS, begin the address with https://')
    for (const page of [
      'The plain HTTP request was sent to HTTPS port',
      'Client sent an HTTP request to an HTTPS server.',
    ]) {
      const polite = await serveHttp((_request, response) => response.writeHead(400).end(page))
      expect(await complaint(polite)).toBe(`${polite} speaks TLS: begin the address with https://`)
    }
  })

  it('goes through the proxy that HTTPS_PROXY names', async () => {
    const port = await listen(createTlsServer(tls, listOrganisations))
    const asked: string[] = []
    const proxy = createHttpServer().on('connect', (request, socket: Socket) => {
      asked.push(request.url ?? '')
      const through = connect(port, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
      through.on('error', () => socket.destroy()).pipe(socket)
      socket.on('error', () => through.destroy()).pipe(through)
    })
    const environment = {
      HALLPASS_API_URL: 'https://authority.test',
      HALLPASS_API_TOKEN: 'fo1_held',
      NODE_EXTRA_CA_CERTS: certificate,
      // Many leave the scheme away.
      HTTPS_PROXY: `127.0.0.1:${await listen(proxy)}`,
    }
    expect(await place.runProgram(reading, { environment })).toMatchObject({ code: 0, stderr: '' })
    expect(asked).toEqual(['authority.test:443'])
  })
})

describe('a proxy', () => {
  it('is asked as HTTP_PROXY and NO_PROXY say, and never about this machine', async () => {
    const seen: string[] = []
    const proxy = await serveHttp((request, response) => {
      seen.push(request.url ?? '')
      response.writeHead(200).end(JSON.stringify({ orgs: [] }))
    })
    const run = (url: string, environment: Readonly<Record<string, string>> = {}) =>
      place.run(reading, {
        environment: { HALLPASS_API_URL: url, HALLPASS_API_TOKEN: 'fo1_held', http_proxy: proxy, ...environment },
      })
    expect(await run('http://authority.test')).toMatchObject({ code: 0 })
    expect(seen).toEqual(['http://authority.test/v1/orgs'])
    for (const NO_PROXY of ['.invalid', 'invalid', 'x.test,*.invalid']) {
      expect((await run('http://authority.invalid', { NO_PROXY })).stderr).toContain('authority.invalid')
    }
    const here = await serveHttp((_request, response) => response.writeHead(200).end(JSON.stringify({ orgs: [] })))
    for (const url of [here, here.replace('127.0.0.1', 'localhost')]) expect(await run(url)).toMatchObject({ code: 0 })
    expect(seen).toHaveLength(1)
  })

  it.each(['*', 'x.test, *', '0.0.0.0', '0.0.0.0/8', '10.0.0.0/8 0.0.0.0/0'])(
    'is not asked about what NO_PROXY=%s leaves out',
    async (exceptions) => {
      const here = await serveHttp((_request, response) => response.writeHead(200).end(JSON.stringify({ orgs: [] })))
      const run = (NO_PROXY: string) =>
        place.run(reading, {
          environment: {
            // This machine, under an address that does not say so.
            HALLPASS_API_URL: here.replace('127.0.0.1', '0.0.0.0'),
            HALLPASS_API_TOKEN: 'fo1_held',
            http_proxy: 'http://127.0.0.1:1',
            NO_PROXY,
          },
        })
      expect(await run(exceptions)).toMatchObject({ code: 0, stderr: '' })
      expect(await run('10.0.0.0/8')).toMatchObject({ code: 1, stdout: '' })
    },
  )

  it('that refuses, is away or makes no sense is named by its variable', async () => {
    const refusing = createHttpServer().on('connect', (_request, socket: Socket) => {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
    })
    const secret = `http://ada:secret@127.0.0.1:${await listen(refusing)}`
    expect(await complaint('https://authority.test', { HTTPS_PROXY: secret })).toBe(
      'the proxy that HTTPS_PROXY names does not lead to https://authority.test: it answered 407, for it wants a name and a password',
    )
    const asking = await serveHttp((_request, response) => response.writeHead(407).end())
    expect(await complaint('http://authority.test', { http_proxy: asking })).toBe(
      'the proxy that http_proxy names does not lead to http://authority.test: it answered 407, for it wants a name and a password',
    )
    expect(await complaint(asking)).toContain('the proxy on the way does not lead to')
    const gone = createServer()
    const port = await listen(gone)
    await new Promise((resolve) => gone.close(resolve))
    expect(await complaint('http://authority.test', { HTTP_PROXY: `http://127.0.0.1:${port}` })).toBe(
      'the proxy that HTTP_PROXY names cannot be reached (ECONNREFUSED)',
    )
    for (const HTTPS_PROXY of ['socks5://secret:x@h', '"http://secret:x@h:1"', "'h:1'", 'http://h: 1']) {
      const environment = { HALLPASS_API_URL: 'https://a.test', HALLPASS_API_TOKEN: 'fo1_x', HTTPS_PROXY }
      const { code, stderr } = await place.run(reading, { environment })
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: 'Error: HTTPS_PROXY is not the address of an HTTP proxy: write it like http://proxy.example:3128\n',
      })
    }
  })

  it.each([
    [502, {}, 'a proxy before it gets no answer from the authority'],
    [503, {}, 'a proxy before it gets no answer from the authority'],
    [504, {}, 'a proxy before it gets no answer from the authority'],
    [429, { 'retry-after': '7' }, 'too many requests come from here; try again in 7 seconds'],
    [429, {}, 'try again later'],
    [413, {}, 'what was sent is longer than a proxy before it lets through'],
    [431, {}, 'the token is longer than a proxy before it lets through in a header'],
  ])('that answers %i in the place of the authority is named', async (status, headers, words) => {
    const url = await serveHttp((_request, response) => response.writeHead(status, headers).end('<html>no</html>'))
    const said = await complaint(url)
    expect(said).toContain(`${url} answered ${status} in an authority's place: `)
    expect(said).toContain(words)
    expect(said).not.toContain('address right')
  })
})

it.each([
  [400, '<center>Request Header Or Cookie Too Large</center>', 'large_client_header_buffers of nginx'],
  [400, '<h1>400 Bad request</h1>\nYour browser sent an invalid request.\n', 'tune.bufsize of HAProxy'],
  [404, '404 page not found', 'it is older than this hallpass'],
])('that answers %i with %j is explained', async (status, text, words) => {
  const url = await serveHttp((_request, response) => response.writeHead(status).end(text))
  const said = await complaint(url)
  expect(said).toContain(words)
  expect(said).not.toContain('address right')
})

describe('who is no authority', () => {
  it('leads elsewhere, and nothing goes there', async () => {
    const seen: string[] = []
    const there = await serveHttp((request, response) => {
      seen.push(request.url ?? '')
      response.end()
    })
    const moved = await serveHttp(({ url }, response) => response.writeHead(308, { location: `${there}${url}` }).end())
    expect(await complaint(moved)).toBe(`${moved} redirects to ${there}: where you trust that, give it as the address`)
    const login = await serveHttp((_request, response) => response.writeHead(302, { location: '/sso?secret=1' }).end())
    expect(await complaint(login)).toBe(
      `${login} redirects to ${login}/sso, and not to an authority: is the address right?`,
    )
    const nowhere = await serveHttp((_request, response) => response.writeHead(302).end())
    expect(await complaint(nowhere)).toContain('leads nowhere')
    expect(seen).toEqual([])
    const strange = await serveHttp((_request, response) => response.writeHead(302, { location: 'a:b' }).end())
    expect(await complaint(strange)).toContain('answers with a redirect that leads nowhere')
  })

  it.each([
    ['an object of nothing', '{}', 'has no orgs'],
    ['null', 'null', 'is of another form'],
    ['nothing', '', 'says nothing'],
    ['a page', '<html></html>', 'is no JSON'],
    ['lists of other things', '{"orgs":[{"slug":7}]}', 'has another form in orgs.0.slug'],
    [
      'half of it',
      JSON.stringify({ orgs: [{ ...acme, tokens_may_mint: undefined }] }),
      'has no orgs.0.tokens_may_mint',
    ],
  ])('says %s, which one sentence explains', async (_what, body, problem) => {
    const url = await serveHttp((_request, response) => response.writeHead(200).end(body))
    expect(await complaint(url)).toBe(
      `what ${url} answered to GET /v1/orgs ${problem}: no Hallpass authority of this version answers so; is the address right?`,
    )
  })

  const packed = brotliCompressSync('{"orgs":[]}')
  it.each([
    ['gzip', Buffer.from('{"orgs":[]}'), 'cannot be unpacked as gzip, as its content-encoding says'],
    ['deflate', Buffer.from('{"orgs":[]}'), 'cannot be unpacked as deflate, as its content-encoding says'],
    ['br', Buffer.from('{"orgs":[]}'), 'cannot be unpacked as br, as its content-encoding says'],
    ['zstd', packed, 'cannot be unpacked as zstd, as its content-encoding says'],
    ['snappy', packed, 'is packed as snappy, which nobody here unpacks'],
    ['', Buffer.from('{"orgs":[],"orgs":[]}'), 'has the member "orgs" twice in one object'],
  ])(
    'packs as %s what is not packed, or has a member twice, which is reported at every status',
    async (packing, body, problem) => {
      let status = 200
      const url = await serveHttp((_request, response) =>
        response.writeHead(status, packing === '' ? {} : { 'content-encoding': packing }).end(body),
      )
      expect(await complaint(url)).toContain(`answered to GET /v1/orgs ${problem}: no Hallpass`)
      status = 502
      expect(await complaint(url)).toContain(`answered to GET /v1/orgs ${problem}: no Hallpass`)
      status = 201
      expect(await complaint(url, {}, writing)).toMatch(
        / no Hallpass .* answers so; it may have been done all the same/,
      )
    },
  )

  it('packs in too many ways', async () => {
    const packings = 'gzip, '.repeat(6).slice(0, -2)
    const url = await serveHttp((_request, response) => {
      response.writeHead(200, { 'content-encoding': packings }).end('x')
    })
    expect(await complaint(url)).toContain(`is packed as ${packings}, which nobody here unpacks`)
  })

  it('answers 200 to everything, and is not believed', async () => {
    const url = await serveHttp((_request, response) => response.writeHead(200).end())
    for (const words of [
      ['orgs', 'delete', 'acme', '-y'],
      ['orgs', 'remove', 'acme', 'a@example.com', '-y'],
    ]) {
      expect(await complaint(url, {}, words)).toMatch(/has the status 200, where 20[24] was due|says nothing/)
    }
    expect(await complaint(url, {}, ['auth', 'whoami'])).toContain('says nothing')
  })
})

describe('a list without an end', () => {
  it.each([
    ['empty pages', 0],
    ['full pages', 1000],
  ])('of %s is stopped', async (_what, length) => {
    let asked = 0
    const items = Array.from({ length }, () => listed(1))
    const reading = readPages(() => Promise.resolve({ items, next: String((asked += 1)) }))
    await expect(reading).rejects.toThrow('the list does not end')
    expect(asked).toBeLessThan(1100)
  })
})
