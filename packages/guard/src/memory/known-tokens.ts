// The tokens that the authority found good, by their ids.
import { MacaroonError, tokenId, type Macaroon, type VerifiedMacaroon } from '@hallpass/macaroon'
import { keepGenuine, verifyBelow } from '@hallpass/macaroon/internal'

import { KnownToken, present, type PresentedToken, type SaidOfToken } from './known-token.ts'
import type { Learned, Trust } from './trust.ts'
import { WeightedCache } from './weighted-cache.ts'

/** Of one id: a token, and some that were attenuated from it by holders who did not show it. */
const mostOfOne = 4

/** A permission token, and the discharges that came with it. */
export interface Presented {
  readonly macaroon: Macaroon
  readonly discharges: readonly Macaroon[]
}

export class KnownTokens {
  readonly #trust: Trust
  readonly #capacity: number
  #tokens: WeightedCache<readonly KnownToken[]>

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
    const id = tokenId(presented.macaroon.nonce)
    const kept = this.#tokens.get(id)
    if (kept === undefined) return undefined
    const standing = kept.filter((known) => this.#trust.stands(known, now))
    if (standing.length < kept.length) this.#set(id, standing)
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
    const known = new KnownToken(said, keepGenuine(macaroon, discharges), macaroon, learned)
    const verified = tryBelow(known, presented)
    if (verified === undefined) return undefined
    if (isWorthKeeping) this.#keep(known, said, presented)
    return present(known, verified)
  }

  forget(): void {
    this.#tokens = new WeightedCache(this.#capacity)
  }

  /** Of a token that was attenuated from one that is known already, the latter is kept, with what is known now. */
  #keep(known: KnownToken, said: SaidOfToken, presented: Presented): void {
    const kept = this.#tokens.get(known.id) ?? []
    const above = known.isExact ? undefined : kept.find((other) => tryBelow(other, presented) !== undefined)
    const next = above === undefined ? known : new KnownToken(said, above.genuine, presented.macaroon, known)
    this.#set(known.id, [next, ...kept.filter((other) => other !== above)].slice(0, mostOfOne))
  }

  #set(id: string, tokens: readonly KnownToken[]): void {
    this.#tokens.delete(id)
    if (tokens.length === 0) return
    this.#tokens.set(
      id,
      tokens,
      tokens.reduce((sum, { weight }) => sum + weight, 100),
    )
  }
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
