/** A vocabulary: which caveats are understood. Everything that reads or judges caveats takes one as a parameter. */

import type { Caveat } from './caveat.ts'
import { action } from './caveats/action.ts'
import { flyioUserId, gitHubUserId, googleUserId } from './caveats/attestations.ts'
import { commands } from './caveats/commands.ts'
import { ifPresent } from './caveats/if-present.ts'
import { mutations } from './caveats/mutations.ts'
import { organization } from './caveats/organization.ts'
import { apps, clusters, featureSet, machines, volumes } from './caveats/resource-set.ts'
import { allowedRoles, isMember } from './caveats/roles.ts'
import { bindToParentToken, thirdParty } from './caveats/third-party.ts'
import { validityWindow } from './caveats/validity-window.ts'
import type { CaveatCodec } from './codec.ts'

export interface Vocabulary {
  readonly byNumber: ReadonlyMap<bigint, CaveatCodec<Caveat>>
  /** By name; aliases lead to the same codec. */
  readonly byName: ReadonlyMap<string, CaveatCodec<Caveat>>
}

/** A vocabulary of these caveats and no others; what it leaves out reads as `Unknown`, which forbids everything. */
export function createVocabulary(codecs: readonly CaveatCodec<Caveat>[]): Vocabulary {
  return {
    byNumber: new Map(codecs.map((codec) => [codec.number, codec])),
    byName: new Map(codecs.flatMap((codec) => [codec.type, ...(codec.aliases ?? [])].map((name) => [name, codec]))),
  }
}

/** The caveats that Hallpass understands of those in Go's superfly/macaroon. */
export const flyVocabulary: Vocabulary = createVocabulary([
  organization,
  volumes,
  apps,
  validityWindow,
  featureSet,
  mutations,
  machines,
  thirdParty,
  bindToParentToken,
  ifPresent,
  clusters,
  isMember,
  flyioUserId,
  gitHubUserId,
  googleUserId,
  action,
  commands,
  allowedRoles,
])
