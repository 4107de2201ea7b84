// One request for every route of the contract, about things that exist, with fresh ones where the request ends them, and who
// may make it.
import type { CreatedApp } from '@hallpass/client'
import { allRoutes, routes, type Route } from '@hallpass/client/contract'

import {
  everybody,
  members,
  nothing,
  ofApp,
  ofOrganisation,
  people,
  single,
  whole,
  type Entry,
} from './matrix-entry.ts'
import { machineRows, withoutEngine } from './matrix-machines.ts'
import { startingCliLogin } from './cli-login.ts'
import { expectAnswer } from './http.ts'
import { pagesOrigin, type World } from './matrix-world.ts'
import {
  inOrganisation,
  ofCliLogin,
  ofDischarge,
  ofOwnInvitation,
  ofSecret,
  ofToken,
  ofDerived,
  pasting,
} from './matrix-subjects.ts'
import { addPasskey, makePasskey } from './passkeys.ts'
import { createApp, createOrganisation, invite, inviteFully, plantReset, signIn, signUpInto, unique } from './people.ts'

/** The status of an answer to those who may. */
export function statusOf(row: Row): number {
  const route = routeOf(row)
  if (!/\/(?:machines|logs|volumes)/.test(route.path)) return route.status
  return withoutEngine[nameOf(row)] ?? 404
}

const code = 'abcdefgh-abcdefgh-abcdefgh-abcdefgh'

// Of an issuer that is in no network.
const trustPolicy = { name: 'ci', issuer: 'https://127.0.0.1', claims: { sub: 'job' } }

