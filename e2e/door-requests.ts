// The requests of the doors for flyctl, each beside the route of the contract that runs the same operation.
import { expect } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { ownPage } from './browser.ts'
import { expectAnswer, type Answer, type Ask } from './http.ts'
import type { Prepared } from './matrix-entry.ts'
import { routeOf, type Row } from './matrix-requests.ts'
import type { World } from './matrix-world.ts'

/** What the authority says of a credential: as the statuses of the contract. */
export type Verdict = 'allowed' | 401 | 403

export interface DoorRequest {
  /** What it is called in the door: `Mutations.createApp`, `GET /api/v1/organizations`. */
  readonly name: string
  /** The row of the contract's matrix, about whose things it asks. */
  readonly row: Row
  readonly ask: (world: World, prepared: Prepared, token: string | undefined) => Promise<Answer>
  readonly judge: (answer: Answer) => Verdict
}

export function judgeRest({ status, text }: Answer): Verdict {
  if (status === 401 || status === 403) return status
  expect(status, text).toBeLessThan(400)
  return 'allowed'
}

export interface GraphqlAnswer {
  readonly data: Readonly<Record<string, unknown>> | null
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[]
}

export function readGraphql(answer: Answer): GraphqlAnswer {
  expect(answer.status, answer.text).toBe(200)
  return answer.body as GraphqlAnswer
}

function judgeGraphql(answer: Answer): Verdict {
  const codes = readGraphql(answer).errors?.map(({ extensions }) => extensions.code)
  if (codes === undefined) return 'allowed'
  expect([['UNAUTHORIZED'], ['FORBIDDEN']], answer.text).toContainEqual(codes)
  return codes[0] === 'UNAUTHORIZED' ? 401 : 403
}

type Variables = Readonly<Record<string, unknown>>

function graphql(
  name: string,
  row: Row,
  query: string,
  variables: (prepared: Prepared, world: World) => Variables | Promise<Variables> = () => ({}),
): DoorRequest {
  return {
    name,
    row,
    async ask(world, prepared, token) {
      const body = { query, variables: await variables(prepared, world) }
      return world.authority.ask('POST', '/graphql', { token, body })
    },
    judge: judgeGraphql,
  }
}

function mutation(
  name: string,
  row: Row,
  type: string,
  answer: string,
  input: (prepared: Prepared, world: World) => Variables | Promise<Variables>,
): DoorRequest {
  const query = `mutation($input: ${type}!) { ${name}(input: $input) { ${answer} } }`
  return graphql(`Mutations.${name}`, row, query, async (prepared, world) => ({ input: await input(prepared, world) }))
}

function get(
  url: string,
  row: Row,
  path: (prepared: Prepared) => string,
  judge: DoorRequest['judge'] = judgeRest,
): DoorRequest {
  return {
    name: `GET ${url}`,
    row,
    ask: ({ authority }, prepared, token) => authority.ask('GET', path(prepared), { token }),
    judge,
  }
}

/** flyctl wants a build to be noted before it uses an image. */
function noteBuild(url: string): DoorRequest {
  return {
    name: `POST ${url}`,
    row: 'showApp',
    ask: ({ authority }, prepared, token) =>
      authority.ask('POST', url, { token, body: { app_name: appOf(prepared), builder_type: 'remote' } }),
    judge: judgeRest,
  }
}

const slugOf = ({ params, query, body }: Prepared) =>
  params?.['org_slug'] ?? query?.['org_slug'] ?? (body as { org_slug: string }).org_slug
const appOf = ({ params }: Prepared) => params?.['app_name'] ?? ''
const nameOf = ({ body }: Prepared) => (body as { name: string }).name
const ofSlug = (prepared: Prepared) => ({ slug: slugOf(prepared) })
const ofApp = (prepared: Prepared) => ({ name: appOf(prepared) })

async function userIdOf({ authority: { ask }, admin }: World, { params }: Prepared): Promise<string> {
  const answer = await ask('GET', `/v1/orgs/${params?.['org_slug']}`, { token: admin.token })
  const { members } = expectAnswer(routes.showOrganisation, answer)
  return String(members.find(({ email }) => email === params?.['email'])?.id)
}

const tokensOf = 'limitedAccessTokens(first: 3) { nodes { id name expiresAt } }'
const created = 'limitedAccessToken { tokenHeader }'

