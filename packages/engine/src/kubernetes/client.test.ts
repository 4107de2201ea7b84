import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'

import { createClient } from './client.ts'

test('a token that was renewed before its time is over costs no call: one that is refused is read again', async () => {
  let good = 'first'
  let asked = 0
  const isGood = ({ headers }: IncomingMessage): boolean => {
    asked += 1
    return headers.authorization === `Bearer ${good}`
  }
  const sockets = new WebSocketServer({ noServer: true })
  const server = createServer((request, response) => {
    if (!isGood(request)) response.statusCode = 401
    response.end('{"fine":true}')
  })
  server.on('upgrade', (request, socket, head) => {
    if (isGood(request)) sockets.handleUpgrade(request, socket, head, () => {})
    else socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-client-'))
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await rm(directory, { recursive: true })
  })
  const file = join(directory, 'token')
  await writeFile(file, 'first\n')
  const { port } = server.address() as AddressInfo
  const access = { server: new URL(`http://127.0.0.1:${port}`), token: { file } }
  // Its time is never over.
  const client = createClient({ access, timeoutMs: 10_000, now: () => 1 })
  const question = { path: ['version'] }
  const renew = async (next: string): Promise<void> => {
    good = next
    await writeFile(file, next)
  }
  expect((await client.ask(question)).value).toEqual({ fine: true })
  await renew('second')
  expect((await client.ask(question)).value).toEqual({ fine: true })
  await renew('third')
  const socket = await client.connect(question, [])
  socket.resume()
  socket.close()
  await renew('fourth')
  expect(await text(await client.open(question))).toBe('{"fine":true}')
  // One that stays refused is not tried again and again.
  good = 'fifth'
  asked = 0
  for (const work of [client.ask(question), client.open(question), client.connect(question, [])]) {
    await expect(work).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('token') as string,
    })
  }
  expect(asked).toBe(3)
})
