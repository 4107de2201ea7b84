// One request for every route of the contract, about things that exist, with fresh ones where the request ends them.
import type { CreatedApp, MintedToken } from '@hallpass/client'
import { routes, type allRoutes } from '@hallpass/client/contract'

import { startingCliLogin } from './cli-login.ts'
import { expectAnswer } from './http.ts'
import { pagesOrigin, type World } from './matrix-world.ts'
import { addPasskey, makePasskey } from './passkeys.ts'
import { askForConfirmation } from './discharges.ts'
import {
  createApp,
  createOrganisation,
  invite,
  inviteFully,
  mint,
  plantReset,
  signIn,
  signUpInto,
  unique,
  type Person,
} from './people.ts'

interface Subject {
  readonly world: World
  /** The app that the case is about: a fresh one where the request may end it. */
  readonly app: CreatedApp
  /** Whether the request is expected to change something. */
  readonly fresh: boolean
  /** The person who asks, where a person does. */
  readonly person: Person | undefined
}

export interface Prepared {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** In the place of the credential of the column: for what ends the credential itself. */
  readonly token?: string
}

type Prepare = (subject: Subject) => Prepared | Promise<Prepared>

/** A row is a route, or a route and what it is asked about. */
export const rowsOfRoutes = {
  signUp: ['signUp'],
  signIn: ['signIn'],
  signOut: ['signOut'],
  showCurrentUser: ['showCurrentUser'],
  changePassword: ['changePassword'],
  deleteCurrentUser: ['deleteCurrentUser'],
  requestPasswordReset: ['requestPasswordReset'],
  resetPassword: ['resetPassword'],
  showLoginMethods: ['showLoginMethods'],
  listSessions: ['listSessions'],
  deleteSession: ['deleteSession'],
  listPasskeys: ['listPasskeys'],
  beginPasskey: ['beginPasskey'],
  addPasskey: ['addPasskey'],
  deletePasskey: ['deletePasskey'],
  beginPasskeySignIn: ['beginPasskeySignIn'],
  signInWithPasskey: ['signInWithPasskey'],
  createCliLogin: ['createCliLogin'],
  showCliLogin: ['showCliLogin'],
  approveCliLogin: ['approveCliLogin'],
  denyCliLogin: ['denyCliLogin'],
  redeemCliLogin: ['redeemCliLogin'],
  listOrganisations: ['listOrganisations'],
  createOrganisation: ['createOrganisation'],
  showOrganisation: ['showOrganisation'],
  updateOrganisation: ['updateOrganisation'],
  deleteOrganisation: ['deleteOrganisation'],
  inviteMember: ['inviteMember'],
  listInvitations: ['listInvitations'],
  withdrawInvitation: ['withdrawInvitation'],
  previewInvitation: ['previewInvitation'],
  acceptInvitation: ['acceptInvitation'],
  listOwnInvitations: ['listOwnInvitations'],
  acceptOwnInvitation: ['acceptOwnInvitation'],
  declineInvitation: ['declineInvitation'],
  changeRole: ['changeRole'],
  removeMember: ['removeMember'],
  listAuditEvents: ['listAuditEvents'],
  createApp: ['createApp'],
  listApps: ['listApps'],
  showApp: ['showApp'],
  deleteApp: ['deleteApp'],
  listRegions: ['listRegions'],
  createDeployToken: ['createDeployToken'],
  createToken: ['createToken:org', 'createToken:deploy', 'createToken:litefs'],
  listOrganisationTokens: ['listOrganisationTokens'],
  listAppTokens: ['listAppTokens'],
  showCurrentTokens: ['showCurrentTokens'],
  showToken: ['showToken:org', 'showToken:deploy'],
  showTokenHistory: ['showTokenHistory:org', 'showTokenHistory:deploy'],
  revokeToken: ['revokeToken:org', 'revokeToken:deploy'],
  revokeTokenText: ['revokeTokenText:org', 'revokeTokenText:deploy'],
  authenticateTokens: ['authenticateTokens'],
  authorizeToken: ['authorizeToken:org', 'authorizeToken:app'],
  showDischarge: ['showDischarge'],
  approveDischarge: ['approveDischarge'],
  denyDischarge: ['denyDischarge'],
  webSignUp: ['webSignUp'],
  webSignIn: ['webSignIn'],
  webSignInWithPasskey: ['webSignInWithPasskey'],
  webSignOut: ['webSignOut'],
} as const satisfies Record<keyof typeof allRoutes, readonly string[]>

export type Row = (typeof rowsOfRoutes)[keyof typeof rowsOfRoutes][number]

const ofOrganisation = ({ world }: Subject): Prepared => ({ params: { org_slug: world.organisation.slug } })
const ofApp: Prepare = ({ app }) => ({ params: { app_name: app.name } })
const nothing: Prepare = () => ({})

