// What the requests of the matrix are about: things that exist, made afresh where a request ends them.
import type { MintedToken } from '@hallpass/client'
import { routes } from '@hallpass/client/contract'
import { derivedTokenId } from '@hallpass/macaroon'

import { startingCliLogin } from './cli-login.ts'
import { askForConfirmation } from './discharges.ts'
import { expectAnswer } from './http.ts'
import { endingAt, nowInSeconds, readMacaroon } from './macaroons.ts'
import { ofOrganisation, type Prepare, type Prepared, type Subject } from './matrix-entry.ts'
import { createOrganisation, inviteFully, mint, unique } from './people.ts'

/** A secret that is there. */
export async function ofSecret({ world, app }: Subject): Promise<Prepared> {
  const { ask } = world.authority
  const params = { app_name: app.name, secret_name: unique('secret').toUpperCase().replaceAll(/\W/g, '_') }
  const path = `/v1/apps/${app.name}/secrets/${params.secret_name}`
  expectAnswer(routes.setSecret, await ask('POST', path, { token: world.admin.token, body: { value: 'a value' } }))
  return { params }
}

/** A token that the bystander made: nobody in the table is its creator. */
async function mintSubject({ world, app }: Subject, profile: 'deploy_organization' | 'deploy'): Promise<MintedToken> {
  const body = profile === 'deploy' ? { profile, app: app.name } : {}
  return mint(world.authority.ask, world.bystander.token, world.organisation.slug, body)
}

/** The token itself, with its tail cut off: it proves nothing. */
export const pasting =
  (profile: 'deploy_organization' | 'deploy'): Prepare =>
  async (subject) => ({ body: { token: (await mintSubject(subject, profile)).token.slice(0, -20) } })

/** What a holder derived from it, by its name. */
export const ofDerived =
  (profile: 'deploy_organization' | 'deploy'): Prepare =>
  async (subject) => {
    const { token } = await mintSubject(subject, profile)
    return { body: { derived: derivedTokenId(readMacaroon(endingAt(token, nowInSeconds() + 60))) } }
  }

export const ofToken =
  (profile: 'deploy_organization' | 'deploy', body?: Readonly<Record<string, string>>): Prepare =>
  async (subject) => {
    const params = { token_id: (await mintSubject(subject, profile)).id }
    return body === undefined ? { params } : { params, body }
  }

/** A login of a command line that waits for approval. Who is not let in does not learn whether there is one. */
export const ofCliLogin: Prepare = async ({ world, fresh }) => {
  if (!fresh) return { params: { login_id: 'unknown' } }
  const answer = await world.authority.ask('POST', '/v1/cli-logins', { body: startingCliLogin().body })
  return { params: { login_id: expectAnswer(routes.createCliLogin, answer).id } }
}

/** A discharge of the asking person's own token, where they are a member; else of somebody else's. */
export async function ofDischarge({ world, person }: Subject): Promise<Prepared> {
  const { ask } = world.authority
  const asking = person === undefined || person === world.stranger ? world.bystander : person
  const { token } = await mint(ask, asking.token, world.guarded.slug)
  return { params: { discharge_id: (await askForConfirmation(ask, token)).id } }
}

/** An invitation of the asking person. */
export async function ofOwnInvitation({ world, person }: Subject): Promise<Prepared> {
  const { slug } = await createOrganisation(world.authority.ask, world.bystander.token)
  const email = person?.email ?? 'nobody@example.com'
  const { id } = await inviteFully(world.authority.ask, world.bystander.token, slug, { email })
  return { params: { invitation_id: String(id) } }
}

export const inOrganisation =
  (body: unknown): Prepare =>
  (subject) => ({ ...ofOrganisation(subject), body })
