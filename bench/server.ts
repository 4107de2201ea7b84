// Starts servers in processes of their own, and asks them what they cost.
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
  /** CPU microseconds of its thread: the longest that the loop was held since somebody last asked. */
  hold(): Promise<number>
  stop(): Promise<void>
}

/** The authority of a data directory, as `hallpass serve` starts it; over PostgreSQL where a URL is given. */
export function startAuthority(workspace: Workspace, directory: string, url?: string): Promise<Server> {
  return start(workspace, ['authority', directory, ...(url === undefined ? [] : [url])])
}

/** Bare Fastify, which answers `GET /v1/apps/{app}` with this JSON. */
export function startConstant(workspace: Workspace, json: string): Promise<Server> {
  return start(workspace, ['constant', json])
}

async function start(workspace: Workspace, argv: readonly string[]): Promise<Server> {
  const child = workspace.fork(new URL('server-process.ts', import.meta.url), argv)
  const gone = once(child, 'exit').then((): never => {
    throw new Error('a server process has ended')
  })
  // It ends for good reasons too; whoever waits for an answer then is told by the race.
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
