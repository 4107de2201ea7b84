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
  /** Asked while it catches up: whether it goes on, once it has room for more. */
  hasRoom(): Promise<boolean>
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
    if (events.some(({ subject }) => subject.kind === 'verifier')) {
      for (const follower of followers.keys()) if (isRefused(follower, events)) drop(follower, 'refused')
    }
    const [first] = events
    for (const [follower, position] of followers) {
      // It may have caught up further than the others. What is the same for many is encoded once.
      const isBehind = first === undefined || position.id < first.id
      const news = isBehind ? events : events.filter(({ id }) => id > position.id)
      const last = news.at(-1)
      if (last !== undefined) followers.set(follower, last)
      if (news.length > 0 || events.length === 0) follower.hear({ events: news, asOf })
    }
  }

  async function look(): Promise<void> {
    const asOf = clock()
    let isMore = false
    try {
      const from = reached
      const events = from && (await store.read((tx) => tx.feed.after(from, mostAtOnce)))
      if (events === undefined) for (const follower of followers.keys()) drop(follower, 'lost')
      else if (events.length > 0) {
        reached = events.at(-1)
        isMore = events.length === mostAtOnce
        tell(newsOf(events, asOf))
      } else if (asOf - lastBeat >= heartbeatInterval) {
        lastBeat = asOf
        tell({ events, asOf })
      }
    } catch {
      // The store reports its own trouble. Who hears nothing stops to trust what it remembers.
    }
    timer = undefined
    watch(isMore ? 0 : lookingInterval)
  }

  function watch(wait = lookingInterval): void {
    if (followers.size === 0) reached = undefined
    else if (!isClosed) timer ??= setTimeout(() => void look(), wait)
  }

  /** Hears the next piece behind the position. Returns how far that is; undefined if it may hear no more. */
  async function hearNext(follower: Follower, from: FeedPosition) {
    const asOf = clock()
    const events = await store.read((tx) => tx.feed.after(from, mostAtOnce))
    const why = isClosed
      ? 'closing'
      : events === undefined
        ? 'lost'
        : isRefused(follower, events)
          ? 'refused'
          : undefined
    if (events === undefined || why !== undefined) {
      follower.end(why ?? 'lost')
      return undefined
    }
    follower.hear(newsOf(events, asOf))
    return { position: events.at(-1) ?? from, isFull: events.length === mostAtOnce }
  }

  return {
    async join(follower, from) {
      expectRoom(follower)
      arriving.add(follower)
      try {
        for (let position = from; ;) {
          const heard = await hearNext(follower, position)
          if (heard === undefined) return () => {}
          position = heard.position
          // It gets its place at once: others may hear more as soon as this waits for anything.
          if (!heard.isFull && (reached === undefined || reached.id <= position.id)) {
            reached ??= position
            followers.set(follower, position)
            watch()
            return () => followers.delete(follower)
          }
          if (!(await follower.hasRoom())) return () => {}
        }
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

/** Whether its verifier was revoked meanwhile. */
function isRefused({ verifierId }: Follower, events: readonly FeedEvent[]): boolean {
  return events.some(({ subject: { kind, id } }) => kind === 'verifier' && id === verifierId)
}

function newsOf(events: readonly FeedEvent[], asOf: number): FeedNews {
  return { events, asOf: events.length < mostAtOnce ? asOf : undefined }
}