/** A token that the bystander made: nobody in the table is its creator. */
async function mintSubject({ world, app }: Subject, profile: 'deploy_organization' | 'deploy'): Promise<MintedToken> {
  const body = profile === 'deploy' ? { profile, app: app.name } : {}
  return mint(world.authority.ask, world.bystander.token, world.organisation.slug, body)
}

/** The token itself, with its tail cut off: it proves nothing. */
const pasting =
  (profile: 'deploy_organization' | 'deploy'): Prepare =>
  async (subject) => ({ body: { token: (await mintSubject(subject, profile)).token.slice(0, -20) } })

const ofToken =
  (profile: 'deploy_organization' | 'deploy'): Prepare =>
  async (subject) => ({ params: { token_id: (await mintSubject(subject, profile)).id } })

/** A login of a command line that waits for somebody: whoever is not let in is not told whether there is one. */
const ofCliLogin: Prepare = async ({ world, fresh }) => {
  if (!fresh) return { params: { login_id: 'unknown' } }
  const answer = await world.authority.ask('POST', '/v1/cli-logins', { body: startingCliLogin().body })
  return { params: { login_id: expectAnswer(routes.createCliLogin, answer).id } }
}

/** A discharge of the asking person's own token, where they are a member; else of somebody else's. */
async function ofDischarge({ world, person }: Subject): Promise<Prepared> {
  const { ask } = world.authority
  const asking = person === undefined || person === world.stranger ? world.bystander : person
  const { token } = await mint(ask, asking.token, world.guarded.slug)
  return { params: { discharge_id: (await askForConfirmation(ask, token)).id } }
}

/** An invitation of the asking person. */
async function ofOwnInvitation({ world, person }: Subject): Promise<Prepared> {
  const { slug } = await createOrganisation(world.authority.ask, world.bystander.token)
  const email = person?.email ?? 'nobody@example.com'
  const { id } = await inviteFully(world.authority.ask, world.bystander.token, slug, { email })
  return { params: { invitation_id: String(id) } }
}

const inOrganisation =
  (body: unknown): Prepare =>
  (subject) => ({ ...ofOrganisation(subject), body })

