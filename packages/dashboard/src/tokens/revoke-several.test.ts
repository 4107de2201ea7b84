import { ApiError, ConnectionError, type Token } from '@hallpass/client'
import { describe, expect, it } from 'vitest'

import { revokeSeveral } from './revoke-several.ts'

const tokens = ['a', 'b', 'c'].map((id) => ({ id })) as Token[]

/** Answers for each id, or throws. */
function clientOf(answers: Readonly<Record<string, Error | number>>) {
  const asked: string[] = []
  async function revokeToken({ token_id: id }: { readonly token_id: string }) {
    asked.push(id)
    const answer = answers[id] ?? 0
    if (answer instanceof Error) throw answer
    return { revoked_descendants: answer, more_descendants: answer > 5 } as never
  }
  return { asked, client: { revokeToken } as never }
}

const refusal = (code: 'unauthenticated') => new ApiError(code, 'no', { status: 400 })

describe('revoking several tokens', () => {
  it('adds up what went with them', async () => {
    const { client } = clientOf({ a: 1, c: 6 })
    const { revoked, failed, descendants, more } = await revokeSeveral(client, tokens)
    expect([revoked.length, failed, descendants, more]).toEqual([3, [], 7, true])
  })

  it('goes on after a refusal, and not where nobody answers', async () => {
    const refused = clientOf({ b: new Error('no') })
    expect((await revokeSeveral(refused.client, tokens)).failed.map(({ token }) => token.id)).toEqual(['b'])
    expect(refused.asked).toEqual(['a', 'b', 'c'])
    const lost = clientOf({ b: new ConnectionError('unreachable', 'gone') })
    const outcome = await revokeSeveral(lost.client, tokens)
    expect(outcome.failed.map(({ token }) => token.id)).toEqual(['b', 'c'])
    expect(lost.asked).toEqual(['a', 'b'])
  })

  it('says that a login is over, unless something was done before', async () => {
    const none = clientOf({ a: refusal('unauthenticated') })
    await expect(revokeSeveral(none.client, tokens)).rejects.toBeInstanceOf(ApiError)
    const some = clientOf({ b: refusal('unauthenticated') })
    expect((await revokeSeveral(some.client, tokens)).failed.map(({ token }) => token.id)).toEqual(['b', 'c'])
  })
})
