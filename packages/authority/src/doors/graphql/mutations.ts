// The mutations: what each takes and answers, and the one operation that it runs. It runs under its own name, so that a
// `Mutations` caveat can allow it alone.
import { parseDuration } from '@hallpass/client'
import { routes } from '@hallpass/client/contract'
import { z } from 'zod'

import { defaultNetwork } from '../../domain/app.ts'
import { DomainError } from '../../domain/errors.ts'
import { createApp } from '../../operations/apps/create-app.ts'
import { createOrganisation } from '../../operations/organisations/create-organisation.ts'
import { deleteApp } from '../../operations/apps/delete-app.ts'
import { deleteOrganisation } from '../../operations/organisations/delete-organisation.ts'
import { inviteMember } from '../../operations/members/invite-member.ts'
import { mintToken } from '../../operations/tokens/mint-token.ts'
import { removeMember } from '../../operations/members/remove-member.ts'
import { revokeToken } from '../../operations/tokens/revoke-token.ts'
import { signOut } from '../../operations/accounts/sign-out.ts'
import type { Exchange } from '../http/exchange.ts'
import { parse } from '../http/parse.ts'
import type { Context, Resolve } from './context.ts'
import { NotServed } from './errors.ts'
import { notFoundAs, readName } from './names.ts'
import {
  encodeApp,
  encodeInstant,
  encodeMember,
  encodeOrganisation,
  encodeReachedOrganisation,
  encodeToken,
} from './nodes.ts'

/** The names of the inputs stand in the queries of clients. */
export const mutationDefinitions = `
  type Mutations {
    createApp(input: CreateAppInput!): CreateAppPayload
    createLimitedAccessToken(input: CreateLimitedAccessTokenInput!): CreateLimitedAccessTokenPayload
    createOrganization(input: CreateOrganizationInput!): CreateOrganizationPayload
    createOrganizationInvitation(input: CreateOrganizationInvitationInput!): CreateOrganizationInvitationPayload
    deleteApp(appId: ID!): DeleteAppPayload
    deleteLimitedAccessToken(input: DeleteLimitedAccessTokenInput!): DeleteLimitedAccessTokenPayload
    deleteOrganization(input: DeleteOrganizationInput!): DeleteOrganizationPayload
    deleteOrganizationMembership(input: DeleteOrganizationMembershipInput!): DeleteOrganizationMembershipPayload
    logOut(input: LogOutInput!): LogOutPayload
  }

  input CreateAppInput {
    clientMutationId: String
    organizationId: ID!
    name: String
    network: String
    appRoleId: ID
    machines: Boolean
    preferredRegion: String
    runtime: String
    enableSubdomains: Boolean
    heroku: Boolean
  }
  type CreateAppPayload { clientMutationId: String app: App! }

  type DeleteAppPayload { clientMutationId: String organization: Organization! }

  input CreateLimitedAccessTokenInput {
    clientMutationId: String
    organizationId: ID!
    name: String!
    "deploy_organization, deploy or litefs_cloud."
    profile: String!
    "deploy takes app_id, an app's name; litefs_cloud takes cluster."
    profileParams: JSON
    "A Go duration; as long as the organization says, or 20 years, if it is empty."
    expiry: String
    optInThirdParties: [String!]
    optOutThirdParties: [String!]
  }
  type CreateLimitedAccessTokenPayload { clientMutationId: String limitedAccessToken: LimitedAccessToken! }

  input DeleteLimitedAccessTokenInput { clientMutationId: String id: ID token: String revokedBy: String }
  type DeleteLimitedAccessTokenPayload { clientMutationId: String token: String revokedBy: String }

  input CreateOrganizationInput { clientMutationId: String name: String! appsV2DefaultOn: Boolean }
  type CreateOrganizationPayload { clientMutationId: String organization: Organization! }

  input DeleteOrganizationInput { clientMutationId: String organizationId: ID! }
  type DeleteOrganizationPayload { clientMutationId: String deletedOrganizationId: ID! }

  input CreateOrganizationInvitationInput { clientMutationId: String organizationId: ID! email: String! }
  type CreateOrganizationInvitationPayload { clientMutationId: String invitation: OrganizationInvitation! }
  type OrganizationInvitation {
    id: ID!
    email: String!
    createdAt: ISO8601DateTime!
    redeemed: Boolean!
    organization: Organization!
  }

  input DeleteOrganizationMembershipInput { clientMutationId: String organizationId: ID! userId: ID! }
  type DeleteOrganizationMembershipPayload { clientMutationId: String organization: Organization! user: User! }

  input LogOutInput { clientMutationId: String }
  type LogOutPayload { clientMutationId: String ok: Boolean! }
`

interface Input {
  readonly clientMutationId?: string | null
}

/** Runs the mutation, and returns the client's id for it. */
function mutation<I>(run: (input: I, exchange: Exchange) => Promise<object>): Resolve<{ readonly input: I & Input }> {
  return async ({ input }, context, { fieldName }) => ({
    clientMutationId: input.clientMutationId,
    ...(await run(input, context.mutating(fieldName))),
  })
}

