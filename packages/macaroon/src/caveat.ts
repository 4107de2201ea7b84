/** The caveats as values: one readonly type each, distinguished by `type`, which is the name in Go's library. */

import type { Action } from './action.ts'

export type Caveat =
  | Organization
  | Volumes
  | Apps
  | ValidityWindow
  | FeatureSet
  | Mutations
  | Machines
  | ConfineUser
  | ConfineOrganization
  | IsUser
  | ThirdParty
  | BindToParentToken
  | IfPresent
  | MachineFeatureSet
  | FromMachineSource
  | Clusters
  | ConfineGoogleHd
  | ConfineGitHubOrg
  | MaxValidity
  | IsMember
  | FlyioUserId
  | GitHubUserId
  | GoogleUserId
  | ActionCaveat
  | Commands
  | AppFeatureSet
  | StorageObjects
  | AllowedRoles
  | FlySrc
  | RunLabel
  | Networks
  | OwnCaveat
  | Unknown

export type CaveatType = Caveat['type']

/**
 * Which resources, and what may be done to each. The zero id (0n or '') stands for every resource and must then be the
 * only one. Null is Go's nil map: it allows nothing, like an empty one, but is another spelling on the wire.
 */
export type ResourceSet<Id extends bigint | string> = ReadonlyMap<Id, Action> | null

/** Number 0. Only this organisation (0n: any), and there only these actions. */
export interface Organization {
  readonly type: 'Organization'
  readonly id: bigint
  readonly mask: Action
}

/** Number 2. */
export interface Volumes {
  readonly type: 'Volumes'
  readonly volumes: ResourceSet<string>
}

/** Number 3. */
export interface Apps {
  readonly type: 'Apps'
  readonly apps: ResourceSet<bigint>
}

/** Number 4. Unix seconds; both ends belong to the window. */
export interface ValidityWindow {
  readonly type: 'ValidityWindow'
  readonly notBefore: bigint
  readonly notAfter: bigint
}

/** Number 5. Features of the organisation. */
export interface FeatureSet {
  readonly type: 'FeatureSet'
  readonly features: ResourceSet<string>
}

/** Number 6. Only these GraphQL mutations. */
export interface Mutations {
  readonly type: 'Mutations'
  readonly mutations: readonly string[] | null
}

/** Number 7. */
export interface Machines {
  readonly type: 'Machines'
  readonly machines: ResourceSet<string>
}

/** Number 8, for third parties: only for this account of the authority. */
export interface ConfineUser {
  readonly type: 'ConfineUser'
  readonly id: bigint
}

/** Number 9, for third parties: only for accounts that belong to this organisation. */
export interface ConfineOrganization {
  readonly type: 'ConfineOrganization'
  readonly id: bigint
}

/** Number 10, deprecated: whose token it was. It forbids nothing and proves nothing. */
export interface IsUser {
  readonly type: 'IsUser'
  readonly id: bigint
}

/** Number 11. Only together with a discharge from the third party at `location`. */
export interface ThirdParty {
  readonly type: '3P'
  readonly location: string
  readonly verifierKey: Uint8Array | null
  readonly ticket: Uint8Array | null
}

/** Number 12, in discharges: only together with a token of whose tail's SHA-256 this is a prefix. */
export interface BindToParentToken {
  readonly type: 'BindToParentToken'
  readonly prefix: Uint8Array | null
}

/**
 * Number 13. Holds those of `ifs` that have to do with the access; where none has, allows the actions of `else`.
 * Null `ifs` is Go's nil pointer: Go can write it and cannot evaluate it, and here it forbids everything.
 */
export interface IfPresent {
  readonly type: 'IfPresent'
  readonly ifs: readonly Caveat[] | null
  readonly else: Action
}

/** Number 14. Features of a machine. */
export interface MachineFeatureSet {
  readonly type: 'MachineFeatureSet'
  readonly features: ResourceSet<string>
}

/** Number 15. Only from this machine. */
export interface FromMachineSource {
  readonly type: 'FromMachineSource'
  readonly id: string
}

