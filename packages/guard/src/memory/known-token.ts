// What is remembered of a token that the authority found good.
import type { Caveat, Macaroon, Network, VerifiedMacaroon } from '@hallpass/macaroon'
import { endOfMacaroon, type GenuineMacaroon } from '@hallpass/macaroon/internal'

import type { Subject } from '../feed/subjects.ts'
import { dead, type Learned } from './trust.ts'

export interface Organization {
  /** As caveats have it. */
  readonly id: number
  readonly slug: string
  /** Whether its holder may call it `personal`. */
  readonly isPersonal: boolean
}

/** What the authority says of a good token. */
export interface SaidOfToken {
  readonly id: string
  readonly organization: Organization
  /** The app of a deploy token. */
  readonly app: number | null
  /** In whose name it was made. */
  readonly person: number | null
  /** What minted and what replaced it; null where that is too much to say. */
  readonly line: readonly string[] | null
  /** Milliseconds since 1970; its caveats may end it earlier. */
  readonly expiresAt: number
  /** Where its organization lets tokens be good; empty for everywhere. */
  readonly networks: readonly Network[]
  /** Whether nothing follows from it for tokens that were attenuated from it. */
  readonly isExact: boolean
}

/** As secret as the token. */
export class KnownToken implements Learned {
  readonly id: string
  readonly organization: Organization
  readonly expiresAt: number
  readonly networks: readonly Network[]
  readonly genuine: GenuineMacaroon
  readonly event: number
  readonly asked: number
  seen = -1
  readonly #app: number | null
  readonly #person: number | null
  readonly #line: readonly string[] | null
  /** How many caveats a macaroon must have for this to be about it; undefined for any number. */
  readonly #exactly: number | undefined

  constructor(
    said: SaidOfToken,
    genuine: GenuineMacaroon,
    macaroon: Macaroon,
    { event, asked }: Pick<Learned, 'event' | 'asked'>,
  ) {
    this.id = said.id
    this.organization = said.organization
    this.expiresAt = said.expiresAt
    this.networks = said.networks.length === 0 ? noNetworks : said.networks
    this.genuine = genuine
    this.event = event
    // Whole numbers take less memory, and sooner is on the safe side.
    this.asked = Math.floor(asked)
    this.#app = said.app
    this.#person = said.person
    this.#line = said.line?.length === 0 ? noLine : said.line
    this.#exactly = said.isExact ? macaroon.unsafeCaveats.length : undefined
  }

  get own(): Subject {
    return `token ${this.id}`
  }

  /** Whether it was revoked, and can be good no more. */
  get isDead(): boolean {
    return this.seen === dead
  }

  get isOfAnyToken(): boolean {
    return this.#line === null
  }

  get isExact(): boolean {
    return this.#exactly !== undefined
  }

  /** Bytes that it takes, measured. */
  get weight(): number {
    return 370 + this.genuine.size + (this.#line?.length ?? 0) * 60
  }

  subjects(): readonly Subject[] {
    const subjects: Subject[] = [this.own, `organization ${this.organization.id}`]
    for (const above of this.#line ?? []) subjects.push(`token ${above}`)
    if (this.#app !== null) subjects.push(`app ${this.#app}`)
    if (this.#person !== null) subjects.push(`person ${this.#person}`)
    return subjects
  }

  /** Whether what is known here is about this macaroon, which is the kept one or below it. */
  isAbout(macaroon: Macaroon): boolean {
    return this.#exactly === undefined || macaroon.unsafeCaveats.length === this.#exactly
  }
}

// Shared: very many tokens are kept, and most have neither.
const noNetworks: readonly Network[] = Object.freeze([])
const noLine: readonly string[] = Object.freeze([])

/** A known token, or one that was attenuated from it, as it came in a header. */
export interface PresentedToken {
  readonly known: KnownToken
  readonly verified: VerifiedMacaroon
  /** When its own caveats end it, in milliseconds since 1970. */
  readonly endsAt: number
  /** When the first of its discharges ends. */
  readonly dischargeEndsAt: number
}

export function present(known: KnownToken, verified: VerifiedMacaroon): PresentedToken {
  const dischargeEndsAt = Math.min(...verified.discharges.map(endOf))
  return { known, verified, endsAt: endOf(verified.macaroon), dischargeEndsAt }
}

/** Its caveats, those of its discharges, and the networks of its organization. */
export function caveatsOf({ known: { networks }, verified }: PresentedToken): readonly Caveat[] {
  return networks.length === 0 ? verified.caveats : [...verified.caveats, { type: 'Networks', networks }]
}

function endOf(macaroon: Macaroon): number {
  const end = endOfMacaroon(macaroon)
  return end === undefined ? Infinity : Number(end) * 1000
}
