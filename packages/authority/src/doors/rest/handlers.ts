// One handler for each route: from the contract's input to an operation's, and back. They decide nothing.
import type { MachineRouteName, RouteName } from '@hallpass/client/contract'

import { defaultNetwork } from '../../domain/app.ts'
import { Secret } from '../../domain/secret.ts'
import { acceptInvitation } from '../../operations/members/accept-invitation.ts'
import {
  approveDischargeRequest,
  denyDischargeRequest,
  showDischargeRequest,
} from '../../operations/discharges/answer-discharge-request.ts'
import { changeRole } from '../../operations/members/change-role.ts'
import { createApp } from '../../operations/apps/create-app.ts'
import { createOrganisation } from '../../operations/organisations/create-organisation.ts'
import { deleteApp } from '../../operations/apps/delete-app.ts'
import { deleteOrganisation } from '../../operations/organisations/delete-organisation.ts'
import { inviteMember } from '../../operations/members/invite-member.ts'
import { listAuditEvents } from '../../operations/organisations/list-audit-events.ts'
import { listInvitations } from '../../operations/members/list-invitations.ts'
import { findOrganisations } from '../../operations/organisations/list-organisations.ts'
import { listRegions } from '../../operations/apps/list-regions.ts'
import { acceptOwnInvitation, declineInvitation, listOwnInvitations } from '../../operations/members/own-invitations.ts'
import { pageApps } from '../../operations/apps/list-apps.ts'
import { previewInvitation } from '../../operations/members/preview-invitation.ts'
import { removeMember } from '../../operations/members/remove-member.ts'
import { showApp } from '../../operations/apps/show-app.ts'
import { showOrganisationDetails } from '../../operations/organisations/show-organisation.ts'
import { updateOrganisation } from '../../operations/organisations/update-organisation.ts'
import { withdrawInvitation } from '../../operations/members/withdraw-invitation.ts'
import { InvalidInput } from '../http/errors.ts'
import { decodeEventCursor, decodeOrganisationCursor, encodeOrganisationCursor } from '../http/cursor.ts'
import { encodeAll } from '../http/pieces.ts'
import { accountHandlers } from './accounts.ts'
import { encodeDischargeRequest } from './encode-discharge.ts'
import {
  encodeApp,
  encodeAuditEvents,
  encodeCreatedApp,
  encodeMember,
  encodeOrganisation,
  encodeRegion,
  nextCursor,
} from './encode.ts'
import {
  encodeInvited,
  encodeOwnInvitation,
  encodePendingInvitation,
  encodePreviewedInvitation,
} from './encode-invitation.ts'
import type { Handlers } from '../http/handler.ts'
import { passkeyHandlers } from './passkeys.ts'
import { tokenHandlers } from './tokens.ts'
import { tokenPolicyHandlers } from './token-policy.ts'
import { trustHandlers } from './trust.ts'
import { verifyingHandlers } from './verifying.ts'

