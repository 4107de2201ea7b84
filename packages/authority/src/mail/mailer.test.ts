import { createServer, type AddressInfo, type Socket } from 'node:net'
import { Readable } from 'node:stream'

import { afterEach, describe, expect, it } from 'vitest'

import { Secret } from '../domain/secret.ts'
import { createMailer, type MailFailure, type SmtpServer } from './mailer.ts'
import { headersOf, partsOf, startSmtpServer, type TestSmtpServer } from './testing/smtp.ts'

const mail = { to: 'new@example.com', subject: 'Join Acme', text: 'Hello', html: '<p>Hello</p>' }
const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const server of opened.splice(0)) await server.close()
})

async function start(options?: Parameters<typeof startSmtpServer>[0]): Promise<TestSmtpServer> {
  const server = await startSmtpServer(options)
  opened.push(server)
  return server
}

function mailerFor(
  port: number,
  changes: Partial<SmtpServer> = {},
  times: { patience?: number; timeout?: number } = {},
) {
  const failures: MailFailure[] = []
  const mailer = createMailer({
    server: { host: '127.0.0.1', port, tls: false, requireStartTls: false, credentials: undefined, ...changes },
    from: 'Hallpass <hallpass@example.com>',
    failed: (error) => failures.push(error),
    ...times,
  })
  let isLate = false
  const about = {
    requestId: 'r-1',
    key: 'k-1',
    isWanted: async () => true,
    late: () => {
      isLate = true
    },
    signal: new AbortController().signal,
  }
  const send = (changed: Partial<typeof mail> = {}) => mailer.send({ ...mail, ...changed }, about)
  return { mailer, failures, about, send, isLate: () => isLate }
}

/** A server that refuses every mail, recipient or sender with this answer. */
async function startRefusing(at: 'onMailFrom' | 'onRcptTo' | 'onData', code: number, said: string) {
  const error = Object.assign(new Error(said), { responseCode: code })
  return start({
    [at]: (first: unknown, _session: unknown, done: (error: Error) => void) => {
      if (!(first instanceof Readable)) return done(error)
      first.resume().once('end', () => done(error))
    },
  })
}

