/** A third-party caveat in the making: what a macaroon demands from elsewhere, before it is sealed into one. */

import { expectFields, expectText, takeBytes } from './boundary.ts'
import type { Caveat, ThirdParty } from './caveat.ts'
import type { DecodeOptions } from './macaroon.ts'
import { draw, type Random } from './random.ts'
import { boxNonceLength, sealBox } from './sealed.ts'
import { takeKey } from './tail.ts'
import { dischargeKeyLength, sealTicket } from './ticket.ts'

export interface ThirdPartyInput {
  /** The key shared with the third party, 32 bytes. */
  readonly key: Uint8Array
  /** Where the third party is found, and under which name it may be trusted: usually a URL. */
  readonly location: string
  /** What the third party must make sure of; only it can read them. */
  readonly caveats?: readonly Caveat[]
  readonly random: Random
}

/**
 * A demand for a discharge from elsewhere, as Go's `NewCaveat3P`: give it to `mintMacaroon` or `attenuate` among the
 * caveats. It draws 32 and 12 random bytes now, and 12 whenever it is added to a macaroon.
 *
 * Throws MacaroonError `bad-argument` (lengths), `bad-caveat`, `too-many` or `too-deep`.
 */
export function thirdParty(input: ThirdPartyInput, options: DecodeOptions = {}): NewThirdParty {
  const key = takeKey(expectFields(input, 'input').key)
  const { random, caveats = [] } = input
  const location = expectText(input.location, 'location')
  const dischargeKey = draw(random, dischargeKeyLength)
  const nonce = draw(random, boxNonceLength)
  return new NewThirdParty(location, sealTicket({ key, dischargeKey, caveats, nonce }, options), dischargeKey, random)
}

/** Made by `thirdParty`. It holds the discharge key, and shows it to nobody. */
export class NewThirdParty {
  readonly location: string
  readonly #ticket: Uint8Array
  readonly #dischargeKey: Uint8Array
  readonly #random: Random

  constructor(location: string, ticket: Uint8Array, dischargeKey: Uint8Array, random: Random) {
    this.location = location
    this.#ticket = ticket
    this.#dischargeKey = dischargeKey
    this.#random = random
  }

  static isOne(value: unknown): value is NewThirdParty {
    return typeof value === 'object' && value !== null && #random in value
  }

  /** What the third party opens, copied. */
  get ticket(): Uint8Array {
    return new Uint8Array(this.#ticket)
  }

  /** The caveat before it belongs to any macaroon. */
  unsealed(): ThirdParty {
    return { type: '3P', location: this.location, verifierKey: null, ticket: this.ticket }
  }

  /** The caveat with the discharge key sealed under the tail that it is added to. */
  sealUnder(tail: Uint8Array): ThirdParty {
    const verifierKey = sealBox(takeBytes(tail, 'tail', 32), draw(this.#random, boxNonceLength), this.#dischargeKey)
    return { ...this.unsealed(), verifierKey }
  }
}
