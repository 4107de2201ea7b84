// A TCP proxy between a client and an authority, which holds up, cuts and changes what the authority sends.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface FaultyProxy {
  readonly url: string
  /** Passes nothing on in either direction any more, and says nothing of it; takes connections all the same. */
  freeze(): void
  /** Passes everything on again, what was held up too. */
  thaw(): void
  /** Ends all connections, and takes no more until `heal`. */
  part(): void
  heal(): void
  /** From now on, this is what is passed on of what the authority sends on each new connection. */
  tamper(change: (() => Change) | undefined): void
  /** Ends all connections; new ones are taken. */
  cut(): void
  close(): Promise<void>
}

/** What comes from the authority, and what is passed on; undefined ends the connection. */
export type Change = (piece: Buffer) => readonly Buffer[] | undefined

/** Between its own address and that of the authority, to which it comes from `localAddress`. */
export async function startFaultyProxy(authority: () => string, localAddress = '127.0.0.1'): Promise<FaultyProxy> {
  const sockets = new Set<Socket>()
  let isFrozen = false
  let isParted = false
  let makeChange: (() => Change) | undefined
  const server = createServer((client) => {
    if (isParted) {
      client.destroy()
      return
    }
    const { hostname, port } = new URL(authority())
    const upstream = connect({ port: Number(port), host: hostname, localAddress })
    const change = makeChange?.() ?? ((piece) => [piece])
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('error', () => {})
      from.once('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      from.on('end', () => to.end())
      if (isFrozen) from.pause()
    }
    client.on('data', (piece: Buffer) => upstream.write(piece))
    upstream.on('data', (piece: Buffer) => {
      const passed = change(piece)
      if (passed === undefined) client.destroy()
      else for (const each of passed) client.write(each)
    })
    if (isFrozen) for (const socket of [client, upstream]) socket.pause()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const cut = () => sockets.forEach((socket) => socket.destroy())
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`,
    freeze() {
      isFrozen = true
      for (const socket of sockets) socket.pause()
    },
    thaw() {
      isFrozen = false
      for (const socket of sockets) socket.resume()
    },
    part() {
      isParted = true
      cut()
    },
    heal() {
      isParted = false
    },
    tamper(change) {
      makeChange = change
      cut()
    },
    cut,
    async close() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
