// A cluster that says again what a real one said: it waits for each request that changed something, and then tells what followed.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { setImmediate as pause } from 'node:timers/promises'

import { WebSocketServer, type WebSocket } from 'ws'

import { podKeyOf, selectorOf } from './recorder.ts'
import { merge, nameOfRequest, unpack, type ApiObject, type Entry } from './tape.ts'

export interface Replay {
  readonly server: URL
  /** @throws Error if something was not asked for again */
  readonly close: () => Promise<void>
}

/** Who has asked, and is to be answered. */
interface Asker {
  readonly answer: (status: number, body: unknown) => void
  readonly bytes: (data: Buffer) => void
  readonly end: () => void
  inputs: number
}

type Look = Pick<Extract<Entry, { readonly kind: 'look' }>, 'status' | 'body'>

interface Happened {
  readonly version: number
  readonly type: string
  readonly object: ApiObject
}

export async function startReplay(entries: readonly Entry[]): Promise<Replay> {
  const pods = new Map<string, ApiObject>()
  /** Also those that are gone. */
  const lastPods = new Map<string, ApiObject>()
  const history: Happened[] = []
  const watchers = new Set<(one: Happened) => void>()
  const waiting = new Map<string, Asker[]>()
  const askers = new Map<number, Asker>()
  const looks = new Map<string, Look>()
  const firstLooks = new Map<string, Look>()
  let place = 0
  let newest = 1
  let wake = (): void => {}
  const closing = new AbortController()
  /** What was said of the first request that is not in the recording. */
  let strange: string | undefined

  /** How often each request is still to come. */
  const expected = new Map<string, number>()
  for (const one of entries) if (one.kind === 'ask') expected.set(one.what, (expected.get(one.what) ?? 0) + 1)
  for (const one of entries) if (one.kind === 'look' && !firstLooks.has(one.what)) firstLooks.set(one.what, one)

  function happen(type: string, object: ApiObject, version: number): void {
    newest = Math.max(newest, version)
    const one = { version, type, object }
    history.push(one)
    for (const watcher of watchers) watcher(one)
  }

  /** Whether the entry could be carried out. */
  function perform(entry: Entry): boolean {
    if (entry.kind === 'ask') {
      const asker = waiting.get(entry.what)?.shift()
      if (asker === undefined) return false
      askers.set(entry.id, asker)
    } else if (entry.kind === 'answer') {
      askers.get(entry.id)?.answer(entry.status, entry.pod === undefined ? entry.body : lastPods.get(entry.pod))
    } else if (entry.kind === 'look') looks.set(entry.what, entry)
    else if (entry.kind === 'bytes') askers.get(entry.id)?.bytes(unpack(entry.data))
    else if (entry.kind === 'input') return (askers.get(entry.id)?.inputs ?? 0) >= entry.count
    else if (entry.kind === 'end') askers.get(entry.id)?.end()
    else if (entry.kind === 'pod') {
      const isNew = !pods.has(entry.key)
      const pod = (entry.isPatch === true ? merge(pods.get(entry.key), entry.pod) : entry.pod) as ApiObject
      pods.set(entry.key, pod)
      lastPods.set(entry.key, pod)
      happen(isNew ? 'ADDED' : 'MODIFIED', pod, Number(pod.metadata.resourceVersion))
    } else {
      const pod = pods.get(entry.key)
      pods.delete(entry.key)
      if (pod !== undefined) happen('DELETED', pod, Math.max(Number(entry.version), newest))
    }
    return true
  }

  /** The next before something else is asked for, the last, or the first of all. */
  function findLook(what: string): Look | undefined {
    for (const entry of entries.slice(place)) {
      if (entry.kind === 'ask') break
      if (entry.kind === 'look' && entry.what === what) return entry
    }
    return looks.get(what) ?? firstLooks.get(what)
  }

  async function run(): Promise<void> {
    while (!closing.signal.aborted && place < entries.length) {
      const entry = entries[place]
      if (entry !== undefined && perform(entry)) {
        place += 1
        // Who hears of it does something first.
        if (entry.kind !== 'look') await pause()
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  }

  function ask(what: string, asker: Asker): void {
    const left = (expected.get(what) ?? 0) - 1
    expected.set(what, left)
    if (left < 0) strange ??= `nobody asked this when it was recorded: ${what}`
    waiting.set(what, [...(waiting.get(what) ?? []), asker])
    wake()
    // What was recorded does not go on from there, so nobody waits for it.
    if (strange === undefined) return
    for (const askers of waiting.values()) for (const one of askers.splice(0)) one.answer(400, { message: strange })
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '' } = request
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'Content-Type': 'application/json' })
      response.end(body === undefined ? '' : JSON.stringify(body))
    }
    if (method !== 'GET' || url.includes('/log?')) {
      const bytes = (data: Buffer): void => {
        if (!response.headersSent) response.writeHead(200)
        response.write(data)
      }
      const end = (): void => {
        if (!response.headersSent) response.writeHead(200)
        response.end()
      }
      return ask(nameOfRequest(method, url, Buffer.concat(chunks).toString()), { answer, bytes, end, inputs: 0 })
    }
    const query = new URL(url, 'http://cluster').searchParams
    const key = podKeyOf(url)
    const pod = pods.get(key ?? '')
    if (key !== undefined) return pod === undefined ? answer(404, missing) : answer(200, pod)
    const [, namespace] = /^\/api\/v1\/(?:namespaces\/([^/]+)\/)?pods\?/.exec(url) ?? [undefined, undefined]
    if (!/^\/api\/v1\/(?:namespaces\/[^/]+\/)?pods\?/.test(url)) {
      const what = nameOfRequest(method, url)
      const found = findLook(what)
      return found === undefined ? answer(404, missing) : answer(found.status, found.body)
    }
    const isSelected = selectorOf(query)
    const isMeant = (one: ApiObject): boolean =>
      (namespace === undefined || one.metadata.namespace === namespace) && isSelected(one)
    if (query.get('watch') !== 'true') {
      const metadata = { resourceVersion: String(newest) }
      return answer(200, { kind: 'PodList', metadata, items: [...pods.values()].filter(isMeant) })
    }
    response.writeHead(200, { 'Content-Type': 'application/json' })
    response.flushHeaders()
    const tell = ({ type, object }: Happened): void => {
      if (isMeant(object)) response.write(`${JSON.stringify({ type, object })}\n`)
    }
    const since = Number(query.get('resourceVersion'))
    for (const one of history) if (one.version > since) tell(one)
    watchers.add(tell)
    response.once('close', () => watchers.delete(tell))
  }

  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'v5.channel.k8s.io' })
  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    sockets.handleUpgrade(request, socket, head, (client: WebSocket) => {
      const asker: Asker = {
        answer: () => client.terminate(),
        bytes: (data) => client.send(data),
        end: () => client.close(),
        inputs: 0,
      }
      client.on('message', (data: Buffer) => {
        // After the end of its input it may have sent less than it did once.
        asker.inputs = data[0] === endOfInput ? Infinity : asker.inputs + 1
        wake()
      })
      ask(nameOfRequest('GET', request.url ?? ''), asker)
    })
  }

  const http = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  http.on('upgrade', upgrade)
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  const running = run()
  return {
    server: new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`),
    async close() {
      closing.abort()
      wake()
      await running
      for (const client of sockets.clients) client.terminate()
      const closed = once(http, 'close')
      http.close()
      http.closeAllConnections()
      await closed
      const rest = [...expected].flatMap(([what, count]) => (count > 0 ? [`${count} × ${what}`] : []))
      if (rest.length > 0) throw new Error(`not asked again, and recorded: ${rest.slice(0, 10).join(', ')}`)
    },
  }
}

const missing = { kind: 'Status', status: 'Failure', reason: 'NotFound', message: 'not found', code: 404 }

/** The first byte of a message of Kubernetes that closes a channel. */
const endOfInput = 255
