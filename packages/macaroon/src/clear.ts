/** Clearing: does this allow that? Holds every caveat against every access. */

import { type Access, takeAccess, whatIsWrong } from './access.ts'
import { badArgument, expectFields } from './boundary.ts'
import type { Caveat } from './caveat.ts'
import { isAttestation, settle } from './caveat-set.ts'
import type { CaveatCodec, NestedProhibits, Refusal, RefusalKind } from './codec.ts'
import type { DischargeAccess } from './discharge-access.ts'
import { nothingForbids } from './errors.ts'
import { allCaveats, isVerified, showCaveats, type VerifiedMacaroon, verifiedParts } from './verify.ts'
import type { Answer, Answers } from './verify-chain.ts'
import { codecOf, flyVocabulary, nameOf, Vocabulary } from './vocabulary.ts'

export type Clearance =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly denials: readonly [Denial, ...Denial[]] }

export interface Denial {
  /** Which of the accesses, counted from 0. */
  readonly access: number
  /** Which of the caveats that the access was held against, counted from 0; -1 where the access itself makes no sense. */
  readonly index: number
  readonly caveat: Caveat | undefined
  readonly kind: RefusalKind
  /** A sentence for people: what the caveat allows and what was attempted. */
  readonly reason: string
}

export interface ClearOptions {
  /** How many denials are looked for at most; all of them where it is left out. With 1, it stops at the first. */
  readonly denials?: number
}

/**
 * Whether a verified macaroon allows all of these accesses, as Go's `CaveatSet.Validate`. Attestations forbid nothing.
 *
 * It judges the caveats whose bytes were verified, even if a caller has changed the values that they were shown. Of
 * several discharges of one ticket it takes the first that allows all of the accesses; their order does not matter.
 *
 * Throws MacaroonError `bad-argument` for no accesses at all, for what `verify` did not make, for an access with a part
 * of a wrong type, and for `denials` below 1; null counts as left out.
 */
export function clear(
  verified: VerifiedMacaroon,
  accesses: readonly (Access | DischargeAccess)[],
  options: ClearOptions = {},
): Clearance {
  if (!isVerified(verified)) throw badArgument('verified', 'what verify made')
  const { denials = Infinity } = expectFields(options, 'options')
  if (typeof denials !== 'number' || !(denials >= 1)) throw badArgument('denials', 'a number of 1 or more')
  const { own, answers } = verifiedParts(verified)
  const { vocabulary } = verified
  // Most ask nobody, so there is nothing to choose.
  if (answers.length === 0) return clearAll(own, accesses, vocabulary, () => verified.caveats, denials)
  const chosen = choose(own, answers, accesses, vocabulary)
  const shown = () => showCaveats(verified, chosen)
  return clearAll(allCaveats(own, chosen), accesses, vocabulary, shown, denials)
}

/** One answer to each question: one that allows all of the accesses, if any does. The result is judged again. */
function choose(
  own: readonly Caveat[],
  answers: readonly Answers[],
  accesses: readonly (Access | DischargeAccess)[],
  vocabulary: Vocabulary,
): readonly Answer[] {
  const first = answers.map(([one]) => one)
  if (answers.every(({ length }) => length === 1)) return first
  const holds = (caveat: Caveat) => !isAttestation(caveat, vocabulary)
  const allows = ({ caveats }: Answer) =>
    !caveats.some(holds) || clearAll(caveats, accesses, vocabulary, () => caveats, 1).allowed
  const chosen = answers.map((list) => list.find(allows) ?? list[0])
  // Those that forbid something come first where nothing else does, so they have all denied it.
  return allCaveats(own, chosen).some(holds) ? chosen : first
}

/**
 * The same for caveats that express somebody's authority without a macaroon, such as a user's role, and for the caveats
 * in a ticket.
 *
 * Throws MacaroonError `bad-argument` as `clear` does, `bad-caveat` for a caveat of which a value is not of its type,
 * `too-deep`, and `no-caveats` where there are only attestations: no restriction must not mean that everything is
 * allowed.
 */
export function clearCaveats(
  caveats: readonly Caveat[],
  accesses: readonly (Access | DischargeAccess)[],
  vocabulary: Vocabulary = flyVocabulary,
): Clearance {
  const settled = settleThatForbid(caveats, Vocabulary.expect(vocabulary))
  return clearAll(settled, accesses, vocabulary, () => caveats)
}

