// Encodes the domain's nouns for GraphQL. What is not loaded is looked up by an operation when a query asks for it.
import { readConfig } from '../../domain/machine-config.ts'
import { personalAlias, type Member, type Organisation } from '../../domain/organisation.ts'
import { defaultNetwork } from '../../domain/app.ts'
import { pagesOf } from '../../domain/page.ts'
import type { ListedToken } from '../../domain/token.ts'
import { describeUser, type User } from '../../domain/user.ts'
import type { ShownApp } from '../../operations/apps/find-app.ts'
import type { ShownMachine } from '../../operations/machines/find-machine.ts'
import { listMachines } from '../../operations/machines/list-machines.ts'
import {
  listAppTokens,
  listOrganisationTokens,
  usualListing,
  type ListOptions,
  type ListedTokens,
} from '../../operations/tokens/list-tokens.ts'
import type { Credential } from '../../operations/perform/principal.ts'
import { showOrganisation, showOrganisationDetails } from '../../operations/organisations/show-organisation.ts'
import { decodeTokenCursor, encodeTokenCursor } from '../http/cursor.ts'
import { connect, connectAll, encodeEach, isForAll, none, pageSize, type PageArgs } from './connection.ts'
import type { Context } from './context.ts'

/** An organisation, with the fields known before a query asks for more. */
export interface KnownOrganisation {
  readonly organisation: Organisation
  /** Whether it is the caller's own personal one. */
  readonly own: boolean
}

