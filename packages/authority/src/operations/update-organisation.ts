// organisation.update: changes the settings of an organisation.
import { actions } from '@hallpass/macaroon'

import type { MembershipDischarge, Organisation } from '../domain/organisation.ts'
import { intendOnOrganisation } from './intend.ts'
import type { ReachedOrganisation } from './list-organisations.ts'
import { ensureTicketKey } from './membership-demand.ts'
import type { Writing } from './operation.ts'

export interface UpdateOrganisation {
  readonly slug: string
  /** What the tokens minted from now on demand; undefined keeps what it was. */
  readonly membershipDischarge: MembershipDischarge | undefined
}

export const updateOrganisation: Writing<UpdateOrganisation, Organisation, ReachedOrganisation> = {
  name: 'organisation.update',
  mode: 'write',

  async access(scene, { slug, membershipDischarge }) {
    const intent = await intendOnOrganisation(scene, slug, { action: actions.write, feature: 'settings' })
    if (membershipDischarge === undefined) return intent
    return { ...intent, target: `${intent.target}, membership demanded of its tokens: ${membershipDischarge}` }
  },

  async run({ tx, environment }, { input, subject: organisation, actor }) {
    const membershipDischarge = input.membershipDischarge ?? organisation.membershipDischarge
    if (membershipDischarge !== organisation.membershipDischarge) {
      await ensureTicketKey(tx, environment.keyring)
      await tx.organisations.setMembershipDischarge(organisation.id, membershipDischarge)
    }
    const userId = actor.kind === 'user' ? actor.user.id : undefined
    const membership = userId === undefined ? undefined : await tx.memberships.find(organisation.id, userId)
    return {
      organisation: { ...organisation, membershipDischarge },
      role: membership?.role ?? null,
      own: userId !== undefined && organisation.personalOf === userId,
    }
  },
}
