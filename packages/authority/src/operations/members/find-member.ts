// Finds a member of an organisation, and keeps it from losing its last admin.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import type { Member, Organisation } from '../../domain/organisation.ts'
import type { ReadTransaction, Transaction } from '../../domain/store.ts'
import { findOrganisation } from '../organisations/find-organisation.ts'
import type { OperationContext, AccessRequest } from '../perform/operation.ts'

/** A member of an organisation, by email address or by the id of the person. */
export type MemberReference = { readonly slug: string } & ({ readonly email: string } | { readonly userId: number })

export interface FoundMember {
  readonly organisation: Organisation
  readonly member: Member
}

/** What changing a membership takes: `membership` for writing, which admins alone have. */
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
    // Whose id it is, is told of members alone.
    target: `organisation ${organisation.slug}`,
    namedTarget: `member ${subject?.member.email ?? ('email' in reference ? reference.email : reference.userId)}`,
    organisationId: organisation.id,
  }
}

/** Who is not a member is told so only to those who may ask: after authorisation. */
export function requireMember(found: FoundMember | undefined, reference: MemberReference): FoundMember {
  if (found !== undefined) return found
  const who = 'email' in reference ? reference.email : 'this person'
  throw new DomainError('not_found', `${who} is not a member of this organization`)
}

/** @throws DomainError `conflict` where the member is the only admin left */
export async function keepAnAdmin(tx: ReadTransaction, { organisation, member }: FoundMember): Promise<void> {
  if (member.role === 'admin' && !(await tx.memberships.hasOtherAdmin(organisation.id, member.userId))) {
    throw new DomainError('conflict', `${member.email} is the last admin of organization ${organisation.slug}`)
  }
}

/** Closes what is open of somebody who leaves or steps down: invitations of their address, and those that they made. */
export async function closeInvitations(tx: Transaction, { organisation, member }: FoundMember): Promise<void> {
  await tx.invitations.closeOf(organisation.id, member.email)
  await tx.invitations.closeBy(organisation.id, member.userId)
}
