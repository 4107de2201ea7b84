// organisation.show: one organisation and who belongs to it.
import { actions } from '@hallpass/macaroon'

import type { Member, Organisation } from '../domain/organisation.ts'
import { intendOnOrganisation } from './intend.ts'
import type { ReachedOrganisation } from './list-organisations.ts'
import type { Reading } from './operation.ts'
import { findUser, isOwn } from './principal.ts'

export interface OrganisationDetails extends ReachedOrganisation {
  readonly members: readonly Member[]
  readonly appCount: number
}

export const showOrganisation: Reading<{ readonly slug: string }, Organisation, OrganisationDetails> = {
  name: 'organisation.show',
  mode: 'read',

  access: (scene, { slug }) => intendOnOrganisation(scene, slug, { action: actions.read }),

  async run({ tx, principal }, { subject: organisation }) {
    const members = await tx.memberships.list(organisation.id)
    const userId = findUser(principal)?.id
    return {
      organisation,
      role: members.find((member) => member.userId === userId)?.role ?? null,
      own: isOwn(principal, organisation),
      members,
      appCount: await tx.apps.count(organisation.id),
    }
  },
}
