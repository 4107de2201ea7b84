// The contract of the keyring: the only room where raw signing keys exist. What goes in and out is wrapped or verified.
import type { Caveat, Macaroon, VerifiedMacaroon } from '@hallpass/macaroon'

import type { WrappedSigningKey } from './key.ts'
import type { Secret } from './secret.ts'

export interface MintedToken {
  /** UUID derived from the nonce. */
  readonly id: string
  /** `FlyV1 fm2_…`: shown once, never stored. */
  readonly token: Secret
  /** Those that it carries: repeated ones stand there once. */
  readonly caveats: readonly Caveat[]
}

/** A third party that a new token is to ask: here, always the authority itself. */
export interface TicketOrder {
  /** The key for tickets, wrapped. */
  readonly ticketKey: Uint8Array
  /** Where holders take the ticket. */
  readonly location: string
  /** What the ticket is to demand for the token of this id. */
  readonly demands: (tokenId: string) => readonly Caveat[]
}

export interface Keyring {
  /** A new signing key of one organisation, wrapped for the store. `now` in milliseconds. */
  createSigningKey(organisationId: number, now: number): WrappedSigningKey
  /** Mints a macaroon under the key, with these caveats in this order, and the demand for a discharge behind them. */
  mint(key: WrappedSigningKey, caveats: readonly Caveat[], order?: TicketOrder): MintedToken
  /**
   * Checks the macaroon's signature under the key that its nonce names, and that `discharges` answer what it asks of
   * third parties. What they attest is believed of nobody.
   * @param spend told, before each part of the work, how many hashes and comparisons it takes; what it throws ends it
   * @throws DomainError `unauthenticated` where it is not genuine, or not of the key's organisation.
   */
  verify(
    key: WrappedSigningKey,
    macaroon: Macaroon,
    discharges: readonly Macaroon[],
    spend?: (steps: number) => void,
  ): VerifiedMacaroon
  /** The setup code for the store, so that other servers under the same root key can show it too. */
  sealSetupCode(code: Secret): Uint8Array
  /** Undefined where it was not sealed under this root key. */
  openSetupCode(sealed: Uint8Array): Secret | undefined
  /** A mail for the store: its links let somebody in. */
  sealMail(mail: Secret): Uint8Array
  /** Undefined where it was not sealed under this root key. */
  openMail(sealed: Uint8Array): Secret | undefined
  /** A new key for the tickets that the authority, as a third party, is to answer: wrapped for the store. */
  createTicketKey(): Uint8Array
  /** What the ticket demands; undefined where it was not sealed with this key. */
  openTicket(ticketKey: Uint8Array, ticket: Uint8Array): readonly Caveat[] | undefined
  /** A secret of 256 bits that this text makes of the key for tickets, always the same one: 43 characters. */
  deriveName(ticketKey: Uint8Array, text: string): Secret
  /** The discharge for a ticket that was sealed with this key, `fm2_…`, finished: nobody adds to it. */
  discharge(ticketKey: Uint8Array, ticket: Uint8Array, location: string, caveats: readonly Caveat[]): Secret
}

/** In whose name a password is tried: so many at once are taken as each costs a lot, and those who wait take turns. */
export interface PasswordTurn {
  /** Who shares one turn with whom: a network. */
  readonly lane: string
  /** Of one lane and key, one is tried at a time. */
  readonly key: string
  /** Called when the turn has come; nothing is tried where it throws. */
  readonly begin?: () => void
  /** Called with the outcome, before the next one of the same key begins. */
  readonly end?: (right: boolean) => void
}

/** All throw DomainError `rate_limited` where too many wait. */
export interface PasswordHasher {
  /** argon2id, as a PHC string. */
  hash(password: Secret, lane: string): Promise<string>
  /** Takes as long for an unknown user (`undefined`) as for a known one. */
  verify(password: Secret, hash: string | undefined, turn: PasswordTurn): Promise<boolean>
}
