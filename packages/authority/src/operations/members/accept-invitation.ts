// membership.accept: joins the organisation of an invitation.
import { timingSafeEqual } from 'node:crypto'

import { DomainError } from '../../domain/errors.ts'
import type { Invitation, Organisation, Role } from '../../domain/organisation.ts'
import type { Secret } from '../../domain/secret.ts'
import type { ReadTransaction, Transaction } from '../../domain/store.ts'
import { hashCode, type User } from '../../domain/user.ts'
import { expectRoomFor } from '../organisations/create-organisation.ts'
import type { ReachedOrganisation } from '../organisations/list-organisations.ts'
import type { Services, WriteOperation } from '../perform/operation.ts'
import { expectPerson, personal } from '../perform/personal.ts'

export const acceptInvitation: WriteOperation<{ readonly code: Secret }, undefined, ReachedOrganisation> = {
  name: 'membership.accept',
  mode: 'write',
  access: personal('invitation'),

  async run({ tx, environment, now }, { input, actor }) {
    expectPerson(actor)
    const joined = await redeemInvitation({ tx, environment, now }, hashCode(input.code.reveal()), actor.user)
    return { ...joined, own: false }
  },

  auditDetails: ({ organisation, role }) => ({ target: `membership as ${role}`, organisationId: organisation.id }),
}

interface FoundInvitation {
  readonly invitation: Invitation
  readonly organisation: Organisation
  /** Whether the code was only in a mail to the address. */
  readonly provesAddress: boolean
}

/**
 * The invitation with this code.
 * @throws DomainError `forbidden` if the code is unknown, used or expired, or the inviter may no longer invite
 */
export async function requireInvitation(
  tx: ReadTransaction,
  codeHash: Uint8Array,
  now: number,
): Promise<FoundInvitation> {
  const invitation = await tx.invitations.byCodeHash(codeHash)
  const organisation = invitation && (await tx.organisations.byId(invitation.organisationId))
  // An invitation by somebody who may no longer invite is void.
  const isGood =
    invitation !== undefined &&
    organisation !== undefined &&
    invitation.acceptedAt === null &&
    (await isAdmin(tx, organisation, invitation.createdBy))
  if (!isGood) {
    throw new DomainError('forbidden', 'this invitation is not known, or was used already', { field: 'invitation' })
  }
  if (invitation.expiresAt <= now) {
    throw new DomainError('forbidden', 'this invitation has ended: ask for a new one', { field: 'invitation' })
  }
  const { mailCodeHash } = invitation
  const provesAddress = mailCodeHash !== null && timingSafeEqual(mailCodeHash, codeHash)
  return { invitation, organisation, provesAddress }
}

async function isAdmin(tx: ReadTransaction, { id }: Organisation, userId: number | null): Promise<boolean> {
  return userId !== null && (await tx.memberships.find(id, userId))?.role === 'admin'
}

/**
 * The invitation with this code, if it is for this address.
 * @throws DomainError as {@link requireInvitation}, and `forbidden` if it is for another address
 */
export async function findInvitation(
  tx: ReadTransaction,
  codeHash: Uint8Array,
  email: string,
  now: number,
): Promise<FoundInvitation> {
  const found = await requireInvitation(tx, codeHash, now)
  if (found.invitation.email !== email) {
    throw new DomainError('forbidden', 'this invitation is for another email address', { field: 'invitation' })
  }
  return found
}

interface JoiningContext {
  readonly tx: Transaction
  readonly environment: Pick<Services, 'quotas'>
  /** Milliseconds. */
  readonly now: number
}

/**
 * Makes the user a member and uses up the invitation with this code.
 * @throws DomainError as {@link findInvitation}, and `conflict` if they are already a member
 */
export async function redeemInvitation(
  context: JoiningContext,
  codeHash: Uint8Array,
  user: User,
): Promise<{ readonly organisation: Organisation; readonly role: Role }> {
  const { invitation, organisation } = await findInvitation(context.tx, codeHash, user.email, context.now)
  await join(context, { invitation, organisation }, user)
  return { organisation, role: invitation.role }
}

/**
 * Makes the user a member and uses up the invitation.
 * @throws DomainError `conflict` if they are already a member
 */
export async function join(
  { tx, environment, now }: JoiningContext,
  {
    invitation,
    organisation,
  }: Omit<FoundInvitation, 'provesAddress' | 'invitation'> & {
    readonly invitation: Pick<Invitation, 'id' | 'role'>
  },
  user: User,
): Promise<void> {
  await expectRoomFor(tx, user)
  if ((await tx.memberships.find(organisation.id, user.id)) !== undefined) {
    throw new DomainError('conflict', `${user.email} is a member of organization ${organisation.slug} already`)
  }
  await environment.quotas.expectRoom(tx, organisation, 'members', now)
  await tx.invitations.accept(invitation.id, now)
  const { role } = invitation
  await tx.memberships.insert({ organisationId: organisation.id, userId: user.id, role, createdAt: now })
}
