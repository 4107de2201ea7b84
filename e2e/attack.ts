// What every test of bad input asks with, and what every answer to it must be.
import { expect } from 'vitest'

import type { CreatedApp, MintedToken, Organisation } from '@hallpass/client'
import { routes, type Route, type RouteName } from '@hallpass/client/contract'

import { createVerifier } from '../packages/authority/src/main.ts'
import { startFreshChild, type ChildAuthority } from './child.ts'
import { expectRefusal, type Answer, type Asked } from './http.ts'
import { createApp, createOrganisation, mint, signInFounder, signUpInto, type Person } from './people.ts'

/** A child authority with one of everything in it. */
export interface Target extends ChildAuthority {
  readonly admin: Person
  readonly member: Person
  readonly organisation: Organisation
  readonly app: CreatedApp
  readonly minted: MintedToken
  /** The credential of a verifier. */
  readonly verifier: string
  remove(): Promise<void>
}

export async function startTarget(): Promise<Target> {
  const child = await startFreshChild()
  try {
    return await furnish(child)
  } catch (error) {
    await child.remove()
    throw error
  }
}

/** After all that was sent to it: it is as well as at the beginning; and then it is removed. */
export async function endTarget(target: Target): Promise<void> {
  try {
    await expectHealthy(target)
  } finally {
    await target.remove()
  }
}

async function furnish(child: Awaited<ReturnType<typeof startFreshChild>>): Promise<Target> {
  const { ask, directory: dataDirectory } = child
  // Before anything else is written: the authority sees it with that.
  const { secret } = await createVerifier({ dataDirectory, name: 'edge', now: Date.now() })
  const admin = await signInFounder(ask)
  const organisation = await createOrganisation(ask, admin.token, 'Acme')
  return {
    ...child,
    admin,
    organisation,
    member: await signUpInto(ask, admin.token, organisation.slug, { name: 'member' }),
    app: await createApp(ask, admin.token, organisation.slug, 'web'),
    minted: await mint(ask, admin.token, organisation.slug),
    verifier: secret.reveal(),
  }
}

/** The path of a route about things that exist, or about those given. */
export function pathOf(target: Target, route: Route, params: Readonly<Record<string, string>> = {}): string {
  const existing: Readonly<Record<string, string>> = {
    org_slug: target.organisation.slug,
    app_name: target.app.name,
    invitation_id: '1',
    passkey_id: '1',
    token_id: target.minted.id,
    policy_id: '00000000-0000-4000-8000-000000000000',
    session_id: '999999',
    login_id: 'unknown',
    discharge_id: 'unknown',
    machine_id: '00000000000000',
    volume_id: 'vol_none',
    key: 'unknown',
    secret_name: 'UNKNOWN',
    email: encodeURIComponent(target.member.email),
    ...params,
  }
  return route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => existing[name] ?? '')
}

/** A credential that is good for the route. */
export function credentialFor({ verifier, admin }: Target, { byVerifier }: Route): string {
  return byVerifier === true ? verifier : admin.token
}

/** A request with a credential has one that is good for the route. */
export function askRoute(target: Target, name: RouteName, given: Asked, params: Readonly<Record<string, string>> = {}) {
  const route: Route = routes[name]
  const asked = given.token === undefined ? given : { ...given, token: credentialFor(target, route) }
  const query = name === 'listApps' ? `?org_slug=${target.organisation.slug}` : ''
  return target.ask(route.method, pathOf(target, route, params) + query, asked)
}

/** Says no in the shape of the contract, or knows no such route; says whose fault it is: never its own. */
export function expectNo(answer: Answer, context = ''): void {
  expect(answer.status, `${context} ${answer.text}`).toBeGreaterThanOrEqual(400)
  if (answer.status === 501) {
    expect(expectRefusal(answer, 501).code).toBe('not_served')
    return
  }
  // Nothing runs machines here.
  if (answer.status === 503 && answer.text.includes('runs no machines')) return
  expect(answer.status, `${context} ${answer.text}`).toBeLessThan(500)
  if (answer.status === 404 && answer.text === '404 page not found') {
    expect(answer.headers.get('fly-request-id')).not.toBeNull()
    return
  }
  const { message } = expectRefusal(answer, answer.status)
  // A library's message, which helps no reader.
  expect(message).not.toMatch(/Invalid input|undefined|\[object|Expected|FST_|at .*\.[jt]s:/)
}

/** The authority answers as if nothing had been; for after the worst of it. */
export async function expectHealthy(target: Target): Promise<void> {
  expect((await target.ask('GET', '/readyz')).status).toBe(200)
  expect((await target.ask('GET', '/v1/orgs', { token: target.minted.token })).status).toBe(200)
  const failures = target
    .log()
    .split('\n')
    .filter((line) => /"level":(?:50|60)/.test(line))
  expect(failures.slice(0, 3), `${failures.length} failures in the log`).toEqual([])
}