const ofOrganisation = (organizationId: string) => readName('Organization', organizationId)

interface CreateApp {
  readonly organizationId: string
  readonly name?: string | null
  readonly network?: string | null
}

interface CreateToken {
  readonly organizationId: string
  readonly name: string
  readonly profile: string
  readonly profileParams?: unknown
  readonly expiry?: string | null
}

/** Null means absent here, and other fields belong to other profiles. */
const profileParams = z
  .object({ app_id: z.string().nullish(), cluster: z.string().nullish() })
  .nullish()
  .transform((params) => ({ app: params?.app_id ?? undefined, cluster: params?.cluster ?? undefined }))

/**
 * The name that flyctl gives to a token for `litefs-cloud` commands, which it sends to a service of the original
 * platform.
 */
const litefsCloudTokenName = 'flyctl-lfsc'

const userId = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER)

export const mutations = {
  createApp: mutation<CreateApp>(async ({ organizationId, name, network }, { perform }) => {
    const body = { name: name ?? undefined, network: network ?? undefined, org_slug: ofOrganisation(organizationId) }
    const checked = parse(routes.createApp.body, body, 'the input')
    const created = perform(createApp, {
      slug: checked.org_slug,
      name: checked.name,
      network: checked.network || defaultNetwork,
      idempotencyKey: undefined,
    })
    return { app: encodeApp(await created.catch(notFoundAs('Organization'))) }
  }),

  createLimitedAccessToken: mutation<CreateToken>(async (input, { perform }) => {
    if (input.name === litefsCloudTokenName) {
      throw new NotServed('this authority does not serve litefs-cloud, which would send a token to another platform')
    }
    const slug = ofOrganisation(input.organizationId)
    const params = parse(profileParams, input.profileParams ?? null, 'profileParams')
    // Clients write an empty expiry for none.
    const asked = { profile: input.profile, name: input.name, expiry: input.expiry || undefined, ...params }
    const { profile, name, app, cluster, expiry } = parse(routes.createToken.body, asked, 'the input')
    const { token, record, organisation } = await perform(mintToken, {
      slug,
      profile,
      name,
      appName: app,
      cluster,
      caveats: [],
      lifetime: expiry === undefined ? undefined : parseDuration(expiry),
    })
    return { limitedAccessToken: encodeToken(record, organisation, token.reveal()) }
  }),

  createOrganization: mutation<{ readonly name: string }>(async ({ name }, { perform }) => {
    const checked = parse(routes.createOrganisation.body, { name }, 'the input')
    const created = await perform(createOrganisation, { name: checked.name, slug: undefined })
    return { organization: encodeReachedOrganisation(created) }
  }),

  createOrganizationInvitation: mutation<{ readonly organizationId: string; readonly email: string }>(
    async ({ organizationId, email }, { perform, now }) => {
      const slug = ofOrganisation(organizationId)
      const body = parse(routes.inviteMember.body, { email }, 'the input')
      const createdAt = encodeInstant(now())
      const invited = await perform(inviteMember, { slug, email: body.email, role: body.role })
      const organization = encodeOrganisation({ organisation: invited.organisation, own: false })
      return { invitation: { id: String(invited.id), email: invited.email, createdAt, redeemed: false, organization } }
    },
  ),

  async deleteApp({ appId }: { readonly appId: string }, context: Context, { fieldName }: { fieldName: string }) {
    const { perform } = context.mutating(fieldName)
    // Machines are destroyed with it: flyctl has asked the person, and has no flag for that.
    const deleted = perform(deleteApp, { name: readName('App', appId), force: true })
    const { organisation, own } = await deleted.catch(notFoundAs('App'))
    return { organization: encodeOrganisation({ organisation, own }) }
  },

  deleteLimitedAccessToken: mutation<{ readonly id?: string | null }>(async ({ id }, { perform }) => {
    if (!id) throw new DomainError('invalid', 'a token is revoked by its id: id is missing', { field: 'id' })
    const { record } = await perform(revokeToken, { id, descendants: 'revoke' })
    return { token: null, revokedBy: record.revokedBy }
  }),

  deleteOrganization: mutation<{ readonly organizationId: string }>(async ({ organizationId }, { perform }) => {
    const slug = ofOrganisation(organizationId)
    await perform(deleteOrganisation, { slug }).catch(notFoundAs('Organization'))
    return { deletedOrganizationId: slug }
  }),

  deleteOrganizationMembership: mutation<{ readonly organizationId: string; readonly userId: string }>(
    async (input, { perform }) => {
      const slug = ofOrganisation(input.organizationId)
      const removed = await perform(removeMember, { slug, userId: parse(userId, input.userId, 'userId') })
      const organization = encodeOrganisation({ organisation: removed.organisation, own: false })
      return { organization, user: encodeMember(removed.member) }
    },
  ),

  logOut: mutation<object>(async (_input, { perform }) => {
    await perform(signOut, undefined)
    return { ok: true }
  }),
}
