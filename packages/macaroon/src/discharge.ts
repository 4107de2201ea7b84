/** Discharges: the macaroons with which third parties answer, and what their holders do with them. */

import { badArgument, expectFields, takeBytes, takeList } from './boundary.ts'
import type { BindToParentToken, Caveat } from './caveat.ts'
import { getCaveats } from './caveat-set.ts'
import { defaultKernel } from '#kernel'
import { lastingFirst } from './lasting-first.ts'
import { type DecodeOptions, expectMacaroon, type Macaroon } from './macaroon.ts'
import { attenuate, signMacaroon, thirdPartiesOf } from './mint.ts'
import { hasKid, makeNonce } from './nonce.ts'
import { openTicket } from './ticket.ts'
import { vocabularyOf } from './vocabulary.ts'

export interface DischargeInput {
  /** The key that the third party shares with the authority, 32 bytes. */
  readonly key: Uint8Array
  readonly ticket: Uint8Array
  /** Where the third party is found: under this name its attestations may be trusted. */
  readonly location: string
  /** 16 random bytes. */
  readonly rnd: Uint8Array
  /** The restrictions of the discharge and, in a proof, its attestations. */
  readonly caveats?: readonly Caveat[]
  /** True, the default: a finished proof. False: its holder can add caveats, and it may attest nothing. */
  readonly proof?: boolean
}

/**
 * Answers a ticket, as Go's `DischargeTicket`, `Add` and `Encode` together.
 *
 * It does not look at the caveats in the ticket: the third party opens it first (`openTicket`), and discharges only if
 * those are met.
 *
 * Throws what `openTicket` and `mintMacaroon` throw, but no `no-caveats`.
 */
export function dischargeTicket(input: DischargeInput, options: DecodeOptions = {}): Macaroon {
  const { location, caveats = [], proof = true, rnd } = expectFields(input, 'input')
  const ticket = takeBytes(input.ticket, 'ticket')
  if (typeof proof !== 'boolean') throw badArgument('proof', 'true or false')
  const { dischargeKey } = openTicket(input.key, ticket, options)
  const nonce = makeNonce(ticket, rnd, proof)
  return signMacaroon({ nonce, location, key: dischargeKey, caveats }, vocabularyOf(options))
}

/**
 * A discharge that holds only together with this macaroon or with what is attenuated from it, as Go's
 * `BindToParentMacaroon`. Throws MacaroonError `finished-proof` for proofs: their makers bind them, with `parentBinding`.
 */
export function bindToParent(discharge: Macaroon, parent: Macaroon): Macaroon {
  return attenuate(discharge, [parentBinding(parent)])
}

/** The caveat that binds a discharge to this macaroon: the first half of the SHA-256 of its tail. */
export function parentBinding(parent: Macaroon): BindToParentToken {
  return {
    type: 'BindToParentToken',
    prefix: defaultKernel.sha256(expectMacaroon(parent, 'parent').tail).slice(0, bindingLength),
  }
}

/**
 * The tickets that a macaroon asks to be discharged, by location, as Go's `AllThirdPartyTickets`: those inside IfPresent
 * too, without those that one of `discharges` answers.
 */
export function ticketsOf(
  macaroon: Macaroon,
  discharges: readonly Macaroon[] = [],
): ReadonlyMap<string, readonly Uint8Array[]> {
  const tickets = new Map<string, Uint8Array[]>()
  const answers = takeList(discharges, 'discharges', expectMacaroon)
  for (const caveat of thirdPartiesOf(expectMacaroon(macaroon, 'macaroon'))) {
    const ticket = new Uint8Array(caveat.ticket ?? [])
    if (answers.some(({ nonce }) => hasKid(nonce, ticket))) continue
    const others = tickets.get(caveat.location)
    if (others === undefined) tickets.set(caveat.location, [ticket])
    else others.push(ticket)
  }
  return tickets
}

/**
 * What an access would be held against if the macaroon and these discharges were genuine: its own caveats but for the
 * questions that are answered, and those of the answers. Of several answers it takes one that holds at `now`, in Unix
 * seconds, as `clear` does, and of those the one that ends last. Nothing of this has been verified.
 */
export function caveatsWith(macaroon: Macaroon, discharges: readonly Macaroon[], now: number): readonly Caveat[] {
  if (!Number.isFinite(now)) throw badArgument('now', 'a number of seconds')
  const inOrder = lastingFirst(takeList(discharges, 'discharges', expectMacaroon))
  const answers = new Map<string, Macaroon>()
  for (const caveat of thirdPartiesOf(expectMacaroon(macaroon, 'macaroon'))) {
    const ticket = new Uint8Array(caveat.ticket ?? [])
    const found = inOrder.filter(({ nonce }) => hasKid(nonce, ticket))
    const answer = found.find((each) => hasBegun(each, now)) ?? found[0]
    if (answer !== undefined) answers.set(ticket.join(), answer)
  }
  return [
    ...macaroon.unsafeCaveats.filter((each) => each.type !== '3P' || !answers.has((each.ticket ?? []).join())),
    ...[...answers.values()].flatMap(({ unsafeCaveats }) =>
      // That a discharge is bound to this very token takes the key to check.
      unsafeCaveats.filter(({ type }) => type !== 'BindToParentToken'),
    ),
  ]
}

function hasBegun({ unsafeCaveats }: Macaroon, now: number): boolean {
  return getCaveats(unsafeCaveats, 'ValidityWindow').every(({ notBefore }) => notBefore <= now)
}

const bindingLength = 16
