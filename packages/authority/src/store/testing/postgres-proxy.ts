// A proxy before the socket of a PostgreSQL for tests: it can hold messages back, end all connections, and count round trips.
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface PostgresProxy {
  readonly url: string
  /** Passes nothing on. */
  hold(): void
  resume(): void
  /** Ends all connections. */
  cut(): void
  /** How often it has done so. */
  cuts(): number
  /** The number of round trips on all connections: how often a client sent something after the server had answered. */
  turns(): number
  stop(): Promise<void>
}

/** @param behind the server whose socket it stands before */
export async function startProxy(behind: {
  readonly directory: string
  readonly port?: number
}): Promise<PostgresProxy> {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-proxy-'))
  const sockets = new Set<Socket>()
  let isHeld = false
  let cuts = 0
  let turns = 0
  const proxy = createServer((near) => {
    const far = connect(join(behind.directory, `.s.PGSQL.${behind.port ?? 5432}`))
    let speaker = far
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.on('data', (data) => {
        if (isHeld) return
        if (one === near && speaker === far) turns += 1
        speaker = one
        other.write(data)
      })
      one.on('error', () => {})
      one.on('close', () => other.destroy())
    }
  })
  await new Promise<void>((resolve) => proxy.listen(join(directory, '.s.PGSQL.5432'), resolve))
  const cut = (): void => {
    cuts += 1
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  return {
    url: `postgresql://hallpass@localhost/postgres?host=${encodeURIComponent(directory)}`,
    hold: () => void (isHeld = true),
    resume: () => void (isHeld = false),
    cut,
    cuts: () => cuts,
    turns: () => turns,
    async stop() {
      cut()
      await new Promise((resolve) => proxy.close(resolve))
      await rm(directory, { recursive: true, force: true })
    },
  }
}
