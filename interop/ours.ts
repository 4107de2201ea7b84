/** What @hallpass/macaroon makes of a case. */

import {
  attenuate,
  bindToParent,
  type Caveat,
  clear,
  clearCaveats,
  type Clearance,
  decodeMacaroon,
  dischargeTicket,
  expiration,
  type Macaroon,
  MacaroonError,
  mintMacaroon,
  openTicket,
  type Random,
  thirdParty,
  type VerifiedMacaroon,
  verify,
} from '@hallpass/macaroon'
import { parentBinding } from '@hallpass/macaroon/internal'
import type { Answer, Case, Step } from './case.ts'
import { present, type Presented } from './presented.ts'

type Question = ReturnType<typeof thirdParty>

export interface Outcome {
  /** What was made; a discharge is null where it was refused. Undefined where the token was. */
  readonly made: Made | undefined
  readonly presented: Presented
  /** `verifies`, the code of the refusal, or `undecodable`. */
  readonly kind: string
  /** Whether a discharge that was presented could not be read, and was left out. */
  readonly leftOut: boolean
  readonly verified: VerifiedMacaroon | undefined
  /** One for each access, where it verifies. */
  readonly clearances: readonly Clearance[]
}

interface Made {
  readonly token: Uint8Array
  readonly discharges: readonly (Uint8Array | null)[]
  /** The caveats in the tickets, one list for each discharge. */
  readonly tickets: readonly (readonly Caveat[])[]
}

export function playOurs(one: Case): Outcome {
  const made = make(one)
  if (made === undefined) {
    const presented = { token: new Uint8Array(0), discharges: [] }
    return { made, presented, kind: 'refused', leftOut: false, verified: undefined, clearances: [] }
  }
  const presented = lastingFirst(present(made, one))
  const discharges = presented.discharges.map((bytes) => attempt(() => decodeMacaroon(bytes)))
  const usable = discharges.flatMap((discharge) => (discharge instanceof MacaroonError ? [] : [discharge]))
  const macaroon = attempt(() => decodeMacaroon(presented.token))
  const leftOut = usable.length < discharges.length
  if (macaroon instanceof MacaroonError) {
    return { made, presented, kind: 'undecodable', leftOut, verified: undefined, clearances: [] }
  }
  const verified = attempt(() => verify(macaroon, one.verifyKey, { discharges: usable, trusted: one.trusted }))
  if (verified instanceof MacaroonError) {
    return { made, presented, kind: verified.code, leftOut, verified: undefined, clearances: [] }
  }
  const clearances = one.accesses.map((access) => {
    const clearance = clear(verified, [access])
    if (verified.otherDischarges.length === 0) return clearance
    // We take any discharge that holds, and Go takes the first: this is our result for the first.
    const ofFirst = clearCaveats(verified.caveats, [access])
    if (ofFirst.allowed && !clearance.allowed) throw new Error('another discharge took the place of one that holds')
    return ofFirst
  })
  return { made, presented, kind: 'verifies', leftOut, verified, clearances }
}

/**
 * Of several discharges that verify, Go takes the first and we the one that ends last: so the first one is that one. What
 * cannot be read comes last: Go reads some of it.
 */
function lastingFirst({ token, discharges }: Presented): Presented {
  const end = (bytes: Uint8Array) => {
    const discharge = attempt(() => decodeMacaroon(bytes))
    if (discharge instanceof MacaroonError) return -(2n ** 64n)
    return expiration(discharge.unsafeCaveats) ?? 2n ** 64n
  }
  const ended = discharges.map((bytes) => ({ bytes, end: end(bytes) }))
  const inOrder = ended.toSorted((one, other) => (one.end === other.end ? 0 : one.end > other.end ? -1 : 1))
  return { token, discharges: inOrder.map(({ bytes }) => bytes) }
}

function make(one: Case): Made | undefined {
  const random = replay(one.random)
  const parties: Question[] = []
  const first = prepare(one.mint, random, parties)
  const rnd = random(16)
  const { kid, location, key } = one
  const minted = attempt(() => mintMacaroon({ kid, rnd, location, key, caveats: first }))
  if (minted instanceof MacaroonError) return undefined
  const more = prepare(one.more, random, parties)
  const token = attempt(() => attenuate(minted, more))
  if (token instanceof MacaroonError) return undefined
  const keys = partyKeys(one)
  const tickets: (readonly Caveat[])[] = []
  const discharges = one.answers.map((answer) => {
    const { ticket } = parties[answer.party] ?? { ticket: new Uint8Array(0) }
    const key = keys[answer.party] ?? new Uint8Array(0)
    tickets.push(openTicket(key, ticket).caveats)
    return discharge(answer, key, ticket, random(16), answer.bind === 'to the token' ? token : minted)
  })
  return { token: token.bytes, discharges, tickets }
}

function discharge(
  answer: Answer,
  key: Uint8Array,
  ticket: Uint8Array,
  rnd: Uint8Array,
  parent: Macaroon,
): Uint8Array | null {
  const { location, proof } = answer
  const binds = answer.bind !== 'no'
  const caveats = proof && binds ? [...answer.caveats, parentBinding(parent)] : answer.caveats
  const made = attempt(() => {
    const macaroon = dischargeTicket({ key, ticket, location, rnd, caveats, proof })
    return binds && !proof ? bindToParent(macaroon, parent) : macaroon
  })
  return made instanceof MacaroonError ? null : made.bytes
}

function prepare(steps: readonly Step[], random: Random, parties: Question[]): (Caveat | Question)[] {
  return steps.flatMap((step): readonly (Caveat | Question)[] => {
    if (!('party' in step)) return step.caveats
    const party = thirdParty({ ...step.party, random })
    parties.push(party)
    return [party]
  })
}

function partyKeys(one: Case): Uint8Array[] {
  return [...one.mint, ...one.more].flatMap((step) => ('party' in step ? [step.party.key] : []))
}

function replay(bytes: Uint8Array): Random {
  let at = 0
  return (length) => bytes.slice(at, (at += length))
}

/** What a call returns, or the MacaroonError that it throws; any other error goes on. */
function attempt<T>(call: () => T): T | MacaroonError {
  try {
    return call()
  } catch (error) {
    if (error instanceof MacaroonError) return error
    throw error
  }
}