/**
 * The same for caveats that are checked and copied once, and cleared again and again.
 *
 * Throws as `clearCaveats`, and what it returns throws as that does for accesses.
 */
export function clearFixed(caveats: readonly Caveat[]): (accesses: readonly Access[]) => Clearance {
  const settled = settleThatForbid(caveats, flyVocabulary)
  // A denial gets a copy, so that nobody can change what is cleared next.
  return (accesses) => clearAll(settled, accesses, flyVocabulary, () => settle(settled, flyVocabulary))
}

function settleThatForbid(caveats: readonly Caveat[], vocabulary: Vocabulary): readonly Caveat[] {
  const settled = settle(caveats, vocabulary)
  if (settled.every((caveat) => isAttestation(caveat, vocabulary))) throw nothingForbids()
  return settled
}

/**
 * The same for caveats that were read. At least one must not be an attestation, which verification ensures; `shown` are
 * the caveats that denials refer to.
 */
export function clearAll(
  caveats: readonly Caveat[],
  accesses: readonly (Access | DischargeAccess)[],
  vocabulary: Vocabulary,
  shown: () => readonly Caveat[],
  most = Infinity,
): Clearance {
  if (!Array.isArray(accesses)) throw badArgument('accesses', 'a list')
  // Most often nothing is denied: only a denial makes a list of them.
  let denials: Denial[] | undefined
  let number = 0
  const nested: NestedProhibits = (caveat, access) => prohibits(codecOf(caveat, vocabulary), caveat, access, nested)
  // No access is left out, not even one that a caller without types has left undefined: that is an error.
  for (; number < accesses.length; number += 1) {
    const given: Access | DischargeAccess = accesses[number]
    const taken = takeAccess(given)
    // A service's own caveats may be about what only its own accesses name.
    const access = vocabulary === flyVocabulary ? taken : Object.assign(Object.create(given), taken)
    denials = clearOne(caveats, access, number, vocabulary, nested, denials, shown, most)
    if (denials !== undefined && denials.length >= most) break
  }
  if (denials === undefined) {
    if (number === 0) throw badArgument('accesses', 'at least one')
    return allowed
  }
  const [first, ...rest] = denials
  return first === undefined ? allowed : { allowed: false, denials: [first, ...rest] }
}

const allowed: Clearance = Object.freeze({ allowed: true })

/** Adds what denies this access to `denials`. */
function clearOne(
  caveats: readonly Caveat[],
  access: Access | DischargeAccess,
  number: number,
  vocabulary: Vocabulary,
  nested: NestedProhibits,
  denials: Denial[] | undefined,
  shown: () => readonly Caveat[],
  most: number,
): Denial[] | undefined {
  const invalid = whatIsWrong(access)
  if (invalid !== undefined) {
    return [
      ...(denials ?? []),
      { access: number, index: -1, caveat: undefined, kind: 'invalid-access', reason: invalid },
    ]
  }
  let found = denials
  let isHeld = false
  let index = -1
  for (const caveat of caveats) {
    index += 1
    const codec = codecOf(caveat, vocabulary)
    if (codec?.attestation === true) continue
    isHeld = true
    const refusal = prohibits(codec, caveat, access, nested)
    if (refusal === undefined) continue
    ;(found ??= []).push({ access: number, index, caveat: shown()[index], ...refusal })
    if (found.length >= most) break
  }
  if (!isHeld) throw nothingForbids()
  return found
}

function prohibits(
  codec: CaveatCodec<Caveat> | undefined,
  caveat: Caveat,
  access: Access | DischargeAccess,
  nested: NestedProhibits,
): Refusal | undefined {
  if (codec === undefined) {
    const which = caveat.type === 'Unknown' ? `number ${caveat.number}` : nameOf(caveat)
    return { kind: 'bad-caveat', reason: `The caveat ${which} is not understood here, so it forbids everything` }
  }
  if (access.type !== 'discharge') return codec.prohibits(caveat, access, nested)
  if (codec.prohibitsDischarge !== undefined) return codec.prohibitsDischarge(caveat, access)
  return { kind: 'invalid-access', reason: `${nameOf(caveat)} cannot judge who asks for a discharge, so it forbids it` }
}
