// A signal stops a server with open connections; and a server whose log nobody reads goes on.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'

import { afterEach, describe, expect, inject, onTestFinished, test } from 'vitest'

import { arrive, type Place } from './hallpass.ts'
import { statusesIn } from './raw-socket.ts'

const bin = inject('hallpass')

let place: Place | undefined
afterEach(() => place?.leave())

async function dial(url: string) {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  const closed = new Promise<void>((done) => socket.once('close', () => done()))
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
  })
  await once(socket, 'connect')
  return { socket, closed, received: () => text }
}

const get = 'GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n'

describe('SIGTERM', () => {
  // As the first process of a container it would die of no signal by itself: 143 says that it has heard of it.
  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('%s ends a server that still starts, with %i', async (signal, code) => {
    // A database that takes the connection and says nothing.
    const database = createServer((socket) => socket.on('error', () => {}))
    database.listen(0, '127.0.0.1')
    await once(database, 'listening')
    onTestFinished(() => void database.close())
    const { port } = database.address() as AddressInfo
    place = await arrive()
    const url = `postgres://hallpass@127.0.0.1:${port}/hallpass`
    const child = spawn(
      process.execPath,
      [bin, 'serve', '--listen', '127.0.0.1:0', '--data', join(place.directory, 'd')],
      {
        env: { PATH: process.env['PATH'], HOME: place.directory, HALLPASS_DATABASE_URL: url },
        stdio: 'ignore',
      },
    )
    const ended = once(child, 'exit')
    const [socket] = (await once(database, 'connection')) as [Socket]
    child.kill(signal)
    expect(await ended).toEqual([code, null])
    socket.destroy()
  })

  test('with --drain it first answers on, says that it is not ready, and keeps no connection', async () => {
    place = await arrive()
    const server = await place.serve(['--log-level', 'silent', '--drain', '1s'])
    const kept = await dial(server.url)
    kept.socket.write(get)
    await expect.poll(() => statusesIn(kept.received())).toEqual([200])
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    const stopped = server.stop()
    const ready = async () => {
      const answer = await fetch(`${server.url}/readyz`)
      return { status: answer.status, body: (await answer.json()) as unknown }
    }
    const draining = { ok: false, reason: 'draining', message: 'this server stops soon' }
    await expect.poll(ready).toEqual({ status: 503, body: draining })
    kept.socket.write(get)
    await kept.closed
    expect(statusesIn(kept.received())).toEqual([200, 200])
    expect((await fetch(`${server.url}/v1/orgs`)).status).toBe(401)
    expect(await stopped).toBe(0)
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow()
  })

  test('a second one ends a server that still drains, at once', async () => {
    place = await arrive()
    const server = await place.serve(['--log-level', 'silent', '--drain', '10m'])
    const stopped = server.stop()
    await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status).toBe(503)
    // The same signal that came twice within a moment counts once.
    const again = setInterval(() => void server.stop(), 100)
    expect(await stopped).toBe(1)
    clearInterval(again)
  })

  test('ends a server beside a client that keeps its connection and half a request, with 0', async () => {
    place = await arrive()
    const server = await place.serve(['--log-level', 'silent'])
    const [kept, half, body] = await Promise.all([dial(server.url), dial(server.url), dial(server.url)])
    kept.socket.write(get)
    half.socket.write('GET /healthz HT')
    body.socket.write(
      'POST /v1/sessions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
    )
    await expect.poll(() => statusesIn(kept.received())).toEqual([200])
    expect(kept.received()).not.toMatch(/^connection: close/im)
    const began = performance.now()
    expect(await server.stop()).toBe(0)
    // The promise of SECURITY.md, and no measure of speed: the half requests are what the deadline is for.
    expect(performance.now() - began).toBeLessThan(10_000)
    await Promise.all([kept.closed, half.closed, body.closed])
  })

  test('ends it beside a client that goes on asking on its one connection', async () => {
    place = await arrive()
    const server = await place.serve(['--log-level', 'silent'])
    const { socket, closed, received } = await dial(server.url)
    socket.on('data', () => socket.write(get))
    socket.write(get)
    await expect.poll(() => statusesIn(received()).length).toBeGreaterThan(10)
    expect(await server.stop()).toBe(0)
    await closed
  })
})

describe('a log that nobody reads', () => {
  test('stops no request, and later reports the lost lines', async () => {
    place = await arrive()
    const child = spawn(process.execPath, [bin, 'serve', '--listen', '127.0.0.1:0', '--log-level', 'debug'], {
      cwd: place.directory,
      env: { PATH: process.env['PATH'] ?? '', HOME: place.directory, HALLPASS_CONFIG_DIR: join(place.directory, 'c') },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const exited = once(child, 'exit')
    try {
      let said = ''
      child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
      await expect.poll(() => /listens at (\S+)/.exec(said)?.[1]).toBeDefined()
      const url = /listens at (\S+)/.exec(said)?.[1] ?? ''
      // Fills what the pipe holds and what waits in the server: each is a line of two hundred bytes. On one connection, because
      // eight thousand calls of fetch take a busy machine minutes.
      const { socket, received } = await dial(url)
      for (let round = 1; round <= 8; round++) {
        socket.write('GET /v1/orgs HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(1000))
        await expect.poll(() => statusesIn(received()).length).toBe(round * 1000)
      }
      expect(new Set(statusesIn(received()))).toEqual(new Set([401]))
      socket.destroy()
      const metrics = await (await fetch(`${url}/metrics`)).text()
      expect(Number(/^hallpass_log_lines_dropped_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0)
      let log = ''
      child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()))
      await expect.poll(() => /"dropped":\d+/.test(log)).toBe(true)
      child.kill('SIGTERM')
      expect(await exited).toEqual([0, null])
    } finally {
      child.kill('SIGKILL')
    }
  })
})
