// A page of tokens, and how many there are. If few tokens of many match, the authority returns short pages; this asks until a
// page is full.
import type { Client, TokenCount, TokenFilterQuery, TokenList } from '@hallpass/client'

import type { AskedList, AskedTokens } from './list-query.ts'
import { endsSoonWithin } from './ends-soon.ts'

const pageSize = 50
/** Far more than an organisation has; each answer takes the authority a few milliseconds. */
const mostAnswers = 40

/** A whole page, or all that is left; `next_cursor` where there is more. */
export async function listTokens(client: Client, slug: string, asked: AskedList): Promise<TokenList> {
  const { filter, sort, order } = asked
  const tokens: TokenList['tokens'] = []
  let { cursor } = asked
  let since = ''
  for (let answers = 0; answers < mostAnswers; answers += 1) {
    const query = { ...queryOf(filter), sort, order, cursor, limit: pageSize - tokens.length }
    const answer = await (filter.app === undefined
      ? client.listOrganisationTokens({ org_slug: slug, ...query })
      : client.listAppTokens({ app_name: filter.app, ...query }))
    tokens.push(...answer.tokens)
    since = answer.uses_known_since
    cursor = answer.next_cursor
    if (cursor === undefined || tokens.length >= pageSize) break
  }
  return { tokens, uses_known_since: since, ...(cursor === undefined ? {} : { next_cursor: cursor }) }
}

export function countTokens(client: Client, slug: string, filter: AskedTokens): Promise<TokenCount> {
  const query = queryOf(filter)
  return filter.app === undefined
    ? client.countOrganisationTokens({ org_slug: slug, ...query })
    : client.countAppTokens({ app_name: filter.app, ...query })
}

function queryOf({ state, search, kind, by, unused }: AskedTokens): TokenFilterQuery {
  return {
    ...(state === 'ending'
      ? { state: 'live', ends_within: endsSoonWithin }
      : state === 'pending'
        ? { state: 'live', approval: state }
        : { state }),
    search,
    profile: kind,
    created_by: by,
    unused,
  }
}
