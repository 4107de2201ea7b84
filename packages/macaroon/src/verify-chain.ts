/** The chain of a macaroon and those of its discharges, followed as Go's `Macaroon.verify` does. */

import { isBytes, lengthOf, takeList } from './boundary.ts'
import type { Caveat, ThirdParty } from './caveat.ts'
import { isAttestation } from './caveat-set.ts'
import { MacaroonError } from './errors.ts'
import { quoteShortly } from './json.ts'
import { defaultCipher } from '#kernel'
import { equalBytes } from './kernel/equal-bytes.ts'
import type { Box, Kernel } from './kernel/kernel.ts'
import { Macaroon, tailLength } from './macaroon.ts'
import { lastingFirst } from './lasting-first.ts'
import { hasKid, nonceStart } from './nonce.ts'
import { boxOverhead } from './sealed.ts'
import { takeKey } from './tail.ts'
import { dischargeKeyLength, openTicket } from './ticket.ts'
import { nameOf } from './vocabulary.ts'

export interface ChainContext {
  readonly discharges: readonly Macaroon[]
  readonly trusted: ReadonlyMap<string, readonly Uint8Array[]>
  readonly kernel: Kernel
  readonly spend: ((steps: number) => void) | undefined
}

/** What follows from a chain that is right. */
export interface ChainResult {
  /** Its own caveats without those that verification answers. */
  readonly own: readonly Caveat[]
  /** For each question the discharges that answer it, one at least, those that end last first. */
  readonly answers: readonly Answers[]
}

/** One at least. */
export type Answers = [Answer, ...Answer[]]

/** A discharge that verifies, and what an access is held against where it is taken. */
export interface Answer {
  readonly discharge: Macaroon
  readonly caveats: readonly Caveat[]
}

/** Throws MacaroonError with a VerifyErrorCode, and `too-many` for more than 64 attempts at discharges. */
export function verifyChain(macaroon: Macaroon, key: Uint8Array, context: ChainContext): ChainResult {
  const caveats = Macaroon.caveatsOf(macaroon)
  const keys = openDischargeKeys(macaroon, key, caveats, context)
  const own: Caveat[] = []
  const demands: Demand[] = []
  for (const caveat of caveats) {
    if (caveat.type === '3P') demands.push(readDemand(caveat, keys[demands.length], context))
    else if (caveat.type === 'BindToParentToken') {
      throw new MacaroonError('bound-elsewhere', 'The macaroon is bound to a parent token that did not come with it')
    } else own.push(allowAttestation(caveat, macaroon))
  }
  return { own, answers: answerAll(demands, lazyBindingIds(macaroon, key, context), context) }
}

/** A holder can put one ticket into many caveats, so the number of attempts at discharges is bounded. */
const maxAttempts = 64
/** How many failed attempts at one demand an error names: it must not grow with what somebody sends. */
const mostReasons = 3

/** A third-party caveat, the key that its discharge must be signed with, and what may be that discharge. */
interface Demand {
  readonly location: string
  readonly dischargeKey: Uint8Array
  readonly candidates: readonly Macaroon[]
  /** How many of them were tried. */
  tried: number
}

/**
 * For each third-party caveat the key that its discharge must be signed with; undefined where it holds none. Throws `forged`
 * as `expectTail`.
 */
