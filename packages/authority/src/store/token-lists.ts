// Lists of tokens, page by page. Each scans one or two indexes from the end of the page before. The index has
// everything that the list filters by, and the scan is limited, so that no search holds up others.
import { sql, type Kysely, type SqlBool } from 'kysely'

import { DomainError } from '../domain/errors.ts'
import type { Page } from '../domain/page.ts'
import type { ReadTransaction } from '../domain/store.ts'
import type { PartialCount, TokenOwner } from '../domain/store/tokens.ts'
import { writePlace, type ListedToken, type StoredSort, type TokenFilter, type TokenQuery } from '../domain/token.ts'
import { caveatsColumn } from './long-caveats.ts'
import type { MethodsOf } from './noun.ts'
import { query, type Param, type Query, type QuerySession } from './query.ts'
import type { Database } from './schema.ts'
import { filterOf, isFound, isInState, type FilterParameters } from './token-filter.ts'
import { formatTokenId, parseTokenId } from './token-id.ts'
import { listByUse } from './token-lists-by-use.ts'
import { listedColumns, toFullPage, toListedOnes, type FoundListed } from './token-rows.ts'

/** `counts`: how many tokens a page reads to find matches, step by step until it is full; each list has its own. */
export function tokenLists(
  counts?: readonly number[],
): MethodsOf<Pick<ReadTransaction['tokens'], 'ofOrganisation' | 'ofApp' | 'count'>> {
  return {
    ofOrganisation: (session, organisation, asked) => list(session, { organisation, app: null }, asked),
    ofApp: (session, { id, organisationId }, asked) => list(session, { organisation: organisationId, app: id }, asked),
    count: countPiece,
  }

  function list(session: QuerySession, owner: TokenOwner, asked: TokenQuery): Promise<Page<ListedToken, string>> {
    const { sort } = asked
    return sort === 'last_used_at'
      ? listByUse(session, owner, asked, counts)
      : listStored(session, owner, { ...asked, sort }, counts ?? (looksUp(asked) ? countsOfLookedUp : usualCounts))
  }
}

/** A list by something that the token itself has. */
type StoredQuery = TokenQuery & { readonly sort: StoredSort }

/** The sort keys, and so a position in every order. */
interface Place {
  readonly expiresAt: number
  readonly createdAt: number
  readonly nameKey: string
  readonly id: Uint8Array
}

// If many match, the first step is enough; if none does, a page ends after ten thousand: a few milliseconds.
const usualCounts = [1000, 3000, 6000] as const
// Each token that is met is looked up.
const countsOfLookedUp = [500, 1500] as const

/** Whether the list filters by something that no index has. */
function looksUp({ unusedSince, createdBy, profile, isPending }: TokenFilter): boolean {
  return unusedSince !== undefined || createdBy !== undefined || profile !== undefined || isPending === true
}

async function listStored(
  session: QuerySession,
  owner: TokenOwner,
  asked: StoredQuery,
  counts: readonly number[],
): Promise<Page<ListedToken, string>> {
  const { after, limit } = asked
  const [first, last] = endsOf(asked)
  const { page, steps } = walkOf(owner, asked)
  const fixed = { ...fixedOf(owner, asked), caveats: asked.withoutCaveats === true ? 0 : 1 }
  let from = after === undefined ? first : later(asked, readPlace(after), first)
  const rows: FoundListed[] = []
  for (const count of passesOver(owner, asked) ? counts : [undefined]) {
    const bounds = { ...fixed, ...named('from', from) }
    let end: Place | undefined
    for (const step of count === undefined ? [] : steps) {
      const values = { ...bounds, ...named('to', last), skip: (count ?? 1) - 1, limit: 1 }
      end = nearer(asked, end, await session.one(step, values))
    }
    const wanted = limit + 1 - rows.length
    const found = await session.many(page, { ...bounds, ...named('to', end ?? last), limit: wanted })
    for (const row of found) rows.push(row)
    if (rows.length > limit) return toFullPage(session, rows, asked)
    if (end === undefined) return { items: await toListedOnes(session, rows) }
    from = end
  }
  return { items: await toListedOnes(session, rows), next: nameOf(from, asked) }
}

