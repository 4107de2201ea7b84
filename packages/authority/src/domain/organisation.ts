// Organisations, who belongs to them, and who is asked to.

export type Role = 'admin' | 'member'

/**
 * What the organisation demands of the tokens that are minted from now on, whenever they are used: nothing, that the
 * person in whose name a token was made is still a member, or that this person confirms it as well.
 */
export type MembershipDischarge = 'none' | 'member' | 'login'

/** What an organisation may have so many of; of tokens those that are live. */
export type Quota = 'apps' | 'members' | 'tokens'

/** Whether tokens of the organisation mint others, or people alone do. */
export type TokenMinting = 'allowed' | 'forbidden'

export interface Organisation {
  /** The id that `Organization` caveats carry. Never used again, not even after deletion. */
  readonly id: number
  /** Unique among all organisations; `personal` is reserved as everyone's alias for their own. */
  readonly slug: string
  readonly name: string
  /** The owner of a personal organisation; null where the organisation is shared. */
  readonly personalOf: number | null
  readonly membershipDischarge: MembershipDischarge
  readonly tokenMinting: TokenMinting
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
  /** SHA-256 of the code that was handed over once. */
  readonly codeHash: Uint8Array
  /** The same of the code that is in a mail and nowhere else: who has it reads the mail of the address. */
  readonly mailCodeHash: Uint8Array | null
  /** Null for the membership that an account had before its address was proven: its owner may have it back. */
  readonly createdBy: number | null
  readonly createdAt: number
  readonly expiresAt: number
  readonly acceptedAt: number | null
}

/** An invitation that can still be accepted, as a list shows it. */
export interface PendingInvitation extends Omit<Invitation, 'codeHash' | 'mailCodeHash' | 'acceptedAt'> {
  readonly createdByEmail: string | null
  readonly createdByProvenAt: number | null
}

/** The same, as it is shown to whom it is for. */
export interface OwnInvitation extends PendingInvitation {
  readonly organisationName: string
}

/** Milliseconds that a membership from before the address was proven waits for its owner: ten years. */
export const keptMembershipLifetime = 10 * 365 * 86_400_000

/** How many of an organisation's invitations can be open at once. */
export const mostPendingInvitations = 1000

/** The alias under which everyone reaches their own personal organisation. */
export const personalAlias = 'personal'

export const slugPattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * The slug that a name suggests: ASCII letters and digits, the rest as single hyphens; at most 40 characters.
 * Empty where the name has none of either.
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
