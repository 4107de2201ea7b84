// Tells people of the ends of their tokens: notes what is due, and leaves one mail a person and day in the outbox.
import type { Organisation } from '../domain/organisation.ts'
import { nearestNotice, noticeLead, day, type Digest, type EndPlace, type NoticeItem } from '../domain/notice.ts'
import { findNoticed } from '../domain/noticed-people.ts'
import type { ReadTransaction, Transaction } from '../domain/store.ts'
import { tokenState, type TokenRecord } from '../domain/token.ts'
import type { User } from '../domain/user.ts'
import type { Chore } from './worker.ts'

export interface NoticeOptions {
  /** Days before the end. */
  readonly days: readonly number[]
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Leaves the mail in the outbox; false if there is no room. Undefined where nothing is mailed. */
  readonly post: ((tx: Transaction, to: User, digest: Told) => Promise<boolean>) | undefined
}

/** What a mail says. */
export interface Told extends Pick<Digest, 'kind'> {
  readonly tokens: readonly {
    readonly record: TokenRecord
    readonly organisation: Organisation
    readonly use: NoticeItem['use']
  }[]
  /** How many more there are. */
  readonly others: number
}

export function createNotices(options: NoticeOptions): readonly Chore[] {
  const { days, now, post } = options
  const ends = days.length === 0 ? [] : [noteEnds(options)]
  return post === undefined ? ends : [...ends, mailDigests(now, post)]
}

/**
 * Goes through the tokens in the order of their ends, once for each notice: the setting says how far each has come. Where
 * nothing is mailed it goes there at once, so that nobody gets old notices later.
 */
function noteEnds({ days, now, post }: NoticeOptions): Chore {
  const upTo = (each: number) => now() + each * day + noticeLead
  /** Where to go on for each notice, the longest first. */
  async function places(tx: ReadTransaction): Promise<ReadonlyMap<number, EndPlace>> {
    const known = readPlaces(await tx.settings.get(placesName))
    const sorted = [...days].sort((one, other) => other - one)
    return new Map(
      sorted.map((each) => {
        const place = known.get(each) ?? { endsAt: 0, id: '' }
        // Ends in the past concern nobody. A place that lies too far ahead was written by a clock that was.
        const isWrong = place.endsAt < now() || place.endsAt > upTo(each) + clockTolerance
        return [each, isWrong ? { endsAt: now(), id: '' } : place]
      }),
    )
  }
  return {
    name: 'noting the ends of tokens',
    async isDue(tx) {
      for (const [each, { endsAt }] of await places(tx)) if (upTo(each) - endsAt > granularity) return true
      return false
    },
    async step(tx) {
      const reached = new Map(await places(tx))
      let more = false
      for (const [each, place] of reached) {
        const until = upTo(each)
        if (until <= place.endsAt) continue
        const next = post && (await noteSome(tx, { each, days, place, until, now: now() }))
        reached.set(each, next ?? { endsAt: until, id: lastId })
        // One notice a step, where there is much to do.
        if (next !== undefined) {
          more = true
          break
        }
      }
      await tx.settings.set(placesName, writePlaces(reached))
      return more
    },
  }
}

interface Stretch {
  /** The notice: days before the end. */
  readonly each: number
  readonly days: readonly number[]
  readonly place: EndPlace
  readonly until: number
  readonly now: number
}

/** Returns how far it came; undefined at the end. */
async function noteSome(tx: Transaction, { each, days, place, until, now }: Stretch): Promise<EndPlace | undefined> {
  const found = await tx.notices.ending(place, until, stepSize)
  const told = new Map<number, { readonly items: NoticeItem[]; dueAt: number }>()
  const people = createPeople(tx)
  let reached: EndPlace | undefined
  for (const { record, noticed } of found) {
    // Admins may be many, and each gets a row.
    if (told.size >= stepSize) return finish()
    reached = { endsAt: record.expiresAt, id: record.id }
    if (tokenState(record, now) !== 'live' || nearestNotice(record, days, now) !== each) continue
    if (noticed !== null && noticed <= each) continue
    const recipients = await people(record)
    if (recipients.length === 0) continue
    await tx.notices.noteEnd(record.id, each)
    for (const userId of recipients) {
      const entry = told.get(userId) ?? { items: [], dueAt: Infinity }
      entry.items.push({ tokenId: record.id, endsAt: record.expiresAt })
      entry.dueAt = Math.min(entry.dueAt, record.expiresAt - each * day)
      told.set(userId, entry)
    }
  }
  const last = await finish()
  return found.length < stepSize ? undefined : last

  async function finish(): Promise<EndPlace | undefined> {
    for (const [userId, { items, dueAt }] of told) {
      await tx.notices.add({ userId, kind: 'end' }, items, { now, dueAt: Math.max(dueAt, now) })
    }
    return reached
  }
}

/** Asks once for the people of each maker and organisation. */
function createPeople(tx: ReadTransaction): (record: TokenRecord) => Promise<readonly number[]> {
  const known = new Map<string, readonly number[]>()
  return async (record) => {
    const key = `${record.organisationId} ${record.createdBy}`
    const found = known.get(key) ?? (await findNoticed(tx, record))
    known.set(key, found)
    return found
  }
}

function mailDigests(now: () => number, post: NonNullable<NoticeOptions['post']>): Chore {
  return {
    name: 'mailing notices',
    isDue: async (tx) => (await tx.notices.due(now())) !== undefined,
    async step(tx) {
      const digest = await tx.notices.due(now())
      if (digest === undefined) return false
      const user = await tx.users.byId(digest.userId)
      if (digest.count === 0 || user === undefined || user.emailProvenAt === null) {
        await tx.notices.forget(digest)
        return true
      }
      const told = await lookAgain(tx, digest, user, now())
      if (told.tokens.length > 0 && !(await post(tx, user, told))) return false
      if (told.tokens.length > 0) await tx.notices.told(digest, now())
      else await tx.notices.forget(digest)
      return true
    },
  }
}

/** Leaves out what was revoked or replaced since it was noted, and what the person may not know any more. */
async function lookAgain(tx: ReadTransaction, digest: Digest, user: User, now: number): Promise<Told> {
  const { kind, items, count } = digest
  const tokens: Told['tokens'][number][] = []
  for (const { tokenId, use } of items) {
    const record = await tx.tokens.byId(tokenId)
    if (record === undefined) continue
    if (kind === 'end' && (tokenState(record, now) !== 'live' || record.successorId !== null)) continue
    const organisation = await tx.organisations.byId(record.organisationId)
    if (organisation === undefined || !(await findNoticed(tx, record)).includes(user.id)) continue
    tokens.push({ record, organisation, use })
  }
  return { kind, tokens, others: count - items.length }
}

/** The places as text: `30 1796000000000 ID` for each notice, separated by commas. */
function writePlaces(places: ReadonlyMap<number, EndPlace>): string {
  return [...places].map(([each, { endsAt, id }]) => `${each} ${endsAt} ${id}`).join(',')
}

function readPlaces(text: string | undefined): ReadonlyMap<number, EndPlace> {
  const parts = (text ?? '').split(',').map((place) => place.split(' '))
  return new Map(parts.map(([each = '', endsAt = '', id = '']) => [Number(each), { endsAt: Number(endsAt), id }]))
}

const placesName = 'notices_reached'
/** Tokens in one step, which takes some milliseconds. */
const stepSize = 64
/** Milliseconds. How often it looks, where days count. */
const granularity = 60_000
/** Milliseconds. The clocks of authorities differ by less. */
const clockTolerance = 3_600_000
/** No token id comes after it. */
const lastId = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
