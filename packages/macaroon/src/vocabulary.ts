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
import { flySrc, fromMachineSource } from './caveats/source.ts'
import { bindToParentToken, thirdPartyCaveat } from './caveats/third-party.ts'
import { validityWindow } from './caveats/validity-window.ts'
import type { CaveatCodec } from './codec.ts'
import { MacaroonError } from './errors.ts'

export interface Vocabulary {
  readonly byNumber: ReadonlyMap<bigint, CaveatCodec<Caveat>>
  /** The same for those numbers that take one byte on the wire, by that byte: most caveats read here are among them. */
  readonly byCode: readonly (CaveatCodec<Caveat> | undefined)[]
  /** By name; aliases lead to the same codec. */
  readonly byName: ReadonlyMap<string, CaveatCodec<Caveat>>
}

/**
 * A vocabulary of these caveats and no others; what it leaves out reads as `Unknown`, which forbids everything.
 *
 * Throws MacaroonError `bad-argument` where two have a number or a name in common, as Go's `RegisterCaveatType` panics.
 */
export function createVocabulary(codecs: readonly CaveatCodec<Caveat>[]): Vocabulary {
  const byNumber = new Map<bigint, CaveatCodec<Caveat>>()
  const byName = new Map<string, CaveatCodec<Caveat>>()
  for (const codec of codecs) {
    if (byNumber.has(codec.number)) throw twice(`number ${codec.number}`)
    byNumber.set(codec.number, codec)
    for (const name of [codec.name ?? codec.type, ...(codec.aliases ?? [])]) {
      if (byName.has(name)) throw twice(`name ${name}`)
      byName.set(name, codec)
    }
  }
  const byCode = Array.from({ length: 0x80 }, (_, code) => byNumber.get(BigInt(code)))
  return { byNumber, byCode, byName }
}

/** A vocabulary with more caveats; the given one stays as it is. Throws like `createVocabulary`. */
export function extendVocabulary(vocabulary: Vocabulary, codecs: readonly CaveatCodec<Caveat>[]): Vocabulary {
  return createVocabulary([...vocabulary.byNumber.values(), ...codecs])
}

/** All caveats in use of those that Go's superfly/macaroon numbers from 0 to 31. */
export const flyVocabulary: Vocabulary = createVocabulary([
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
])

/** What this vocabulary knows about a caveat; undefined for what it does not understand. */
export function codecOf(caveat: Caveat, vocabulary: Vocabulary): CaveatCodec<Caveat> | undefined {
  const codec = vocabulary.byName.get(nameOf(caveat))
  // A caveat of a service's own cannot pass for one of another type by its name, nor the other way round.
  return codec?.type === caveat.type ? codec : undefined
}

/** What a caveat is called: by its type, or as its service calls it. */
export function nameOf(caveat: Caveat): string {
  return caveat.type === 'Own' ? caveat.name : caveat.type
}

function twice(what: string): MacaroonError {
  return new MacaroonError('bad-argument', `Two caveats of a vocabulary have the ${what}`)
}