/** A piece of the list by expiry, which meets no revoked token among live ones, and none of other apps. */
async function countPiece(
  session: QuerySession,
  owner: TokenOwner,
  filter: TokenFilter,
  after?: string,
): Promise<PartialCount> {
  const asked: StoredQuery = { ...filter, sort: 'expires_at', order: 'desc', limit: 1 }
  const [first, last] = endsOf(asked)
  const { steps, counts } = walkOf(owner, asked)
  const from = after === undefined ? first : readPlace(after)
  const bounds = { ...fixedOf(owner, asked), caveats: 0, limit: 1, ...named('from', from) }
  const skip = (looksUp(asked) ? mostLookedUp : mostCounted) - 1
  let end: Place | undefined
  for (const step of steps) {
    end = nearer(asked, end, await session.one(step, { ...bounds, ...named('to', last), skip }))
  }
  let count = 0
  for (const each of counts) {
    count += (await session.one(each, { ...bounds, ...named('to', end ?? last) }))?.count ?? 0
  }
  return { count, ...(end === undefined ? {} : { next: nameOf(end, asked) }) }
}

const [mostCounted, mostLookedUp] = [10_000, 2000] as const

function fixedOf(owner: TokenOwner, asked: StoredQuery) {
  return { ...owner, ...filterOf(asked), unusedSince: asked.unusedSince ?? Number.MAX_SAFE_INTEGER }
}

/** The first and last position of the list. Sorted by expiry, the live ones are together, and so are the ended ones. */
function endsOf({ sort, order, state, now, endsBy }: StoredQuery): readonly [Place, Place] {
  const ending: Place = { ...past, expiresAt: now }
  const parted = sort === 'expires_at'
  const low = parted && state === 'live' ? ending : before
  const soon = state === 'live' && endsBy !== undefined ? { ...past, expiresAt: endsBy } : past
  const high = !parted ? past : state === 'expired' ? ending : soon
  return order === 'desc' ? [high, low] : [low, high]
}

/** The later position: a token at the end of a page of live ones may have ended since. */
function later({ sort, order }: StoredQuery, place: Place, first: Place): Place {
  return sort === 'expires_at' && order === 'asc' && place.expiresAt <= first.expiresAt ? first : place
}

/** The first of two positions in the order of expiry; or the one that exists. */
function nearer({ order }: StoredQuery, one: Place | undefined, other: Place | undefined): Place | undefined {
  if (one === undefined || other === undefined) return one ?? other
  const up = one.expiresAt - other.expiresAt || one.createdAt - other.createdAt || Buffer.compare(one.id, other.id)
  return up < 0 === (order === 'asc') ? one : other
}

/** Whether the scan meets tokens that are not in the list. */
function passesOver({ app }: TokenOwner, asked: StoredQuery): boolean {
  const { search, sort, state } = asked
  return search !== '' || looksUp(asked) || (sort !== 'expires_at' && (state !== 'all' || app !== null))
}

function nameOf({ id, ...place }: Place, { sort }: StoredQuery): string {
  return writePlace({ ...place, id: formatTokenId(id) }, sort)
}

/** @throws DomainError `invalid` */
function readPlace(text: string): Place {
  // PostgreSQL takes no text with a NUL.
  const [, expiresAt, createdAt, id = '', nameKey = ''] =
    /^(\d{1,15})\.(\d{1,15})\.([\da-f-]{36})\.([^\0]{0,512})$/su.exec(text) ?? []
  const bytes = parseTokenId(id)
  if (bytes === undefined) throw new DomainError('invalid', 'cursor is not one of this list', { field: 'cursor' })
  return { expiresAt: Number(expiresAt), createdAt: Number(createdAt), nameKey, id: bytes }
}

const placeColumns = ['expires_at as expiresAt', 'created_at as createdAt', 'name_key as nameKey', 'id'] as const

// Beyond every position at either end. U+10FFFF sorts last, and names have fewer characters.
const past: Place = {
  expiresAt: Number.MAX_SAFE_INTEGER,
  createdAt: Number.MAX_SAFE_INTEGER,
  nameKey: '\u{10ffff}'.repeat(512),
  id: new Uint8Array(17).fill(0xff),
}
const before: Place = {
  expiresAt: Number.MIN_SAFE_INTEGER,
  createdAt: Number.MIN_SAFE_INTEGER,
  nameKey: '',
  id: new Uint8Array(0),
}

