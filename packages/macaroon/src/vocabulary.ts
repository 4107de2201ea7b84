/** A vocabulary: which caveats are understood. Everything that reads or judges caveats takes one as a parameter. */

import type { Caveat } from './caveat.ts'
import { action } from './caveats/action.ts'
import { flyioUserId, gitHubUserId, googleUserId } from './caveats/attestations.ts'
import { commands } from './caveats/commands.ts'
import { confineGitHubOrg, confineGoogleHd, confineOrganization, confineUser } from './caveats/confine.ts'
import { ifPresent } from './caveats/if-present.ts'
import { isUser } from './caveats/is-user.ts'
import { maxValidity } from './caveats/max-validity.ts'
import { mutations } from './caveats/mutations.ts'
import { networks } from './caveats/networks.ts'
import { organization } from './caveats/organization.ts'
import {
  appFeatureSet,
  apps,
  clusters,
  featureSet,
  machineFeatureSet,
  machines,
  storageObjects,
  volumes,
} from './caveats/resource-set.ts'
import { allowedRoles, isMember } from './caveats/roles.ts'
import { runLabel } from './caveats/run-label.ts'
import { flySrc, fromMachineSource } from './caveats/source.ts'
import { bindToParentToken, thirdPartyCaveat } from './caveats/third-party.ts'
import { validityWindow } from './caveats/validity-window.ts'
import { badArgument, expectFields, expectFunctions, expectId, expectText, takeList } from './boundary.ts'
import type { CaveatCodec } from './codec.ts'
import { MacaroonError } from './errors.ts'

/** Opaque: a caller sees only that it is a vocabulary. */
export class Vocabulary {
  readonly #byNumber = new Map<bigint, CaveatCodec<Caveat>>()
  /** By name; aliases lead to the same codec. */
  readonly #byName = new Map<string, CaveatCodec<Caveat>>()
  /** The same for those numbers that take one byte on the wire, by that byte: most caveats read here are among them. */
  readonly #byCode: readonly (CaveatCodec<Caveat> | undefined)[]

  constructor(codecs: readonly CaveatCodec<Caveat>[]) {
    for (const codec of codecs.map((one) => Object.freeze(one))) {
      if (this.#byNumber.has(codec.number)) throw twice(`number ${codec.number}`)
      this.#byNumber.set(codec.number, codec)
      for (const name of [codec.name ?? codec.type, ...(codec.aliases ?? [])]) {
        if (this.#byName.has(name)) throw twice(`name ${name}`)
        this.#byName.set(name, codec)
      }
    }
    this.#byCode = Array.from({ length: 0x80 }, (_, code) => this.#byNumber.get(BigInt(code)))
    Object.freeze(this)
  }

  /** The one itself. Throws `bad-argument` for what `createVocabulary` did not make. */
  static expect(value: unknown): Vocabulary {
    if (typeof value === 'object' && value !== null && #byName in value) return value
    throw badArgument('vocabulary', 'what createVocabulary made')
  }

  get codecs(): readonly CaveatCodec<Caveat>[] {
    return [...this.#byNumber.values()]
  }

  /** What has this number, which is the whole of one byte on the wire. */
  atCode(code: number): CaveatCodec<Caveat> | undefined {
    return this.#byCode[code]
  }

  withNumber(number: bigint): CaveatCodec<Caveat> | undefined {
    return this.#byNumber.get(number)
  }

  withName(name: string): CaveatCodec<Caveat> | undefined {
    return this.#byName.get(name)
  }
}

/**
 * A vocabulary of these caveats and no others; what it leaves out reads as `Unknown`, which forbids everything.
 *
 * Throws MacaroonError `bad-argument` where two have a number or a name in common, as Go's `RegisterCaveatType` panics.
 */
export function createVocabulary(codecs: readonly CaveatCodec<Caveat>[]): Vocabulary {
  return new Vocabulary(takeList(codecs, 'codecs', takeCodec))
}

/** A vocabulary with more caveats; the given one stays as it is. Throws like `createVocabulary`. */
export function extendVocabulary(vocabulary: Vocabulary, codecs: readonly CaveatCodec<Caveat>[]): Vocabulary {
  return createVocabulary([...Vocabulary.expect(vocabulary).codecs, ...takeList(codecs, 'codecs', takeCodec)])
}

/** All caveats in use of those that Go's superfly/macaroon numbers from 0 to 31, and RunLabel and Networks, which are ours. */
export const flyVocabulary: Vocabulary = /* @__PURE__ */ new Vocabulary([
  organization,
  volumes,
  apps,
  validityWindow,
  featureSet,
  mutations,
  machines,
  confineUser,
  confineOrganization,
  isUser,
  thirdPartyCaveat,
  bindToParentToken,
  ifPresent,
  machineFeatureSet,
  fromMachineSource,
  clusters,
  confineGoogleHd,
  confineGitHubOrg,
  maxValidity,
  isMember,
  flyioUserId,
  gitHubUserId,
  googleUserId,
  action,
  commands,
  appFeatureSet,
  storageObjects,
  allowedRoles,
  flySrc,
  runLabel,
  networks,
])

/** What this vocabulary knows about a caveat; undefined for what it does not understand. */
export function codecOf(caveat: Caveat, vocabulary: Vocabulary): CaveatCodec<Caveat> | undefined {
  const codec = vocabulary.withName(nameOf(caveat))
  // A caveat of a service's own cannot pass for one of another type by its name, nor the other way round.
  return codec?.type === caveat.type ? codec : undefined
}

/** What a caveat is called: by its type, or as its service calls it. */
export function nameOf(caveat: Pick<CaveatCodec<Caveat>, 'type' | 'name'>): string {
  return caveat.type === 'Own' ? (caveat.name ?? caveat.type) : caveat.type
}

/** The vocabulary that the options of a call name, or else the usual one. */
export function vocabularyOf(options: { readonly vocabulary?: Vocabulary | undefined }): Vocabulary {
  return Vocabulary.expect(expectFields(options, 'options').vocabulary ?? flyVocabulary)
}

/** A copy, because the caller may still change theirs. */
function takeCodec(value: unknown, name: string): CaveatCodec<Caveat> {
  const codec = { ...(value as CaveatCodec<Caveat>) }
  expectFunctions(codec, name, 'decode', 'encode', 'prohibits')
  expectText(nameOf(codec), name)
  expectId(codec.number, name)
  return { ...codec, aliases: takeList(codec.aliases ?? [], name, expectText) }
}

function twice(what: string): MacaroonError {
  return new MacaroonError('bad-argument', `Two caveats of a vocabulary have the ${what}`)
}
