// Tells people of the ends of their tokens: notes what is due, and leaves one mail a person and day in the outbox.
import type { Organisation } from '../domain/organisation.ts'
import {
  day,
  firstEndPlace,
  nearestNotice,
  noticeLead,
  type Digest,
  type EndPlace,
  type EndSpan,
  type NoticeItem,
} from '../domain/notice.ts'
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

/** How far the notices of so many days are: a way through all organisations, for tokens that end within a span. */
interface Progress {
  readonly span: EndSpan
  /** Undefined if the way is done. */
  readonly place: EndPlace | undefined
}

/**
 * Goes through the organisations again and again, each time for the tokens whose notice has come into sight since the last
 * time. Where nothing is mailed it only moves on, so that nobody gets old notices later.
 */
function noteEnds({ days, now, post }: NoticeOptions): Chore {
  const upTo = (each: number) => now() + each * day + noticeLead
  /** For each notice, the longest first. */
  async function look(tx: ReadTransaction): Promise<ReadonlyMap<number, Progress>> {
    const known = readProgress(await tx.settings.get(progressName))
    const sorted = [...days].sort((one, other) => other - one)
    return new Map(
      sorted.map((each) => {
        const { span, place } = known.get(each) ?? { span: { from: 0, until: 0 }, place: undefined }
        // Ends in the past concern nobody. A span that lies too far ahead was written by a clock that was.
        const isWrong = span.until < now() || span.until > upTo(each) + clockTolerance
        if (isWrong) return [each, { span: { from: now(), until: now() }, place: undefined }]
        return [each, { span, place }]
      }),
    )
  }
  return {
    name: 'noting the ends of tokens',
    async isDue(tx) {
      for (const [each, { span, place }] of await look(tx)) {
        if (place !== undefined || upTo(each) - span.until > granularity) return true
      }
      return false
    },
    async step(tx) {
      const reached = new Map(await look(tx))
      let more = false
      for (const [each, { span: last, place: left }] of reached) {
        const span = left === undefined ? { from: last.until, until: upTo(each) } : last
        if (span.until <= span.from) continue
        const from = left ?? firstEndPlace
        const place = post && (await noteSome(tx, { each, days, place: from, span, now: now() }))
        reached.set(each, { span, place })
        // One notice a step, where there is much to do.
        if (place !== undefined) {
          more = true
          break
        }
      }
      await tx.settings.set(progressName, writeProgress(reached))
      return more
    },
  }
}

interface Stretch {
  /** The notice: days before the end. */
  readonly each: number
  readonly days: readonly number[]
  readonly place: EndPlace
  readonly span: EndSpan
  readonly now: number
}

/** Returns how far it came; undefined at the end. */
async function noteSome(tx: Transaction, { each, days, place, span, now }: Stretch): Promise<EndPlace | undefined> {
  const found = await tx.notices.ending(place, span, stepSize)
  const told = new Map<number, { readonly items: NoticeItem[]; dueAt: number }>()
  const people = createPeople(tx)
  let reached = place
  for (const { record, noticed } of found.tokens) {
    // Admins may be many, and each gets a row.
    if (told.size >= stepSize) return finish(reached)
    reached = {
      organisationId: record.organisationId,
      endsAt: record.expiresAt,
      createdAt: record.createdAt,
      id: record.id,
    }
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
  return finish(found.next)

  async function finish(next: EndPlace | undefined): Promise<EndPlace | undefined> {
    for (const [userId, { items, dueAt }] of told) {
      await tx.notices.add({ userId, kind: 'end' }, items, { now, dueAt: Math.max(dueAt, now) })
    }
    return next
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
      const isWorthIt = told.tokens.length + told.others > 0
      if (isWorthIt && !(await post(tx, user, told))) return false
      if (isWorthIt) await tx.notices.told(digest, now())
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

/** As text: `30 1796000000000 1796086400000` for each notice, and where it is if it is on its way; separated by commas. */
function writeProgress(progress: ReadonlyMap<number, Progress>): string {
  return [...progress]
    .map(([each, { span, place }]) => [each, span.from, span.until, ...fieldsOf(place)].join(' '))
    .join(',')
}

function fieldsOf(place: EndPlace | undefined): readonly (string | number)[] {
  return place === undefined ? [] : [place.organisationId, place.endsAt, place.createdAt, place.id]
}

function readProgress(text: string | undefined): ReadonlyMap<number, Progress> {
  const parts = (text ?? '').split(',').map((part) => part.split(' '))
  return new Map(
    parts.map(([each, from, until, organisationId, endsAt, createdAt, id = '']) => [
      Number(each),
      {
        span: { from: Number(from), until: Number(until) },
        place:
          organisationId === undefined
            ? undefined
            : { organisationId: Number(organisationId), endsAt: Number(endsAt), createdAt: Number(createdAt), id },
      },
    ]),
  )
}

const progressName = 'notices_progress'
/** Tokens in one step, which takes some milliseconds. */
const stepSize = 64
/** Milliseconds. How often it goes through all organisations, where days count. */
const granularity = 1_800_000
/** Milliseconds. The clocks of authorities differ by less. */
const clockTolerance = 3_600_000
