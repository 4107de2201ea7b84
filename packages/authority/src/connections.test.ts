// Connections over real sockets: what one of them may begin, how many there may be, how they end.
import { once } from 'node:events'
import type { RequestListener, Server, ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'

import { afterEach, expect, test } from 'vitest'

import { connectionBounds, createConnections, type ConnectionBounds } from './connections.ts'
import { createTurns } from './turns.ts'

const open = new Set<{ close(): unknown }>()
afterEach(() => {
  for (const thing of open) thing.close()
  open.clear()
})

async function listen(listener: RequestListener, bounds: Partial<ConnectionBounds> = {}) {
  const connections = createConnections({
    turns: createTurns(() => performance.now()),
    trusts: () => false,
    bounds: { ...connectionBounds, ...bounds },
  })
  const server: Server = connections.createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.add({ close: () => server.close() && server.closeAllConnections() })
  return { connections, server, port: (server.address() as AddressInfo).port }
}

async function dial(port: number): Promise<{ readonly socket: Socket; readonly received: () => string }> {
  const socket = connect(port, '127.0.0.1')
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

test('one connection has eight requests begun, and all of them answered in order', async () => {
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

test('nothing more is read from a connection that waits', async () => {
  const held: ServerResponse[] = []
  const { server, port } = await listen((_request, response) => held.push(response))
  const [{ socket }, [accepted]] = await Promise.all([dial(port), once(server, 'connection') as Promise<[Socket]>])
  const flood = get('/').repeat(1000)
  let taken = 0
  // The two kernels hold some megabytes; then nobody takes any more.
  while (socket.write(flood) || socket.writableLength < 8 * 1024 * 1024) taken += 1
  await expect.poll(() => accepted.isPaused()).toBe(true)
  const read = accepted.bytesRead
  for (let turn = 0; turn < 50; turn++) await nextTurn()
  expect(accepted.bytesRead).toBe(read)
  expect(read).toBeLessThan(taken * flood.length)
  expect(held.length).toBe(8)
})

test('what waits for a connection that is gone is never begun', async () => {
  const held: ServerResponse[] = []
  const { server, port } = await listen((_request, response) => held.push(response))
  const [{ socket }, [accepted]] = await Promise.all([dial(port), once(server, 'connection') as Promise<[Socket]>])
  socket.write(get('/').repeat(100))
  await expect.poll(() => held.length).toBe(8)
  const gone = new Promise((resolve) => accepted.once('close', resolve))
  socket.destroy()
  // A server that does not read learns of it when it writes.
  held[0]?.end('x'.repeat(100_000))
  held[1]?.end('x'.repeat(100_000))
  await gone
  for (const response of held.slice(2)) response.end()
  for (let turn = 0; turn < 20; turn++) await nextTurn()
  expect(held.length).toBeLessThanOrEqual(10)
})

test('where too many wait, the connection that brings more ends, and leaves room', async () => {
  const held: ServerResponse[] = []
  const { server, port } = await listen((_request, response) => held.push(response), { waitingOfNetwork: 100 })
  let read = 0
  server.prependListener('request', () => {
    read += 1
  })
  const [one, other] = await Promise.all([dial(port), dial(port)])
  one.socket.write(get('/').repeat(100))
  await expect.poll(() => read).toBe(100)
  other.socket.write(get('/').repeat(2000))
  await hungUp(other)
  expect(held.length).toBe(8 + 8)
  // The first goes on, and what the other had waiting is forgotten.
  one.socket.write(get('/').repeat(8))
  const answers = () => one.received().match(/HTTP\/1\.1 200/g)?.length ?? 0
  while (answers() < 108) {
    held.shift()?.end()
    await nextTurn()
  }
})

test('one network has so many connections and no more, and gets new ones when old ones end', async () => {
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

test('when the server ends, answers say so, and every connection ends with its last one', async () => {
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
  // One that sends nothing, and one that sends half a request, end with the deadline.
  await Promise.all([idle, half].map(hungUp))
  await ended
})