type Named<End extends string> = { readonly [Key in `${End}Expiry` | `${End}Creation`]: number } & {
  readonly [Key in `${End}Name`]: string
} & { readonly [Key in `${End}Id`]: Uint8Array }

function named<End extends string>(end: End, { expiresAt, createdAt, nameKey, id }: Place): Named<End> {
  return {
    [`${end}Expiry`]: expiresAt,
    [`${end}Creation`]: createdAt,
    [`${end}Name`]: nameKey,
    [`${end}Id`]: id,
  } as Named<End>
}

interface PageParameters extends TokenOwner, FilterParameters, Named<'from'>, Named<'to'> {
  readonly unusedSince: number
  /** 1 to read the caveats too. */
  readonly caveats: number
  readonly limit: number
}
interface StepParameters extends PageParameters {
  readonly skip: number
}

/** One way to scan the tokens. */
interface Walk {
  /** Those in the list, from one position to another. */
  readonly page: Query<PageParameters, FoundListed>
  /** The position of each part of the scan after this many tokens, in the list or not. */
  readonly steps: readonly Query<StepParameters, Place>[]
  /** How many of each part are in the list, from one position to another. */
  readonly counts: readonly Query<PageParameters, { readonly count: number }>[]
}

type WalkName =
  `${'organisation' | 'app'} ${StoredSort} ${TokenQuery['order']} ${TokenQuery['state']} ${'search' | ''} ${'looked-up' | ''}`

function walkOf({ app }: TokenOwner, asked: StoredQuery): Walk {
  const { sort, order, state, search } = asked
  const filters = `${search === '' ? '' : 'search'} ${looksUp(asked) ? 'looked-up' : ''}` as const
  const name: WalkName = `${app === null ? 'organisation' : 'app'} ${sort} ${order} ${state} ${filters}`
  const walk = walks.get(name)
  if (walk === undefined) throw new Error(`There is no list of tokens ${name}.`)
  return walk
}

const walks = createWalks()

function createWalks(): ReadonlyMap<WalkName, Walk> {
  const all = new Map<WalkName, Walk>()
  for (const owner of ['organisation', 'app'] as const) {
    for (const sort of ['expires_at', 'created_at', 'name'] as const) {
      for (const order of ['asc', 'desc'] as const) {
        for (const state of ['live', 'expired', 'revoked', 'all'] as const) {
          for (const search of ['search', ''] as const) {
            for (const lookedUp of ['looked-up', ''] as const) {
              const way = { owner, sort, order, state, search: search !== '', looksUp: lookedUp !== '' }
              all.set(`${owner} ${sort} ${order} ${state} ${search} ${lookedUp}`, createWalk(way))
            }
          }
        }
      }
    }
  }
  return all
}

interface Way extends Pick<StoredQuery, 'sort' | 'order' | 'state'> {
  readonly owner: 'organisation' | 'app'
  readonly search: boolean
  readonly looksUp: boolean
}

function createWalk(way: Way): Walk {
  const parts = partsOf(way)
  return {
    page: query((db, param: Param<PageParameters>) => {
      const [first, second] = parts.map((part) =>
        entries(db, param, way, part, true).orderBy(ordering(way)).limit(param('limit')),
      )
      if (first === undefined) throw new Error('A list of tokens has no parts.')
      // A page of each part is enough. PostgreSQL would sort whole parts without a limit on each.
      const both =
        second &&
        db
          .selectFrom(first.as('part'))
          .selectAll()
          .unionAll(db.selectFrom(second.as('part')).selectAll())
      return db
        .selectFrom((both ? both.orderBy(ordering(way)).limit(param('limit')) : first).as('found'))
        .innerJoin('tokens', 'tokens.id', 'found.id')
        .leftJoin('users', 'users.id', 'tokens.created_by')
        .leftJoin('apps', 'apps.id', 'tokens.app_id')
        .leftJoin('token_uses', 'token_uses.token_id', 'tokens.id')
        .select(listedColumns)
        .select(sql<Uint8Array | null>`case when ${param('caveats')} = 1 then ${caveatsColumn} end`.as('caveats'))
        .orderBy(ordering(way, 'found.'))
    }),
    steps: parts.map((part) =>
      query((db, param: Param<StepParameters>) =>
        entries(db, param, way, part, false).orderBy(ordering(way)).limit(param('limit')).offset(param('skip')),
      ),
    ),
    counts: parts.map((part) =>
      query((db, param: Param<PageParameters>) =>
        db
          .selectFrom(entries(db, param, way, part, true).as('counted'))
          .select((eb) => eb.fn.countAll<number>().as('count')),
      ),
    ),
  }
}

