// What the names of organizations and apps stand for.
import type { Subject } from '../feed/subjects.ts'
import type { Learned, Trust } from './trust.ts'

/** What the authority said that a name stands for; undefined if it stands for nothing. */
export type NamedPlace = { readonly organization: number; readonly app: number | null } | undefined

/** Of some hundred bytes each. */
const mostNames = 10_000

/** Milliseconds: somebody may take a name that is free, and nobody is told. */
const stayOfNothing = 1000

/** Those of organizations, or those of apps. */
export class KnownNames {
  readonly #trust: Trust
  readonly #most: number
  /** Those that were learned last come last. */
  readonly #places = new Map<string, KnownName>()

  constructor(trust: Trust, most = mostNames) {
    this.#trust = trust
    this.#most = most
  }

  /** What is known of the name, if it stands; it may still be too old to be believed. */
  find(name: string, now: number): KnownName | undefined {
    const known = this.#places.get(name)
    if (known === undefined) return undefined
    const isGone = known.place === undefined && now - known.asked > stayOfNothing
    if (!isGone && this.#trust.stands(known, now)) return known
    this.#places.delete(name)
    return undefined
  }

  add(name: string, known: KnownName): void {
    this.#places.delete(name)
    this.#places.set(name, known)
    for (const oldest of this.#places.keys()) {
      if (this.#places.size <= this.#most) break
      this.#places.delete(oldest)
    }
  }

  forget(): void {
    this.#places.clear()
  }
}

export class KnownName implements Learned {
  readonly place: NamedPlace
  readonly event: number
  readonly asked: number
  readonly isOfAnyToken = false
  seen = -1

  constructor(place: NamedPlace, { event, asked }: Pick<Learned, 'event' | 'asked'>) {
    this.place = place
    this.event = event
    this.asked = asked
  }

  subjects(): readonly Subject[] {
    if (this.place === undefined) return []
    const { organization, app } = this.place
    return [`organization ${organization}`, ...(app === null ? [] : ([`app ${app}`] as const))]
  }
}
