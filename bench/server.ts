// Starts servers in their own processes, and asks them what a request costs.
import { once } from 'node:events'
import { resolve } from 'node:path'

import { builtEntry } from './installation.ts'
import type { Run } from './run.ts'

/** The command in the source. */
export const sourceEntry = resolve(import.meta.dirname, '../packages/cli/bin/hallpass.js')

/** One start of a server differs from the next by a tenth. So several run, and the rounds take them in turn. */
export const starts = 3

export interface Server {
  readonly url: string
  readonly pid: number
  /** Processor time of the whole process so far in microseconds, all threads. */
  cpu(): Promise<number>
  /**
   * The longest time since the last call for which the event loop was held, in microseconds of processor time of its
   * thread. The first call begins to watch it.
   */
  hold(): Promise<number>
  /** Ends it in good order. */
  stop(): Promise<void>
}

/** Runs `hallpass serve` from the built packages on a data directory, with probe.ts in its process. */
export function startAuthority(run: Run, data: string, ...flags: readonly string[]): Promise<Server> {
  return startServer(run, ['--import', module('probe.ts'), builtEntry(run), ...serveWords(data), ...flags], {}, 'ipc')
}

/** Runs bare Fastify, which answers `GET /v1/apps/{app}` with this JSON. */
export function startBareServer(run: Run, json: string): Promise<Server> {
  return startServer(run, ['--import', module('probe.ts'), module('bare-server.ts'), json], {}, 'ipc')
}

export function serveWords(data: string): readonly string[] {
  return ['serve', '--listen', '127.0.0.1:0', '--data', data, '--log-level', 'warn']
}

/**
 * Starts Node with these words and waits until it prints where it listens.
 * @throws Error with what it said if it ends before
 */
export async function startServer(
  run: Run,
  argv: readonly string[],
  environment?: NodeJS.ProcessEnv,
  ...channel: ['ipc'?]
): Promise<Server> {
  const child = run.spawnNode(argv, environment, ...channel)
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    said = (said + chunk).slice(-4096)
  })
  // After its last words.
  const gone = once(child, 'close').then((): never => {
    throw new Error(`a server has ended: ${said}`)
  })
  // Whoever waits for an answer sees it through the race.
  gone.catch(() => {})
  const listening = new Promise<string>((found) => {
    let printed = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      printed += chunk
      const url = /listens at (http:\S+)/.exec(printed)?.[1]
      if (url !== undefined) found(url)
    })
  })
  const ask = async (question: 'cpu' | 'hold') => {
    const answer = once(child, 'message')
    child.send(question)
    return ((await Promise.race([answer, gone])) as [number])[0]
  }
  return {
    url: await Promise.race([listening, gone]),
    pid: child.pid ?? 0,
    cpu: () => ask('cpu'),
    hold: () => ask('hold'),
    async stop() {
      child.kill('SIGTERM')
      await gone.catch(() => {})
    },
  }
}

function module(name: string): string {
  return resolve(import.meta.dirname, name)
}