function openDischargeKeys(
  macaroon: Macaroon,
  key: Uint8Array,
  caveats: readonly Caveat[],
  { spend }: ChainContext,
): readonly (Uint8Array | undefined)[] {
  const boxes: Box[] = []
  for (let tail = 0; tail < caveats.length; tail += 1) {
    const caveat = caveats[tail]
    if (caveat?.type !== '3P') continue
    const sealed = caveat.verifierKey
    boxes.push({
      tail,
      sealed: isBytes(sealed) && lengthOf(sealed) === boxOverhead + dischargeKeyLength ? sealed : nothing,
    })
  }
  const { nonceEnd, offsets } = Macaroon.placesOf(macaroon)
  spend?.(offsets.length + blocksOf(macaroon) + boxes.length)
  const wire = Macaroon.wireOf(macaroon)
  const { proof } = macaroon.nonce
  const end = wire.length - tailLength
  const keys = defaultCipher.openInChain(boxes, key, wire, nonceStart, nonceEnd, offsets, end, proof)
  if (keys === undefined) throw forged()
  return keys
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

/** A caveat may be as long as a thousand others, so the blocks that are hashed count too. */
function blocksOf(macaroon: Macaroon): number {
  return Math.ceil(Macaroon.wireOf(macaroon).length / 64)
}

export function forged(): MacaroonError {
  return new MacaroonError('forged', 'The macaroon is not genuine: its tail does not follow from this key')
}

/** Throws `undischarged` where nothing came for the ticket, `bad-discharge` where nothing that came could be verified. */
function readDemand(
  caveat: ThirdParty,
  dischargeKey: Uint8Array | undefined,
  { discharges, spend }: ChainContext,
): Demand {
  const { location } = caveat
  spend?.(discharges.length)
  const ticket = caveat.ticket ?? nothing
  const candidates = lastingFirst(discharges.filter(({ nonce }) => hasKid(nonce, ticket)))
  if (candidates.length === 0) {
    throw new MacaroonError(
      'undischarged',
      `The macaroon asks for a discharge from ${quoteShortly(location)}, and none came with it`,
    )
  }
  if (dischargeKey === undefined) {
    throw new MacaroonError(
      'bad-discharge',
      `The macaroon asks for a discharge from ${quoteShortly(location)} without holding the key to verify it with`,
    )
  }
  return { location, dischargeKey, candidates, tried: 0 }
}

/**
 * The discharges of every demand that verify. Every demand gets its first before any gets a second. Further ones are
 * tried with the attempts that are left, because it is not known here which of them holds.
 */
function answerAll(
  demands: readonly Demand[],
  bindingIds: () => readonly Uint8Array[],
  context: ChainContext,
): readonly Answers[] {
  let attempts = 0
  /** The next of its candidates; undefined where there is none left. */
  const attempt = (demand: Demand): Answer | MacaroonError | undefined => {
    const discharge = demand.candidates[demand.tried]
    if (!discharge) return undefined
    attempts += 1
    demand.tried += 1
    if (attempts > maxAttempts) {
      throw new MacaroonError('too-many', `The macaroon takes more than ${maxAttempts} attempts at its discharges`)
    }
    try {
      return { discharge, caveats: verifyDischarge(discharge, demand.dischargeKey, bindingIds, context) }
    } catch (error) {
      if (error instanceof MacaroonError && error.code !== 'bad-argument') return error
      throw error
    }
  }
  const answers = demands.map((demand): Answers => {
    const reasons: string[] = []
    let answer = attempt(demand)
    for (; answer instanceof MacaroonError; answer = attempt(demand)) {
      if (reasons.length < mostReasons) reasons.push(answer.message)
    }
    if (answer) return [answer]
    throw new MacaroonError(
      'bad-discharge',
      `The discharge from ${quoteShortly(demand.location)} does not verify: ${reasons.join('; ')}`,
    )
  })
  for (const [i, demand] of demands.entries()) {
    const left = Math.min(demand.candidates.length - demand.tried, maxAttempts - attempts)
    for (let tries = 0; tries < left; tries += 1) {
      const answer = attempt(demand)
      if (answer && !(answer instanceof MacaroonError)) answers[i]?.push(answer)
    }
  }
  return answers
}

/** The caveats of a discharge that is right for this key and parent; attestations only if its maker is trusted. */
function verifyDischarge(
  discharge: Macaroon,
  key: Uint8Array,
  bindingIds: () => readonly Uint8Array[],
  context: ChainContext,
): readonly Caveat[] {
  const believed = isTrusted(discharge, key, context)
  expectTail(discharge, key, context.kernel, context.spend)
  if (Macaroon.isPlain(discharge)) return Macaroon.caveatsOf(discharge)
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
 * Whether the ticket was sealed with a key of a trusted third party. Then it is this party that knew the discharge key.
 *
 * Throws where a trusted key opens the ticket and another discharge key, or nonsense, is in it.
 */
function isTrusted(discharge: Macaroon, key: Uint8Array, { trusted }: ChainContext): boolean {
  if (trusted.size === 0) return false
  for (const shared of takeList(trusted.get(discharge.location) ?? [], 'trusted', takeKey)) {
    const opened = tryTicket(shared, discharge)
    if (opened === undefined) continue
    if (!equalBytes(opened, key)) {
      throw new MacaroonError('bad-ticket', 'The ticket of the discharge holds another key than the macaroon')
    }
    return true
  }
  return false
}

/** The discharge key in the ticket; undefined where this key does not open it. */
function tryTicket(shared: Uint8Array, { nonce, vocabulary }: Macaroon): Uint8Array | undefined {
  try {
    return openTicket(shared, nonce.kid, { vocabulary }).dischargeKey
  } catch (error) {
    if (error instanceof MacaroonError && error.code === 'bad-ticket') return undefined
    throw error
  }
}

/** The caveat itself. Throws `attestation` where it attests something in a macaroon that its holder can add to. */
export function allowAttestation(caveat: Caveat, { nonce, vocabulary }: Macaroon): Caveat {
  if (!nonce.proof && isAttestation(caveat, vocabulary)) {
    throw new MacaroonError('attestation', `The macaroon carries ${nameOf(caveat)} without being a proof`)
  }
  return caveat
}

/** The SHA-256 of every tail that the macaroon has had: what a discharge may be bound to. Computed when asked for. */
function lazyBindingIds(
  macaroon: Macaroon,
  key: Uint8Array,
  { kernel, spend }: ChainContext,
): () => readonly Uint8Array[] {
  let ids: Uint8Array[] | undefined
  function hashAll(): Uint8Array[] {
    const { nonceEnd, offsets } = Macaroon.placesOf(macaroon)
    spend?.(2 * offsets.length + blocksOf(macaroon))
    const tails = kernel.chain(key, Macaroon.wireOf(macaroon).own(), nonceStart, nonceEnd, offsets)
    return offsets.map((_, i) => kernel.sha256(tails.subarray(i * tailLength, (i + 1) * tailLength)))
  }
  return () => (ids ??= hashAll())
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.length <= bytes.length && prefix.every((byte, i) => byte === bytes[i])
}

const nothing = new Uint8Array(0)
