// People, organisations, apps and tokens, made as their owners make them: through the authority's own routes.
import { randomUUID } from 'node:crypto'

import type { CreatedApp, Invitation, MintedToken, Organisation, SessionAnswer } from '@hallpass/client'

import { founder } from './authority.ts'
import { expectJson, type Ask } from './http.ts'

export interface Person {
  readonly email: string
  readonly password: string
  /** An auth token. */
  readonly token: string
}

export function unique(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 8)}`
}

export async function signIn(ask: Ask, { email, password }: { readonly email: string; readonly password: string }) {
  const session = expectJson<SessionAnswer>(await ask('POST', '/v1/sessions', { body: { email, password } }), 201)
  return { email, password, token: session.access_token } satisfies Person
}

export function signInFounder(ask: Ask): Promise<Person> {
  return signIn(ask, founder)
}

export async function createOrganisation(ask: Ask, token: string, name = unique('org')): Promise<Organisation> {
  return expectJson(await ask('POST', '/v1/orgs', { token, body: { name } }), 201)
}

export async function invite(
  ask: Ask,
  token: string,
  slug: string,
  invited: { readonly email: string; readonly role?: 'admin' | 'member' },
): Promise<string> {
  const answer = await ask('POST', `/v1/orgs/${slug}/invitations`, { token, body: invited })
  return expectJson<Invitation>(answer, 201).code
}

/** Somebody new, who joins the organisation with an account of their own. */
export async function signUpInto(
  ask: Ask,
  admin: string,
  slug: string,
  { name = unique('person'), role = 'member' as 'admin' | 'member' } = {},
): Promise<Person> {
  const email = `${name}@example.com`
  const password = `${name} has a long password`
  const invitation = await invite(ask, admin, slug, { email, role })
  const answer = await ask('POST', '/v1/users', { body: { email, password, invitation } })
  return { email, password, token: expectJson<SessionAnswer>(answer, 201).access_token }
}

export async function createApp(ask: Ask, token: string, slug: string, name = unique('app')): Promise<CreatedApp> {
  return expectJson(await ask('POST', '/v1/apps', { token, body: { name, org_slug: slug } }), 201)
}

export async function mint(
  ask: Ask,
  token: string,
  slug: string,
  body: {
    readonly profile?: string
    readonly app?: string
    readonly cluster?: string
    readonly expiry?: string
    readonly name?: string
  } = {},
): Promise<MintedToken> {
  return expectJson(await ask('POST', `/v1/orgs/${slug}/tokens`, { token, body }), 201)
}

export async function revoke(ask: Ask, token: string, id: string): Promise<void> {
  expectJson(await ask('DELETE', `/v1/tokens/${id}`, { token }), 200)
}

/** The status with which the authority answers the token's plainest question. */
export async function statusOf(ask: Ask, token: string): Promise<number> {
  return (await ask('GET', '/v1/orgs', { token })).status
}
