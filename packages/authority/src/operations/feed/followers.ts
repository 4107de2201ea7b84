// Those who follow the feed. One look at the store, ten times a second, serves all of them.
import type { FeedEvent, FeedPosition } from '../../domain/feed.ts'
import { DomainError } from '../../domain/errors.ts'
import type { Store } from '../../domain/store.ts'

/** The next events. */
export interface FeedNews {
  readonly events: readonly FeedEvent[]
  /** Nothing that was committed before is still to come: milliseconds of the monotonic clock. Undefined if more comes at once. */
  readonly asOf: number | undefined
}

export interface Follower {
  readonly verifierId: number
  readonly network: string
  hear(news: FeedNews): void
  /** It hears no more: `lost` if it must forget everything, `refused` if it may not follow. */
  end(why: 'lost' | 'refused' | 'closing'): void
}

export interface Followers {
  /**
   * Hears everything that happens behind the position, until it leaves by the returned function.
   * @throws DomainError `rate_limited` if there are too many, `unavailable` if the authority stops or the store cannot be read
   */
  join(follower: Follower, position: FeedPosition): Promise<() => void>
  /** Ends all of them. */
  close(): void
}

export interface FollowerBounds {
  readonly all: number
  readonly network: number
}

const defaultBounds: FollowerBounds = { all: 4000, network: 1500 }

/** Milliseconds. */
const lookingInterval = 100
const heartbeatInterval = 1000
/** Events of one look, which take a few milliseconds to send to a thousand followers. */
const mostAtOnce = 1000

/** `clock`: milliseconds of a monotonic clock. */
export function createFollowers(
  store: Pick<Store, 'read'>,
  clock: () => number,
  bounds: FollowerBounds = defaultBounds,
): Followers {
  const followers = new Map<Follower, FeedPosition>()
  /** Those that catch up count as well. */
  const arriving = new Set<Follower>()
  let reached: FeedPosition | undefined
  let timer: NodeJS.Timeout | undefined
  let lastBeat = 0
  let isClosed = false

  function expectRoom({ network }: Follower): void {
    if (isClosed) throw new DomainError('unavailable', 'the authority is stopping: try again in a moment')
    const all = [...arriving, ...followers.keys()]
    const ofNetwork = all.filter((each) => each.network === network).length
    if (all.length < bounds.all && ofNetwork < bounds.network) return
    throw new DomainError('rate_limited', 'too many follow the feed already: try again when one has left', {
      retryAfter: 5,
    })
  }

  function drop(follower: Follower, why: Parameters<Follower['end']>[0]): void {
    if (followers.delete(follower)) follower.end(why)
  }

  function tell({ events, asOf }: FeedNews): void {
    for (const { subject } of events) {
      if (subject.kind !== 'verifier') continue
      for (const follower of followers.keys()) if (follower.verifierId === subject.id) drop(follower, 'refused')
    }
    for (const [follower, position] of followers) {
      // It may have caught up further than the others.
      const news = events.filter(({ id }) => id > position.id)
      const last = news.at(-1)
      if (last !== undefined) followers.set(follower, last)
      if (news.length > 0 || events.length === 0) follower.hear({ events: news, asOf })
    }
  }

  async function look(): Promise<void> {
    const asOf = clock()
    try {
      const from = reached
      const events = from && (await store.read((tx) => tx.feed.after(from, mostAtOnce)))
      if (events === undefined) for (const follower of followers.keys()) drop(follower, 'lost')
      else if (events.length > 0) {
        reached = events.at(-1)
        tell(newsOf(events, asOf))
      } else if (asOf - lastBeat >= heartbeatInterval) {
        lastBeat = asOf
        tell({ events, asOf })
      }
    } catch {
      // The store reports its own trouble. Who hears nothing stops to trust what it remembers.
    }
    timer = undefined
    watch()
  }

  function watch(): void {
    if (followers.size === 0) reached = undefined
    else if (!isClosed) timer ??= setTimeout(() => void look(), lookingInterval)
  }

  /** Returns once the follower stands where the others do, or further. */
  async function catchUp(follower: Follower, from: FeedPosition): Promise<FeedPosition | undefined> {
    for (let position = from; ;) {
      const asOf = clock()
      const start = position
      const events = await store.read((tx) => tx.feed.after(start, mostAtOnce))
      if (events === undefined) return undefined
      const last = events.at(-1)
      follower.hear(newsOf(events, asOf))
      position = last ?? position
      if (events.length < mostAtOnce && (reached === undefined || reached.id <= position.id)) return position
    }
  }

  return {
    async join(follower, from) {
      expectRoom(follower)
      arriving.add(follower)
      try {
        const position = await catchUp(follower, from)
        if (position === undefined) {
          follower.end('lost')
          return () => {}
        }
        if (isClosed) {
          follower.end('closing')
          return () => {}
        }
        reached ??= position
        followers.set(follower, position)
        watch()
        return () => followers.delete(follower)
      } finally {
        arriving.delete(follower)
      }
    },

    close() {
      isClosed = true
      clearTimeout(timer)
      for (const follower of followers.keys()) drop(follower, 'closing')
    },
  }
}

function newsOf(events: readonly FeedEvent[], asOf: number): FeedNews {
  return { events, asOf: events.length < mostAtOnce ? asOf : undefined }
}
