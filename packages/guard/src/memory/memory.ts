// Everything that a guard remembers: tokens, the headers that they came in, refusals for a moment, and names.
import type { Macaroon } from '@hallpass/macaroon'
import { formatTokens } from '@hallpass/macaroon/internal'

import { readHeader } from '../header.ts'
import { refuse, type Refusal } from '../verdict.ts'
import { KnownNames } from './known-names.ts'
import { KnownTokens, type Presented } from './known-tokens.ts'
import type { PresentedToken } from './known-token.ts'
import type { Trust } from './trust.ts'
import { WeightedCache } from './weighted-cache.ts'

/** Of the capacity, for headers as they came, with their tokens decoded. */
const shareOfHeaders = 0.125
/** Of the capacity: who is refused chooses how long the headers are. */
const shareOfRefusals = 0.03
/** Milliseconds: an admin may make a token good again, and only what is known can be told of. */
const stayOfRefusal = 1000

interface KnownHeader {
  readonly tokens: readonly PresentedToken[]
  /** Milliseconds of `ElapsedTime`. */
  readonly until: number
}

interface KnownRefusal {
  readonly refusal: Refusal
  readonly until: number
}

export class Memory {
  readonly tokens: KnownTokens
  readonly organizations: KnownNames
  readonly apps: KnownNames
  readonly #trust: Trust
  readonly #capacity: number
  #headers: WeightedCache<KnownHeader>
  #refusals: WeightedCache<KnownRefusal>

  /** `capacity`: bytes. */
  constructor(trust: Trust, capacity: number) {
    this.#trust = trust
    this.#capacity = capacity
    this.#headers = new WeightedCache(capacity * shareOfHeaders)
    this.#refusals = new WeightedCache(capacity * shareOfRefusals)
    this.tokens = new KnownTokens(trust, capacity * (1 - shareOfHeaders - shareOfRefusals))
    this.organizations = new KnownNames(trust)
    this.apps = new KnownNames(trust)
  }

  /** Bytes, about. */
  get weight(): number {
    return this.tokens.weight + this.#headers.weight + this.#refusals.weight
  }

  /** The tokens of a header, or its refusal; undefined where only the authority knows. They may be too old to be believed. */
  find(header: string | undefined, now: number): readonly PresentedToken[] | Refusal | undefined {
    const known = header === undefined ? undefined : this.#findHeader(header, now)
    if (known !== undefined && ('allowed' in known || known.every((token) => this.#trust.isFresh(token.known, now)))) {
      return known
    }
    // Something newer may be known of its tokens, from another header.
    const read = readHeader(header)
    if ('allowed' in read) return read
    const { permissions, damaged } = read.bundle
    if (permissions.length + damaged.length === 0) {
      return refuse('unauthenticated', 'this request carries no org token or deploy token')
    }
    const found = read.isPlain ? this.#findAll(permissions, now) : undefined
    if (found !== undefined && header !== undefined) this.addHeader(header, found, Infinity)
    return found ?? known
  }

  /** Remembers the tokens of a header, until then if nothing happens. */
  addHeader(header: string, tokens: readonly PresentedToken[], until: number): void {
    this.#headers.delete(header)
    this.#headers.set(header, { tokens, until }, 600 + header.length * 3 + tokens.length * 1000)
  }

  /** How long the tokens of a header are its tokens, if others in it count for nothing now. */
  untilOfPart(asked: number): number {
    return asked + stayOfRefusal
  }

  /** Remembers a refusal for a moment: a flood of one header costs one question a second. */
  addRefusal(header: string, refusal: Refusal, asked: number): void {
    this.#refusals.delete(header)
    const weight = 300 + header.length * 2 + refusal.message.length * 2
    this.#refusals.set(header, { refusal, until: asked + stayOfRefusal }, weight)
  }

  forget(): void {
    this.tokens.forget()
    this.organizations.forget()
    this.apps.forget()
    this.#headers = new WeightedCache(this.#capacity * shareOfHeaders)
    this.#refusals = new WeightedCache(this.#capacity * shareOfRefusals)
  }

  #findHeader(header: string, now: number): readonly PresentedToken[] | Refusal | undefined {
    const known = this.#headers.get(header)
    if (known !== undefined) {
      if (known.until >= now && known.tokens.every((token) => this.#trust.stands(token.known, now))) return known.tokens
      this.#headers.delete(header)
    }
    const refused = this.#refusals.get(header)
    if (refused === undefined || refused.until >= now) return refused?.refusal
    this.#refusals.delete(header)
    return undefined
  }

  #findAll(permissions: readonly Presented[], now: number): readonly PresentedToken[] | undefined {
    const tokens: PresentedToken[] = []
    for (const permission of permissions) {
      const token = this.tokens.find(permission, now)
      if (token === undefined) return undefined
      tokens.push(token)
    }
    return tokens.length < 2 ? tokens : withoutRepeated(tokens)
  }
}

/** Each once, wherever in the header. */
function withoutRepeated(tokens: readonly PresentedToken[]): readonly PresentedToken[] {
  return [...new Map(tokens.map((token) => [base64Of(token.verified.macaroon), token])).values()]
}

/** As the authority writes it in its answers. */
export function base64Of(macaroon: Macaroon): string {
  return formatTokens([macaroon.bytes]).slice('fm2_'.length)
}
