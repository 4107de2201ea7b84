// Starts servers in their own processes, and asks them for their cost.
import { once } from 'node:events'

import type { Workspace } from './workspace.ts'

export type Question = 'cpu' | 'watch' | 'hold'

export type Answer =
  | { readonly kind: 'listening'; readonly url: string }
  | { readonly kind: 'cpu'; readonly microseconds: number }
  | { readonly kind: 'hold'; readonly microseconds: number }

export interface Server {
  readonly url: string
  /** CPU microseconds of the whole process so far, all threads. */
  cpu(): Promise<number>
  /** Begins to watch its event loop, a thousand times a second. */
  watch(): Promise<void>
  /** The longest time since the last call that the event loop was held, in CPU microseconds of its thread. */
  hold(): Promise<number>
  stop(): Promise<void>
}

/** Starts the authority of a data directory, as `hallpass serve` does; on PostgreSQL if a URL is given. */
export function startAuthority(workspace: Workspace, directory: string, url?: string): Promise<Server> {
  return start(workspace, ['authority', directory, ...(url === undefined ? [] : [url])])
}

/** Starts bare Fastify, which answers `GET /v1/apps/{app}` with this JSON. */
export function startConstant(workspace: Workspace, json: string): Promise<Server> {
  return start(workspace, ['constant', json])
}

async function start(workspace: Workspace, argv: readonly string[]): Promise<Server> {
  const child = workspace.fork(new URL('server-process.ts', import.meta.url), argv)
  const gone = once(child, 'exit').then((): never => {
    throw new Error('a server process has ended')
  })
  // It may end for good reasons; a caller who waits for an answer then sees this error through the race.
  gone.catch(() => {})

  async function next<Kind extends Answer['kind']>(kind: Kind): Promise<Extract<Answer, { readonly kind: Kind }>> {
    const [answer] = (await Promise.race([once(child, 'message'), gone])) as [Answer]
    if (answer.kind !== kind) throw new Error(`a server process answered ${answer.kind}, not ${kind}`)
    return answer as Extract<Answer, { readonly kind: Kind }>
  }

  async function ask<Kind extends Answer['kind']>(question: Question, kind: Kind) {
    const answer = next(kind)
    child.send(question)
    return answer
  }

  const { url } = await next('listening')
  return {
    url,
    cpu: async () => (await ask('cpu', 'cpu')).microseconds,
    watch: async () => void (await ask('watch', 'hold')),
    hold: async () => (await ask('hold', 'hold')).microseconds,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
