// For how long something learned from the authority may be believed.
import type { AuthorityTime } from '../clock.ts'
import type { Subject } from '../feed/subjects.ts'
import type { Happened } from './happened.ts'

/** Milliseconds after the last moment of which everything is known. */
export const longestTrust = 4000
/** Milliseconds after which everything is asked about again: so the authority knows to the hour which tokens are used. */
const longestStay = 3_600_000

/** As the last event that matters: the token is dead for good. A small whole number, for which very many tokens take no more memory. */
export const dead = -2

/** Something that was learned from the authority. */
export interface Learned {
  /** The event behind which it was read. */
  readonly event: number
  /** When the question was sent, in milliseconds of `ElapsedTime`. */
  readonly asked: number
  /** The last event that is known not to matter to it, -1 at first, or `dead`; for `Trust` to change. */
  seen: number
  /** The token that it is about, if it is about one. */
  readonly own: Subject | undefined
  /** It may depend on any token. */
  readonly isOfAnyToken: boolean
  /** What it depends on. */
  subjects(): readonly Subject[]
}

/** Judges by the feed and by the time. */
export class Trust {
  readonly #happened: Happened
  readonly #time: AuthorityTime
  /** Everything before this moment has been heard. */
  #known = -Infinity

  constructor(happened: Happened, time: AuthorityTime) {
    this.#happened = happened
    this.#time = time
  }

  /** The feed has told everything up to this moment of `ElapsedTime`. */
  know(upTo: number): void {
    if (upTo > this.#known) this.#known = upTo
  }

  /** What was known is not known any more. */
  reset(): void {
    this.#known = -Infinity
  }

  /** Milliseconds since the last moment of which the feed has told everything. */
  behind(now: number): number {
    return now - this.#known
  }

  /**
   * Whether it stands, as far as anybody here knows: nothing has happened to it, and it is not too old to keep. So does what is known of
   * a token that is dead for good, about which nobody needs to be asked.
   */
  stands(learned: Learned, now: number): boolean {
    if (learned.seen === dead) return true
    if (now - learned.asked > longestStay) return false
    const { reached } = this.#happened
    if (learned.seen === reached) return true
    if (learned.own !== undefined && this.#happened.isRevoked(learned.own)) {
      learned.seen = dead
      return true
    }
    if (this.#happened.hasGapSince(learned.event)) return false
    if (learned.isOfAnyToken && this.#happened.isAnyTokenTouched(learned.event)) return false
    if (this.#happened.isTouched(learned.subjects(), learned.event)) return false
    learned.seen = reached
    return true
  }

  /** Whether something that stands may be believed now, or `grace` milliseconds longer than usual. */
  isFresh({ asked, event, seen }: Learned, now: number, grace = 0): boolean {
    const most = longestTrust + grace
    if (this.#time.at(now) === undefined) return false
    if (seen === dead) return true
    return now - asked <= most || (now - this.#known <= most && this.#happened.knowsSince(event))
  }
}
