// The queries. Each runs one operation and encodes the result.
import { DomainError } from '../../domain/errors.ts'
import { personalAlias } from '../../domain/organisation.ts'
import { listOrganisations } from '../../operations/organisations/list-organisations.ts'
import { listRegions } from '../../operations/apps/list-regions.ts'
import { pageApps } from '../../operations/apps/list-apps.ts'
import { showApp } from '../../operations/apps/show-app.ts'
import { showMachine } from '../../operations/machines/show-machine.ts'
import { showOrganisation } from '../../operations/organisations/show-organisation.ts'
import { showPrincipal } from '../../operations/tokens/show-principal.ts'
import { connect, isForAll, none, pageSize, type PageArgs } from './connection.ts'
import type { Context, Resolve } from './context.ts'
import { notFoundAs, readName } from './names.ts'
import { encodeApp, encodeMachine, encodePrincipal, encodeReachedOrganisation } from './nodes.ts'

interface AppsArgs extends PageArgs {
  readonly organizationId?: string | null
  readonly role?: string | null
}

interface OrganizationsArgs extends PageArgs {
  readonly admin?: boolean | null
}

const findOrganisation = async (slug: string, { exchange }: Context) => {
  const found = exchange.perform(showOrganisation, { slug: readName('Organization', slug) })
  return encodeReachedOrganisation(await found.catch(notFoundAs('Organization')))
}

const addOns: Resolve<unknown> = async (_args, { exchange }) => {
  // The answer is empty, but it needs a credential.
  await exchange.perform(showPrincipal, undefined)
  return none
}

const app: Resolve<{ readonly name: string }> = async ({ name }, { exchange }) => {
  const found = exchange.perform(showApp, { name: readName('App', name) })
  return encodeApp(await found.catch(notFoundAs('App')))
}

const apps: Resolve<AppsArgs> = async ({ organizationId, role, ...args }, context) => {
  // Roles belong to the original: its builders have one, and nothing here has one.
  if (role) return connect({ items: [] }, encodeApp, String, context)
  const page = context.exchange.perform(pageApps, {
    slug: organizationId ? readName('Organization', organizationId) : undefined,
    limit: isForAll(args) ? Infinity : pageSize(args),
    after: args.after ? readName('App', args.after) : undefined,
  })
  return connect(await page.catch(notFoundAs('Organization')), encodeApp, String, context)
}

/** flyctl takes an error with these words for an unknown image, and goes on. */
const latestImageDetails: Resolve<unknown> = async (_args, { exchange }) => {
  await exchange.perform(showPrincipal, undefined)
  throw new DomainError('not_found', 'Unknown repository: this authority keeps no images')
}

const machine: Resolve<{ readonly machineId: string }> = async ({ machineId }, { exchange }) =>
  encodeMachine(await exchange.perform(showMachine, { appName: undefined, machineId }), false)

const organization: Resolve<{ readonly slug: string }> = ({ slug }, context) => findOrganisation(slug, context)

const personalOrganization: Resolve<unknown> = (_args, context) => findOrganisation(personalAlias, context)

const organizations: Resolve<OrganizationsArgs> = async ({ admin, ...args }, context) => {
  const reached = await context.exchange.perform(listOrganisations, undefined)
  const wanted = admin === true ? reached.filter(({ role }) => role === 'admin') : reached
  const start = wanted.findIndex(({ organisation: { slug } }) => slug === args.after) + 1
  const items = wanted.slice(start, isForAll(args) ? undefined : start + pageSize(args))
  const last = items.at(-1)
  const more = last !== undefined && start + items.length < wanted.length
  return connect(more ? { items, next: last.organisation.slug } : { items }, encodeReachedOrganisation, String, context)
}

const platform: Resolve<unknown> = async (_args, { exchange }) => {
  const regions = await exchange.perform(listRegions, undefined)
  const facts = { gatewayAvailable: false, requiresPaidPlan: false, deprecated: false }
  return {
    requestRegion: regions[0].code,
    regions: regions.map(({ code, name }) => ({ code, name, latitude: 0, longitude: 0, ...facts })),
  }
}

const viewer: Resolve<unknown> = async (_args, { exchange }) =>
  encodePrincipal(await exchange.perform(showPrincipal, undefined))

export const queries = {
  addOns,
  app,
  apps,
  latestImageDetails,
  machine,
  organization,
  organizations,
  personalOrganization,
  platform,
  viewer,
}
