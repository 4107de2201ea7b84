/** The chain of a macaroon and those of its discharges, followed as Go's `Macaroon.verify` does. */

import { takeList } from './boundary.ts'
import type { Caveat, ThirdParty } from './caveat.ts'
import { isAttestation } from './caveat-set.ts'
import { MacaroonError } from './errors.ts'
import { quoteShortly } from './json.ts'
import type { Kernel } from './kernel/kernel.ts'
import { Macaroon, tailLength } from './macaroon.ts'
import { lastingFirst } from './lasting-first.ts'
import { kidOf, nonceStart } from './nonce.ts'
import { openBox } from './sealed.ts'
import { finishTail, takeKey } from './tail.ts'
import { dischargeKeyLength, openTicket } from './ticket.ts'
import { nameOf } from './vocabulary.ts'

export interface ChainContext {
  readonly discharges: readonly Macaroon[]
  readonly trusted: ReadonlyMap<string, readonly Uint8Array[]>
  readonly kernel: Kernel
  readonly spend: ((steps: number) => void) | undefined
}

/** What a chain that is right amounts to. */
export interface ChainResult {
  /** Its own caveats without those that verification answers. */
  readonly own: readonly Caveat[]
  /** For each question the discharges that answer it, one at least, those that end last first. */
  readonly answers: readonly (readonly Answer[])[]
}

/** A discharge that verifies, and what an access is held against where it is taken. */
export interface Answer {
  readonly discharge: Macaroon
  readonly caveats: readonly Caveat[]
}

/** Throws MacaroonError with a VerifyErrorCode, and `too-many` for more than 64 attempts at discharges. */
export function verifyChain(macaroon: Macaroon, key: Uint8Array, context: ChainContext): ChainResult {
  const tails = recomputeTails(macaroon, key, context)
  const inOrder = { ...context, discharges: lastingFirst(context.discharges) }
  const own: Caveat[] = []
  const demands: Demand[] = []
  for (const [i, caveat] of Macaroon.caveatsOf(macaroon).entries()) {
    if (caveat.type === '3P') demands.push(readDemand(caveat, tailAt(tails, i), inOrder))
    else if (caveat.type === 'BindToParentToken') {
      throw new MacaroonError('bound-elsewhere', 'The macaroon is bound to a parent token that did not come with it')
    } else own.push(allowAttestation(caveat, macaroon))
  }
  return { own, answers: answerAll(demands, lazyBindingIds(tails, context), context) }
}

/** A holder can ask one ticket in many caveats, so what many discharges of it cost is bounded. */
const maxAttempts = 64
/** Of the attempts at one demand: their sentences must not grow with what somebody sends. */
const mostReasons = 3

/** A third-party caveat, the key that its discharge must be signed with, and what may be that discharge. */
interface Demand {
  readonly location: string
  readonly dischargeKey: Uint8Array
  readonly candidates: readonly Macaroon[]
}

/** All tails, 32 bytes each. Throws `forged` where the last one is not what the macaroon says. */
function recomputeTails(macaroon: Macaroon, key: Uint8Array, { kernel, spend }: ChainContext): Uint8Array {
  const { nonceEnd, offsets } = Macaroon.placesOf(macaroon)
  spend?.(offsets.length + blocksOf(macaroon))
  const bytes = Macaroon.wireOf(macaroon).own()
  const tails = kernel.chain(key, bytes, nonceStart, nonceEnd, offsets)
  const last = tails.subarray(-tailLength)
  const claimed = bytes.subarray(-tailLength)
  if (!kernel.equal(macaroon.nonce.proof ? finishTail(last, kernel) : last, claimed)) throw forged()
  return tails
}

/** Throws `forged` where the chain does not end in the tail that the macaroon says. */
export function expectTail(macaroon: Macaroon, key: Uint8Array, kernel: Kernel, spend: ChainContext['spend']): void {
  const { nonceEnd, offsets } = Macaroon.placesOf(macaroon)
  // One for each caveat, and one for the nonce.
  spend?.(offsets.length + blocksOf(macaroon))
  const wire = Macaroon.wireOf(macaroon)
  if (kernel.endsIn(key, wire, nonceStart, nonceEnd, offsets, wire.length - tailLength, macaroon.nonce.proof)) return
  throw forged()
}

/** A caveat may be as long as a thousand others: what is hashed counts by its blocks, too. */
function blocksOf(macaroon: Macaroon): number {
  return Math.ceil(Macaroon.wireOf(macaroon).length / 64)
}

function forged(): MacaroonError {
  return new MacaroonError('forged', 'The macaroon is not genuine: its tail does not follow from this key')
}

/** The tail in front of caveat i. */
function tailAt(tails: Uint8Array, i: number): Uint8Array {
  return tails.subarray(i * tailLength, (i + 1) * tailLength)
}

/** Throws `undischarged` where nothing came for the ticket, `bad-discharge` where nothing that came could be verified. */
function readDemand(caveat: ThirdParty, tail: Uint8Array, { discharges, kernel, spend }: ChainContext): Demand {
  const { location } = caveat
  spend?.(1 + discharges.length)
  const ticket = caveat.ticket ?? nothing
  const candidates = discharges.filter((discharge) => kernel.equal(kidOf(discharge.nonce), ticket))
  if (candidates.length === 0) {
    throw new MacaroonError(
      'undischarged',
      `The macaroon asks for a discharge from ${quoteShortly(location)}, and none came with it`,
    )
  }
  const dischargeKey = openBox(tail, caveat.verifierKey ?? nothing)
  if (dischargeKey?.length !== dischargeKeyLength) {
    throw new MacaroonError(
      'bad-discharge',
      `The macaroon asks for a discharge from ${quoteShortly(location)} without holding the key to verify it with`,
    )
  }
  return { location, dischargeKey, candidates }
}

