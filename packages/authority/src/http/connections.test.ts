// Connections over real sockets: their number, the requests that one may begin, and how they end.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import type { RequestListener, Server, ServerResponse } from 'node:http'
import { connect, type AddressInfo, type ListenOptions, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'

import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'

import { connectionBounds, type ConnectionBounds } from './connection-bounds.ts'
import { createConnections } from './connections.ts'
import { createTurns } from './turns.ts'

const open = new Set<{ close(): unknown }>()
afterEach(() => {
  for (const thing of open) thing.close()
  open.clear()
})

async function listen(
  listener: RequestListener,
  bounds: Partial<ConnectionBounds> = {},
  turns = createTurns(() => performance.now()),
  at: ListenOptions = { port: 0, host: '127.0.0.1' },
) {
  const connections = createConnections({
    turns,
    now: () => performance.now(),
    trusts: () => false,
    bounds: { ...connectionBounds, ...bounds },
  })
  const server: Server = connections.createServer(listener, at.path)
  server.listen(at)
  await once(server, 'listening')
  open.add({ close: () => server.close() && server.closeAllConnections() })
  return { connections, server, port: (server.address() as AddressInfo).port }
}

/** At a port, or at the path of a socket. */
async function dial(at: number | string): Promise<{ readonly socket: Socket; readonly received: () => string }> {
  const socket = typeof at === 'number' ? connect(at, '127.0.0.1') : connect(at)
  socket.on('error', () => {})
  open.add({ close: () => socket.destroy() })
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
  })
  await once(socket, 'connect')
  return { socket, received: () => text }
}

