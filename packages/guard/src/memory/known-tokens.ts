// The tokens that the authority found good, by their nonces.
import { MacaroonError, tokenId, type Macaroon, type VerifiedMacaroon } from '@hallpass/macaroon'
import { keepGenuine, verifyBelow } from '@hallpass/macaroon/internal'

import { KnownToken, present, type Organization, type PresentedToken, type SaidOfToken } from './known-token.ts'
import type { Learned, Trust } from './trust.ts'
import { WeightedCache } from './weighted-cache.ts'

/** Of one nonce: a token, and some that were attenuated from it by holders who did not show it. */
const mostOfOne = 4
const mostOrganizations = 10_000

/** A permission token, and the discharges that came with it. */
export interface Presented {
  readonly macaroon: Macaroon
  readonly discharges: readonly Macaroon[]
}

export class KnownTokens {
  readonly #trust: Trust
  readonly #capacity: number
  readonly #organizations = new Map<number, Organization>()
  /** One alone is no list, because very many are kept. */
  #tokens: WeightedCache<KnownToken | readonly KnownToken[]>

  /** `capacity`: bytes. */
  constructor(trust: Trust, capacity: number) {
    this.#trust = trust
    this.#capacity = capacity
    this.#tokens = new WeightedCache(capacity)
  }

  /** Bytes, about. */
  get weight(): number {
    return this.#tokens.weight
  }

  /**
   * The token, if it is known or was attenuated from one that is. What does not stand any more is forgotten; what stands may still
   * be too old to be believed.
   */
  find(presented: Presented, now: number): PresentedToken | undefined {
    const nonce = nonceOf(presented.macaroon)
    const kept = listOf(this.#tokens.get(nonce))
    const standing = kept.filter((known) => this.#trust.stands(known, now))
    if (standing.length < kept.length) this.#set(nonce, standing)
    for (const known of standing) {
      const verified = tryBelow(known, presented)
      if (verified !== undefined) return present(known, verified)
    }
    return undefined
  }

  /**
   * Takes what the authority said of a token with the discharges that it accepted, and remembers it if that is worth while. Returns
   * undefined where it cannot be verified here all the same.
   */
  add(
    said: SaidOfToken,
    presented: Presented,
    learned: Pick<Learned, 'event' | 'asked'>,
    isWorthKeeping: boolean,
  ): PresentedToken | undefined {
    const { macaroon, discharges } = presented
    if (said.id !== tokenId(macaroon.nonce)) return undefined
    const organization = this.#share(said.organization)
    const known = new KnownToken({ ...said, organization }, keepGenuine(macaroon, discharges), macaroon, learned)
    const verified = tryBelow(known, presented)
    if (verified === undefined) return undefined
    if (isWorthKeeping) this.#keep(known, said, presented)
    return present(known, verified)
  }

  forget(): void {
    this.#organizations.clear()
    this.#tokens = new WeightedCache(this.#capacity)
  }

  /** The same value for all tokens of an organization, of which it is told with each. */
  #share(organization: Organization): Organization {
    const { id, slug, isPersonal } = organization
    const known = this.#organizations.get(id)
    if (known?.slug === slug && known.isPersonal === isPersonal) return known
    if (this.#organizations.size >= mostOrganizations) this.#organizations.clear()
    this.#organizations.set(id, organization)
    return organization
  }

  /** Of a token that was attenuated from one that is known already, the latter is kept, with what is known now. */
  #keep(known: KnownToken, said: SaidOfToken, presented: Presented): void {
    const nonce = nonceOf(presented.macaroon)
    const kept = listOf(this.#tokens.get(nonce))
    const above = known.isExact ? undefined : kept.find((other) => tryBelow(other, presented) !== undefined)
    const next =
      above === undefined
        ? known
        : new KnownToken({ ...said, organization: known.organization }, above.genuine, presented.macaroon, known)
    this.#set(nonce, [next, ...kept.filter((other) => other !== above)].slice(0, mostOfOne))
  }

  #set(nonce: string, tokens: readonly KnownToken[]): void {
    this.#tokens.delete(nonce)
    const [first, ...others] = tokens
    if (first === undefined) return
    const weight = others.reduce((sum, other) => sum + other.weight, first.weight)
    this.#tokens.set(nonce, others.length === 0 ? first : tokens, weight)
  }
}

function listOf(kept: KnownToken | readonly KnownToken[] | undefined): readonly KnownToken[] {
  if (kept === undefined) return []
  return kept instanceof KnownToken ? [kept] : kept
}

/** What tokens have in common that were attenuated from one, one character for a byte: sooner had than their id. */
function nonceOf(macaroon: Macaroon): string {
  // Spreading an array of bytes takes seven times as long.
  return Reflect.apply(String.fromCharCode, undefined, macaroon.nonce.bytes)
}

/** Undefined where only the authority can say whether it is good. */
function tryBelow(known: KnownToken, { macaroon, discharges }: Presented): VerifiedMacaroon | undefined {
  try {
    if (!known.isAbout(macaroon)) return undefined
    return verifyBelow(known.genuine, macaroon, discharges)
  } catch (error) {
    if (error instanceof MacaroonError && error.code !== 'bad-argument') return undefined
    throw error
  }
}
