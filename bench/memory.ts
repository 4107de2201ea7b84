// The memory of a server: when it has just started, and after many requests.
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

import { furnish } from '../e2e/open-authority.ts'
import { readRequests } from './http.ts'
import { builtEntry } from './installation.ts'
import { connectLoad } from './load.ts'
import type { Piece, Unit } from './row.ts'
import { serveWords, starts, startServer } from './server.ts'

interface World {
  /** Starts a server, and returns its memory at both times. */
  readonly serve: () => Promise<Readonly<Record<'idle' | 'loaded', number>>>
}

const mebibyte = 1024 ** 2
const unit: Unit = { show: (bytes) => `${(bytes / mebibyte).toFixed(0)} MiB` }
const serve = ({ serve }: World) => serve()

export const memory: Piece<World> = {
  groups: [
    {
      note: 'The resident memory of `hallpass serve` from the built packages, with the compile cache of an earlier start: two seconds after its start, when nobody has asked it yet, and after 100,000 times GET /v1/apps/{app} over 32 connections, 512 tokens and 512 apps in turn. The median of three starts. About 40 MiB of it are the program of Node itself, which all of its processes share.',
      rounds: starts,
      rows: [
        { what: 'idle', how: serve, cost: 'idle', unit, goal: 90 * mebibyte },
        { what: 'after 100,000 requests', how: serve, cost: 'loaded', unit, goal: 150 * mebibyte },
      ],
    },
  ],

  async open(run) {
    const data = run.directory()
    const furniture = await furnish(data, { apps: 512, tokens: 512 })
    const requests = readRequests(furniture, 512)
    const entry = builtEntry(run)
    const environment = { NODE_COMPILE_CACHE: run.directory() }
    await (await startServer(run, [entry, ...serveWords(data)], environment)).stop()
    return {
      async serve() {
        const server = await startServer(run, [entry, ...serveWords(data)], environment)
        await pause(2000)
        const idle = residentMemory(server.pid)
        const client = await connectLoad(server.url, 32)
        await client.run(requests, run.quick ? 10_000 : 100_000, 200)
        const loaded = residentMemory(server.pid)
        client.close()
        await server.stop()
        return { idle, loaded }
      },
    }
  },
}

/** In bytes, as Linux counts it; `VmHWM` is the most that it was since it was last forgotten. */
export function residentMemory(pid: number, what: 'VmRSS' | 'VmHWM' = 'VmRSS'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  return Number(new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? NaN) * 1024
}