const common: Readonly<Record<Exclude<Row, `web${string}`>, Prepare>> = {
  async signUp({ world }) {
    const email = `${unique('new')}@example.com`
    const invitation = await invite(world.authority.ask, world.admin.token, world.organisation.slug, { email })
    return { body: { email, password: 'a password for nobody', invitation } }
  },
  signIn: ({ world: { bystander } }) => ({ body: { email: bystander.email, password: bystander.password } }),
  signOut: async ({ world, person }) =>
    person === undefined ? {} : { token: (await signIn(world.authority.ask, person)).token },
  showCurrentUser: nothing,
  async changePassword({ world, person }) {
    const body = { new_password: 'another long password' }
    if (person === undefined) return { body }
    // It ends every other login: somebody's of whom nobody else in the table knows.
    const somebody = await signUpInto(world.authority.ask, world.admin.token, world.organisation.slug)
    return { body: { ...body, current_password: somebody.password }, token: somebody.token }
  },
  async deleteCurrentUser({ world, person }) {
    if (person === undefined) return {}
    // Somebody of whom nobody else in the table knows.
    return { token: (await signUpInto(world.authority.ask, world.admin.token, world.organisation.slug)).token }
  },
  requestPasswordReset: () => ({ body: { email: `${unique('anybody')}@example.com` } }),
  async resetPassword({ world }) {
    const { email } = await signUpInto(world.authority.ask, world.admin.token, world.organisation.slug)
    return { body: { code: plantReset(world.authority, email), new_password: 'a password from now on' } }
  },
  showLoginMethods: nothing,
  listSessions: nothing,
  async deleteSession({ world, person }) {
    if (person === undefined) return { params: { session_id: '1' } }
    const { ask } = world.authority
    const { token } = await signIn(ask, person)
    const { sessions } = expectAnswer(routes.listSessions, await ask('GET', '/v1/sessions', { token }))
    return { params: { session_id: String(sessions.find(({ current }) => current)?.id) } }
  },
  listPasskeys: nothing,
  beginPasskey: nothing,
  addPasskey: async ({ world, person }) => {
    const { body } = await makePasskey(world.authority.ask, pagesOrigin, (person ?? world.bystander).token)
    return { body }
  },
  async deletePasskey({ world, person }) {
    if (person === undefined) return { params: { passkey_id: '1' } }
    const { id } = await addPasskey(world.authority.ask, pagesOrigin, person.token)
    return { params: { passkey_id: String(id) } }
  },
  beginPasskeySignIn: nothing,
  async signInWithPasskey({ world }) {
    const { ask } = world.authority
    const somebody = await signUpInto(ask, world.admin.token, world.organisation.slug)
    const { authenticator } = await addPasskey(ask, pagesOrigin, somebody.token)
    const begun = await ask('POST', '/v1/sessions/passkey-options')
    const { challenge_id, options } = expectAnswer(routes.beginPasskeySignIn, begun)
    return { body: { challenge_id, response: authenticator.get(options) } }
  },
  createCliLogin: () => ({ body: startingCliLogin().body }),
  showCliLogin: ofCliLogin,
  approveCliLogin: ofCliLogin,
  denyCliLogin: ofCliLogin,
  async redeemCliLogin({ world }) {
    const { ask } = world.authority
    const { body, verifier } = startingCliLogin()
    const { id } = expectAnswer(routes.createCliLogin, await ask('POST', '/v1/cli-logins', { body }))
    const { token } = world.bystander
    const approved = await ask('POST', `/v1/cli-logins/${id}/approve`, { token })
    const { code } = expectAnswer(routes.approveCliLogin, approved)
    return { params: { login_id: id }, body: { code, code_verifier: verifier } }
  },
  listOrganisations: nothing,
  createOrganisation: () => ({ body: { name: unique('Organisation') } }),
  showOrganisation: ofOrganisation,
  updateOrganisation: ({ world: { guarded } }) => ({
    params: { org_slug: guarded.slug },
    body: { require_membership_discharge: 'login' },
  }),
  async deleteOrganisation({ world, fresh }) {
    if (!fresh) return { params: { org_slug: world.organisation.slug } }
    return { params: { org_slug: (await createOrganisation(world.authority.ask, world.admin.token)).slug } }
  },
  listInvitations: ofOrganisation,
  async withdrawInvitation({ world }) {
    const { slug } = world.organisation
    const { id } = await inviteFully(world.authority.ask, world.admin.token, slug, {
      email: `${unique('new')}@x.example`,
    })
    return { params: { org_slug: slug, invitation_id: String(id) } }
  },
  async previewInvitation({ world }) {
    const { slug } = world.organisation
    const email = `${unique('new')}@example.com`
    return { body: { invitation: await invite(world.authority.ask, world.admin.token, slug, { email }) } }
  },
  inviteMember: (subject) => inOrganisation({ email: `${unique('new')}@example.com` })(subject),
  async acceptInvitation({ world, person }) {
    const { slug } = await createOrganisation(world.authority.ask, world.bystander.token)
    const email = person?.email ?? 'nobody@example.com'
    return { body: { invitation: await invite(world.authority.ask, world.bystander.token, slug, { email }) } }
  },
  listOwnInvitations: nothing,
  acceptOwnInvitation: ofOwnInvitation,
  declineInvitation: ofOwnInvitation,
  changeRole: ({ world }) => ({
    params: { org_slug: world.organisation.slug, email: world.bystander.email },
    body: { role: 'member' },
  }),
  async removeMember({ world, fresh }) {
    const { slug } = world.organisation
    const { email } = fresh ? await signUpInto(world.authority.ask, world.admin.token, slug) : world.bystander
    return { params: { org_slug: slug, email } }
  },
  listAuditEvents: ofOrganisation,
  createApp: ({ world }) => ({ body: { name: unique('made'), org_slug: world.organisation.slug } }),
  listApps: ({ world }) => ({ query: { org_slug: world.organisation.slug } }),
  showApp: ofApp,
  deleteApp: ofApp,
  listRegions: nothing,
  createDeployToken: ({ app }) => ({ params: { app_name: app.name }, body: { expiry: '1h' } }),
  'createToken:org': inOrganisation({}),
  'createToken:deploy': (subject) => inOrganisation({ profile: 'deploy', app: subject.app.name })(subject),
  'createToken:litefs': inOrganisation({ profile: 'litefs_cloud', cluster: 'main' }),
  listOrganisationTokens: ofOrganisation,
  listAppTokens: ofApp,
  showCurrentTokens: nothing,
  'showToken:org': ofToken('deploy_organization'),
  'showToken:deploy': ofToken('deploy'),
  'showTokenHistory:org': ofToken('deploy_organization'),
  'showTokenHistory:deploy': ofToken('deploy'),
  'revokeToken:org': ofToken('deploy_organization'),
  'revokeToken:deploy': ofToken('deploy'),
  'revokeTokenText:org': pasting('deploy_organization'),
  'revokeTokenText:deploy': pasting('deploy'),
  authenticateTokens: () => ({ body: {} }),
  'authorizeToken:org': ({ world }) => ({ body: { access: { org_slug: world.organisation.slug, action: 'r' } } }),
  'authorizeToken:app': ({ app }) => ({ body: { access: { app_name: app.name, action: 'w' } } }),
  showDischarge: ofDischarge,
  approveDischarge: ofDischarge,
  denyDischarge: ofDischarge,
}

export const requests: Readonly<Record<Row, Prepare>> = {
  ...common,
  webSignUp: common.signUp,
  webSignIn: common.signIn,
  webSignInWithPasskey: common.signInWithPasskey,
  webSignOut: nothing,
}

/** The app of a case: its own where the request ends it. */
export async function appFor(world: World, row: Row, fresh: boolean): Promise<CreatedApp> {
  if (row !== 'deleteApp' || !fresh) return world.app
  return createApp(world.authority.ask, world.admin.token, world.organisation.slug)
}