/** The state of `revoked_at` in the index that the scan uses, or both. */
type Part = 'is' | 'is not' | 'either'

/** Only the expiry order separates revoked tokens and has an index for apps. */
function partsOf({ sort, state }: Way): readonly Part[] {
  if (sort !== 'expires_at') return ['either']
  if (state === 'all') return ['is', 'is not']
  return [state === 'revoked' ? 'is not' : 'is']
}

/** The tokens that the scan meets between two positions; only those in the list if `matching`. */
function entries(db: Kysely<Database>, param: Param<PageParameters>, way: Way, part: Part, matching: boolean) {
  const { owner, state } = way
  const parted = part !== 'either'
  // The index has the sort columns. For any other column SQLite would read all of the caveats before it.
  const keys = keysOf[way.sort].map((key) => columnOf[key])
  const columns = placeColumns.filter((column) => !matching || keys.some((key) => column.startsWith(key)))
  let met = db.selectFrom('tokens').select(columns).where(between(param, way))
  if (parted && owner === 'app') met = met.where('app_id', '=', param('app')).where('app_id', 'is not', null)
  else met = met.where('organisation_id', '=', param('organisation'))
  if (parted) met = met.where('revoked_at', part, null)
  if (!matching) return met
  if (way.search) met = met.where(isFound(param))
  if (way.looksUp) {
    met = met
      .where(sql<SqlBool>`${param('profile')} in ('', ${own('profile')})`)
      .where(sql<SqlBool>`${param('createdBy')} in (cast(0 as bigint), ${own('created_by')})`)
      .where(sql<SqlBool>`${own('is_approved')} <= ${param('approved')}`)
      .where(sql<SqlBool>`${lastKnown} < ${param('unusedSince')}`)
  }
  if (parted) return met
  if (owner === 'app') met = met.where('app_id', '=', param('app'))
  const ofState = isInState(param, state)
  return ofState === undefined ? met : met.where(ofState)
}

/** A column that the index lacks. A subquery, so that the scan stays one of the index. */
function own(column: 'profile' | 'created_by' | 'is_approved') {
  return sql`(select met.${sql.ref(column)} from tokens as met where met.id = tokens.id)`
}

/** When a token was last used as far as is known, or made. A subquery, which no plan turns into a scan of all uses. */
const lastKnown = sql<number>`coalesce(
  (select token_uses.used_at from token_uses where token_uses.token_id = tokens.id), tokens.created_at)`

/** After the first position, up to and including the second. */
function between(param: Param<PageParameters>, { sort, order }: Way) {
  const keys = keysOf[sort]
  const columns = sql.join(keys.map((key) => sql.ref(columnOf[key])))
  const from = sql.join(keys.map((key) => param(`from${key}`)))
  const to = sql.join(keys.map((key) => param(`to${key}`)))
  return order === 'desc'
    ? sql<SqlBool>`(${columns}) < (${from}) and (${columns}) >= (${to})`
    : sql<SqlBool>`(${columns}) > (${from}) and (${columns}) <= (${to})`
}

function ordering({ sort, order }: Way, prefix: '' | 'found.' = '') {
  return sql.join(keysOf[sort].map((key) => sql`${sql.ref(prefix + aliasOf[key])} ${sql.raw(order)}`))
}

const keysOf = {
  expires_at: ['Expiry', 'Creation', 'Id'],
  created_at: ['Creation', 'Id'],
  name: ['Name', 'Creation', 'Id'],
} as const
const columnOf = { Expiry: 'expires_at', Creation: 'created_at', Name: 'name_key', Id: 'id' } as const
const aliasOf = { Expiry: 'expiresAt', Creation: 'createdAt', Name: 'nameKey', Id: 'id' } as const
