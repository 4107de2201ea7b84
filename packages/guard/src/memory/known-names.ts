// What the names of organizations and apps stand for.
import type { Subject } from '../feed/subjects.ts'
import type { Learned, Trust } from './trust.ts'

/** What the authority said that a name stands for; undefined if it stands for nothing. */
export type NamedPlace = { readonly organization: number; readonly app: number | null } | undefined

/** Of some hundred bytes each. */
const mostNames = 10_000

/** Milliseconds: somebody may take a name that is free, and nobody is told. */
const stayOfNothing = 1000
const mostOfNothing = 1000

/** Those of organizations, or those of apps. */
export class KnownNames {
  readonly #trust: Trust
  readonly #most: number
  /** Those that were learned last come last. */
  readonly #places = new Map<string, KnownName>()
  /** Those that stand for nothing are apart: whoever makes them up must not push out others. */
  readonly #nothing = new Map<string, KnownName>()

  constructor(trust: Trust, most = mostNames) {
    this.#trust = trust
    this.#most = most
  }

  /** What is known of the name, if it stands; it may still be too old to be believed. */
  find(name: string, now: number): KnownName | undefined {
    const known = this.#places.get(name)
    if (known !== undefined) {
      if (this.#trust.stands(known, now)) return known
      this.#places.delete(name)
    }
    const nothing = this.#nothing.get(name)
    if (nothing === undefined || now - nothing.asked <= stayOfNothing) return nothing
    this.#nothing.delete(name)
    return undefined
  }

  add(name: string, known: KnownName): void {
    this.#places.delete(name)
    this.#nothing.delete(name)
    if (known.place === undefined) keepLast(this.#nothing, name, known, Math.min(mostOfNothing, this.#most))
    else keepLast(this.#places, name, known, this.#most)
  }

  forget(): void {
    this.#places.clear()
    this.#nothing.clear()
  }
}

function keepLast(places: Map<string, KnownName>, name: string, known: KnownName, most: number): void {
  places.set(name, known)
  for (const oldest of places.keys()) {
    if (places.size <= most) break
    places.delete(oldest)
  }
}

export class KnownName implements Learned {
  readonly place: NamedPlace
  readonly event: number
  readonly asked: number
  readonly isOfAnyToken = false
  readonly own = undefined
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
