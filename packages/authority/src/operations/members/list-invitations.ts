// membership.invitations: the open invitations of an organisation.
import { actions } from '@hallpass/macaroon'

import type { Organisation, PendingInvitation } from '../../domain/organisation.ts'
import { accessOrganisation } from '../organisations/find-organisation.ts'
import type { ReadOperation } from '../perform/operation.ts'

export const listInvitations: ReadOperation<{ readonly slug: string }, Organisation, readonly PendingInvitation[]> = {
  name: 'membership.invitations',
  mode: 'read',

  access: (context, { slug }) => accessOrganisation(context, slug, { action: actions.read, feature: 'membership' }),

  run: ({ tx, now }, { subject: organisation }) => tx.invitations.pending(organisation.id, now),
}