/** A server that does with connections what the test says. */
async function startRaw(greet: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    greet(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  opened.push({
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  })
  return (server.address() as AddressInfo).port
}

describe('the mailer', () => {
  it('sends a message, plain and as HTML, to one address', async () => {
    const server = await start()
    const { send, failures } = mailerFor(server.port)
    expect(await send()).toBe('taken')
    expect(failures).toEqual([])
    expect(server.received).toMatchObject([{ from: 'hallpass@example.com', to: ['new@example.com'] }])
    const [received] = server.received
    if (received === undefined) throw new Error('nothing was received')
    const headers = headersOf(received)
    expect(headers.get('from')).toBe('Hallpass <hallpass@example.com>')
    expect(headers.get('to')).toBe('new@example.com')
    expect(headers.get('auto-submitted')).toBe('auto-generated')
    const parts = partsOf(received)
    expect(parts.get('text/plain')?.trim()).toBe('Hello')
    expect(parts.get('text/html')?.trim()).toBe('<p>Hello</p>')
  })

  it('sends no subject that a reader would decode to something else', async () => {
    const server = await start()
    await mailerFor(server.port).send({ subject: 'Join =?utf-8?B?RnJlZSBtb25leQ==?=' })
    const [received] = server.received
    expect(received && headersOf(received).get('subject')).not.toContain('=?')
  })

  it('never lets a subject or an address begin a header or add a recipient', async () => {
    const server = await start()
    const { send } = mailerFor(server.port)
    await send({ subject: 'Join\r\nBcc: eve@example.com\r\n\r\nBody' })
    await send({ to: 'a@example.com, eve@example.com' })
    await send({ to: 'a@example.com>\r\nBcc: <eve@example.com' })
    await send({ to: 'a@example.com\r\nRCPT TO:<eve@example.com>' })
    expect(server.received.length).toBeGreaterThan(0)
    for (const received of server.received) {
      expect(received.to).toHaveLength(1)
      expect(received.to).not.toContain('eve@example.com')
      expect(headersOf(received).has('bcc')).toBe(false)
    }
    expect(headersOf(server.received[0] ?? { from: '', to: [], raw: '' }).get('subject')).toContain('Bcc: eve')
  })

  const quoted = '5.7.1 new@example.com: http://127.0.0.1/invite#ef9puxr2-nmqcqb6t-d26= z29hm'

  it.each([
    ['onMailFrom', 550, 'MAIL FROM'],
    ['onRcptTo', 550, 'RCPT TO'],
    ['onData', 554, 'DATA'],
  ] as const)(
    'does not retry a mail that is finally refused %s, and repeats nothing of it',
    async (at, code, command) => {
      const { port } = await startRefusing(at, code, quoted)
      const { send, failures } = mailerFor(port)
      expect(await send()).toBe('refused')
      const message = `the server's answer to ${command} was ${code} 5.7.1`
      expect(failures).toMatchObject([{ isRefused: true, cause: { message } }])
      expect(JSON.stringify(failures.map(({ cause }) => [cause.message, cause.stack]))).not.toMatch(/invite|new@/)
    },
  )

  it.each([
    ['onMailFrom', 451],
    // It wants a login or TLS, which is no fault of the mail.
    ['onMailFrom', 530],
    ['onRcptTo', 450],
    ['onData', 452],
  ] as const)('retries a mail that is refused for now %s, with %i', async (at, code) => {
    const { port } = await startRefusing(at, code, quoted)
    const { send, failures } = mailerFor(port)
    expect(await send()).toBe('failed')
    expect(failures).toMatchObject([
      { isRefused: false, cause: { message: expect.not.stringContaining('@') as string } },
    ])
  })

  it('logs in with its credentials, and reports if they are refused', async () => {
    const server = await start({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth({ username, password }, _session, done) {
        if (username === 'hall' && password === 'pass') done(null, { user: 'hall' })
        else done(new Error('no'))
      },
    })
    const good = mailerFor(server.port, { credentials: { user: 'hall', password: new Secret('pass') } })
    expect(await good.send()).toBe('taken')
    const bad = mailerFor(server.port, { credentials: { user: 'hall', password: new Secret('wrong') } })
    expect(await bad.send()).toBe('failed')
    const refusal = expect.stringContaining('535') as string
    const where = { server: `127.0.0.1:${server.port}`, requestId: 'r-1' }
    expect(bad.failures).toMatchObject([{ code: 'EAUTH', ...where, cause: { message: refusal } }])
    expect(server.received).toHaveLength(1)
  })

  it('sends no password and no message without TLS if TLS is required', async () => {
    const heard: string[] = []
    const server = await start({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth({ password }, _session, done) {
        heard.push(password ?? '')
        done(null, { user: 'x' })
      },
    })
    const credentials = { user: 'hall', password: new Secret('pass') }
    const { send } = mailerFor(server.port, { requireStartTls: true, credentials })
    expect(await send()).toBe('failed')
    expect([heard, server.received]).toEqual([[], []])
  })

  it('fails if the server refuses, hangs up, speaks something else or is not there', async () => {
    const refusing = await start({
      onRcptTo: (_address, _session, done) => done(Object.assign(new Error('busy'), { responseCode: 450 })),
    })
    const gone = await startSmtpServer()
    await gone.close()
    const ports = [
      refusing.port,
      gone.port,
      await startRaw((socket) => socket.destroy()),
      await startRaw((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    ]
    for (const port of ports) {
      const { send, failures } = mailerFor(port)
      expect(await send()).toBe('failed')
      expect(failures).toHaveLength(1)
    }
  })

  it('waits for a server only for a limited time', async () => {
    const silent = await startRaw(() => undefined)
    // Every line comes in time, but the dialogue never ends.
    const dripping = await startRaw((socket) => {
      const timer = setInterval(() => socket.write('220-patience\r\n'), 10)
      socket.on('close', () => clearInterval(timer))
    })
    for (const port of [silent, dripping]) {
      const { send, failures, isLate } = mailerFor(port, {}, { timeout: 200 })
      expect(await send()).toBe('failed')
      expect(failures).toHaveLength(1)
      expect(isLate()).toBe(false)
    }
  })

  it('reports a slow server, and takes its final answer', async () => {
    const asked = Promise.withResolvers<() => void>()
    const server = await start({
      onData: (stream, _session, done) => void stream.resume().once('end', () => asked.resolve(() => done())),
    })
    const { mailer, about, failures } = mailerFor(server.port, {}, { patience: 50 })
    const late = Promise.withResolvers<undefined>()
    const sent = mailer.send(mail, { ...about, late: () => late.resolve(undefined) })
    const answer = await asked.promise
    await late.promise
    expect(failures).toMatchObject([
      { isRefused: false, cause: { message: expect.stringContaining('slow') as string } },
    ])
    answer()
    expect(await sent).toBe('taken')
    expect(failures).toHaveLength(1)
  })

  it('cancels tries in progress on request', async () => {
    const asked = Promise.withResolvers<undefined>()
    const port = await startRaw(() => asked.resolve(undefined))
    const { mailer, about } = mailerFor(port)
    const stopping = new AbortController()
    const sent = mailer.send(mail, { ...about, signal: stopping.signal })
    await asked.promise
    stopping.abort()
    expect(await sent).toBe('failed')
  })

  it('limits the number of mails in progress', async () => {
    const silent = await startRaw(() => undefined)
    const { send, failures } = mailerFor(silent, {}, { timeout: 300 })
    const sent = await Promise.all(Array.from({ length: 12 }, () => send()))
    expect(sent).toEqual(Array(12).fill('failed'))
    expect(failures.filter(({ cause }) => cause.message.includes('too many mails'))).toHaveLength(4)
  })
})