/**
 * The discharges of every demand that verify. Each demand has its first one before any has a second: others are tried with
 * the attempts that are left, for which of them holds is not known here.
 */
function answerAll(
  demands: readonly Demand[],
  bindingIds: () => readonly Uint8Array[],
  context: ChainContext,
): readonly (readonly Answer[])[] {
  let attempts = 0
  const attempt = ({ dischargeKey }: Demand, discharge: Macaroon): Answer | MacaroonError => {
    attempts += 1
    if (attempts > maxAttempts) {
      throw new MacaroonError('too-many', `The macaroon takes more than ${maxAttempts} attempts at its discharges`)
    }
    try {
      return { discharge, caveats: verifyDischarge(discharge, dischargeKey, bindingIds, context) }
    } catch (error) {
      if (error instanceof MacaroonError && error.code !== 'bad-argument') return error
      throw error
    }
  }
  const answers = demands.map((demand) => {
    const reasons: string[] = []
    for (const [i, discharge] of demand.candidates.entries()) {
      const answer = attempt(demand, discharge)
      if (!(answer instanceof MacaroonError)) return { demand, found: [answer], left: demand.candidates.slice(i + 1) }
      if (reasons.length < mostReasons) reasons.push(answer.message)
    }
    throw new MacaroonError(
      'bad-discharge',
      `The discharge from ${quoteShortly(demand.location)} does not verify: ${reasons.join('; ')}`,
    )
  })
  for (const { demand, found, left } of answers) {
    for (const discharge of left.slice(0, maxAttempts - attempts)) {
      const answer = attempt(demand, discharge)
      if (!(answer instanceof MacaroonError)) found.push(answer)
    }
  }
  return answers.map(({ found }) => found)
}

/** The caveats of a discharge that is right for this key and parent; attestations only if its maker is trusted. */
function verifyDischarge(
  discharge: Macaroon,
  key: Uint8Array,
  bindingIds: () => readonly Uint8Array[],
  context: ChainContext,
): Caveat[] {
  const believed = isTrusted(discharge, key, context)
  expectTail(discharge, key, context.kernel, context.spend)
  const caveats: Caveat[] = []
  for (const caveat of Macaroon.caveatsOf(discharge)) {
    if (caveat.type === '3P') {
      throw new MacaroonError('undischarged', 'The discharge asks for a discharge in turn, which is not allowed')
    }
    if (caveat.type === 'BindToParentToken') {
      const ids = bindingIds()
      context.spend?.(ids.length)
      if (!ids.some((id) => startsWith(id, caveat.prefix ?? nothing))) {
        throw new MacaroonError('bound-elsewhere', 'The discharge is bound to another macaroon than this')
      }
      continue
    }
    allowAttestation(caveat, discharge)
    if (believed || !isAttestation(caveat, discharge.vocabulary)) caveats.push(caveat)
  }
  return caveats
}

/**
 * Whether the ticket was sealed with a key of a trusted third party, which then is the one who knew the discharge key.
 *
 * Throws where a trusted key opens the ticket and another discharge key, or nonsense, is in it.
 */
function isTrusted(discharge: Macaroon, key: Uint8Array, { trusted, kernel }: ChainContext): boolean {
  for (const shared of takeList(trusted.get(discharge.location) ?? [], 'trusted', takeKey)) {
    const opened = tryTicket(shared, discharge)
    if (opened === undefined) continue
    if (!kernel.equal(opened, key)) {
      throw new MacaroonError('bad-ticket', 'The ticket of the discharge holds another key than the macaroon')
    }
    return true
  }
  return false
}

/** The discharge key in the ticket; undefined where this key does not open it. */
function tryTicket(shared: Uint8Array, { nonce, vocabulary }: Macaroon): Uint8Array | undefined {
  try {
    return openTicket(shared, kidOf(nonce), { vocabulary }).dischargeKey
  } catch (error) {
    if (error instanceof MacaroonError && error.code === 'bad-ticket') return undefined
    throw error
  }
}

/** The caveat itself. Throws `attestation` where it attests something in a macaroon that its holder can add to. */
function allowAttestation(caveat: Caveat, { nonce, vocabulary }: Macaroon): Caveat {
  if (!nonce.proof && isAttestation(caveat, vocabulary)) {
    throw new MacaroonError('attestation', `The macaroon carries ${nameOf(caveat)} without being a proof`)
  }
  return caveat
}

/** The SHA-256 of every tail that the macaroon has had: what a discharge may be bound to. Computed when asked for. */
function lazyBindingIds(tails: Uint8Array, { kernel, spend }: ChainContext): () => readonly Uint8Array[] {
  let ids: Uint8Array[] | undefined
  function hashAll(): Uint8Array[] {
    const count = tails.length / tailLength
    spend?.(count)
    return Array.from({ length: count }, (_, i) => kernel.sha256(tailAt(tails, i)))
  }
  return () => (ids ??= hashAll())
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.length <= bytes.length && prefix.every((byte, i) => byte === bytes[i])
}

const nothing = new Uint8Array(0)
