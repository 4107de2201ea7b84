// What stands beside the row of a token, and goes with it.
import type { QuerySession } from './query.ts'
import { removeDerived } from './derived-tokens.ts'
import { removeTokenNotices } from './token-notices.ts'
import { removeTokenUse } from './uses.ts'

/** Removes the use, the notices and the derived tokens of a token whose row is removed. */
export async function removeBeside(session: QuerySession, tokenId: Uint8Array): Promise<void> {
  await removeTokenUse(session, tokenId)
  await removeTokenNotices(session, tokenId)
  await removeDerived(session, tokenId)
}
