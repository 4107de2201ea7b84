// Lists of tokens by their last use. Used ones stand in the order of their last use, and those without a known use beside
// them, by age. Uses change while somebody turns the pages, so a page ends at a place and not at a token.
import { sql, type Kysely, type SqlBool } from 'kysely'

import { DomainError } from '../domain/errors.ts'
import type { Page } from '../domain/page.ts'
import type { TokenOwner } from '../domain/store/tokens.ts'
import type { ListedToken, TokenQuery } from '../domain/token.ts'
import { filterOf, isFound, isInState, type FilterParameters } from './token-filter.ts'
import { caveatsColumn } from './long-caveats.ts'
import { query, type Param, type Query, type QuerySession } from './query.ts'
import type { Database } from './schema.ts'
import { formatTokenId, parseTokenId } from './token-id.ts'
import { listedColumns, toFullPage, toListedOnes, type FoundListed } from './token-rows.ts'

type Part = 'used' | 'unused'

/** In a part; `at` is the last use, or when an unused token was made. */
interface Place {
  readonly at: number
  readonly id: Uint8Array
}

/**
 * A page as {@link Page} says, with places as cursors. It reads at most two thousand tokens of each part, because of each its
 * row is looked up.
 * @throws DomainError `invalid` if `after` is not a place
 */
export async function listByUse(
  session: QuerySession,
  owner: TokenOwner,
  asked: TokenQuery,
  counts: readonly number[] = usualCounts,
): Promise<Page<ListedToken, string>> {
  const { order, limit, unusedSince = Number.MAX_SAFE_INTEGER } = asked
  const fixed = { ...owner, ...filterOf(asked), unusedSince, caveats: asked.withoutCaveats === true ? 0 : 1 }
  const parts = order === 'desc' ? (['used', 'unused'] as const) : (['unused', 'used'] as const)
  const start = asked.after === undefined ? undefined : readPlace(asked.after)
  const rows: FoundListed[] = []
  for (const part of parts.slice(start === undefined ? 0 : parts.indexOf(start.part))) {
    const { page, step } = walkOf(part, asked, owner)
    let from = start?.part === part ? start.place : order === 'desc' ? past : before
    for (const [at, count] of counts.entries()) {
      const bounds = { ...fixed, fromAt: from.at, fromId: from.id }
      const end = await session.one(step, { ...bounds, skip: count - 1, limit: 1 })
      const found = await session.many(page, { ...bounds, count, limit: limit + 1 - rows.length })
      for (const row of found) rows.push(row)
      if (rows.length > limit) return toFullPage(session, rows, asked)
      if (end === undefined) break
      if (at === counts.length - 1) {
        return { items: await toListedOnes(session, rows), next: writePlace(part, end) }
      }
      from = end
    }
  }
  return { items: await toListedOnes(session, rows) }
}

/** If many match, the first step is enough. */
const usualCounts = [300, 1700] as const

function writePlace(part: Part, { at, id }: Place): string {
  return `${part}.${at}.${formatTokenId(id)}`
}

function readPlace(text: string): { readonly part: Part; readonly place: Place } {
  const [, part, at, id = ''] = /^(used|unused)\.(\d{1,15})\.([\w-]+)$/.exec(text) ?? []
  const bytes = parseTokenId(id)
  if (part === undefined || bytes === undefined) {
    throw new DomainError('invalid', 'cursor is not one of this list', { field: 'cursor' })
  }
  return { part: part as Part, place: { at: Number(at), id: bytes } }
}

// Beyond every place at either end.
const past: Place = { at: Number.MAX_SAFE_INTEGER, id: new Uint8Array(17).fill(0xff) }
const before: Place = { at: Number.MIN_SAFE_INTEGER, id: new Uint8Array(0) }

interface ScanParameters extends TokenOwner {
  readonly fromAt: number
  readonly fromId: Uint8Array
  readonly unusedSince: number
}
interface PageParameters extends ScanParameters, FilterParameters {
  /** 1 to read the caveats too. */
  readonly caveats: number
  /** How many are met, in the list or not. */
  readonly count: number
  readonly limit: number
}
interface StepParameters extends ScanParameters {
  readonly skip: number
  readonly limit: number
}

