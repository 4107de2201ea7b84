// The people, things and credentials that the matrix of who may do what is filled with.
import { randomBytes } from 'node:crypto'

import type { CreatedApp, MintedToken, Organisation } from '@hallpass/client'
import { actions, tokenId } from '@hallpass/macaroon'
import { afterAll, beforeAll, expect, vi } from 'vitest'

import { startAuthority, type TestAuthority } from './authority.ts'
import { bundle, endingAt, forge, narrow, nowInSeconds, onlyFor, readMacaroon, readonlyOf } from './macaroons.ts'
import {
  createApp,
  createOrganisation,
  invite,
  mint,
  requireMembership,
  revoke,
  signIn,
  signInFounder,
  signUpInto,
  statusOf,
  type Person,
} from './people.ts'

/** Where browsers have its pages: a name, for which they offer passkeys. */
export const pagesOrigin = 'http://localhost:4280'

export interface World {
  readonly authority: TestAuthority
  readonly organisation: Organisation
  /** The stranger's. */
  readonly elsewhere: Organisation
  /** One with the same people, whose tokens ask them to confirm their use. */
  readonly guarded: Organisation
  readonly app: CreatedApp
  readonly admin: Person
  readonly member: Person
  readonly stranger: Person
  /** A member who stands by while others are tried: what they made belongs to nobody else in the table. */
  readonly bystander: Person
  readonly orgToken: MintedToken
  readonly siblingToken: MintedToken
  readonly otherToken: MintedToken
  readonly revokedToken: MintedToken
  /** Credentials that count for nothing, by what is wrong with them. */
  readonly dead: Readonly<Record<string, string | undefined>>
}

// admin, member: people of the organisation. stranger: the admin of another one. The admin alone has a proven address.
// org: an org token; readonly, app, ending: attenuated from it to reading, to the one app, to an earlier end.
// deploy, sibling: deploy tokens of the app and of another app. other: an org token of another organisation.
// revived: a revoked token and the org token in one header. halves: two copies of the org token in one header, one for
// reading and one for all but reading; a request goes through where either allows all of it, so minting does not.
export const columns = [
  'admin',
  'member',
  'stranger',
  'org',
  'readonly',
  'app',
  'ending',
  'deploy',
  'sibling',
  'other',
  'revived',
  'halves',
] as const
export type Column = (typeof columns)[number]

export function personOf(world: World, column: Column): Person | undefined {
  return column === 'admin' || column === 'member' || column === 'stranger' ? world[column] : undefined
}

/** The header of this column, for a case that is about this app. */
export async function present(world: World, column: Column, app: CreatedApp): Promise<string> {
  const org = world.orgToken.token
  switch (column) {
    case 'admin':
    case 'member':
    case 'stranger':
      return world[column].token
    case 'org':
      return org
    case 'readonly':
      return readonlyOf(org)
    case 'app':
      return onlyFor(org, app.internal_numeric_id)
    case 'ending':
      return endingAt(org, nowInSeconds() + 3600)
    case 'deploy': {
      const { ask } = world.authority
      const slug = world.organisation.slug
      return (await mint(ask, world.admin.token, slug, { profile: 'deploy', app: app.name })).token
    }
    case 'sibling':
      return world.siblingToken.token
    case 'other':
      return world.otherToken.token
    case 'revived':
      return bundle(world.revokedToken.token, org)
    case 'halves':
      return bundle(
        narrow(org, { type: 'Action', mask: actions.read }),
        narrow(org, { type: 'Action', mask: actions.all & ~actions.read }),
      )
  }
}

/** The world, made before the tests of the file and closed after them. */
export function prepareWorld(): () => World {
  let built: World | undefined
  beforeAll(async () => {
    built = await buildWorld()
  })
  afterAll(() => built?.authority.close())
  return () => built ?? expect.fail('the world has not been built')
}

