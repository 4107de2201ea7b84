// A page of tokens. If few tokens of many match, the authority returns short pages; this asks until a page is full.
import type { Client, TokenList } from '@hallpass/client'

import type { AskedList } from './list-query.ts'

const pageSize = 50
/** Far more than an organisation has; each answer takes the authority a few milliseconds. */
const mostAnswers = 40

/** A whole page, or all that is left; `next_cursor` where there is more. */
export async function listTokens(client: Client, slug: string, asked: AskedList): Promise<TokenList> {
  const tokens: TokenList['tokens'] = []
  let { cursor } = asked
  let since = ''
  for (let answers = 0; answers < mostAnswers; answers += 1) {
    const limit = pageSize - tokens.length
    const answer = await client.listOrganisationTokens({ org_slug: slug, ...asked, cursor, limit })
    tokens.push(...answer.tokens)
    since = answer.uses_known_since
    cursor = answer.next_cursor
    if (cursor === undefined || tokens.length >= pageSize) break
  }
  return { tokens, uses_known_since: since, ...(cursor === undefined ? {} : { next_cursor: cursor }) }
}