interface Walk {
  readonly page: Query<PageParameters, FoundListed>
  /** The place after so many tokens of the part, in the list or not. */
  readonly step: Query<StepParameters, Place>
}

interface Way extends Pick<TokenQuery, 'order' | 'state'> {
  readonly part: Part
  readonly ofApp: boolean
  readonly search: boolean
}

function walkOf(part: Part, { order, state, search }: TokenQuery, { app }: TokenOwner): Walk {
  const walk = walks.get(nameOf({ part, order, state, ofApp: app !== null, search: search !== '' }))
  if (walk === undefined) throw new Error(`There is no list of tokens by use of ${state} ${order}.`)
  return walk
}

function nameOf({ part, order, state, ofApp, search }: Way): string {
  return [part, order, state, ofApp, search].join(' ')
}

const walks = createWalks()

function createWalks(): ReadonlyMap<string, Walk> {
  const all = new Map<string, Walk>()
  for (const part of ['used', 'unused'] as const) {
    for (const order of ['asc', 'desc'] as const) {
      for (const state of ['live', 'expired', 'revoked', 'all'] as const) {
        for (const ofApp of [true, false]) {
          for (const search of [true, false]) {
            const way = { part, order, state, ofApp, search }
            all.set(nameOf(way), createWalk(way))
          }
        }
      }
    }
  }
  return all
}

function createWalk(way: Way): Walk {
  return {
    // So many are met, and then looked up: no plan begins with the rows of all tokens.
    page: query((db, param: Param<PageParameters>) => {
      let found = db
        .selectFrom(entries(db, param, way).limit(param('count')).as('met'))
        .innerJoin('tokens', 'tokens.id', 'met.id')
        .leftJoin('token_uses', 'token_uses.token_id', 'met.id')
        .leftJoin('users', 'users.id', 'tokens.created_by')
        .leftJoin('apps', 'apps.id', 'tokens.app_id')
        .where('token_uses.token_id', way.part === 'used' ? 'is not' : 'is', null)
      if (way.ofApp) found = found.where('tokens.app_id', '=', param('app'))
      if (way.search) found = found.where(isFound(param))
      const ofState = isInState(param, way.state)
      if (ofState !== undefined) found = found.where(ofState)
      return found
        .where(sql<SqlBool>`${param('profile')} in ('', tokens.profile)`)
        .where(sql<SqlBool>`${param('createdBy')} in (cast(0 as bigint), tokens.created_by)`)
        .where('tokens.is_approved', '<=', param('approved'))
        .select(listedColumns)
        .select(sql<Uint8Array | null>`case when ${param('caveats')} = 1 then ${caveatsColumn} end`.as('caveats'))
        .orderBy('met.at', way.order)
        .orderBy('met.id', way.order)
        .limit(param('limit'))
    }),
    step: query((db, param: Param<StepParameters>) =>
      entries(db, param, way).limit(param('limit')).offset(param('skip')),
    ),
  }
}

/** The tokens that are met from a place on, in the list or not, with their places. */
function entries(db: Kysely<Database>, param: Param<ScanParameters>, { part, order }: Way) {
  const [at, id] = part === 'used' ? (['used_at', 'token_id'] as const) : (['created_at', 'id'] as const)
  const columns = [sql<number>`${sql.ref(at)}`.as('at'), sql<Uint8Array>`${sql.ref(id)}`.as('id')]
  const place = sql`(${sql.ref(at)}, ${sql.ref(id)})`
  const from = sql`(${param('fromAt')}, ${param('fromId')})`
  const ordering = sql`${sql.ref(at)} ${sql.raw(order)}, ${sql.ref(id)} ${sql.raw(order)}`
  return db
    .selectFrom(part === 'used' ? 'token_uses' : 'tokens')
    .select(columns)
    .where('organisation_id', '=', param('organisation'))
    .where(sql<SqlBool>`${place} ${sql.raw(order === 'desc' ? '<' : '>')} ${from}`)
    .where(sql<SqlBool>`${sql.ref(at)} < ${param('unusedSince')}`)
    .orderBy(ordering)
}
