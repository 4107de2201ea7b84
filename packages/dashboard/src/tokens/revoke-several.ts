// Revokes several tokens, one after the other, and says of each that could not be why.
import { ApiError, ConnectionError, type Client, type Token } from '@hallpass/client'

export interface RevokedSeveral {
  readonly revoked: readonly Token[]
  readonly failed: readonly { readonly token: Token; readonly error: Error }[]
  /** How many went with them: the tokens that they created, directly or not. */
  readonly descendants: number
  /** Whether it may be more than that. */
  readonly more: boolean
}

/**
 * One that does not answer, or an ended login, is not asked again for the others: they have failed likewise.
 * @throws what the first one throws where the person is not logged in any more
 */
export async function revokeSeveral(
  client: Pick<Client, 'revokeToken'>,
  tokens: readonly Token[],
): Promise<RevokedSeveral> {
  const revoked: Token[] = []
  const failed: { token: Token; error: Error }[] = []
  let descendants = 0
  let more = false
  let lost: Error | undefined
  for (const token of tokens) {
    if (lost !== undefined) {
      failed.push({ token, error: lost })
      continue
    }
    try {
      const answer = await client.revokeToken({ token_id: token.id })
      revoked.push(token)
      descendants += answer.revoked_descendants
      more ||= answer.more_descendants
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error('unknown', { cause })
      if (error instanceof ApiError && error.code === 'unauthenticated') {
        if (revoked.length === 0) throw error
        lost = error
      }
      if (error instanceof ConnectionError) lost = error
      failed.push({ token, error })
    }
  }
  return { revoked, failed, descendants, more }
}
