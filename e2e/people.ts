// People, organisations, apps and tokens, made as their owners make them: through the authority's own routes.
import { createHash, randomUUID } from 'node:crypto'

import type {
  CaveatJson,
  CreatedApp,
  Invitation,
  MembershipDemand,
  MintedToken,
  Organisation,
  Role,
} from '@hallpass/client'
import { routes } from '@hallpass/client/contract'

import { founder, type TestAuthority } from './authority.ts'
import { startingCliLogin } from './cli-login.ts'
import { expectAnswer, type Ask } from './http.ts'

export interface Person {
  readonly email: string
  readonly password: string
  /** An auth token. */
  readonly token: string
}

export function unique(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 8)}`
}

export async function signIn(ask: Ask, { email, password }: Omit<Person, 'token'>): Promise<Person> {
  const answer = await ask('POST', '/v1/sessions', { body: { email, password } })
  return { email, password, token: expectAnswer(routes.signIn, answer).access_token }
}

export function signInFounder(ask: Ask): Promise<Person> {
  return signIn(ask, founder)
}

export async function createOrganisation(ask: Ask, token: string, name = unique('org')): Promise<Organisation> {
  return expectAnswer(routes.createOrganisation, await ask('POST', '/v1/orgs', { token, body: { name } }))
}

/** From then on, the tokens that are minted in the organisation demand this. */
export async function requireMembership(
  ask: Ask,
  token: string,
  slug: string,
  demand: MembershipDemand,
): Promise<Organisation> {
  const body = { require_membership_discharge: demand }
  return expectAnswer(routes.updateOrganisation, await ask('PATCH', `/v1/orgs/${slug}`, { token, body }))
}

interface Invited {
  readonly email: string
  readonly role?: Role
}

/** The code of a new invitation. */
export async function invite(ask: Ask, token: string, slug: string, invited: Invited): Promise<string> {
  return (await inviteFully(ask, token, slug, invited)).code
}

export async function inviteFully(ask: Ask, token: string, slug: string, invited: Invited): Promise<Invitation> {
  const answer = await ask('POST', `/v1/orgs/${slug}/invitations`, { token, body: invited })
  return expectAnswer(routes.inviteMember, answer)
}

export interface SignUpOptions {
  readonly name?: string
  readonly role?: Role
}

/** Somebody new, who joins the organisation with an account of their own. */
export async function signUpInto(
  ask: Ask,
  admin: string,
  slug: string,
  { name = unique('person'), role = 'member' }: SignUpOptions = {},
): Promise<Person> {
  const email = `${name}@example.com`
  const password = `${name} has a long password`
  const invitation = await invite(ask, admin, slug, { email, role })
  const answer = await ask('POST', '/v1/users', { body: { email, password, invitation } })
  return { email, password, token: expectAnswer(routes.signUp, answer).access_token }
}

/** The code of a reset, as a mail to the address brings it. */
export async function plantReset(
  { inspect, ask }: Pick<TestAuthority, 'inspect' | 'ask'>,
  email: string,
): Promise<string> {
  const code = randomUUID()
  const codeHash = createHash('sha256').update(code).digest()
  const now = Date.now()
  inspect((database) =>
    database
      .prepare(
        `insert into password_resets (user_id, code_hash, made_by, created_at, expires_at)
         select id, ?, 'mail', ?, ? from users where email = ?`,
      )
      .run(codeHash, now, now + 60_000, email),
  )
  // Reads see what another program has written to the file from the next commit on.
  expectAnswer(routes.createCliLogin, await ask('POST', '/v1/cli-logins', { body: startingCliLogin().body }))
  return code
}

export async function createApp(ask: Ask, token: string, slug: string, name = unique('app')): Promise<CreatedApp> {
  return expectAnswer(routes.createApp, await ask('POST', '/v1/apps', { token, body: { name, org_slug: slug } }))
}

interface MintOptions {
  readonly profile?: string
  readonly app?: string
  readonly cluster?: string
  readonly expiry?: string
  readonly name?: string
  readonly caveats?: readonly CaveatJson[]
}

export async function mint(ask: Ask, token: string, slug: string, body: MintOptions = {}): Promise<MintedToken> {
  return expectAnswer(routes.createToken, await ask('POST', `/v1/orgs/${slug}/tokens`, { token, body }))
}

export async function revoke(ask: Ask, token: string, id: string): Promise<void> {
  expectAnswer(routes.revokeToken, await ask('DELETE', `/v1/tokens/${id}`, { token }))
}

/** The status with which the authority answers the token's plainest question. */
export async function statusOf(ask: Ask, token: string): Promise<number> {
  return (await ask('GET', '/v1/orgs', { token })).status
}

export function memberPath(slug: string, email: string): string {
  return `/v1/orgs/${slug}/members/${encodeURIComponent(email)}`
}

/** The role of each member, by address. */
export async function rolesIn(ask: Ask, token: string, slug: string): Promise<Readonly<Record<string, string>>> {
  const { members } = expectAnswer(routes.showOrganisation, await ask('GET', `/v1/orgs/${slug}`, { token }))
  return Object.fromEntries(members.map(({ email, role }) => [email, role]))
}
