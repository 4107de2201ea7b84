// organisation.update: changes the settings of an organisation.
import { actions } from '@hallpass/macaroon'

import type { MembershipDischarge, Organisation } from '../../domain/organisation.ts'
import { accessOrganisation } from './find-organisation.ts'
import type { ReachedOrganisation } from './list-organisations.ts'
import { changesOf } from './token-policy.ts'
import { ensureTicketKey } from '../discharges/membership-demand.ts'
import type { WriteOperation } from '../perform/operation.ts'

/** A field that is undefined does not change. */
export interface UpdateOrganisation {
  readonly slug: string
  readonly name: string | undefined
  /** The demand for tokens minted from now on. */
  readonly membershipDischarge: MembershipDischarge | undefined
  /** A part of its token policy. */
  readonly tokensMayMint: boolean | undefined
}

interface UpdatedOrganisation extends ReachedOrganisation {
  /** Of its token policy, with the old value and the new one. */
  readonly changes: readonly string[]
}

export const updateOrganisation: WriteOperation<UpdateOrganisation, Organisation, UpdatedOrganisation> = {
  name: 'organisation.update',
  mode: 'write',

  async access(context, { slug, name, membershipDischarge, tokensMayMint }) {
    const request = await accessOrganisation(context, slug, { action: actions.write, feature: 'settings' })
    const changes = [
      name === undefined ? '' : `, to be called ${name}`,
      membershipDischarge === undefined ? '' : `, membership demanded of its tokens: ${membershipDischarge}`,
      tokensMayMint === undefined ? '' : `, minting by its tokens: ${tokensMayMint ? 'allowed' : 'forbidden'}`,
    ]
    return { ...request, namedTarget: request.target + changes.join('') }
  },

  async run({ tx, environment }, { input, subject: organisation, actor }) {
    const {
      name = organisation.name,
      membershipDischarge = organisation.membershipDischarge,
      tokensMayMint = organisation.tokenPolicy.tokensMayMint,
    } = input
    const tokenPolicy = { ...organisation.tokenPolicy, tokensMayMint }
    if (name !== organisation.name) await tx.organisations.rename(organisation.id, name)
    if (membershipDischarge !== organisation.membershipDischarge) {
      await ensureTicketKey(tx, environment.keyring)
      await tx.organisations.setMembershipDischarge(organisation.id, membershipDischarge)
    }
    if (tokensMayMint !== organisation.tokenPolicy.tokensMayMint)
      await tx.organisations.setTokenPolicy(organisation.id, tokenPolicy)
    const userId = actor.kind === 'user' ? actor.user.id : undefined
    const membership = userId === undefined ? undefined : await tx.memberships.find(organisation.id, userId)
    return {
      organisation: { ...organisation, name, membershipDischarge, tokenPolicy },
      role: membership?.role ?? null,
      own: userId !== undefined && organisation.personalOf === userId,
      changes: changesOf(organisation.tokenPolicy, tokenPolicy),
    }
  },

  auditDetails: ({ changes }) => ({ reason: changes.join('; ') }),
}
