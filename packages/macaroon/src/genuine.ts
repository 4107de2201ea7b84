/** Genuine macaroons, kept without their key: they and what is attenuated from them are verified again from their tail on. */

import { badArgument, takeList } from './boundary.ts'
import type { Caveat } from './caveat.ts'
import { isAttestation } from './caveat-set.ts'
import { defaultKernel } from '#kernel'
import type { Source } from './kernel/kernel.ts'
import { equalBytes } from './kernel/equal-bytes.ts'
import { lastingFirst } from './lasting-first.ts'
import { expectMacaroon, Macaroon, tailLength } from './macaroon.ts'
import { MacaroonError } from './errors.ts'
import { hasKid, nonceStart } from './nonce.ts'
import { pairHead } from './tail.ts'
import { conclude, type VerifiedMacaroon } from './verify.ts'
import { allowAttestation, type Answers, forged } from './verify-chain.ts'

/** What is kept of a macaroon that was found genuine. As secret as the macaroon. */
class GenuineMacaroon {
  /** One character for a byte, which takes half the memory of an array: the nonce, the caveats and the tail. */
  readonly #chain: string
  readonly #caveats: number
  readonly #location: string
  /** SHA-256 of each discharge that was accepted with it, one character for a byte. */
  readonly #discharges: readonly string[]

  constructor(chain: string, caveats: number, location: string, discharges: readonly string[]) {
    this.#chain = chain
    this.#caveats = caveats
    this.#location = location
    this.#discharges = discharges
  }

  /** Hides the class from those who have an instance: only `keepGenuine` makes one. */
  get ['constructor'](): ObjectConstructor {
    return Object
  }

  /** The bytes that it holds, about. */
  get size(): number {
    return this.#chain.length + this.#discharges.length * 32
  }

  static isOne(value: unknown): value is GenuineMacaroon {
    return typeof value === 'object' && value !== null && #chain in value
  }

  static accepts(genuine: GenuineMacaroon, discharge: Macaroon): boolean {
    return genuine.#discharges.length > 0 && genuine.#discharges.includes(digestOf(discharge))
  }

