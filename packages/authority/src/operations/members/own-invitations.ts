// membership.own_invitations, membership.accept, membership.decline: invitations of a proven address, which need no
// code.
import { DomainError } from '../../domain/errors.ts'
import type { OwnInvitation } from '../../domain/organisation.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import type { User } from '../../domain/user.ts'
import { join } from './accept-invitation.ts'
import type { ReachedOrganisation } from '../organisations/list-organisations.ts'
import type { OperationContext, AccessRequest, ReadOperation, WriteOperation } from '../perform/operation.ts'
import { expectPerson, personal } from '../perform/personal.ts'
import { findUser } from '../perform/principal.ts'

interface Chosen {
  readonly id: string
}

/** Empty if the address is unproven, because the caller may not be the invited person. */
export const listOwnInvitations: ReadOperation<undefined, undefined, readonly OwnInvitation[]> = {
  name: 'membership.own_invitations',
  mode: 'read',
  access: personal('invitations'),

  async run({ tx, now }, { actor }) {
    expectPerson(actor)
    return actor.user.emailProvenAt === null ? [] : tx.invitations.pendingOf(actor.user.email, now)
  },
}

export const acceptOwnInvitation: WriteOperation<Chosen, OwnInvitation | undefined, ReachedOrganisation> = {
  name: 'membership.accept',
  mode: 'write',
  access,

  async run({ tx, environment, now }, { subject, actor }) {
    expectPerson(actor)
    const invitation = requireOwn(subject, actor.user)
    const organisation = await tx.organisations.byId(invitation.organisationId)
    if (organisation === undefined) throw unknown()
    await join({ tx, environment, now }, { invitation, organisation }, actor.user)
    return { organisation, role: invitation.role, own: false }
  },

  auditDetails: ({ organisation, role }) => ({ target: `membership as ${role}`, organisationId: organisation.id }),
}

export const declineInvitation: WriteOperation<Chosen, OwnInvitation | undefined, undefined> = {
  name: 'membership.decline',
  mode: 'write',

  async access(context, input) {
    const request = await access(context, input)
    return { ...request, organisationId: request.subject?.organisationId ?? null }
  },

  async run({ tx }, { subject, actor }) {
    expectPerson(actor)
    await tx.invitations.delete(requireOwn(subject, actor.user).id)
    return undefined
  },
}

async function access(
  { tx, principal, now }: OperationContext<ReadTransaction>,
  { id }: Chosen,
): Promise<AccessRequest<OwnInvitation | undefined>> {
  const user = findUser(principal)
  const open = user === undefined || user.emailProvenAt === null ? [] : await tx.invitations.pendingOf(user.email, now)
  const subject = open.find((invitation) => String(invitation.id) === id)
  return { subject, requirement: { kind: 'person' }, target: 'invitation', organisationId: null }
}

/** @throws DomainError `forbidden` if the address is unproven, `not_found` if there is no such invitation */
function requireOwn(found: OwnInvitation | undefined, { emailProvenAt }: User): OwnInvitation {
  if (emailProvenAt === null) {
    throw new DomainError('forbidden', 'your email address is unproven: use the code of the invitation')
  }
  if (found === undefined) throw unknown()
  return found
}

function unknown(): DomainError {
  return new DomainError('not_found', 'you have no such invitation, or it was withdrawn or has ended')
}
