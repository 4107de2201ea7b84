// token.count: how many tokens a list has, up to ten thousand.
import { actions } from '@hallpass/macaroon'

import type { Organisation } from '../../domain/organisation.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import type { PartialCount, TokenOwner } from '../../domain/store/tokens.ts'
import type { TokenFilter } from '../../domain/token.ts'
import { accessApp, type FoundApp } from '../apps/find-app.ts'
import { accessOrganisation } from '../organisations/find-organisation.ts'
import type { OperationContext, AsideContext, ReadOperation } from '../perform/operation.ts'
import { readFilter, type FilterOptions } from './filter-tokens.ts'

export interface CountedTokens extends PartialCount {
  readonly owner: TokenOwner
  readonly filter: TokenFilter
  /** Whether there are, or may be, more than these. */
  readonly more: boolean
}

export const countOrganisationTokens: ReadOperation<
  FilterOptions & { readonly slug: string },
  Organisation,
  CountedTokens
> = {
  name: 'token.count',
  mode: 'read',
  access: (context, { slug }) => accessOrganisation(context, slug, { action: actions.read }),
  run: (context, { input, subject: { id } }) => begin(context, input, { organisation: id, app: null }),
  afterRead: goOn,
}

export const countAppTokens: ReadOperation<FilterOptions & { readonly appName: string }, FoundApp, CountedTokens> = {
  name: 'token.count',
  mode: 'read',
  access: (context, { appName }) => accessApp(context, appName, actions.read),
  run: (context, { input, subject: { app, organisation } }) =>
    begin(context, input, { organisation: organisation.id, app: app.id }),
  afterRead: goOn,
}

async function begin(
  context: OperationContext<ReadTransaction>,
  input: FilterOptions,
  owner: TokenOwner,
): Promise<CountedTokens> {
  const { filter, isEmpty } = await readFilter(context, input)
  const first = isEmpty ? { count: 0 } : await context.tx.tokens.count(owner, filter)
  return { ...first, owner, filter, more: false }
}

/** One piece for each snapshot, with others' turns in between. */
async function goOn({ environment, read }: AsideContext, first: CountedTokens): Promise<CountedTokens> {
  const { owner, filter } = first
  let { count, next } = first
  for (let pieces = 1; next !== undefined && count <= mostCounted && pieces < mostPieces; pieces++) {
    await environment.pause()
    const after: string = next
    const piece = await read((tx) => tx.tokens.count(owner, filter, after))
    count += piece.count
    next = piece.next
  }
  return { owner, filter, count: Math.min(count, mostCounted), more: count > mostCounted || next !== undefined }
}

const mostCounted = 10_000
// A million tokens, or two hundred thousand whose rows are looked up.
const mostPieces = 100