/** Number 16. Clusters of the feature litefs-cloud. */
export interface Clusters {
  readonly type: 'Clusters'
  readonly clusters: ResourceSet<string>
}

/** Number 19, for third parties: only for Google accounts of this hosted domain. */
export interface ConfineGoogleHd {
  readonly type: 'ConfineGoogleHD'
  readonly hd: string
}

/** Number 20, for third parties: only for GitHub accounts that belong to this organisation. */
export interface ConfineGitHubOrg {
  readonly type: 'ConfineGitHubOrg'
  readonly id: bigint
}

/** Number 21, for third parties: a discharge may hold for so many seconds at most. */
export interface MaxValidity {
  readonly type: 'MaxValidity'
  readonly seconds: bigint
}

/** Number 22. Nothing that takes more than an ordinary member. */
export interface IsMember {
  readonly type: 'IsMember'
}

/** Number 23, an attestation: who the third party saw. */
export interface FlyioUserId {
  readonly type: 'FlyioUserID'
  readonly id: bigint
}

/** Number 24, an attestation. */
export interface GitHubUserId {
  readonly type: 'GitHubUserID'
  readonly id: bigint
}

/** Number 25, an attestation; its numbers may be longer than 64 bits. */
export interface GoogleUserId {
  readonly type: 'GoogleUserID'
  readonly id: bigint
}

/** Number 26. Only these actions, on whatever. */
export interface ActionCaveat {
  readonly type: 'Action'
  readonly mask: Action
}

/** Number 27. Only these commands; none where there is none. */
export interface Commands {
  readonly type: 'Commands'
  readonly commands: readonly Command[] | null
}

/** Command lines that start with `args` or, where `exact`, are `args`. Without `args` and not exact: any. */
export interface Command {
  readonly args: readonly string[] | null
  readonly exact: boolean
}

/** Number 28. Features of an app. */
export interface AppFeatureSet {
  readonly type: 'AppFeatureSet'
  readonly features: ResourceSet<string>
}

/**
 * Number 29. Storage objects whose URL starts with one of these prefixes; where several prefixes fit, only what all of
 * them allow. The prefix '' fits every object and must then be the only one.
 */
export interface StorageObjects {
  readonly type: 'StorageObjects'
  readonly prefixes: ResourceSet<string>
}

/** Number 30. A mask of 32 bits of the roles that may be assumed. */
export interface AllowedRoles {
  readonly type: 'AllowedRoles'
  readonly roles: number
}

/** Number 31. Only from there; '' stands for any. */
export interface FlySrc {
  readonly type: 'FlySrc'
  readonly organization: string
  readonly app: string
  readonly instance: string
}

/**
 * Number 2^48 + 0x68616c6c, ours: who uses the token, in which run, on behalf of whom; '' where it does not say. It forbids
 * nothing, and proves no more than that somebody who held the token wrote it. Go's library refuses a token that carries one.
 */
export interface RunLabel {
  readonly type: 'RunLabel'
  readonly agent: string
  readonly run: string
  readonly onBehalfOf: string
}

/**
 * Number 2^48 + 0x68616c6d, ours: only from addresses in these networks; none of them forbids everything. Go's library refuses
 * a token that carries one.
 */
export interface Networks {
  readonly type: 'Networks'
  readonly networks: readonly Network[]
}

/** A network of IPv4 or IPv6. What maps IPv4 into IPv6 is written as IPv4, and no network of IPv6 has addresses of IPv4. */
export interface Network {
  /** Its first address, 4 or 16 bytes. */
  readonly address: Uint8Array
  /** How many bits all of its addresses have in common. */
  readonly bits: number
}

/** A caveat of a service's own vocabulary: see `defineCaveat`. */
export interface OwnCaveat<Value = unknown> {
  readonly type: 'Own'
  /** What the service calls it. */
  readonly name: string
  readonly value: Value
}

/** Any other number. Its body is kept byte for byte, and it forbids everything. */
export interface Unknown {
  readonly type: 'Unknown'
  readonly number: bigint
  /** One whole MessagePack value. */
  readonly body: Uint8Array
}
