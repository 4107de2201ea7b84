// membership.invitations: who was asked to join and can still say yes.
import { actions } from '@hallpass/macaroon'

import type { Organisation, PendingInvitation } from '../domain/organisation.ts'
import { intendOnOrganisation } from './intend.ts'
import type { Reading } from './operation.ts'

export const listInvitations: Reading<{ readonly slug: string }, Organisation, readonly PendingInvitation[]> = {
  name: 'membership.invitations',
  mode: 'read',

  access: (scene, { slug }) => intendOnOrganisation(scene, slug, { action: actions.read, feature: 'membership' }),

  run: ({ tx, now }, { subject: organisation }) => tx.invitations.pending(organisation.id, now),
}
