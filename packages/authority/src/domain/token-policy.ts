// The limits that an organisation sets for its tokens, and which of them blocks a token. A blocked token is not revoked: it is
// good again when the limit is loosened.
import type { Access, Network } from '@hallpass/macaroon'
import { arrangeNetworks, isInNetwork, parseAddress, writeNetwork } from '@hallpass/macaroon/internal'
import { parseNetwork } from '@hallpass/macaroon/narrow'

import type { TokenRecord } from './token.ts'
import { isTrustPolicyId } from './trust-policy.ts'

export interface TokenPolicy {
  /** Seconds from the minting of a token to its end; null for no limit. */
  readonly maxLifetime: number | null
  /** Seconds, for a mint that names none; null for the longest lifetime. */
  readonly defaultLifetime: number | null
  /** Whether tokens of the organisation can mint tokens, or only people can. */
  readonly tokensMayMint: boolean
  /** Whether only admins mint tokens that are not limited to one app. */
  readonly onlyAdminsMint: boolean
  /** Whether an admin must approve a token before it is good. */
  readonly approval: boolean
  /** From where tokens are good, as `readNetworks` arranges them; empty for everywhere. */
  readonly networks: readonly Network[]
}

/** Limits nothing. An organisation without limits has this very object, so that one comparison finds it. */
export const openPolicy: TokenPolicy = Object.freeze({
  maxLifetime: null,
  defaultLifetime: null,
  tokensMayMint: true,
  onlyAdminsMint: false,
  approval: false,
  networks: Object.freeze([]),
})

/** The limits that can block, by their names in the policy. */
type BlockReason = 'max_token_lifetime' | 'tokens_may_mint' | 'only_admins_mint' | 'approval' | 'networks'

export interface Block {
  readonly reason: BlockReason
  /** For the holder of the token, so it does not say whose it is. */
  readonly sentence: string
}

/** A token, as far as limits are about it. */
export type LimitedToken = Pick<
  TokenRecord,
  'id' | 'profile' | 'createdBy' | 'mintedBy' | 'machineId' | 'createdAt' | 'expiresAt' | 'isApproved'
>

/** For what is not a use, so that networks do not matter. */
export const nowhere = Symbol('nowhere')

export interface Circumstances {
  /** Whether the person in whose name the token was made is an admin now; false if `asksForMaker` is. */
  readonly makerIsAdmin: boolean
  /** From where the token is used, as an access has it. */
  readonly from: Access['sourceAddress'] | typeof nowhere
}

/** How long the own token of a machine is valid each time that it is handed out, in seconds. */
export const handedSeconds = 3600

/** How long a token is valid if neither its minter nor its organisation says: 20 years of 365 days, as flyctl asks for. */
export const usualLifetime = 20 * 365 * 24 * 3600

/** Seconds of a token whose minter names none. */
export function lifetimeOf({ maxLifetime, defaultLifetime }: TokenPolicy): number {
  return defaultLifetime ?? maxLifetime ?? usualLifetime
}

/** Whether `blockOf` needs to know the person in whose name the token was made. */
export function asksForMaker(
  { profile, createdBy }: Pick<LimitedToken, 'profile' | 'createdBy'>,
  { onlyAdminsMint }: TokenPolicy,
): boolean {
  return onlyAdminsMint && createdBy !== null && isOfOrganisation(profile)
}

/** Which limit of its organisation blocks a token; undefined if none does. Nothing else decides this, neither at a mint nor at a use. */
export function blockOf(token: LimitedToken, policy: TokenPolicy, circumstances: Circumstances): Block | undefined {
  if (policy === openPolicy) return undefined
  const { makerIsAdmin, from } = circumstances
  const { maxLifetime, tokensMayMint, onlyAdminsMint, approval, networks } = policy
  const name = `token ${token.id}`
  if (maxLifetime !== null && lastsFor(token) > maxLifetime) {
    const most = `longer than the ${saySeconds(maxLifetime)} that its organization allows`
    return block('max_token_lifetime', `${name} is valid for ${saySeconds(lastsFor(token))}, ${most}: rotate it`)
  }
  if (!tokensMayMint && token.mintedBy !== null && !isTrustPolicyId(token.mintedBy)) {
    const minter = `token ${token.mintedBy}`
    return block('tokens_may_mint', `${name} was minted by ${minter}, and its organization lets only people mint`)
  }
  if (onlyAdminsMint && isOfOrganisation(token.profile) && !isOfAdmin(token, makerIsAdmin)) {
    const why = 'is not made in the name of an admin of its organization, where only admins mint tokens of this kind'
    return block('only_admins_mint', `${name} ${why}`)
  }
  if (approval && !token.isApproved) {
    return block('approval', `${name} is not approved yet: an admin of its organization must approve it`)
  }
  if (networks.length > 0 && from !== nowhere && !isFrom(networks, from)) {
    return block('networks', `${name} is not good from here: its organization limits the networks of its tokens`)
  }
  return undefined
}

/** Networks of CIDR, in their order, without those that lie in others. */
export function readNetworks(texts: readonly string[]): readonly Network[] {
  return arrangeNetworks(texts.map(parseNetwork))
}

export function writeNetworks(networks: readonly Network[]): string[] {
  return networks.map(writeNetwork)
}

/** Whole seconds as people write them: `90 days`, `36 hours`, `1 minute`. */
export function saySeconds(seconds: number): string {
  const [unit, size] = units.find(([, one]) => seconds % one === 0) ?? ['second', 1]
  const count = seconds / size
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const

/** Seconds. What a machine has of its own token ends within an hour, and only the authority has more of it. */
function lastsFor({ machineId, createdAt, expiresAt }: LimitedToken): number {
  const seconds = Math.ceil((expiresAt - createdAt) / 1000)
  return machineId === null ? seconds : Math.min(seconds, handedSeconds)
}

function isOfOrganisation(profile: LimitedToken['profile']): boolean {
  return profile !== 'deploy'
}

/** Made in the name of an admin, or under a trust policy, which admins add. */
function isOfAdmin({ createdBy, mintedBy }: LimitedToken, makerIsAdmin: boolean): boolean {
  return createdBy === null ? mintedBy !== null && isTrustPolicyId(mintedBy) : makerIsAdmin
}

function isFrom(networks: readonly Network[], sourceAddress: Access['sourceAddress']): boolean {
  const said = typeof sourceAddress === 'function' ? sourceAddress() : sourceAddress
  const address = said === undefined ? undefined : parseAddress(said)
  return address !== undefined && networks.some((network) => isInNetwork(address, network))
}

function block(reason: BlockReason, sentence: string): Block {
  return { reason, sentence }
}
