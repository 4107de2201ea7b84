// What a person reads where somebody answers, and not as HTTP or TLS have it: our own transport against real sockets.
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { gzipSync } from 'node:zlib'

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { createClientAt } from './connect.ts'
import type { Context } from './context.ts'
import { createStrangers, hasOpenssl } from './testing/strangers.ts'

const { listen, serve, serveHttp, close } = createStrangers()
afterEach(close)

const done = '; it may have been done all the same: look before you try it again'

/** What is said of a request that reads, and of one that writes. */
async function complaints(
  url: string,
  environment = {},
  timeout = 20_000,
): Promise<{ reading: string; writing: string }> {
  const client = createClientAt({ environment } as Context, url, { timeout })
  const said = (asked: Promise<unknown>) =>
    asked.then(
      () => 'nothing',
      (error: Error) => error.message,
    )
  return {
    reading: await said(client.listOrganisations()),
    writing: await said(client.deleteOrganisation({ org_slug: 'acme' })),
  }
}

const head = 'HTTP/1.1 200 OK\r\n'
const chunked = `${head}transfer-encoding: chunked\r\n\r\n`
const noHttp = 'does not speak HTTP'
const brokeOff = 'broke off before its end'
const closed = 'closed the connection without an answer'

describe('bytes that are no answer are named, with a warning that a write may have been done', () => {
  it.each<readonly [name: string, bytes: string | Uint8Array, words: string]>([
    ['two lengths', `${head}content-length: 2\r\ncontent-length: 3\r\n\r\n{}x`, noHttp],
    ['a length that is none', `${head}content-length: x\r\n\r\n{}`, noHttp],
    ['a length without an end', `${head}content-length: ${'9'.repeat(30)}\r\n\r\n{}`, noHttp],
    ['a length below zero', `${head}content-length: -1\r\n\r\n{}`, noHttp],
    [
      'a length beside chunks',
      `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
      noHttp,
    ],
    ['a length past the end', `${head}content-length: 9\r\n\r\n{}`, brokeOff],
    ['a chunk without a size', `${chunked}zz\r\n{}\r\n0\r\n\r\n`, `${brokeOff} (HPE_INVALID_CHUNK_SIZE)`],
    ['a chunk longer than it says', `${chunked}1\r\n{}\r\n0\r\n\r\n`, brokeOff],
    ['half a chunk', `${chunked}5\r\n{}`, brokeOff],
    ['chunks without an end', `${chunked}2\r\n{}\r\n`, brokeOff],
    ['nothing', '', closed],
    ['half a status', 'HTTP/1.1 20', closed],
    ['half a head', `${head}content-le`, closed],
    ['an announcement alone', 'HTTP/1.1 100 Continue\r\n\r\n', closed],
    ['announcements without an end', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(200), noHttp],
    ['the status 000', 'HTTP/1.1 000 None\r\ncontent-length: 0\r\n\r\n', 'answered 0 as no Hallpass authority does'],
    ['the status 999', 'HTTP/1.1 999 Denied\r\ncontent-length: 0\r\n\r\n', 'answered 999 as no'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n', noHttp],
    ['a status in letters', 'HTTP/1.1 abc OK\r\n\r\n', noHttp],
    ['another protocol', 'HTTP/1.1 101 Over\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n', 'answered 101 as no'],
    ['another protocol without its name', 'HTTP/1.1 101 Over\r\n\r\n', 'answered 101 as no'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', noHttp],
    ['a frame of HTTP/2', Uint8Array.of(0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100), noHttp],
    ['HTTP/9.9', 'HTTP/9.9 200 OK\r\n\r\n', noHttp],
    ['HTTP/0.9', '<html></html>', noHttp],
    ['SSH', 'SSH-2.0-OpenSSH_10.0\r\n', noHttp],
    ['a header longer than is taken', `${head}x: ${'y'.repeat(70_000)}\r\n\r\n{}`, 'sends more headers than is taken'],
    ['NUL in a header', `${head}x: a\0b\r\n\r\n{}`, noHttp],
    ['a header on two lines', `${head}x: a\r\n b\r\n\r\n{}`, noHttp],
    ['lines that end as on Unix', 'HTTP/1.1 200 OK\ncontent-length: 2\n\n{}', noHttp],
    [
      'half of what is packed',
      Buffer.concat([Buffer.from(`${head}content-encoding: gzip\r\n\r\n`), gzipSync('{"orgs":[]}').subarray(0, 20)]),
      'cannot be unpacked as gzip',
    ],
    [
      'less than all that is packed',
      Buffer.concat([
        Buffer.from(`${head}content-encoding: gzip\r\ncontent-length: 99\r\n\r\n`),
        gzipSync('{"orgs":[]}').subarray(0, 20),
      ]),
      brokeOff,
    ],
    ['what was not changed', 'HTTP/1.1 304 Not Modified\r\n\r\n', 'serves answers from its cache'],
  ])('%s', async (_name, bytes, words) => {
    const { reading, writing } = await complaints(await serve((socket) => socket.end(bytes)))
    expect(reading).toContain(words)
    expect(reading).not.toContain('no authority answers')
    expect(reading).not.toContain('all the same')
    expect(writing).toMatch(/it may have been done all the same/)
  })

  it('a connection that is torn down before and within the answer', async () => {
    const torn = await complaints(await serve((socket) => socket.resetAndDestroy()))
    expect(torn.reading).toContain(closed)
    expect(torn.writing).toContain(closed + ': where it speaks TLS, begin the address with https://' + done)
    const within = (socket: Socket) =>
      socket.write(`${head}content-length: 9\r\n\r\n{`, () => setImmediate(() => socket.resetAndDestroy()))
    const half = await complaints(await serve(within))
    expect(half.writing).toMatch(/broke off before its end; it may|closed the connection without an answer.*; it may/)
  })

  it.each([
    ['before the answer', ''],
    ['within its head', head],
    ['within its body', `${head}content-length: 9\r\n\r\n{`],
  ])('silence %s', async (_where, bytes) => {
    const url = await serve((socket) => void socket.write(bytes))
    const { reading, writing } = await complaints(url, {}, 50)
    expect(reading).toBe(`${url} did not answer within 0.05 seconds`)
    expect(writing).toBe(reading + done)
  })
})

it.each(['gzip', 'deflate', 'br', 'zstd'])('an answer without a body is not unpacked as %s', async (packing) => {
  for (const framing of ['content-length: 0\r\n\r\n', 'transfer-encoding: chunked\r\n\r\n0\r\n\r\n']) {
    const url = await serve((socket) => socket.end(`${head}content-encoding: ${packing}\r\n${framing}`))
    expect((await complaints(url)).reading).toContain('answered to GET /v1/orgs says nothing')
  }
  const url = await serveHttp((_request, response) => response.writeHead(204, { 'content-encoding': packing }).end())
  expect((await complaints(url)).writing).toBe('nothing')
})

it('an answer without an end is cut off, with a warning that a write may have been done', async () => {
  const chunk = gzipSync(Buffer.alloc(2 ** 24))
  const url = await serveHttp((_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' })
    const write = () => response.write(chunk, (error) => error ?? write())
    write()
  })
  const { reading, writing } = await complaints(url)
  expect(reading).toContain(`what ${url} answered to GET /v1/orgs is longer than 64 MiB: no Hallpass`)
  expect(reading).not.toContain('all the same')
  expect(writing).toContain(done)
})

it.each([
  [401, 'a proxy before it wants a login of its own'],
  [403, 'a proxy before it does not let this through'],
  [451, 'a proxy before it does not let this through'],
  [511, 'the network that this machine is in wants a login first'],
  [530, 'a proxy before it gets no answer from the authority'],
])('a proxy that answers %i itself is named', async (status, words) => {
  const url = await serveHttp((_request, response) => response.writeHead(status).end('<html>no</html>'))
  const { reading } = await complaints(url)
  expect(reading).toContain(`${url} answered ${status} in an authority's place: ${words}`)
})

it.each([
  ['is no proxy', 'SSH-2.0-OpenSSH_10.0\r\n\r\n', 'it does not answer as a proxy does'],
  ['closes', '', 'it does not answer as a proxy does'],
  ['refuses', 'HTTP/1.1 403 Forbidden\r\n\r\n', 'it answered 403'],
  ['finds nobody', 'HTTP/1.1 502 Bad Gateway\r\n\r\n', 'it answered 502'],
])('a proxy for https that %s is named by its variable', async (_what, bytes, words) => {
  const HTTPS_PROXY = await serve((socket) => socket.end(bytes))
  const { writing } = await complaints('https://authority.test', { HTTPS_PROXY })
  expect(writing).toBe(`the proxy that HTTPS_PROXY names does not lead to https://authority.test: ${words}`)
})

it('a proxy that says nothing is not waited for, before it leads on and after', async () => {
  for (const bytes of ['', 'HTTP/1.1 200 OK\r\n\r\n']) {
    let gone: Promise<unknown> | undefined
    const HTTPS_PROXY = await serve((socket) => {
      gone = new Promise((resolve) => socket.on('close', resolve))
      socket.resume().write(bytes)
    })
    const client = createClientAt({ environment: { HTTPS_PROXY } } as never, 'https://authority.test', { timeout: 50 })
    await expect(client.listOrganisations()).rejects.toThrow('did not answer within 0.05 seconds')
    // Else it would keep the command from its end.
    await gone
  }
})

describe.skipIf(!hasOpenssl)('TLS that does not come about', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hallpass-tls-'))
  })
  const trusted = getCACertificates('default')
  afterAll(async () => {
    // Other files run in this process.
    setDefaultCACertificates(trusted)
    await rm(directory, { recursive: true, force: true })
  })

  const openssl = (...words: readonly string[]) => execFileSync('openssl', words, { cwd: directory, stdio: 'ignore' })

  async function makeCertificate(name: string, ...words: readonly string[]) {
    const making = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', `/CN=${name}`]
    openssl('req', '-x509', ...making, '-keyout', `${name}.key`, '-out', `${name}.pem`, ...words)
    return read(name)
  }

  /** In the years that begin so. */
  async function makeDated(name: string, from: number, to: number) {
    await makeCertificate(name)
    openssl('x509', '-x509toreq', '-in', `${name}.pem`, '-signkey', `${name}.key`, '-out', `${name}.csr`)
    const files = { database: 'index', serial: 'serial', new_certs_dir: '.', default_md: 'sha256', policy: 'names' }
    const settings = Object.entries(files).map(([key, value]) => `${key} = ${value}`)
    await writeFile(join(directory, 'ca'), ['[ca]', ...settings, '[names]', 'commonName = supplied', ''].join('\n'))
    await writeFile(join(directory, 'index'), '')
    await writeFile(join(directory, 'serial'), '01')
    const dates = ['-startdate', `${from}0101000000Z`, '-enddate', `${to}0101000000Z`]
    const own = ['-selfsign', '-keyfile', `${name}.key`, '-in', `${name}.csr`, '-out', `${name}.pem`, '-notext']
    openssl('ca', '-config', 'ca', '-name', 'ca', '-batch', ...dates, ...own)
    return read(name)
  }

  async function read(name: string) {
    const file = (ending: string) => readFile(join(directory, `${name}.${ending}`), 'utf8')
    return { key: await file('key'), cert: await file('pem') }
  }

  async function serveTls(options: ServerOptions): Promise<string> {
    const server = createTlsServer(options, (_request, response) => response.end('{"orgs":[]}'))
    return `https://127.0.0.1:${await listen(server)}`
  }

  it('is reported with its reason', async () => {
    const own = await makeCertificate('own', '-addext', 'subjectAltName=IP:127.0.0.1')
    const ended = await makeDated('ended', 2020, 2021)
    const early = await makeDated('early', 2098, 2099)
    const named = await makeCertificate('named', '-addext', 'subjectAltName=DNS:other.test')
    const other = await makeCertificate('other')
    const signed = await makeCertificate('signed', '-CA', 'other.pem', '-CAkey', 'other.key')
    setDefaultCACertificates([own, ended, early, named].map(({ cert }) => cert))
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    const demanding = { ...own, requestCert: true, rejectUnauthorized: true }
    // What an alert of TLS says of this number.
    const alerting = async (number: number) => serve((socket) => socket.end(Uint8Array.of(21, 3, 3, 0, 2, 2, number)))
    const cases: [url: string, words: string][] = [
      [await serveTls(other), 'nobody whom this machine trusts has signed the certificate of'],
      [await serveTls(signed), 'nobody whom this machine trusts has signed the certificate of'],
      [await serveTls(named), 'is for other names than 127.0.0.1'],
      [await serveTls(ended), 'has ended'],
      [await serveTls(early), 'is not valid yet: is the clock of this machine right?'],
      [await serveTls({ ...own, ...old }), 'does not speak TLS 1.2 or a newer one'],
      [await serveTls(demanding), 'wants a certificate of who asks'],
      [await serveTls({ ...demanding, maxVersion: 'TLSv1.2' }), 'handshake failure)'],
      [await alerting(112), 'unrecognized name)'],
      [await alerting(49), 'access denied)'],
      [
        await serve((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
        'does not speak TLS: is the port right?',
      ],
      [await serve((socket) => socket.end('SSH-2.0-OpenSSH_10.0\r\n')), 'does not speak TLS: is the port right?'],
      [await serve((socket) => socket.end()), 'closed the connection without an answer'],
    ]
    for (const [url, words] of cases) {
      const { reading, writing } = await complaints(url.replace('http:', 'https:'))
      expect(reading).toContain(words)
      // Nothing was asked yet.
      expect(writing).toBe(reading)
    }
    // A proxy that is asked by TLS itself may be the one that fails.
    const untrusted = await serveTls(other)
    const plain = (await serve((socket) => socket.end('SSH-2.0-OpenSSH_10.0\r\n'))).replace('http:', 'https:')
    const proxied: [address: string, environment: Record<string, string>, words: string][] = [
      [
        'https://a.test',
        { HTTPS_PROXY: untrusted },
        'certificate of https://a.test or the proxy that HTTPS_PROXY names',
      ],
      ['http://a.test', { HTTP_PROXY: untrusted }, 'certificate of the proxy that HTTP_PROXY names'],
      [
        'https://a.test',
        { HTTPS_PROXY: plain },
        'https://a.test or the proxy that HTTPS_PROXY names does not speak TLS',
      ],
      ['http://a.test', { HTTP_PROXY: plain }, 'the proxy that HTTP_PROXY names does not speak TLS'],
    ]
    for (const [address, environment, words] of proxied) {
      expect((await complaints(address, environment)).reading).toContain(words)
    }
  })
})