const listed = {
  signUp: [
    everybody,
    async ({ world }) => {
      const email = `${unique('new')}@example.com`
      const invitation = await invite(world.authority.ask, world.admin.token, world.organisation.slug, { email })
      return { body: { email, password: 'a password for nobody', invitation } }
    },
    { email: 'new@example.com', password: 'a long enough password', invitation: code },
  ],
  signIn: [
    everybody,
    ({ world: { bystander } }) => ({ body: { email: bystander.email, password: bystander.password } }),
    { email: 'nobody@example.com', password: 'a long enough password' },
  ],
  signOut: [
    people,
    async ({ world, person }) =>
      person === undefined ? {} : { token: (await signIn(world.authority.ask, person)).token },
  ],
  showCurrentUser: [people, nothing],
  changePassword: [
    people,
    async ({ world, person }) => {
      const body = { new_password: 'another long password' }
      if (person === undefined) return { body }
      // It ends every other login: so it is a person whom no other row of the table uses.
      const somebody = await signUpInto(world.authority.ask, world.admin.token, world.organisation.slug)
      return { body: { ...body, current_password: somebody.password }, token: somebody.token }
    },
    { current_password: 'wrong', new_password: 'a long enough password' },
  ],
  deleteCurrentUser: [
    people,
    async ({ world, person }) => {
      if (person === undefined) return {}
      // A person whom no other row of the table uses.
      return { token: (await signUpInto(world.authority.ask, world.admin.token, world.organisation.slug)).token }
    },
  ],
  requestPasswordReset: [
    everybody,
    () => ({ body: { email: `${unique('anybody')}@example.com` } }),
    { email: 'new@example.com' },
  ],
  resetPassword: [
    everybody,
    async ({ world }) => {
      const { email } = await signUpInto(world.authority.ask, world.admin.token, world.organisation.slug)
      return { body: { code: await plantReset(world.authority, email), new_password: 'a password from now on' } }
    },
    { code, new_password: 'a long enough password' },
  ],
  showLoginMethods: [everybody, nothing],
  listSessions: [people, nothing],
  deleteOtherSessions: [
    people,
    async ({ world, person }) => {
      if (person === undefined) return {}
      // Other rows use the logins of the person who asks.
      const { token } = await signUpInto(world.authority.ask, world.admin.token, world.organisation.slug)
      return { token }
    },
  ],
  deleteSession: [
    people,
    async ({ world, person }) => {
      if (person === undefined) return { params: { session_id: '1' } }
      const { ask } = world.authority
      const { token } = await signIn(ask, person)
      const { sessions } = expectAnswer(routes.listSessions, await ask('GET', '/v1/sessions', { token }))
      return { params: { session_id: String(sessions.find(({ current }) => current)?.id) } }
    },
  ],
  listPasskeys: [people, nothing],
  beginPasskey: [people, nothing],
  addPasskey: [
    people,
    async ({ world, person }) => {
      const { body } = await makePasskey(world.authority.ask, pagesOrigin, (person ?? world.bystander).token)
      return { body }
    },
    {
      challenge_id: 'eHh4',
      name: 'laptop',
      response: { id: 'eHh4', response: { clientDataJSON: 'e30', attestationObject: 'oA' } },
    },
  ],
  deletePasskey: [
    people,
    async ({ world, person }) => {
      if (person === undefined) return { params: { passkey_id: '1' } }
      const { id } = await addPasskey(world.authority.ask, pagesOrigin, person.token)
      return { params: { passkey_id: String(id) } }
    },
  ],
  beginPasskeySignIn: [everybody, nothing],
  signInWithPasskey: [
    everybody,
    async ({ world }) => {
      const { ask } = world.authority
      const somebody = await signUpInto(ask, world.admin.token, world.organisation.slug)
      const { authenticator } = await addPasskey(ask, pagesOrigin, somebody.token)
      const begun = await ask('POST', '/v1/sessions/passkey-options')
      const { challenge_id, options } = expectAnswer(routes.beginPasskeySignIn, begun)
      return { body: { challenge_id, response: authenticator.get(options) } }
    },
    {
      challenge_id: 'eHh4',
      response: { id: 'eHh4', response: { clientDataJSON: 'e30', authenticatorData: 'eHh4', signature: 'eHh4' } },
    },
  ],
  createCliLogin: [
    everybody,
    () => ({ body: startingCliLogin().body }),
    { name: 'laptop', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256', state: 'state' },
  ],
  showCliLogin: [people, ofCliLogin],
  approveCliLogin: [people, ofCliLogin],
  denyCliLogin: [people, ofCliLogin],
  redeemCliLogin: [
    everybody,
    async ({ world }) => {
      const { ask } = world.authority
      const { body, verifier } = startingCliLogin()
      const { id } = expectAnswer(routes.createCliLogin, await ask('POST', '/v1/cli-logins', { body }))
      const { token } = world.bystander
      const approved = await ask('POST', `/v1/cli-logins/${id}/approve`, { token })
      const { code } = expectAnswer(routes.approveCliLogin, approved)
      return { params: { login_id: id }, body: { code, code_verifier: verifier } }
    },
    { code, code_verifier: 'x'.repeat(43) },
  ],
  listOrganisations: [everybody, nothing],
  createOrganisation: [people, () => ({ body: { name: unique('Organisation') } }), { name: 'Acme again' }],
  showOrganisation: [[...members, ...whole, 'readonly', 'deploy', 'sibling'], ofOrganisation],
  updateOrganisation: [
    ['admin'],
    ({ world: { guarded } }) => ({
      params: { org_slug: guarded.slug },
      body: { require_membership_discharge: 'login' },
    }),
    { name: 'Acme once more' },
  ],
  deleteOrganisation: [
    ['admin'],
    async ({ world, fresh }) => {
      if (!fresh) return { params: { org_slug: world.organisation.slug } }
      return { params: { org_slug: (await createOrganisation(world.authority.ask, world.admin.token)).slug } }
    },
  ],
  showTokenPolicy: [[...members, ...whole, 'readonly', 'deploy', 'sibling'], ofOrganisation],
  updateTokenPolicy: [['admin'], inOrganisation({ approval: false }), { approval: false }],
  listTrustPolicies: [[...members, ...whole, 'readonly', 'deploy', 'sibling'], ofOrganisation],
  addTrustPolicy: [['admin'], (subject) => inOrganisation(trustPolicy)(subject), trustPolicy],
  removeTrustPolicy: [
    ['admin'],
    async ({ world }) => {
      const { slug } = world.organisation
      const { ask } = world.authority
      const path = `/v1/orgs/${slug}/trust-policies`
      const added = await ask('POST', path, { token: world.admin.token, body: trustPolicy })
      return { params: { org_slug: slug, policy_id: expectAnswer(routes.addTrustPolicy, added).id } }
    },
  ],
  checkIdentityToken: [
    ['admin'],
    (subject) => inOrganisation({ identity_token: 'e30.e30.e30' })(subject),
    { identity_token: 'e30.e30.e30' },
  ],
  listInvitations: [[...members, ...whole, 'readonly'], ofOrganisation],
  withdrawInvitation: [
    ['admin'],
    async ({ world }) => {
      const { slug } = world.organisation
      const { id } = await inviteFully(world.authority.ask, world.admin.token, slug, {
        email: `${unique('new')}@x.example`,
      })
      return { params: { org_slug: slug, invitation_id: String(id) } }
    },
  ],
  previewInvitation: [
    everybody,
    async ({ world }) => {
      const { slug } = world.organisation
      const email = `${unique('new')}@example.com`
      return { body: { invitation: await invite(world.authority.ask, world.admin.token, slug, { email }) } }
    },
    { invitation: code },
  ],
  inviteMember: [
    ['admin'],
    (subject) => inOrganisation({ email: `${unique('new')}@example.com` })(subject),
    { email: 'new@example.com', role: 'member' },
  ],
  acceptInvitation: [
    people,
    async ({ world, person }) => {
      const { slug } = await createOrganisation(world.authority.ask, world.bystander.token)
      const email = person?.email ?? 'nobody@example.com'
      return { body: { invitation: await invite(world.authority.ask, world.bystander.token, slug, { email }) } }
    },
    { invitation: code },
  ],
  listOwnInvitations: [people, nothing],
  acceptOwnInvitation: [['admin'], ofOwnInvitation],
  declineInvitation: [['admin'], ofOwnInvitation],
  changeRole: [
    ['admin'],
    ({ world }) => ({
      params: { org_slug: world.organisation.slug, email: world.bystander.email },
      body: { role: 'member' },
    }),
    { role: 'member' },
  ],
  removeMember: [
    ['admin'],
    async ({ world, fresh }) => {
      const { slug } = world.organisation
      const { email } = fresh ? await signUpInto(world.authority.ask, world.admin.token, slug) : world.bystander
      return { params: { org_slug: slug, email } }
    },
  ],
  listAuditEvents: [[...members, ...whole, 'readonly'], ofOrganisation],
  createApp: [
    [...members, ...whole],
    ({ world }) => ({ body: { name: unique('made'), org_slug: world.organisation.slug } }),
    { name: 'web', org_slug: 'acme' },
  ],
  listApps: [
    [...members, ...whole, 'readonly', 'deploy', 'sibling'],
    ({ world }) => ({ query: { org_slug: world.organisation.slug } }),
  ],
  showApp: [[...members, ...whole, 'readonly', 'app', 'deploy'], ofApp],
  deleteApp: [[...members, ...whole, 'app', 'deploy'], ofApp],
  listRegions: [everybody, nothing],
  createDeployToken: [
    [...members, ...single, 'app', 'deploy'],
    ({ app }) => ({ params: { app_name: app.name }, body: { expiry: '1h' } }),
    { expiry: '1h' },
  ],
  ...machineRows,
  listSecrets: [[...members, ...whole, 'readonly', 'app', 'deploy'], ofApp],
  'listSecrets:values': [
    [...members, ...whole, 'app', 'deploy'],
    ({ app }) => ({ params: { app_name: app.name }, query: { show_secrets: 'true' } }),
  ],
  changeSecrets: [
    [...members, ...whole, 'app', 'deploy'],
    ({ app }) => ({ params: { app_name: app.name }, body: { values: { ONE: 'a', TWO: null } } }),
    { values: { ONE: 'a' } },
  ],
  setSecret: [
    [...members, ...whole, 'app', 'deploy'],
    ({ app }) => ({ params: { app_name: app.name, secret_name: 'THREE' }, body: { value: 'c' } }),
    { value: 'c' },
  ],
  showSecret: [[...members, ...whole, 'readonly', 'app', 'deploy'], ofSecret],
  deleteSecret: [[...members, ...whole, 'app', 'deploy'], ofSecret],
  'createToken:org': [[...members, ...single], inOrganisation({}), { name: 'ci', expiry: '1h' }],
  'createToken:deploy': [
    [...members, ...single, 'app', 'deploy'],
    (subject) => inOrganisation({ profile: 'deploy', app: subject.app.name })(subject),
  ],
  'createToken:litefs': [[...members, ...single], inOrganisation({ profile: 'litefs_cloud', cluster: 'main' })],
  listOrganisationTokens: [[...members, ...whole, 'readonly', 'deploy', 'sibling'], ofOrganisation],
  listAppTokens: [[...members, ...whole, 'readonly', 'app', 'deploy'], ofApp],
  countOrganisationTokens: [[...members, ...whole, 'readonly', 'deploy', 'sibling'], ofOrganisation],
  countAppTokens: [[...members, ...whole, 'readonly', 'app', 'deploy'], ofApp],
  showCurrentTokens: [everybody, nothing],
  'showToken:org': [[...members, ...whole, 'readonly', 'deploy', 'sibling'], ofToken('deploy_organization')],
  'showToken:deploy': [[...members, ...whole, 'readonly', 'app', 'deploy'], ofToken('deploy')],
  'showTokenHistory:org': [[...members, ...whole, 'readonly'], ofToken('deploy_organization')],
  'showTokenHistory:deploy': [[...members, ...whole, 'readonly'], ofToken('deploy')],
  'renameToken:org': [[...members, ...whole], ofToken('deploy_organization', { name: 'ci 2' }), { name: 'ci 2' }],
  'renameToken:deploy': [[...members, ...whole, 'app', 'deploy'], ofToken('deploy', { name: 'ci 2' })],
  'rotateToken:org': [[...members, ...single], ofToken('deploy_organization'), { grace: '1h' }],
  'rotateToken:deploy': [[...members, ...single, 'app', 'deploy'], ofToken('deploy')],
  'approveToken:org': [['admin'], ofToken('deploy_organization')],
  'approveToken:deploy': [['admin'], ofToken('deploy')],
  'revokeToken:org': [[...members, ...whole], ofToken('deploy_organization')],
  'revokeToken:deploy': [[...members, ...whole, 'app', 'deploy'], ofToken('deploy')],
  'revokeTokenText:org': [
    [...members, ...whole],
    pasting('deploy_organization'),
    { token: 'fm2_x', descendants: 'revoke' },
  ],
  'revokeTokenText:deploy': [[...members, ...whole, 'app', 'deploy'], pasting('deploy')],
  'revokeDerivedToken:org': [
    [...members, ...whole],
    ofDerived('deploy_organization'),
    { derived: `dt_${'A'.repeat(43)}` },
  ],
  'revokeDerivedToken:deploy': [[...members, ...whole, 'app', 'deploy'], ofDerived('deploy')],
  authenticateTokens: [
    [...whole, 'readonly', 'app', 'deploy', 'sibling', 'other'],
    () => ({ body: {} }),
    { header: 'fo1_x' },
  ],
  'authorizeToken:org': [
    [...whole, 'readonly', 'deploy', 'sibling'],
    ({ world }) => ({ body: { access: { org_slug: world.organisation.slug, action: 'r' } } }),
    { header: 'fo1_x', access: { org_slug: 'acme', action: 'r' } },
  ],
  'authorizeToken:app': [
    [...whole, 'app', 'deploy'],
    ({ app }) => ({ body: { access: { app_name: app.name, action: 'w' } } }),
  ],
  verifyTokens: [[], () => ({ body: {} }), { headers: [{ header: 'fo1_x' }], names: [{ org_slug: 'acme' }] }],
  showDischarge: [members, ofDischarge],
  approveDischarge: [members, ofDischarge],
  denyDischarge: [members, ofDischarge],
} as const satisfies Readonly<Record<string, Entry>>

const all = {
  ...listed,
  webSignUp: listed.signUp,
  webSignIn: listed.signIn,
  webSignInWithPasskey: listed.signInWithPasskey,
  webSignOut: [everybody, nothing],
} as const

/** A row is a route of the contract, or a route and what it is asked about. */
export type Row = keyof typeof all
export const rows = Object.keys(all) as Row[]

/** The one list of requests, in which every route of the contract is. */
export const requests: Readonly<Record<Row, Entry>> = all

/** The good bodies, by the names of their routes. */
export const examples: Readonly<Record<string, Readonly<Record<string, unknown>>>> = Object.fromEntries(
  Object.entries<Entry>(listed).flatMap(([row, [, , example]]) => (example ? [[nameOf(row), example]] : [])),
)

export function routeOf(row: Row): Route {
  return allRoutes[nameOf(row) as keyof typeof allRoutes]
}

function nameOf(row: string): string {
  return row.replace(/:.*/, '')
}

/** The app of a case: its own where the request ends it. */
export async function appFor(world: World, row: Row, fresh: boolean): Promise<CreatedApp> {
  if (row !== 'deleteApp' || !fresh) return world.app
  return createApp(world.authority.ask, world.admin.token, world.organisation.slug)
}