async function buildWorld(): Promise<World> {
  const authority = await startAuthority({
    publicUrl: pagesOrigin,
    machinesRate: Infinity,
    // Nobody takes the mail, and nobody waits for it.
    mail: { smtpUrl: 'smtp://127.0.0.1:9', from: 'hallpass@example.com' },
  })
  const { ask } = authority
  const admin = await signInFounder(ask)
  const organisation = await createOrganisation(ask, admin.token, 'Acme')
  const { slug } = organisation
  const expiring = await mint(ask, admin.token, slug, { expiry: '1s' })
  const member = await signUpInto(ask, admin.token, slug, { name: 'member' })
  const bystander = await signUpInto(ask, admin.token, slug, { name: 'bystander' })
  const elsewhere = await createOrganisation(ask, admin.token, 'Elsewhere')
  const stranger = await signUpInto(ask, admin.token, elsewhere.slug, { name: 'stranger', role: 'admin' })
  const guarded = await createOrganisation(ask, admin.token, 'Guarded')
  for (const { email, token } of [member, bystander]) {
    const code = await invite(ask, admin.token, guarded.slug, { email })
    await ask('POST', '/v1/invitations/accept', { token, body: { invitation: code } })
  }
  await requireMembership(ask, admin.token, guarded.slug, 'login')
  const app = await createApp(ask, admin.token, slug, 'web')
  const sibling = await createApp(ask, admin.token, slug, 'sibling')
  const orgToken = await mint(ask, bystander.token, slug)
  const revokedToken = await mint(ask, admin.token, slug)
  await revoke(ask, admin.token, revokedToken.id)
  const doomed = await createOrganisation(ask, admin.token, 'Doomed')
  const orphan = await mint(ask, admin.token, doomed.slug)
  await ask('DELETE', `/v1/orgs/${doomed.slug}`, { token: admin.token })
  const siblingToken = await mint(ask, admin.token, slug, { profile: 'deploy', app: sibling.name })
  const otherToken = await mint(ask, stranger.token, elsewhere.slug)

  const forgotten = await mint(ask, admin.token, slug)
  const moved = await mint(ask, admin.token, slug)
  const { token: closedSession } = await signIn(ask, member)
  await ask('DELETE', '/v1/sessions/current', { token: closedSession })
  // Somebody who never logs in again: doing so would sweep the ended session away.
  const { token: endedSession } = await signUpInto(ask, admin.token, slug)
  await authority.restart((database) => {
    const removed = database.prepare('delete from tokens where id = ?').run(rowIdOf(forgotten))
    const given = database
      .prepare('update tokens set organisation_id = ? where id = ?')
      .run(elsewhere.internal_numeric_id, rowIdOf(moved))
    const ended = database
      .prepare('update sessions set expires_at = ? where id = (select max(id) from sessions)')
      .run(Date.now() - 1)
    if ([removed, given, ended].some(({ changes }) => changes !== 1))
      throw new Error('the database was not edited as meant')
  })
  await vi.waitFor(async () => expect(await statusOf(ask, expiring.token)).toBe(401), { timeout: 60_000 })

  const world = {
    authority,
    organisation,
    elsewhere,
    guarded,
    app,
    admin,
    member,
    stranger,
    bystander,
    orgToken,
    siblingToken,
    otherToken,
    revokedToken,
  }
  const dead = {
    none: undefined,
    empty: ' ',
    garbage: 'garbage',
    'a token of no known form': 'Bearer fm2_AAAA',
    'unknown auth token': `fo1_${randomBytes(32).toString('base64url')}`,
    'session that ended': endedSession,
    'session that was closed': closedSession,
    'expired token': expiring.token,
    'token narrowed to the past': endingAt(orgToken.token, nowInSeconds() - 60),
    'revoked token': revokedToken.token,
    'attenuated copy of a revoked token': readonlyOf(revokedToken.token),
    'genuine signature over an unknown nonce': forgotten.token,
    'genuine signature over a nonce of another organisation': moved.token,
    'known nonce under a random key': forge(orgToken.token),
    'unknown key id': forge(orgToken.token, { kid: randomBytes(16) }),
    'token of a deleted organisation': orphan.token,
    'bundle of two dead tokens': bundle(revokedToken.token, orphan.token),
  }
  return { ...world, dead }
}

function rowIdOf({ token }: MintedToken): Uint8Array {
  return Buffer.from(tokenId(readMacaroon(token).nonce).replaceAll('-', ''), 'hex')
}
