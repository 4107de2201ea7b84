// The inputs and payloads of the mutations. The queries of clients contain the names of the inputs.

export const mutationDefinitions = `
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
    "A Go duration; 20 years where it is empty."
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
