// organisation.show: one organisation and who belongs to it.
import { actions } from '@hallpass/macaroon'

import type { Member, Organisation } from '../domain/organisation.ts'
import { intendOnOrganisation } from './intend.ts'
import type { ReachedOrganisation } from './list-organisations.ts'
import type { Reading } from './operation.ts'
import { findUser, isOwn } from './principal.ts'

export interface OrganisationDetails extends ReachedOrganisation {
  /** By email address. */
  readonly members: readonly Member[]
  /** Up to a million. */
  readonly appCount: number
}

export const showOrganisation: Reading<{ readonly slug: string }, Organisation, OrganisationDetails> = {
  name: 'organisation.show',
  mode: 'read',

  access: (scene, { slug }) => intendOnOrganisation(scene, slug, { action: actions.read }),

  async run({ tx, principal, now }, { subject: organisation }) {
    const { id } = organisation
    const user = findUser(principal)
    return {
      organisation,
      role: (user && (await tx.memberships.find(id, user.id)))?.role ?? null,
      own: isOwn(principal, organisation),
      members: await tx.memberships.page(id, { limit: pieceSize }),
      appCount: await tx.organisations.countUpTo(id, 'apps', mostCounted, now),
    }
  },

  async follow({ store, pause }, details) {
    const members = [...details.members]
    for (let last = members.at(-1); last !== undefined && members.length % pieceSize === 0;) {
      const { userId } = last
      await pause()
      const piece = await store.read((tx) =>
        tx.memberships.page(details.organisation.id, { limit: pieceSize, after: userId }),
      )
      members.push(...piece)
      last = piece.at(-1)
    }
    return { ...details, members: members.sort((one, other) => (one.email < other.email ? -1 : 1)) }
  },
}

// A few milliseconds, in which others wait.
const pieceSize = 500
const mostCounted = 1_000_000
