// Who sends too much, too slowly, or over too many connections.
import { once } from 'node:events'
import type { Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'

import { afterEach, expect, test } from 'vitest'

import { readProxies } from '../forwarded/index.ts'
import { readBody } from './read-body.ts'
import { closeServer, createBoundedServer, serverBounds, type Answering, type ServerBounds } from './server.ts'

const bounds = {
  ...serverBounds,
  connections: 6,
  connectionsOfSite: 3,
  patience: 300,
  lookingInterval: 20,
  readingPatience: 60_000,
  closing: 100,
}
const unforeseen: unknown[] = []
let server: Server | undefined
afterEach(async () => {
  server?.closeAllConnections()
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)))
  expect(unforeseen.splice(0)).toEqual([])
})

/** One that answers with the fields of what it is sent. */
const echo: Answering = async (request) => {
  const body = request.method === 'POST' ? await readBody(request, ['header']) : {}
  return { status: 200, text: JSON.stringify(Object.keys(body)) }
}

async function open(
  answer: Answering = echo,
  proxies: readonly string[] = [],
  more: Partial<ServerBounds> = {},
): Promise<() => Promise<Socket>> {
  const made = createBoundedServer(answer, (error) => unforeseen.push(error), readProxies(proxies), {
    ...bounds,
    ...more,
  })
  server = made.listen(0, '127.0.0.1')
  await once(made, 'listening')
  const { port } = made.address() as AddressInfo
  return async () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    await once(socket, 'connect')
    return socket
  }
}

/** What it says until it closes. */
async function read(socket: Socket): Promise<string> {
  let said = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
  await once(socket, 'close')
  return said
}

const post = (length: number, more = '') => `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n${more}\r\n`

test.each([
  ['a head that comes too slowly', ['GET / HTTP/1.1\r\nhost: a\r\n'], 408],
  ['a body that comes too slowly', [post(20), '{"header":'], 408],
  ['a head that is too large', [`GET / HTTP/1.1\r\nhost: a\r\nauthorization: ${'x'.repeat(90_000)}\r\n\r\n`], 431],
  ['a body that says that it is too large', [post(70_000)], 413],
  [
    'a body that is too large',
    [
      'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n',
      `${(70_000).toString(16)}\r\n${'x'.repeat(70_000)}\r\n`,
    ],
    413,
  ],
  ['an address that is too long', [`GET /${'x'.repeat(9000)} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`], 400],
  [
    'too many headers',
    [`GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${'x: y\r\n'.repeat(120)}\r\n`],
    '4(?:00|31)',
  ],
  [
    'a header twice',
    ['GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: a\r\nAuthorization: b\r\n\r\n'],
    400,
  ],
  ['no host', ['GET / HTTP/1.1\r\nconnection: close\r\n\r\n'], 400],
  ['two lengths', ['POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}'], 400],
  ['a length and pieces', [post(2, 'transfer-encoding: chunked\r\n'), '0\r\n\r\n'], 400],
  ['a line without its carriage return', ['GET / HTTP/1.1\nhost: a\n\n'], 400],
  ['what is not HTTP', ['\x16\x03\x01\x02\x00\x01\x00'], 400],
])('%s is refused', async (_, parts, status) => {
  const socket = await (await open())()
  const said = read(socket)
  for (const part of parts) socket.write(part)
  expect(await said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
})

test('a site has no more than its connections, and trusted proxies have no limit of their own', async () => {
  const join = await open()
  const first = await Promise.all([join(), join(), join()])
  expect(await read(await join())).toBe('')
  first[0]?.destroy()
  const again = async () => {
    const socket = await join()
    socket.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
    return read(socket)
  }
  await expect.poll(again).toContain('200 OK')
})

test('trusted proxies have no limit of their own, but all together have one', async () => {
  const join = await open(echo, ['127.0.0.1'])
  const sockets = await Promise.all(Array.from({ length: 6 }, join))
  expect(await read(await join())).toBe('')
  expect(sockets.filter(({ readable }) => readable)).toHaveLength(6)
})

test('who takes no part of an answer is left', async () => {
  const text = JSON.stringify('x'.repeat(10_000_000))
  const join = await open(() => ({ status: 200, text }), [], { readingPatience: 300 })
  const [accepted, socket] = await Promise.all([server === undefined ? [] : once(server, 'connection'), join()])
  const left = once(accepted[0] as Socket, 'close')
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await left
  socket.destroy()
})

test('a connection has eight requests at once, and is ended with the ninth', async () => {
  let asked = 0
  const wait = Promise.withResolvers<{ readonly status: 200; readonly text: string }>()
  const join = await open(() => {
    asked += 1
    return wait.promise
  })
  const [patient, hasty] = [await join(), await join()]
  const one = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'
  const said = read(patient)
  patient.write(one.repeat(8))
  await expect.poll(() => asked).toBe(8)
  hasty.write(one.repeat(1000))
  expect(await read(hasty)).toBe('')
  expect(asked).toBe(16)
  wait.resolve({ status: 200, text: '{}' })
  await once(patient, 'data')
  // Whoever waits may go on.
  for (let more = 0; more < 20; more += 1) {
    patient.write(one)
    await once(patient, 'data')
  }
  patient.end()
  expect((await said).split('200 OK')).toHaveLength(29)
})

test.each([
  ['of one site', [], { bytesOfSite: 150_000 }],
  ['of all', ['127.0.0.1'], { bytes: 150_000 }],
] as const)('if the connections %s hold too much, those that hold most are ended', async (_whose, proxies, more) => {
  const join = await open(echo, proxies, { ...more, weighingInterval: 20, patience: 60_000 })
  const [light, other, heavy] = [await join(), await join(), await join()]
  const head = (length: number) => `GET / HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(length)}`
  const ended = read(heavy)
  light.write(head(50_000))
  other.write(head(60_000))
  heavy.write(head(70_000))
  expect(await ended).toBe('')
  // What was answered counts no more.
  for (const socket of [light, other]) {
    socket.write('\r\n\r\n')
    await once(socket, 'data')
    socket.write(head(60_000))
  }
  for (const socket of [light, other]) {
    socket.write('\r\n\r\n')
    await once(socket, 'data')
  }
})

test('who offers another protocol is answered in this one', async () => {
  const socket = await (await open())()
  socket.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n')
  const [said] = (await once(socket, 'data')) as [Buffer]
  expect(said.toString()).toContain('HTTP/1.1 200 OK')
})

test('what is unforeseen says nothing of itself, and is reported', async () => {
  const join = await open(() => {
    throw new Error('with a secret')
  })
  const socket = await join()
  socket.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
  const said = await read(socket)
  expect(said).toContain('500 Internal Server Error')
  expect(said).not.toContain('secret')
  expect(unforeseen.splice(0)).toEqual([expect.objectContaining({ message: 'with a secret' })])
})

test('closes, whatever hangs', async () => {
  const asked = Promise.withResolvers<void>()
  const join = await open(() => {
    asked.resolve()
    return new Promise(() => {})
  })
  const [idle, hanging] = [await join(), await join()]
  hanging.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await asked.promise
  if (server === undefined) throw new Error('nothing is open')
  await Promise.all([closeServer(server, bounds), read(idle), read(hanging)])
})
