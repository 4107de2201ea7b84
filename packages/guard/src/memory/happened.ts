// What has happened to whom since when, as the feed has told it: whether something that was learned still stands.
import type { Subject } from '../feed/subjects.ts'

/** How many subjects are remembered. A busy authority names that many in a day. */
const mostSubjects = 50_000

/**
 * The last event of each subject. Whatever was learned behind an event, about subjects without a later one, still stands. So
 * nothing needs to be looked for when something happens, and no list has to say what depends on what.
 */
export class Happened {
  readonly #most: number
  /** The number of the last event, by subject; those that happened last come last. */
  readonly #last = new Map<Subject, number>()
  /** Those among them that are dead for good. */
  readonly #revoked = new Set<Subject>()
  #lastOfTokens = -1
  /** What happened up to this event is not known any more, or never was; undefined before anything was heard. */
  #floor: number | undefined
  #reached = -1
  #histories = 0

  constructor(most = mostSubjects) {
    this.#most = most
  }

  /** How often everything had to be forgotten: what was asked before belongs to another history. */
  get history(): number {
    return this.#histories
  }

  /** The number of the last event that was heard; the same number means that nothing has happened since. */
  get reached(): number {
    return this.#reached
  }

  /** How many subjects are remembered. */
  get size(): number {
    return this.#last.size
  }

  /** Up to `event`, this has happened to these, and `revoked` are dead for good. The first call says where the feed begins. */
  hear(event: number, subjects: readonly Subject[], revoked: readonly Subject[] = []): void {
    this.#floor ??= event
    this.#reached = event
    for (const subject of subjects) {
      this.#last.delete(subject)
      this.#last.set(subject, event)
      if (subject.startsWith('token ')) this.#lastOfTokens = event
    }
    for (const subject of revoked) this.#revoked.add(subject)
    for (const [subject, at] of this.#last) {
      if (this.#last.size <= this.#most) break
      this.#last.delete(subject)
      this.#revoked.delete(subject)
      this.#floor = Math.max(this.#floor, at)
    }
  }

  /** Another history begins behind `event`, or behind nobody knows what. */
  reset(event?: number): void {
    this.#histories += 1
    this.#last.clear()
    this.#revoked.clear()
    this.#lastOfTokens = -1
    this.#floor = event
    this.#reached = event ?? -1
  }

  /** Whether everything that happened behind `event` is known. Without a feed that is false. */
  knowsSince(event: number): boolean {
    return this.#floor !== undefined && event >= this.#floor
  }

  /** Whether it is known that something behind `event` is not known. */
  hasGapSince(event: number): boolean {
    return this.#floor !== undefined && event < this.#floor
  }

  /** Whether something has happened behind `event` to one of these. */
  isTouched(subjects: readonly Subject[], event: number): boolean {
    return subjects.some((subject) => (this.#last.get(subject) ?? -1) > event)
  }

  /** Whether this is dead for good, as far as the feed has told. */
  isRevoked(subject: Subject): boolean {
    return this.#revoked.has(subject)
  }

  /** Whether something has happened behind `event` to any token. */
  isAnyTokenTouched(event: number): boolean {
    return this.#lastOfTokens > event
  }
}