export const graphqlRequests: readonly DoorRequest[] = [
  graphql('Queries.addOns', 'listOrganisations', '{ addOns { nodes { id } } }'),
  graphql('Queries.app', 'showApp', 'query($name: String!) { app(name: $name) { id organization { slug } } }', ofApp),
  graphql('Queries.app', 'listAppTokens', `query($name: String!) { app(name: $name) { ${tokensOf} } }`, ofApp),
  graphql(
    'Queries.apps',
    'listApps',
    'query($slug: ID) { apps(organizationId: $slug, first: 2) { nodes { id } pageInfo { endCursor } } }',
    ofSlug,
  ),
  graphql('Queries.apps', 'listOrganisations', '{ apps { nodes { id } } }'),
  graphql(
    'Queries.app',
    'listMachines',
    'query($name: String!) { app(name: $name) { machines { nodes { id } } } }',
    ofApp,
  ),
  {
    ...graphql('Queries.latestImageDetails', 'listOrganisations', '{ latestImageDetails(image: "busybox") { tag } }'),
    // Those who may ask learn that nobody knows.
    judge: (answer) => (/Unknown repository/.test(answer.text) ? 'allowed' : judgeGraphql(answer)),
  },
  graphql(
    'Queries.organization',
    'showOrganisation',
    'query($slug: String!) { organization(slug: $slug) { id viewerRole members { edges { node { email } } } } }',
    ofSlug,
  ),
  graphql(
    'Queries.organization',
    'listOrganisationTokens',
    `query($slug: String!) { organization(slug: $slug) { ${tokensOf} } }`,
    ofSlug,
  ),
  {
    ...graphql('Queries.machine', 'listOrganisations', '{ machine(machineId: "00000000000000") { app { name } } }'),
    // Those who may ask learn that there is none.
    judge: (answer) => (/machine not found/.test(answer.text) ? 'allowed' : judgeGraphql(answer)),
  },
  graphql('Queries.organizations', 'listOrganisations', '{ organizations { nodes { id internalNumericId } } }'),
  graphql('Queries.platform', 'listRegions', '{ platform { requestRegion regions { code } } }'),
  graphql('Queries.viewer', 'listOrganisations', '{ viewer { email } }'),
  mutation('createApp', 'createApp', 'CreateAppInput', 'app { id }', (prepared) => ({
    organizationId: slugOf(prepared),
    name: nameOf(prepared),
  })),
  mutation('createLimitedAccessToken', 'createToken:org', 'CreateLimitedAccessTokenInput', created, (prepared) => ({
    organizationId: slugOf(prepared),
    name: 'ci',
    profile: 'deploy_organization',
    profileParams: {},
    expiry: '10m',
  })),
  mutation('createLimitedAccessToken', 'createToken:deploy', 'CreateLimitedAccessTokenInput', created, (prepared) => ({
    organizationId: slugOf(prepared),
    name: 'ci',
    profile: 'deploy',
    profileParams: { app_id: (prepared.body as { app: string }).app },
    expiry: '',
  })),
  mutation('createLimitedAccessToken', 'createToken:litefs', 'CreateLimitedAccessTokenInput', created, (prepared) => ({
    organizationId: slugOf(prepared),
    name: 'ci',
    profile: 'litefs_cloud',
    profileParams: { cluster: 'main' },
  })),
  mutation(
    'createOrganization',
    'createOrganisation',
    'CreateOrganizationInput',
    'organization { id }',
    (prepared) => ({
      name: nameOf(prepared),
    }),
  ),
  mutation(
    'createOrganizationInvitation',
    'inviteMember',
    'CreateOrganizationInvitationInput',
    'invitation { id email organization { slug } }',
    (prepared) => ({ organizationId: slugOf(prepared), email: (prepared.body as { email: string }).email }),
  ),
  graphql(
    'Mutations.deleteApp',
    'deleteApp',
    'mutation($name: ID!) { deleteApp(appId: $name) { organization { id } } }',
    ofApp,
  ),
  ...(['revokeToken:org', 'revokeToken:deploy'] as const).map((row) =>
    mutation('deleteLimitedAccessToken', row, 'DeleteLimitedAccessTokenInput', 'token', ({ params }) => ({
      id: params?.['token_id'],
    })),
  ),
  mutation(
    'deleteOrganization',
    'deleteOrganisation',
    'DeleteOrganizationInput',
    'deletedOrganizationId',
    (prepared) => ({ organizationId: slugOf(prepared) }),
  ),
  mutation(
    'deleteOrganizationMembership',
    'removeMember',
    'DeleteOrganizationMembershipInput',
    'organization { slug } user { email }',
    async (prepared, world) => ({ organizationId: slugOf(prepared), userId: await userIdOf(world, prepared) }),
  ),
  mutation('logOut', 'signOut', 'LogOutInput', 'ok', () => ({})),
]

export const flyctlRequests: readonly DoorRequest[] = [
  get('/api/v1/organizations', 'listOrganisations', () => '/api/v1/organizations?admin=false'),
  get('/api/v1/organizations/:slug', 'showOrganisation', (prepared) => `/api/v1/organizations/${slugOf(prepared)}`),
  get('/api/v1/apps/:app_name/releases', 'showApp', (prepared) => `/api/v1/apps/${appOf(prepared)}/releases`),
  get(
    '/api/v1/apps/:app_name/logs',
    'readLogs',
    (prepared) => `/api/v1/apps/${appOf(prepared)}/logs`,
    // Where it may be asked, nothing runs machines.
    (answer) => (answer.status === 503 && answer.text.includes('engine_unavailable') ? 'allowed' : judgeRest(answer)),
  ),
  noteBuild('/api/v1/builds'),
  noteBuild('/api/v1/builds/finish'),
  get('/api/v1/releases/all_current', 'listOrganisations', () => '/api/v1/releases/all_current'),
  get(
    '/api/v1/apps/:app_name/releases/current',
    'showApp',
    (prepared) => `/api/v1/apps/${appOf(prepared)}/releases/current`,
    // Where it may be asked, there is none.
    (answer) => (answer.status === 404 && answer.text.includes('has no release') ? 'allowed' : judgeRest(answer)),
  ),
]

/** The same thing asked of the contract's own route. */
export async function askRest(
  ask: Ask,
  row: Row,
  { params = {}, query, body, headers: given = {} }: Prepared,
  token: string | undefined,
): Promise<Answer> {
  const route = routeOf(row)
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(params[key] ?? ''))
  const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`
  // A service hands on the header that it was sent, and has no credential of its own.
  if (route.credentialInBody === true) {
    return ask(route.method, path, { body: { ...(body as object), header: token ?? '' } })
  }
  // What only a browser asks, its own page asks.
  const headers = path.startsWith('/web/') ? { ...ownPage, ...given } : given
  return ask(route.method, path + search, { token, body, headers })
}
