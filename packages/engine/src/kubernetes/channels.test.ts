// A command over either protocol of Kubernetes, with a server of the test, and answers of a server that has too much to do.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

import { expect, onTestFinished, test } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'

import { exitCodeOf, openChannels } from './channels.ts'
import { createClient, type KubernetesClient } from './client.ts'

async function serve(
  protocol: string,
  talk: (socket: WebSocket) => void,
  answer: (request: IncomingMessage, response: ServerResponse) => void = () => {},
): Promise<KubernetesClient> {
  const http = createServer(answer)
  let turns = 0
  const sockets = new WebSocketServer({
    server: http,
    // It has too much to do for the first one.
    verifyClient: (_info, say) => say((turns += 1) > 1, 429, '', { 'Retry-After': '0.01' }),
    handleProtocols: (offered) => (offered.has(protocol) ? protocol : false),
  })
  sockets.on('connection', talk)
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  onTestFinished(() => {
    for (const client of sockets.clients) client.terminate()
    http.closeAllConnections()
    http.close()
  })
  const address = http.address()
  const port = typeof address === 'object' ? address?.port : 0
  return createClient({ access: { server: new URL(`http://127.0.0.1:${port}`) }, timeoutMs: 10_000 })
}

const command = { namespace: 'red', name: 'run-a', argv: ['cat'], hasInput: true, isTerminal: false }
const failed = JSON.stringify({
  status: 'Failure',
  reason: 'NonZeroExitCode',
  details: { causes: [{ reason: 'ExitCode', message: '9' }] },
})

test.each(['v5.channel.k8s.io', 'v4.channel.k8s.io'])('over %s it has input, outputs and a code', async (protocol) => {
  const heard: string[] = []
  const client = await serve(protocol, (socket) => {
    socket.on('message', (data: Buffer) => {
      heard.push(`${data[0]} ${data.toString('latin1', 1)}`)
      if (heard.length < 2) return
      socket.send(Buffer.from('\u0001out'))
      socket.send(Buffer.from('\u0002err'))
      socket.send(Buffer.from(`\u0003${failed}`))
    })
  })
  const channels = await openChannels(client, command)
  await channels.write(Buffer.from('in'))
  // The older protocol cannot say that no more input comes.
  channels.endInput()
  if (protocol.startsWith('v4')) channels.resize({ rows: 24, columns: 80 })
  const seen: string[] = []
  for await (const { stream, bytes } of channels.output) seen.push(`${stream} ${bytes.toString()}`)
  expect(seen).toEqual(['stdout out', 'stderr err'])
  expect(heard).toEqual(['0 in', protocol.startsWith('v5') ? '255 \0' : '4 {"Width":80,"Height":24}'])
  expect(exitCodeOf(channels.status() ?? {})).toBe(9)
  channels.close()
})

test('a connection that is lost says nothing of the end', async () => {
  const client = await serve('v5.channel.k8s.io', (socket) => {
    socket.send(Buffer.from('\u0001out'), () => socket.terminate())
  })
  const channels = await openChannels(client, command)
  const seen: string[] = []
  for await (const { bytes } of channels.output) seen.push(bytes.toString())
  expect([seen, channels.status(), channels.isOver()]).toEqual([['out'], undefined, true])
})

test('a server that has too much to do is asked again, and one that answers without end is not read', async () => {
  let asked = 0
  const client = await serve(
    'v5.channel.k8s.io',
    () => {},
    (request, response) => {
      asked += 1
      if (request.url === '/large') return void response.end(`"${'x'.repeat(5_000_000)}"`)
      if (asked === 1) return void response.writeHead(429, { 'Retry-After': '0.01' }).end()
      response.end('{"kind":"Version"}')
    },
  )
  expect((await client.ask({ path: ['version'] })).value).toEqual({ kind: 'Version' })
  expect(asked).toBe(2)
  await expect(client.ask({ path: ['large'] })).rejects.toMatchObject({ code: 'failed' })
})
