// membership.withdraw: withdraws an open invitation.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import type { Organisation, PendingInvitation } from '../../domain/organisation.ts'
import { accessOrganisation } from '../organisations/find-organisation.ts'
import type { WriteOperation } from '../perform/operation.ts'

interface Found {
  readonly organisation: Organisation
  readonly invitation: PendingInvitation | undefined
}

export const withdrawInvitation: WriteOperation<{ readonly slug: string; readonly id: string }, Found, undefined> = {
  name: 'membership.withdraw',
  mode: 'write',
  isUrgent: true,

  async access(context, { slug, id }) {
    const request = await accessOrganisation(context, slug, { action: actions.write, feature: 'membership' })
    const organisation = request.subject
    const pending = await context.tx.invitations.pending(organisation.id, context.now)
    const invitation = pending.find((candidate) => String(candidate.id) === id)
    const target = invitation === undefined ? 'invitation' : `invitation of ${invitation.email}`
    return { ...request, subject: { organisation, invitation }, target }
  },

  async run({ tx }, { subject: { invitation } }) {
    // After authorisation, so that only authorised callers learn that it does not exist.
    if (invitation === undefined) {
      throw new DomainError('not_found', 'there is no such invitation, or it was accepted, withdrawn or has ended')
    }
    await tx.invitations.delete(invitation.id)
    return undefined
  },
}
