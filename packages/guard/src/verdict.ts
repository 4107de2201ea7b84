// What a guard answers.
import { derivedTokenId, type Caveat, type VerifiedMacaroon } from '@hallpass/macaroon'

import { caveatsOf, type Organization, type PresentedToken } from './memory/known-token.ts'

/** A token that is good now. It shows nothing of itself where it is printed. */
export class VerifiedToken {
  readonly #presented: PresentedToken

  constructor(presented: PresentedToken) {
    this.#presented = presented
  }

  /** As lists of tokens and the audit trail have it; tokens that were attenuated from one have its id. */
  get id(): string {
    return this.#presented.known.id
  }

  /** Tells apart tokens that were attenuated from one: for logs, because the authority can revoke this one alone by that name. */
  get derivedId(): string {
    return derivedTokenId(this.#presented.verified.macaroon)
  }

  get organization(): Organization {
    return this.#presented.known.organization
  }

  /** Every caveat that an access is held against: its own, those of its discharges, and the networks of its organization. */
  get caveats(): readonly Caveat[] {
    return caveatsOf(this.#presented)
  }

  /** When it ends by itself, by its caveats or before; one of its discharges may end earlier. */
  get expiresAt(): Date {
    return new Date(Math.min(this.#presented.known.expiresAt, this.#presented.endsAt))
  }

  /** For the functions of `@hallpass/macaroon`, for example `runLabels`. */
  get verified(): VerifiedMacaroon {
    return this.#presented.verified
  }
}

export interface Refusal {
  readonly allowed: false
  /** Of HTTP: no token that is good; good, and something forbids it; nobody knows now. */
  readonly status: 401 | 403 | 503
  readonly code: RefusalCode
  /** A sentence for the holder of the token. */
  readonly message: string
}

/** What a program decides by, as the authority has them. */
export type RefusalCode =
  | 'unauthenticated'
  | 'forbidden'
  // There is no organization or app of this name.
  | 'not_found'
  // A limit of its organization blocks the token.
  | 'blocked'
  // The authority cannot be asked.
  | 'unavailable'
  // Too many questions wait already, or too many tokens from there counted for nothing.
  | 'rate_limited'

export type Verification =
  /** The first is the one that counts first. */
  { readonly allowed: true; readonly tokens: readonly [VerifiedToken, ...VerifiedToken[]] } | Refusal

export type Verdict =
  | {
      readonly allowed: true
      /** The first of the header that allows the access. */
      readonly token: VerifiedToken
      /** What the names of the access stand for, as caveats have them. */
      readonly organization: Organization
      readonly app: number | undefined
    }
  | Refusal

const statuses: Readonly<Record<RefusalCode, Refusal['status']>> = {
  unauthenticated: 401,
  forbidden: 403,
  not_found: 403,
  blocked: 403,
  unavailable: 503,
  rate_limited: 503,
}

export function refuse(code: RefusalCode, message: string): Refusal {
  return { allowed: false, status: statuses[code], code, message }
}
