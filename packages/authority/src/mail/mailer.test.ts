import { createServer, type AddressInfo, type Socket } from 'node:net'

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

function mailerFor(port: number, changes: Partial<SmtpServer> = {}, timeout = 5000) {
  const failures: MailFailure[] = []
  const mailer = createMailer({
    server: { host: '127.0.0.1', port, tls: false, requireStartTls: false, credentials: undefined, ...changes },
    from: 'Hallpass <hallpass@example.com>',
    failed: (error) => failures.push(error),
    timeout,
  })
  return { mailer, failures }
}

/** A server that takes connections and does with them what it is told. */
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
  it('hands a message over, plain and as HTML, to the one address', async () => {
    const server = await start()
    const { mailer, failures } = mailerFor(server.port)
    expect(await mailer.send(mail, { requestId: 'r-1', key: 'k-1' })).toBe(true)
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

  it('sends nothing in a subject that a reader decodes to something else', async () => {
    const server = await start()
    const { mailer } = mailerFor(server.port)
    await mailer.send({ ...mail, subject: 'Join =?utf-8?B?RnJlZSBtb25leQ==?=' }, { requestId: 'r-1', key: 'k-1' })
    const [received] = server.received
    expect(received && headersOf(received).get('subject')).not.toContain('=?')
  })

  it('lets nothing in a subject or an address begin a header or name a second recipient', async () => {
    const server = await start()
    const { mailer } = mailerFor(server.port)
    await mailer.send(
      { ...mail, subject: 'Join\r\nBcc: eve@example.com\r\n\r\nBody' },
      { requestId: 'r-1', key: 'k-1' },
    )
    await mailer.send({ ...mail, to: 'a@example.com, eve@example.com' }, { requestId: 'r-1', key: 'k-1' })
    await mailer.send({ ...mail, to: 'a@example.com>\r\nBcc: <eve@example.com' }, { requestId: 'r-1', key: 'k-1' })
    await mailer.send({ ...mail, to: 'a@example.com\r\nRCPT TO:<eve@example.com>' }, { requestId: 'r-1', key: 'k-1' })
    expect(server.received.length).toBeGreaterThan(0)
    for (const received of server.received) {
      expect(received.to).toHaveLength(1)
      expect(received.to).not.toContain('eve@example.com')
      expect(headersOf(received).has('bcc')).toBe(false)
    }
    expect(headersOf(server.received[0] ?? { from: '', to: [], raw: '' }).get('subject')).toContain('Bcc: eve')
  })

  it('repeats nothing of a mail that a server quotes in its refusal', async () => {
    const quoted = 'blocked: http://127.0.0.1/invite#ef9puxr2-nmqcqb6t-d26= z29hm'
    const server = await start({
      onData(stream, _session, done) {
        stream.resume()
        stream.on('end', () => done(Object.assign(new Error(`5.7.1 ${quoted}`), { responseCode: 550 })))
      },
    })
    const { mailer, failures } = mailerFor(server.port)
    expect(await mailer.send(mail, { requestId: 'r-1', key: 'k-1' })).toBe(false)
    const message = 'the server did not take the content: 550 5.7.1'
    expect(failures).toMatchObject([{ code: 'EMESSAGE', cause: { message } }])
  })

  it('logs in with its credentials, and says so where they are refused', async () => {
    const server = await start({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth({ username, password }, _session, done) {
        if (username === 'hall' && password === 'pass') done(null, { user: 'hall' })
        else done(new Error('no'))
      },
    })
    const good = mailerFor(server.port, { credentials: { user: 'hall', password: new Secret('pass') } })
    expect(await good.mailer.send(mail, { requestId: 'r-1', key: 'k-1' })).toBe(true)
    const bad = mailerFor(server.port, { credentials: { user: 'hall', password: new Secret('wrong') } })
    expect(await bad.mailer.send(mail, { requestId: 'r-1', key: 'k-1' })).toBe(false)
    const told = expect.stringContaining('535') as string
    const where = { server: `127.0.0.1:${server.port}`, requestId: 'r-1' }
    expect(bad.failures).toMatchObject([{ code: 'EAUTH', ...where, cause: { message: told } }])
    expect(server.received).toHaveLength(1)
  })

  it('tells no password and no message to a server without TLS where TLS is required', async () => {
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
    const { mailer } = mailerFor(server.port, { requireStartTls: true, credentials })
    expect(await mailer.send(mail, { requestId: 'r-1', key: 'k-1' })).toBe(false)
    expect([heard, server.received]).toEqual([[], []])
  })

  it('says no where the server refuses, hangs up, speaks something else or is not there', async () => {
    const refusing = await start({ onRcptTo: (_address, _session, done) => done(new Error('no such mailbox')) })
    const gone = await startSmtpServer()
    await gone.close()
    const ports = [
      refusing.port,
      gone.port,
      await startRaw((socket) => socket.destroy()),
      await startRaw((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    ]
    for (const port of ports) {
      const { mailer, failures } = mailerFor(port)
      expect(await mailer.send(mail, { requestId: 'r-1', key: 'k-1' })).toBe(false)
      expect(failures).toHaveLength(1)
    }
  })

  it('waits for no server longer than it may', async () => {
    const silent = await startRaw(() => undefined)
    // Every line comes within the time, and the whole never ends.
    const dripping = await startRaw((socket) => {
      const timer = setInterval(() => socket.write('220-patience\r\n'), 10)
      socket.on('close', () => clearInterval(timer))
    })
    for (const port of [silent, dripping]) {
      const { mailer, failures } = mailerFor(port, {}, 200)
      expect(await mailer.send(mail, { requestId: 'r-1', key: 'k-1' })).toBe(false)
      expect(failures).toHaveLength(1)
    }
  })

  it('has a bounded number of mails under way', async () => {
    const silent = await startRaw(() => undefined)
    const { mailer, failures } = mailerFor(silent, {}, 300)
    const sent = await Promise.all(
      Array.from({ length: 12 }, () => mailer.send(mail, { requestId: 'r-1', key: 'k-1' })),
    )
    expect(sent).toEqual(Array(12).fill(false))
    expect(failures.filter(({ cause }) => cause.message.includes('too many mails'))).toHaveLength(4)
  })
})