export function encodeInstant(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

/** Its id is its slug, which clients send back wherever they need one. */
export function encodeOrganisation({ organisation, own }: KnownOrganisation) {
  const { slug } = organisation
  return {
    id: slug,
    internalNumericId: String(organisation.id),
    name: organisation.name,
    slug: own ? personalAlias : slug,
    rawSlug: slug,
    type: organisation.personalOf === null ? 'SHARED' : 'PERSONAL',
    viewerRole: async (_args: unknown, { exchange }: Context) =>
      (await exchange.perform(showOrganisation, { slug })).role ?? 'token',
    paidPlan: true,
    billable: true,
    billingStatus: 'CURRENT',
    provisionsBetaExtensions: false,
    addOns: none,
    async members(_args: unknown, context: Context) {
      const { members } = await context.exchange.perform(showOrganisationDetails, { slug })
      return {
        edges: () => encodeEach(members, encodeMembership, context),
        nodes: () => encodeEach(members, encodeMember, context),
        totalCount: members.length,
      }
    },
    limitedAccessTokens: (args: PageArgs, context: Context) =>
      encodeTokens(args, slug, context, (page) => context.exchange.perform(listOrganisationTokens, { slug, ...page })),
  }
}

/** Includes the role, which is already known. */
export function encodeReachedOrganisation(reached: KnownOrganisation & { readonly role: string | null }) {
  return { ...encodeOrganisation(reached), viewerRole: reached.role ?? 'token' }
}

/** Its id is its name, which clients send back wherever they need one. */
export function encodeApp({
  app,
  organisation,
  own,
  machineCount = 0,
}: Partial<ShownApp> & Omit<ShownApp, 'machineCount' | 'volumeCount'>) {
  const { name } = app
  return {
    id: name,
    internalNumericId: app.id,
    name,
    organization: encodeOrganisation({ organisation, own }),
    status: machineCount > 0 ? 'deployed' : 'pending',
    // If it were true, flyctl's "secrets set" would deploy the app again, which needs releases.
    deployed: false,
    state: 'PENDING',
    version: 0,
    platformVersion: 'machines',
    network: app.network === defaultNetwork ? null : app.network,
    createdAt: encodeInstant(app.createdAt),
    config: { definition: {} },
    services: [],
    regions: [],
    ipAddresses: none,
    egressIpAddresses: none,
    machines: async (_args: unknown, context: Context) => {
      const machines: ShownMachine[] = []
      const asked = { appName: name, ...allMachines, withEvents: false }
      const read = (after: string | undefined) => context.exchange.perform(listMachines, { ...asked, after })
      for await (const { items } of pagesOf(read)) machines.push(...items)
      return { nodes: encodeEach(machines, (shown) => encodeMachine(shown, own), context) }
    },
    image: ({ ref }: { readonly ref: string }) => encodeImage(ref),
    hostIssues: none,
    limitedAccessTokens: (args: PageArgs, context: Context) =>
      encodeTokens(args, name, context, (page) => context.exchange.perform(listAppTokens, { appName: name, ...page })),
  }
}

const allMachines = { withDestroyed: false, states: [], regions: [], metadata: [] } as const

/** `own` is that of its app. */
export function encodeMachine({ app, organisation, machine }: ShownMachine, own: boolean) {
  const { id, name, state, region, createdAt } = machine
  return {
    id,
    name,
    state,
    region,
    createdAt: encodeInstant(createdAt),
    config: readConfig(machine.config),
    app: () => encodeApp({ app, organisation, own }),
    ips: none,
    host: { id: 'local' },
  }
}

/** Without a digest, so that clients hand the reference on as it was given. */
function encodeImage(ref: string) {
  return { id: ref, digest: '', ref, compressedSize: '0', compressedSizeFull: '0', manifest: null }
}

export function encodeToken(record: ListedToken, organisation: Organisation, header: string | null = null) {
  return {
    id: record.id,
    name: record.name,
    profile: record.profile,
    profileParams: record.appName === null ? {} : { app_id: record.appName },
    tokenHeader: header,
    token: null,
    createdAt: encodeInstant(record.createdAt),
    expiresAt: encodeInstant(record.expiresAt),
    revokedAt: record.revokedAt === null ? null : encodeInstant(record.revokedAt),
    revokedBy: record.revokedBy,
    organization: encodeOrganisation({ organisation, own: false }),
    user:
      record.createdBy === null || record.createdByEmail === null
        ? null
        : encodeCreator(record, { id: record.createdBy, email: record.createdByEmail }),
  }
}

/** Clients print only the address of a token's maker, so the address is marked if it was unproven. */
function encodeCreator({ createdByProvenAt, createdAt }: ListedToken, user: Pick<User, 'id' | 'email'>) {
  const emailProvenAt = createdByProvenAt !== null && createdByProvenAt <= createdAt ? createdByProvenAt : null
  return encodeUser({ id: user.id, email: describeUser({ email: user.email, emailProvenAt }), emailProvenAt })
}

/** Members are found by their address, so it stays unmarked; clients print the name beside it. */
function encodeUser({ id, email, emailProvenAt }: Pick<User, 'id' | 'email' | 'emailProvenAt'>) {
  const name = emailProvenAt === null ? '(unproven)' : null
  return { __typename: 'User', id: String(id), email, name, enablePaidHobby: false }
}

/** A token has no address; its name and its id describe it. */
export function encodePrincipal(credential: Credential) {
  if (credential.kind === 'user') return encodeUser(credential.user)
  const { name, id } = credential.record
  return { __typename: 'Macaroon', email: `${name} (token ${id})` }
}

export function encodeMember({ userId, email, emailProvenAt }: Member) {
  return encodeUser({ id: userId, email, emailProvenAt })
}

function encodeMembership(member: Member) {
  return {
    cursor: String(member.userId),
    node: encodeMember(member),
    joinedAt: encodeInstant(member.joinedAt),
    role: member.role === 'admin' ? 'ADMIN' : 'MEMBER',
  }
}

/** Only live tokens; the audit trail has revoked and ended ones. */
async function encodeTokens(
  args: PageArgs,
  owner: string,
  context: Context,
  list: (page: ListOptions) => Promise<ListedTokens>,
) {
  const listing = { ...usualListing, owner }
  const turn = (after: string | undefined) =>
    list({ ...usualListing, withoutCaveats: true, limit: pageSize(args), after })
  const page = await turn(args.after ? decodeTokenCursor(args.after, listing) : undefined)
  const encodeItem = (record: ListedToken) => encodeToken(record, page.organisation)
  return isForAll(args)
    ? connectAll(page, turn, encodeItem, context)
    : connect(page, encodeItem, (place) => encodeTokenCursor(place, listing), context)
}
