/** A third-party caveat in the making: what a macaroon demands from elsewhere, before it is sealed into one. */

import type { Caveat, ThirdParty } from './caveat.ts'
import type { Kernel } from './kernel/kernel.ts'
import { defaultKernel } from './kernel/kernel.ts'
import type { DecodeOptions } from './macaroon.ts'
import { draw, type Random } from './random.ts'
import { boxNonceLength, sealBox } from './sealed.ts'
import { dischargeKeyLength, expectBoxKey, sealTicket } from './ticket.ts'

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
  expectBoxKey(input.key)
  const dischargeKey = draw(input.random, dischargeKeyLength)
  const nonce = draw(input.random, boxNonceLength)
  const ticket = sealTicket({ key: input.key, dischargeKey, caveats: input.caveats ?? [], nonce }, options)
  return new NewThirdParty(input.location, ticket, dischargeKey, input.random)
}

/** Made by `thirdParty`. It holds the discharge key, and shows it to nobody. */
export class NewThirdParty {
  readonly location: string
  readonly ticket: Uint8Array
  readonly #dischargeKey: Uint8Array
  readonly #random: Random

  constructor(location: string, ticket: Uint8Array, dischargeKey: Uint8Array, random: Random) {
    this.location = location
    this.ticket = ticket
    this.#dischargeKey = dischargeKey
    this.#random = random
  }

  /** The caveat before it belongs to any macaroon. */
  unsealed(): ThirdParty {
    return { type: '3P', location: this.location, verifierKey: null, ticket: this.ticket }
  }

  /** The caveat with the discharge key sealed under the tail that it is added to. */
  sealUnder(tail: Uint8Array, kernel: Kernel = defaultKernel): ThirdParty {
    const verifierKey = sealBox(kernel, tail, draw(this.#random, boxNonceLength), this.#dischargeKey)
    return { ...this.unsealed(), verifierKey }
  }
}
