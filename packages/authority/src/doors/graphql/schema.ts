// The GraphQL schema without its mutations: the part of the public one about organisations, apps and tokens.
import { buildSchema, type GraphQLSchema } from 'graphql'

import { mutationDefinitions } from './mutations.ts'

/**
 * Clients of the original rely on these names, types and nullability: a number there must not become a string here.
 * Fields for releases and addresses exist and are empty.
 */
const definitions = `
  schema {
    query: Queries
    mutation: Mutations
  }

  "An integer as a string: it may not fit 32 bits."
  scalar BigInt
  scalar ISO8601DateTime
  scalar JSON

  type Queries {
    "Always empty: an authority has no add-ons."
    addOns(type: AddOnType, first: Int, after: String): AddOnConnection!
    "The app with this name; an error if there is none."
    app(name: String!): App
    "The apps of an organization, or of all that the caller reaches."
    apps(type: String, role: String, organizationId: ID, first: Int, after: String): AppConnection!
    "Always an error: nobody here knows which image of a repository is the newest."
    latestImageDetails(image: String!, flyVersion: String): ImageDetails
    "The machine with this id; an error if there is none."
    machine(machineId: String!): Machine
    "The organization with this slug; the slug personal means the caller's own. An error if there is none."
    organization(slug: String!): Organization
    "Those that the caller reaches, or administers."
    organizations(admin: Boolean, first: Int, after: String): OrganizationConnection!
    personalOrganization: Organization!
    platform: Platform!
    viewer: Principal!
  }

  interface Principal {
    email: String
  }

  type User implements Principal {
    id: ID!
    "Nullable for all principals, because clients ask every kind for it at once."
    email: String
    name: String
    enablePaidHobby: Boolean!
  }

  type Macaroon implements Principal {
    "The token's name and id: a token has no address."
    email: String
  }

  enum OrganizationType { PERSONAL SHARED }
  enum OrganizationMemberRole { ADMIN MEMBER }
  enum BillingStatus { CURRENT }

  type Organization {
    "The slug."
    id: ID!
    internalNumericId: BigInt!
    name: String!
    "personal for the caller's own."
    slug: String!
    rawSlug: String!
    type: OrganizationType!
    "The caller's role; null for a token."
    viewerRole: String
    paidPlan: Boolean!
    billable: Boolean!
    billingStatus: BillingStatus!
    provisionsBetaExtensions: Boolean!
    remoteBuilderImage: String
    remoteBuilderApp: App
    addOnSsoLink: String
    addOns(type: AddOnType): AddOnConnection!
    members: OrganizationMembershipsConnection!
    limitedAccessTokens(first: Int, after: String): LimitedAccessTokenConnection!
  }

  type OrganizationConnection {
    nodes: [Organization!]!
    pageInfo: PageInfo!
  }

  type OrganizationMembershipsConnection {
    edges: [OrganizationMembershipEdge!]!
    nodes: [User!]!
    totalCount: Int!
  }

  type OrganizationMembershipEdge {
    cursor: String!
    node: User!
    joinedAt: ISO8601DateTime!
    role: OrganizationMemberRole!
  }

  type App {
    "The name."
    id: ID!
    internalNumericId: Int!
    name: String!
    organization: Organization!
    status: String!
    deployed: Boolean!
    state: String!
    version: Int!
    platformVersion: String!
    network: String
    createdAt: ISO8601DateTime!
    limitedAccessTokens(first: Int, after: String): LimitedAccessTokenConnection!
    role: AppRole
    hostname: String
    appUrl: String
    cnameTarget: String
    sharedIpAddress: String
    config: AppConfig!
    services: [AppService!]!
    "Always empty: an app is in no region by itself."
    regions: [Region!]!
    ipAddresses: IPAddressConnection!
    egressIpAddresses: IPAddressConnection!
    imageDetails: ImageDetails
    "The reference that machines get: the same one, because the engine resolves it."
    image(ref: String!): Image
    currentRelease: Release
    currentReleaseUnprocessed: Release
    machines: MachineConnection!
    hostIssues: HostIssueConnection!
  }

  type AppConnection {
    nodes: [App!]!
    pageInfo: PageInfo!
  }

  type PageInfo {
    hasNextPage: Boolean!
    endCursor: String
  }

  type LimitedAccessTokenConnection {
    nodes: [LimitedAccessToken!]!
    pageInfo: PageInfo!
  }

  type LimitedAccessToken {
    id: ID!
    name: String!
    profile: String!
    profileParams: JSON
    "Null except in the answer that makes the token, because it is not stored."
    tokenHeader: String
    "Always null, because the root of a token is not stored."
    token: String
    createdAt: ISO8601DateTime!
    expiresAt: ISO8601DateTime!
    revokedAt: ISO8601DateTime
    revokedBy: String
    organization: Organization!
    user: User
  }

  type Platform {
    requestRegion: String
    regions: [Region!]!
  }

  type Region {
    code: String!
    name: String!
    latitude: Float
    longitude: Float
    gatewayAvailable: Boolean!
    requiresPaidPlan: Boolean!
    deprecated: Boolean!
  }

  enum AddOnType {
    arcjet
    enveloop
    fly_mysql
    kubernetes
    planetscale
    redis
    sentry
    supabase
    tigris
    upstash_kafka
    upstash_redis
    upstash_vector
    wafris
  }
  type AddOnConnection { nodes: [AddOn!]! }
  type AddOn {
    id: ID!
    name: String
    organization: Organization!
    addOnPlan: AddOnPlan
    privateIp: String
    primaryRegion: String
    readRegions: [String!]
    options: JSON
    metadata: JSON
  }
  type AddOnPlan { displayName: String description: String }

  type AppRole { name: String! }
  type AppConfig { definition: JSON! }
  type AppService { description: String! protocol: String! internalPort: Int! ports: [AppPort!]! }
  type AppPort { port: Int! handlers: [String!]! }
  type IPAddressConnection { nodes: [IPAddress!]! }
  type IPAddress {
    id: ID!
    address: String!
    ip: String!
    type: String!
    region: String
    version: Int
    createdAt: ISO8601DateTime!
    updatedAt: ISO8601DateTime
  }
  type Image { id: ID! digest: String ref: String! compressedSize: BigInt! compressedSizeFull: BigInt! manifest: JSON }
  type ImageDetails { registry: String repository: String tag: String digest: String version: String }
  type Release {
    id: ID!
    version: Int!
    status: String!
    inProgress: Boolean!
    evaluationId: String
    createdAt: ISO8601DateTime!
    configDefinition: JSON
  }
  type MachineConnection { nodes: [Machine!]! }
  type Machine {
    id: ID!
    name: String
    config: JSON!
    state: String!
    region: String!
    createdAt: ISO8601DateTime!
    app: App!
    ips: MachineIPConnection!
    host: Host
  }
  type MachineIPConnection { nodes: [MachineIP!]! }
  type MachineIP { family: String! kind: String! ip: String! maskSize: Int! }
  type Host { id: ID! }
  type HostIssueConnection { nodes: [HostIssue!]! }
  type HostIssue { internalId: String! message: String! createdAt: ISO8601DateTime! updatedAt: ISO8601DateTime! }
`

export function createSchema(): GraphQLSchema {
  // Errors point into queries, never into the schema, whose places would take 0.3 MiB.
  return buildSchema(definitions + mutationDefinitions, { noLocation: true })
}
