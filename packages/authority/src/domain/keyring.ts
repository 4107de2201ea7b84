// The contract of the keyring, the only room with raw signing keys. Its inputs and outputs are wrapped or verified.
import type { Caveat, Macaroon, VerifiedMacaroon } from '@hallpass/macaroon'

import type { WrappedSigningKey } from './key.ts'
import type { Secret } from './secret.ts'

export interface MintedToken {
  /** UUID derived from the nonce. */
  readonly id: string
  /** `FlyV1 fm2_…`: shown once, never stored. */
  readonly token: Secret
  /** The caveats in the token, without repetitions, as `encodeCaveats` of the core writes them. */
  readonly caveats: Uint8Array
  /** When they end, in Unix seconds; undefined if they do not. */
  readonly end: bigint | undefined
  /** Whether they name the organisation of the key, and contradict it nowhere. Else the token is good for nothing. */
  readonly isOfOrganisation: boolean
}

/** A third-party caveat for a new token. Here the third party is always the authority itself. */
export interface TicketOrder {
  /** The wrapped ticket key. */
  readonly ticketKey: Uint8Array
  /** The address to which holders take the ticket. */
  readonly location: string
  /** The caveats of the ticket for the token with this id. */
  readonly demands: (tokenId: string) => readonly Caveat[]
}

/** The app and the name of a secret. A value that was sealed for one place opens at no other. */
export interface SecretPlace {
  readonly appId: number
  readonly name: string
}

interface SealedSecret {
  readonly sealed: Uint8Array
  /** 16 hexadecimal digits. */
  readonly digest: string
}

export interface Keyring {
  /** Makes a signing key of one organisation, wrapped for the store. `now` in milliseconds. */
  createSigningKey(organisationId: number, now: number): WrappedSigningKey
  /** Mints a macaroon under the key with these caveats in this order, followed by the third-party caveat of `order`. */
  mint(key: WrappedSigningKey, caveats: readonly Caveat[], order?: TicketOrder): MintedToken
  /**
   * Checks the macaroon's signature under the key that its nonce names, and that `discharges` answer its third-party
   * caveats. Attestations of third parties are ignored.
   * @param spend called before each part of the work with its number of hashes and comparisons; if it throws, verifying
   * ends
   * @throws DomainError `unauthenticated` if the macaroon is not genuine, or not of the key's organisation.
   */
  verify(
    key: WrappedSigningKey,
    macaroon: Macaroon,
    discharges: readonly Macaroon[],
    spend?: (steps: number) => void,
  ): VerifiedMacaroon
  /**
   * The digests of the tails of a genuine macaroon behind its first `from` caveats, and behind each one more: those of the tokens
   * that it was derived from, and last its own.
   * @throws DomainError `unauthenticated` if the macaroon is not genuine.
   */
  tailDigests(key: WrappedSigningKey, macaroon: Macaroon, from: number): readonly Uint8Array[]
  /** The setup code for the store, so that other servers under the same root key can show it too. */
  sealSetupCode(code: Secret): Uint8Array
  /** Undefined if it was not sealed under this root key. */
  openSetupCode(sealed: Uint8Array): Secret | undefined
  /** Seals a mail for the store: its links let somebody in. */
  sealMail(mail: Secret): Uint8Array
  /** Undefined if it was not sealed under this root key. */
  openMail(sealed: Uint8Array): Secret | undefined
  /**
   * Seals the value of an app's secret under a key of its organisation. Once that key is deleted, nobody can open it. The
   * digest differs between values, and without the key nobody finds a value by it.
   */
  sealSecret(key: WrappedSigningKey, place: SecretPlace, value: Secret): SealedSecret
  /** Undefined if it was sealed under another key, or for another place. */
  openSecret(key: WrappedSigningKey, place: SecretPlace, sealed: Uint8Array): Secret | undefined
  /** Makes a key for the authority's own tickets, wrapped for the store. */
  createTicketKey(): Uint8Array
  /** The caveats of a ticket; undefined if it was not sealed with this key. */
  openTicket(ticketKey: Uint8Array, ticket: Uint8Array): readonly Caveat[] | undefined
  /** Derives a secret of 256 bits (43 characters) from the ticket key and this text; always the same one. */
  deriveName(ticketKey: Uint8Array, text: string): Secret
  /** Hides a name for the store: always the same bytes, and without the root key nobody finds the name by them. */
  hideName(name: string): Uint8Array
  /** A JWT with these claims, signed with the authority's key for assertions, which is Ed25519 (RFC 8037). */
  assert(claims: Readonly<Record<string, unknown>>): Promise<string>
  /** The public part of that key, as a JWK set (RFC 7517 §5). All authorities under the root key have the same. */
  assertionKeys(): Promise<{ readonly keys: readonly Readonly<Record<string, unknown>>[] }>
  /** Makes the final discharge, `fm2_…`, for a ticket that was sealed with this key. */
  discharge(ticketKey: Uint8Array, ticket: Uint8Array, location: string, caveats: readonly Caveat[]): Secret
}

/** The turn in which a password is checked. A check is expensive, so few run at once, and waiting ones take turns. */
export interface PasswordTurn {
  /** All checks in one lane share one turn: a network. */
  readonly lane: string
  /** Checks with the same lane and key run one at a time. */
  readonly key: string
  /** Called when the turn begins. If it throws, nothing is checked. */
  readonly begin?: () => void | Promise<void>
  /** Called with the result, before the next check with the same key begins. If it throws, nobody hears the result. */
  readonly end?: (right: boolean) => void | Promise<void>
}

/** All throw DomainError `rate_limited` if too many wait. */
export interface PasswordHasher {
  /** argon2id, as a PHC string. */
  hash(password: Secret, lane: string): Promise<string>
  /** Takes as long for an unknown user (`undefined`) as for a known one. */
  verify(password: Secret, hash: string | undefined, turn: PasswordTurn): Promise<boolean>
}
