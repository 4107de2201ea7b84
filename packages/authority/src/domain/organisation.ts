// Organisations, their members and invitations.
import type { TokenPolicy } from './token-policy.ts'

export type Role = 'admin' | 'member'

/**
 * What the organisation demands of the tokens minted from now on: nothing; that the person in whose name a token was
 * made is still a member; or that this person also confirms.
 */
export type MembershipDischarge = 'none' | 'member' | 'login'

/** What an organisation may have a limited number of. Only live tokens count. */
export type Quota = 'apps' | 'machines' | 'volumes' | 'volumeGb' | 'members' | 'tokens'

export interface Organisation {
  /** The id in `Organization` caveats. Never reused, not even after deletion. */
  readonly id: number
  /** Unique among all organisations. `personal` is reserved as the alias for everyone's own. */
  readonly slug: string
  readonly name: string
  /** The owner of a personal organisation; null for a shared one. */
  readonly personalOf: number | null
  readonly membershipDischarge: MembershipDischarge
  readonly tokenPolicy: TokenPolicy
  readonly createdAt: number
}

export interface Membership {
  readonly organisationId: number
  readonly userId: number
  readonly role: Role
  readonly createdAt: number
}

export interface Member {
  readonly userId: number
  readonly email: string
  readonly emailProvenAt: number | null
  readonly role: Role
  readonly joinedAt: number
}

export interface Invitation {
  readonly id: number
  readonly organisationId: number
  readonly email: string
  readonly role: Role
  /** SHA-256 of the code that the inviter sees. */
  readonly codeHash: Uint8Array
  /** SHA-256 of the code that is only in the mail: it proves the address. */
  readonly mailCodeHash: Uint8Array | null
  /** Null for a membership from before the address was proven, which its owner can accept again. */
  readonly createdBy: number | null
  readonly createdAt: number
  readonly expiresAt: number
  readonly acceptedAt: number | null
}

/** An open invitation, as a list shows it. */
export interface PendingInvitation extends Omit<Invitation, 'codeHash' | 'mailCodeHash' | 'acceptedAt'> {
  readonly createdByEmail: string | null
  readonly createdByProvenAt: number | null
}

/** An open invitation, as the invited person sees it. */
export interface OwnInvitation extends PendingInvitation {
  readonly organisationName: string
}

/** How long a membership from before the address was proven waits for its owner, in milliseconds: ten years. */
export const keptMembershipLifetime = 10 * 365 * 86_400_000

/** The maximum number of open invitations of an organisation. */
export const mostPendingInvitations = 1000

/** The alias for the caller's own personal organisation. */
export const personalAlias = 'personal'

export const slugPattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * Suggests a slug for a name: ASCII letters and digits, everything else as single hyphens; at most 40 characters. Empty
 * if the name has no ASCII letter or digit.
 */
export function suggestSlug(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '')
}
