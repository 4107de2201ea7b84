// What people do with tokens all day, while the authorities below them are replaced or die.
import { setTimeout as pause } from 'node:timers/promises'

import type { Answer, Ask } from './http.ts'

export interface Load {
  /** How many tokens were minted, used, revoked and found dead. */
  readonly done: () => number
  /** How many requests had no answer, and were sent again. */
  readonly unanswered: () => number
  /** Returns what was not as it must be. */
  readonly stop: () => Promise<readonly string[]>
}

/**
 * Mints a token, uses it, revokes it and uses it again, in turn, several at once.
 * @param again whether a request that has no answer, or is told to come again, is sent again; otherwise it is a failure
 */
export function startLoad(ask: Ask, token: string, slug: string, again = false): Load {
  const failures: string[] = []
  let rounds = 0
  let unanswered = 0
  const end = new AbortController()

  async function persist(...asked: Parameters<Ask>): Promise<Answer | string> {
    for (;;) {
      const asking = ask(...asked).catch((error: unknown) => describe(error))
      // Of an authority that is gone with its network, not even the end of a connection is heard.
      const answer = await (again ? Promise.race([asking, pause(patience, 'no answer', { ref: false })]) : asking)
      if (!again || !(typeof answer === 'string' || answer.status === 503)) return answer
      unanswered += 1
    }
  }
  const expectStatus = async (what: string, status: number, ...asked: Parameters<Ask>) => {
    const answer = await persist(...asked)
    if (typeof answer !== 'string' && answer.status === status) return answer.body
    failures.push(`${what}: ${typeof answer === 'string' ? answer : `${answer.status} ${answer.text}`}`)
    return undefined
  }
  const work = async () => {
    while (!end.signal.aborted) {
      const made = await expectStatus('mint', 201, 'POST', `/v1/orgs/${slug}/tokens`, { token, body: {} })
      const minted = made as { readonly id: string; readonly token: string } | undefined
      if (minted === undefined) continue
      await expectStatus('use', 200, 'GET', '/v1/orgs', { token: minted.token })
      await expectStatus('revoke', 200, 'DELETE', `/v1/tokens/${minted.id}`, { token })
      await expectStatus('use of a revoked one', 401, 'GET', '/v1/orgs', { token: minted.token })
      rounds += 1
    }
  }
  const workers = Array.from({ length: 4 }, work)
  return {
    done: () => rounds,
    unanswered: () => unanswered,
    async stop() {
      end.abort()
      await Promise.all(workers)
      return failures
    },
  }
}

/** Milliseconds. */
const patience = 10_000

function describe(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : ''
  return `${String(error)}${cause}`
}
