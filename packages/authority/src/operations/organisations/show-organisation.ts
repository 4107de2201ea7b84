// organisation.show: one organisation, with its members if the caller asks for them: there may be ten thousand.
import { actions } from '@hallpass/macaroon'

import type { Member, Organisation } from '../../domain/organisation.ts'
import { accessOrganisation } from './find-organisation.ts'
import type { ReachedOrganisation } from './list-organisations.ts'
import type { ReadOperation } from '../perform/operation.ts'
import { findUser, isOwn } from '../perform/principal.ts'

export interface OrganisationDetails extends ReachedOrganisation {
  /** By email address. */
  readonly members: readonly Member[]
  /** Up to a million. */
  readonly appCount: number
}

export const showOrganisation: ReadOperation<{ readonly slug: string }, Organisation, ReachedOrganisation> = {
  name: 'organisation.show',
  mode: 'read',

  access: (context, { slug }) => accessOrganisation(context, slug, { action: actions.read }),

  async run({ tx, principal }, { subject: organisation }) {
    const user = findUser(principal)
    const membership = user && (await tx.memberships.find(organisation.id, user.id))
    return { organisation, role: membership?.role ?? null, own: isOwn(principal, organisation) }
  },
}

export const showOrganisationDetails: ReadOperation<{ readonly slug: string }, Organisation, OrganisationDetails> = {
  name: showOrganisation.name,
  mode: 'read',
  access: (context, input) => showOrganisation.access(context, input),

  async run(context, request) {
    const { tx, now } = context
    const { id } = request.subject
    return {
      ...(await showOrganisation.run(context, request)),
      members: await tx.memberships.page(id, { limit: pieceSize }),
      appCount: await tx.organisations.countUpTo(id, 'apps', mostCounted, now),
    }
  },

  async afterRead({ environment, read }, details) {
    const members = [...details.members]
    for (let last = members.at(-1); last !== undefined && members.length % pieceSize === 0;) {
      const { userId } = last
      await environment.pause()
      const piece = await read((tx) =>
        tx.memberships.page(details.organisation.id, { limit: pieceSize, after: userId }),
      )
      members.push(...piece)
      last = piece.at(-1)
    }
    return { ...details, members: members.sort((one, other) => (one.email < other.email ? -1 : 1)) }
  },
}

// Takes a few milliseconds, while others wait.
const pieceSize = 500
const mostCounted = 1_000_000