export const handlers: Handlers<Exclude<RouteName, MachineRouteName | 'verifyTokens'>> = {
  ...accountHandlers,
  ...passkeyHandlers,
  ...tokenHandlers,
  ...tokenPolicyHandlers,
  ...trustHandlers,
  ...verifyingHandlers,

  async listOrganisations({ query: { search, limit, cursor } }, { perform, pause }) {
    const after = cursor === undefined ? undefined : decodeOrganisationCursor(cursor)
    const page = await perform(findOrganisations, { search, limit, after })
    return {
      orgs: await encodeAll(page.items, encodeOrganisation, pause),
      ...nextCursor(page, encodeOrganisationCursor),
    }
  },

  async createOrganisation({ body: { name, slug } }, { perform }) {
    return encodeOrganisation(await perform(createOrganisation, { name, slug }))
  },

  async showOrganisation({ params }, { perform, pause }) {
    const details = await perform(showOrganisationDetails, { slug: params.org_slug })
    return {
      ...encodeOrganisation(details),
      members: await encodeAll(details.members, encodeMember, pause),
      app_count: details.appCount,
    }
  },

  async updateOrganisation({ params, body }, { perform }) {
    const changed = await perform(updateOrganisation, {
      slug: params.org_slug,
      name: body.name,
      membershipDischarge: body.require_membership_discharge,
      tokensMayMint: body.tokens_may_mint,
    })
    return encodeOrganisation(changed)
  },

  deleteOrganisation: ({ params }, { perform }) => perform(deleteOrganisation, { slug: params.org_slug }),

  async inviteMember({ params, body }, { perform }) {
    return encodeInvited(await perform(inviteMember, { slug: params.org_slug, email: body.email, role: body.role }))
  },

  async listInvitations({ params }, { perform }) {
    const invitations = await perform(listInvitations, { slug: params.org_slug })
    return { invitations: invitations.map(encodePendingInvitation) }
  },

  withdrawInvitation: ({ params: { org_slug, invitation_id } }, { perform }) =>
    perform(withdrawInvitation, { slug: org_slug, id: invitation_id }),

  async previewInvitation({ body: { invitation } }, { perform }) {
    return encodePreviewedInvitation(await perform(previewInvitation, { code: new Secret(invitation) }))
  },

  async acceptInvitation({ body: { invitation } }, { perform }) {
    return encodeOrganisation(await perform(acceptInvitation, { code: new Secret(invitation) }))
  },

  async listOwnInvitations(_input, { perform }) {
    return { invitations: (await perform(listOwnInvitations, undefined)).map(encodeOwnInvitation) }
  },

  async acceptOwnInvitation({ params }, { perform }) {
    return encodeOrganisation(await perform(acceptOwnInvitation, { id: params.invitation_id }))
  },

  declineInvitation: ({ params }, { perform }) => perform(declineInvitation, { id: params.invitation_id }),

  async changeRole({ params: { org_slug, email }, body: { role } }, { perform }) {
    return encodeMember(await perform(changeRole, { slug: org_slug, email, role }))
  },

  async removeMember({ params: { org_slug, email } }, { perform }) {
    await perform(removeMember, { slug: org_slug, email })
  },

  async listAuditEvents({ params, query: { limit, cursor } }, exchange) {
    const before = cursor === undefined ? undefined : decodeEventCursor(cursor)
    return encodeAuditEvents(
      await exchange.perform(listAuditEvents, { slug: params.org_slug, limit, before }),
      exchange,
    )
  },

  async createApp({ body }, { perform }) {
    const name = body.name ?? body.app_name
    if (body.app_name !== undefined && body.app_name !== name) {
      throw new InvalidInput('name and app_name are two spellings of one field, and differ', 'app_name')
    }
    const found = await perform(createApp, {
      slug: body.org_slug,
      name,
      network: body.network || defaultNetwork,
      idempotencyKey: body.idempotency_key || undefined,
    })
    return encodeCreatedApp(found)
  },

  async listApps({ query }, { perform, pause }) {
    const { items } = await perform(pageApps, { slug: query.org_slug, limit: Infinity, after: undefined })
    const apps = query.app_role ? [] : items
    return { total_apps: apps.length, apps: await encodeAll(apps, encodeApp, pause) }
  },

  async showApp({ params }, { perform }) {
    return encodeApp(await perform(showApp, { name: params.app_name }))
  },

  async deleteApp({ params, query, body }, { perform }) {
    await perform(deleteApp, { name: params.app_name, force: query.force === true || body?.force === true })
  },

  async listRegions(_input, { perform }) {
    const regions = await perform(listRegions, undefined)
    return { Regions: regions.map(encodeRegion), Nearest: regions[0].code }
  },

  async showDischarge({ params }, { perform }) {
    return encodeDischargeRequest(await perform(showDischargeRequest, { id: params.discharge_id }))
  },

  approveDischarge: ({ params }, { perform }) => perform(approveDischargeRequest, { id: params.discharge_id }),

  denyDischarge: ({ params }, { perform }) => perform(denyDischargeRequest, { id: params.discharge_id }),
}