  /** Whether the macaroon begins with all of this one; throws `forged` where its tail does not follow. */
  static isAbove(genuine: GenuineMacaroon, macaroon: Macaroon): boolean {
    const { nonceEnd, offsets } = Macaroon.placesOf(macaroon)
    const [start = 0, end] = [offsets[0], offsets[genuine.#caveats]]
    if (end === undefined || macaroon.location !== genuine.#location) return false
    const chain = genuine.#chain
    const wire = Macaroon.wireOf(macaroon)
    const claimed = wire.length - tailLength
    return defaultKernel.withScratch(wire.length, (bytes) => {
      wire.copyTo(bytes)
      const length = nonceEnd - nonceStart
      const kept = length + (end - start)
      if (chain.length !== kept + tailLength) return false
      if (!isText(chain, 0, bytes, nonceStart, length) || !isText(chain, length, bytes, start, end - start))
        return false
      const next = offsets[genuine.#caveats + 1]
      const tail = bytesOf(chain, kept)
      const isRight =
        next === undefined
          ? equalBytes(tail, bytes.subarray(claimed, wire.length))
          : defaultKernel.endsIn(
              tail,
              // The next caveat is hashed with the head of an array of two before it, as a nonce would be: in the place of a
              // byte that was compared already.
              copyOf(bytes, wire.length, end - 1),
              end - 1,
              next,
              offsets.slice(genuine.#caveats + 1),
              claimed,
              false,
            )
      if (isRight) return true
      throw forged()
    })
  }

  static caveatsIn(genuine: GenuineMacaroon): number {
    return genuine.#caveats
  }
}

export type { GenuineMacaroon }

/**
 * Keeps what verifies the macaroon and its attenuations without a key. The caller knows that it is genuine, and that these
 * `discharges` answer its third-party caveats, from somebody who has the key.
 *
 * Throws MacaroonError `bad-argument` for what `decodeMacaroon` did not make.
 */
export function keepGenuine(macaroon: Macaroon, discharges: readonly Macaroon[]): GenuineMacaroon {
  const { nonceEnd, offsets } = Macaroon.placesOf(expectMacaroon(macaroon, 'macaroon'))
  const given = takeList(discharges, 'discharges', expectMacaroon)
  const accepted = given.length === 0 ? none : given.map(digestOf)
  const bytes = Macaroon.wireOf(macaroon).own()
  const parts = [
    bytes.subarray(nonceStart, nonceEnd),
    bytes.subarray(offsets[0], offsets.at(-1)),
    bytes.subarray(bytes.length - tailLength),
  ]
  return new GenuineMacaroon(parts.map(textOf).join(''), offsets.length - 1, macaroon.location, accepted)
}

/**
 * The macaroon, verified, if it is the kept one or was attenuated from it: the chain is continued from the kept tail. Of the
 * discharges only those count that were accepted with the kept one, and none of their attestations.
 *
 * Undefined where this cannot be said without the key: it is another macaroon, asks for a discharge that was not accepted
 * with the kept one, or has an attenuation that asks a third party.
 *
 * Throws MacaroonError as `verify`: `forged`, `no-caveats`, `bound-elsewhere`, `attestation`, and for a proof with more caveats
 * `finished-proof`; `bad-argument` for what `keepGenuine` or `decodeMacaroon` did not make.
 */
export function verifyBelow(
  genuine: GenuineMacaroon,
  macaroon: Macaroon,
  discharges: readonly Macaroon[],
): VerifiedMacaroon | undefined {
  if (!GenuineMacaroon.isOne(genuine)) throw badArgument('genuine', 'what keepGenuine made')
  expectMacaroon(macaroon, 'macaroon')
  const given = takeList(discharges, 'discharges', expectMacaroon)
  if (!GenuineMacaroon.isAbove(genuine, macaroon)) return undefined
  const caveats = Macaroon.caveatsOf(macaroon)
  const kept = GenuineMacaroon.caveatsIn(genuine)
  if (macaroon.nonce.proof && caveats.length > kept) {
    throw new MacaroonError('finished-proof', 'A finished proof takes no more caveats')
  }
  const own: Caveat[] = []
  const answers: Answers[] = []
  for (let i = 0; i < caveats.length; i += 1) {
    const caveat = caveats[i]
    if (caveat === undefined) continue
    if (caveat.type === 'BindToParentToken') {
      throw new MacaroonError('bound-elsewhere', 'The macaroon is bound to a parent token that did not come with it')
    }
    if (caveat.type !== '3P') {
      own.push(allowAttestation(caveat, macaroon))
      continue
    }
    const { ticket } = caveat
    if (i >= kept || ticket === null) return undefined
    const [first, ...others] = lastingFirst(
      given.filter((each) => hasKid(each.nonce, ticket) && GenuineMacaroon.accepts(genuine, each)),
    ).map((discharge) => ({ discharge, caveats: caveatsIn(discharge) }))
    if (first === undefined) return undefined
    answers.push([first, ...others])
  }
  return conclude(macaroon, { own, answers })
}

/** What an access is held against; whom a discharge is bound to was looked at when it was accepted. */
function caveatsIn(discharge: Macaroon): readonly Caveat[] {
  return Macaroon.caveatsOf(discharge).filter(
    (caveat) => caveat.type !== 'BindToParentToken' && !isAttestation(caveat, discharge.vocabulary),
  )
}

/** Shared, because most accept none and very many are kept. */
const none: readonly string[] = []

function digestOf(macaroon: Macaroon): string {
  return textOf(defaultKernel.sha256(Macaroon.wireOf(macaroon).own()))
}

function textOf(bytes: Uint8Array): string {
  let text = ''
  // In pieces, because each byte is an argument.
  for (let at = 0; at < bytes.length; at += 4096)
    text += Reflect.apply(String.fromCharCode, undefined, bytes.subarray(at, at + 4096))
  return text
}

function bytesOf(text: string, from: number): Uint8Array {
  const bytes = new Uint8Array(text.length - from)
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = text.charCodeAt(from + i)
  return bytes
}

/** The first `length` of these bytes, with the head of an array of two at one place. */
function copyOf(bytes: Uint8Array, length: number, place: number): Source {
  return {
    length,
    copyTo(copy) {
      copy.set(bytes.subarray(0, length))
      copy[place] = pairHead
    },
  }
}

/** Whether the text from `at` on says these bytes. */
function isText(text: string, at: number, bytes: Uint8Array, start: number, length: number): boolean {
  for (let i = 0; i < length; i += 1) if (text.charCodeAt(at + i) !== bytes[start + i]) return false
  return true
}
