// Finds a member of an organisation, and keeps the organisation from losing its last admin.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import type { Member, Organisation } from '../../domain/organisation.ts'
import type { ReadTransaction, Transaction } from '../../domain/store.ts'
import { findOrganisation } from '../organisations/find-organisation.ts'
import type { OperationContext, AccessRequest } from '../perform/operation.ts'

/** A member of an organisation, by email address or by user id. */
export type MemberReference = { readonly slug: string } & ({ readonly email: string } | { readonly userId: number })

export interface FoundMember {
  readonly organisation: Organisation
  readonly member: Member
}

/** The access request for changing a membership: `membership` for writing, which only admins have. */
export async function accessMember(
  context: OperationContext<ReadTransaction>,
  reference: MemberReference,
  options: { readonly selfAllowed: boolean },
): Promise<AccessRequest<FoundMember | undefined>> {
  const organisation = await findOrganisation(context, reference.slug)
  const { users } = context.tx
  const user = 'email' in reference ? await users.byEmail(reference.email) : await users.byId(reference.userId)
  const membership = user && (await context.tx.memberships.find(organisation.id, user.id))
  const subject = user &&
    membership && {
      organisation,
      member: {
        userId: user.id,
        email: user.email,
        emailProvenAt: user.emailProvenAt,
        role: membership.role,
        joinedAt: membership.createdAt,
      },
    }
  return {
    subject,
    requirement: {
      kind: 'access',
      organisation,
      access: { action: actions.write, feature: 'membership' },
      exempt: (credential) =>
        options.selfAllowed && credential.kind === 'user' && credential.user.id === membership?.userId,
    },
    // Only members of the organisation may learn whose id it is.
    target: `organisation ${organisation.slug}`,
    namedTarget: `member ${subject?.member.email ?? ('email' in reference ? reference.email : reference.userId)}`,
    organisationId: organisation.id,
  }
}

/** After authorisation, so that only authorised callers learn who is not a member. */
export function requireMember(found: FoundMember | undefined, reference: MemberReference): FoundMember {
  if (found !== undefined) return found
  const who = 'email' in reference ? reference.email : 'this person'
  throw new DomainError('not_found', `${who} is not a member of this organization`)
}

/** @throws DomainError `conflict` if the member is the last admin */
export async function keepAnAdmin(tx: ReadTransaction, { organisation, member }: FoundMember): Promise<void> {
  if (member.role === 'admin' && !(await tx.memberships.hasOtherAdmin(organisation.id, member.userId))) {
    throw new DomainError('conflict', `${member.email} is the last admin of organization ${organisation.slug}`)
  }
}

/**
 * Closes the open invitations of somebody who leaves or is demoted: those of their address, and those that they made.
 */
export async function closeInvitations(tx: Transaction, { organisation, member }: FoundMember): Promise<void> {
  await tx.invitations.closeOf(organisation.id, member.email)
  await tx.invitations.closeBy(organisation.id, member.userId)
}