async function hungUp({ socket }: { readonly socket: Socket }): Promise<void> {
  if (!socket.closed) await once(socket, 'close')
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`

test('of all connections, at whatever server, the first alone is told of', async () => {
  const onFirst = vi.fn<() => void>()
  const connections = createConnections({
    turns: createTurns(() => performance.now()),
    now: () => performance.now(),
    trusts: () => false,
    onFirst,
  })
  for (let at = 0; at < 2; at++) {
    const server = connections.createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1')
    open.add({ close: () => server.close() && server.closeAllConnections() })
    await once(server, 'listening')
    expect(onFirst).toHaveBeenCalledTimes(at)
    const { socket, received } = await dial((server.address() as AddressInfo).port)
    socket.write(get('/'))
    await vi.waitFor(() => expect(received()).toContain('200 OK'))
    expect(onFirst).toHaveBeenCalledTimes(1)
  }
})

test('a server for one alone has few connections, and takes none from others', async () => {
  const told: string[] = []
  const connections = createConnections({
    turns: createTurns(() => performance.now()),
    now: () => performance.now(),
    trusts: () => true,
    bounds: { ...connectionBounds, connectionsOfNetwork: 1 },
    report: (network, why) => told.push(`${network}: ${why}`),
  })
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-only-'))
  const path = join(directory, 'socket')
  const servers = ['machine a', 'machine b'].map((name, at) =>
    connections.createServer((_request, response) => response.end(name), name).listen(`${path}${at}`),
  )
  open.add({ close: () => servers.forEach((server) => server.close() && server.closeAllConnections()) })
  const dialed: Socket[] = []
  const dialPath = (at: number) =>
    new Promise((resolve) => {
      const socket = connect(`${path}${at}`).on('error', () => {})
      dialed.push(socket)
      socket.on('data', (bytes) => resolve(String(bytes))).on('close', () => resolve('closed'))
      socket.write(get('/'))
    })
  expect(await dialPath(0)).toContain('machine a')
  // One network has one connection here, as a network elsewhere would.
  expect(await dialPath(0)).toBe('closed')
  expect(await dialPath(1)).toContain('machine b')
  expect(told).toEqual(['machine a: its network already has 1 connections'])
  for (const socket of dialed) socket.destroy()
  await rm(directory, { recursive: true })
})

test('one connection has at most eight requests begun, and all are answered in order', async () => {
  const held: ServerResponse[] = []
  const paths: string[] = []
  let most = 0
  const { port } = await listen((request, response) => {
    held.push(response)
    paths.push(request.url ?? '')
    most = Math.max(most, held.length)
  })
  const { socket, received } = await dial(port)
  const count = 3000
  socket.write(Array.from({ length: count }, (_, at) => get(`/${at}`)).join(''))
  for (let answered = 0; answered < count; answered++) {
    while (held.length === 0) await nextTurn()
    held.shift()?.end(`[${answered}]`)
  }
  await expect.poll(() => received().endsWith(`[${count - 1}]`)).toBe(true)
  expect(most).toBe(8)
  expect(paths).toEqual(Array.from({ length: count }, (_, at) => `/${at}`))
  expect([...received().matchAll(/\[(\d+)\]/g)].map(([, at]) => Number(at))).toEqual(
    Array.from({ length: count }, (_, at) => at),
  )
})

test('a connection that its client has reset before it is accepted begins nothing, because it has no address', async () => {
  let begun = 0
  const { server, port } = await listen((_request, response) => {
    begun += 1
    response.end()
  })
  const accepted = once(server, 'connection')
  const program = `
    const socket = require('node:net').connect(${port}, '127.0.0.1', () =>
      socket.write(${JSON.stringify(get('/'))}, () => socket.resetAndDestroy()))`
  // Nothing is accepted while this waits.
  execFileSync(process.execPath, ['-e', program])
  const [socket] = (await accepted) as [Socket]
  if (!socket.closed) await once(socket, 'close').catch(() => {})
  expect([socket.remoteAddress, begun]).toEqual([undefined, 0])
})

test('a waiting connection is not read', async () => {
  const held: ServerResponse[] = []
  const { server, port } = await listen((_request, response) => held.push(response))
  const [{ socket }, [accepted]] = await Promise.all([dial(port), once(server, 'connection') as Promise<[Socket]>])
  const flood = get('/').repeat(1000)
  let taken = 0
  // The two kernels buffer some megabytes; after that nothing more is taken.
  while (socket.write(flood) || socket.writableLength < 8 * 1024 * 1024) taken += 1
  await expect.poll(() => accepted.isPaused()).toBe(true)
  for (let turn = 0; turn < 50; turn++) await nextTurn()
  // What was parsed, what is held, and what Node has read ahead.
  expect(accepted.bytesRead).toBeLessThanOrEqual(3 * 65_536)
  expect(accepted.bytesRead).toBeLessThan(taken * flood.length)
  expect(held.length).toBe(8)
})

test('waiting requests of a closed connection are never begun', async () => {
  const held: ServerResponse[] = []
  const { server, port } = await listen((_request, response) => held.push(response))
  const [{ socket }, [accepted]] = await Promise.all([dial(port), once(server, 'connection') as Promise<[Socket]>])
  socket.write(get('/').repeat(100))
  await expect.poll(() => held.length).toBe(8)
  const gone = new Promise((resolve) => accepted.once('close', resolve))
  socket.destroy()
  // A server that does not read notices the closed connection when it writes.
  held[0]?.end('x'.repeat(100_000))
  held[1]?.end('x'.repeat(100_000))
  await gone
  for (const response of held.slice(2)) response.end()
  for (let turn = 0; turn < 20; turn++) await nextTurn()
  expect(held.length).toBeLessThanOrEqual(10)
})

test('once a client has pipelined requests, no more requests are parsed than begun', async () => {
  const held: ServerResponse[] = []
  const { server, port } = await listen((_request, response) => held.push(response))
  let parsed = 0
  server.prependListener('request', () => {
    parsed += 1
  })
  const [one, early] = await Promise.all([dial(port), dial(port)])
  one.socket.write(get('/').repeat(100))
  await expect.poll(() => parsed).toBe(100)
  const late = await dial(port)
  for (const { socket } of [early, late]) socket.write(get('/').repeat(1400))
  await expect.poll(() => held.length).toBe(3 * 8)
  for (let turn = 0; turn < 20; turn++) await nextTurn()
  expect(parsed).toBe(100 + 8 + 8)
})

test('a client that reads late gets every answer', async () => {
  const big = 'x'.repeat(30_000)
  let begun = 0
  const { port } = await listen((_request, response) => {
    begun += 1
    response.end(`${big}[${begun}]`)
  })
  const { socket, received } = await dial(port)
  socket.pause()
  let end = ''
  socket.on('data', (chunk: string) => {
    end = (end + chunk).slice(-20)
  })
  // More than one read brings.
  const count = 3000
  socket.write(get('/').repeat(count))
  await expect.poll(() => begun).toBeGreaterThanOrEqual(8)
  for (let turn = 0; turn < 20; turn++) await nextTurn()
  expect(begun).toBeLessThan(count / 2)
  socket.resume()
  while (!end.endsWith(`[${count}]`)) await once(socket, 'data')
  expect(received().split(big).length).toBe(count + 1)
})

test.each([1, 8, 20, 3000])('a client that sends %d requests and closes its side gets every answer', async (count) => {
  const { port } = await listen((request, response) => {
    // Later, like an answer that waits for a database.
    setImmediate(() => response.end(`[${request.url}]`))
  })
  const caller = await dial(port)
  caller.socket.end(Array.from({ length: count }, (_, at) => get(`/${at}`)).join(''))
  await hungUp(caller)
  expect([...caller.received().matchAll(/\[\/(\d+)\]/g)].map(([, at]) => Number(at))).toEqual(
    Array.from({ length: count }, (_, at) => at),
  )
})

test('if the last request is incomplete, the earlier ones are answered, and it is refused', async () => {
  const { connections, server, port } = await listen((request, response) => {
    request.resume()
    if (request.method === 'GET') setImmediate(() => response.end('[whole]'))
  })
  server.on('clientError', (_error, socket) =>
    connections.break(socket as Socket, () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  )
  for (const rest of ['POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf', 'GET / HTTP/1.1\r\nho']) {
    const caller = await dial(port)
    caller.socket.end(`${get('/')}${get('/')}${rest}`)
    await hungUp(caller)
    expect(caller.received().match(/\[whole\]|400/g)).toEqual(['[whole]', '[whole]', '400'])
  }
})

test('a client that pipelines many requests is interleaved with others', async () => {
  const order: string[] = []
  let time = 0
  const turns = createTurns(() => time)
  const { port } = await listen(
    (request, response) => {
      time += 20
      order.push(request.url ?? '')
      response.end()
    },
    {},
    turns,
  )
  const many = await Promise.all(Array.from({ length: 5 }, () => dial(port)))
  for (const { socket } of many) socket.write(get('/many').repeat(500))
  await expect.poll(() => order.length).toBeGreaterThan(50)
  const few = await dial(port)
  few.socket.write(get('/few'))
  await expect.poll(few.received).toContain('HTTP/1.1 200')
  // Not after everything that the others sent before.
  expect(order.indexOf('/few')).toBeLessThan(2500 - 500)
})

const post = (length: number, lines = '') =>
  `POST / HTTP/1.1\r\nhost: a\r\n${lines}content-length: ${length}\r\n\r\n${'x'.repeat(length)}`
const chunked = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'

test.each([
  ['without a body begin together, a few at a time', get('/'), 'bbbbaaaabbbbaaaa'],
  [
    'with very many tokens begin alone',
    `GET / HTTP/1.1\r\nhost: a\r\nauthorization: ${'x'.repeat(5000)}\r\n\r\n`,
    'babababababababa',
  ],
  ['with a short body and no credential begin together', post(1), 'bbbbaaaabbbbaaaa'],
  ['with a long body begin alone', post(5000), 'babababababababa'],
  ['with a body and a token begin alone', post(1, 'authorization: Bearer x\r\n'), 'babababababababa'],
  ['with a body and a cookie begin alone', post(1, 'cookie: a=b\r\n'), 'babababababababa'],
  ['with a body of unknown length begin alone', chunked, 'babababababababa'],
])('requests that are read at once and come %s', async (_, sent, wanted) => {
  expect(await orderOf(8, sent, { together: 4 })).toBe(wanted)
})

test('fewer requests begin together where they take long, and more where all of them are quick', async () => {
  expect(await orderOf(8, get('/'), { together: 4, timeTogether: -1 })).toBe('bbbbaaaabbaababa')
  const order = await orderOf(30, get('/'), { together: 10, timeTogether: Infinity })
  expect(order.match(/b+/g)?.map(({ length }) => length)).toEqual([8, 9, 10, 3])
})

/** Requests that are read at once, each on its connection: `b` where one begins, `a` where it is answered. */
async function orderOf(count: number, sent: string, bounds: Partial<ConnectionBounds>): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'hallpass-at-once-'))
  open.add({ close: () => rmSync(directory, { recursive: true }) })
  const path = join(directory, 'socket')
  let order = ''
  const { server } = await listen(
    (_request, response) => {
      order += 'b'
      void (async () => {
        for (let step = 0; step < 5; step++) await Promise.resolve()
        order += 'a'
        response.end()
      })()
    },
    bounds,
    // However busy the machine is, a turn has time for all.
    createTurns(() => 0),
    { path },
  )
  const all = await Promise.all(Array.from({ length: count }, () => dial(path)))
  await expect.poll(() => promisify(server.getConnections.bind(server))()).toBe(count)
  // In one turn of the event loop, which the server shares. Over TCP, the kernel may deliver some of it a little later.
  for (const { socket } of all) socket.write(sent)
  await expect.poll(() => order.length).toBe(2 * count)
  return order
}

test.each([
  ['of one network', { bytesOfNetwork: 150_000 }],
  ['of everybody', { bytes: 150_000 }],
])('if too many bytes are held %s, the connections that hold most are ended', async (_, bounds) => {
  const held: ServerResponse[] = []
  const { port } = await listen((_request, response) => held.push(response), { ...bounds, weighingInterval: 10 })
  const [light, heavy] = await Promise.all([dial(port), dial(port)])
  light.socket.write(get('/'))
  await expect.poll(() => held.length).toBe(1)
  heavy.socket.pause()
  heavy.socket.write(get('/'))
  await expect.poll(() => held.length).toBe(2)
  // More than the kernels buffer.
  held[1]?.end('x'.repeat(16 * 1024 * 1024))
  await ended(held[1])
  expect(held[1]?.writableFinished).toBe(false)
  held[0]?.end('here')
  await expect.poll(light.received).toContain('here')
})

test('an answer that nobody reads ends the connection', async () => {
  const held: ServerResponse[] = []
  const { port } = await listen((_request, response) => held.push(response), { readingPatience: 100 })
  const { socket } = await dial(port)
  socket.pause()
  socket.write(get('/'))
  await expect.poll(() => held.length).toBe(1)
  held[0]?.end('x'.repeat(16 * 1024 * 1024))
  await ended(held[0])
  expect(held[0]?.writableFinished).toBe(false)
})

const sent = fc.array(
  fc.record({
    path: fc.stringMatching(/^[a-z]{0,9}$/),
    body: fc.option(
      fc.array(fc.constantFrom('\r\n\r\n', '\r\n', '\r', 'GET / HTTP/1.1', '0', '{}', 'é'), { maxLength: 9 }),
      {
        nil: undefined,
      },
    ),
    chunked: fc.boolean(),
  }),
  { minLength: 1, maxLength: 30 },
)

function write({ path, body, chunked }: { path: string; body?: string[] | undefined; chunked: boolean }): string {
  if (body === undefined) return get(`/${path}`)
  const head = `POST /${path} HTTP/1.1\r\nhost: a\r\n`
  const size = (text: string) => Buffer.byteLength(text)
  if (!chunked) return `${head}content-length: ${size(body.join(''))}\r\n\r\n${body.join('')}`
  const chunks = body.map((text) => `${size(text).toString(16)}\r\n${text}\r\n`)
  return `${head}transfer-encoding: chunked\r\n\r\n${chunks.join('')}0\r\n\r\n`
}

test('requests arrive as they were sent, however they are split', async () => {
  const arrived: string[] = []
  const { port } = await listen((request, response) => {
    const at = arrived.push('') - 1
    void request.toArray().then((body) => {
      arrived[at] = `${request.url} ${Buffer.concat(body as Buffer[]).toString()}`
      response.end()
    })
  })
  const first = await dial(port)
  first.socket.write(get('/').repeat(2))
  await expect.poll(() => arrived.length).toBe(2)
  await fc.assert(
    fc.asyncProperty(sent, fc.array(fc.nat(400), { maxLength: 10 }), async (requests, cuts) => {
      arrived.length = 0
      const { socket } = await dial(port)
      socket.setNoDelay(true)
      let bytes = Buffer.from(requests.map(write).join(''))
      for (const cut of cuts) {
        socket.write(bytes.subarray(0, cut))
        bytes = bytes.subarray(cut)
        await nextTurn()
      }
      socket.end(bytes)
      await once(socket, 'close')
      expect(arrived).toEqual(requests.map(({ path, body }) => `/${path} ${body?.join('') ?? ''}`))
    }),
    { numRuns: 60 },
  )
})

test.each([
  ['what is no request', 'nonsense\r\n\r\n', '/1 /2'],
  ['a broken body', 'POST /3 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', '/1 /2 /3'],
])('what came before %s is answered first', async (_, broken, begun) => {
  const held: ServerResponse[] = []
  const { connections, server, port } = await listen((_request, response) => held.push(response))
  server.on('clientError', (_error, socket) => {
    connections.break(socket as Socket, () => (socket as Socket).end('refused'))
  })
  // Node reads the first one; the others are read in pieces.
  for (let time = 0; time < 3; time++) {
    held.length = 0
    const { socket, received } = await dial(port)
    socket.write(get('/1') + get('/2') + broken + get('/4').repeat(3))
    await expect.poll(() => held.map(({ req }) => req.url).join(' ')).toBe(begun)
    for (let turn = 0; turn < 20; turn++) await nextTurn()
    expect(received()).toBe('')
    held[0]?.end('[first]')
    held[1]?.end('[second]')
    await hungUp({ socket })
    expect(received().replaceAll(/HTTP.*?\r\n\r\n/gs, '')).toBe('[first][second]refused')
  }
})

test('one network has a limited number of connections, and gets new ones when old ones end', async () => {
  const { port } = await listen((_request, response) => response.end('here'), { connectionsOfNetwork: 3 })
  const dialed = await Promise.all([dial(port), dial(port), dial(port)])
  const fourth = await dial(port)
  await hungUp(fourth)
  for (const { socket, received } of dialed) {
    socket.write(get('/'))
    await expect.poll(received).toContain('here')
  }
  dialed[0]?.socket.destroy()
  await expect
    .poll(async () => {
      const next = await dial(port)
      next.socket.end(get('/'))
      await once(next.socket, 'close')
      return next.received()
    })
    .toContain('here')
})

test.each([
  ['nothing', ''],
  ['half a head', 'GET / HTTP/1.1\r\nhost'],
  ['half a body', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{'],
])('a connection that sends %s is ended', async (_, text) => {
  const { port } = await listen((request, response) => request.resume().once('end', () => response.end()), {
    patience: 50,
    lookingInterval: 10,
  })
  const { socket, received } = await dial(port)
  socket.write(text)
  await hungUp({ socket })
  expect(received()).toContain('408')
})

test('when the server stops, answers say so, and every connection ends with its last answer', async () => {
  const held: ServerResponse[] = []
  const { connections, server, port } = await listen((_request, response) => held.push(response))
  const [idle, busy, streaming, half] = await Promise.all([dial(port), dial(port), dial(port), dial(port)])
  busy.socket.write(get('/').repeat(2))
  streaming.socket.write(get('/'))
  await expect.poll(() => held.length).toBe(3)
  half.socket.write('GET / HT')
  const stream = held.find((response) => response.socket?.remotePort === streaming.socket.localPort)
  stream?.write('begun')
  const ended = once(server, 'close')
  server.close()
  connections.end(300)
  for (const response of held) response.end('done')
  await Promise.all([busy, streaming].map(hungUp))
  expect(busy.received().match(/^connection: close/gim)?.length).toBeGreaterThanOrEqual(1)
  expect(streaming.received()).toContain('done')
  // A connection that sends nothing, and one that sends half a request, end at the deadline.
  await Promise.all([idle, half].map(hungUp))
  await ended
})

async function ended(response: ServerResponse | undefined): Promise<void> {
  if (response === undefined) throw new Error('there is no such answer')
  await once(response, 'close')
}
