// Guards beside the authority: the same verdicts, and dead within a second what was revoked.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { inspect } from 'node:util'

import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'

import type { AskedAccess } from '@hallpass/client'
import { createGuard, type Guard, type GuardOptions, type Verdict } from '@hallpass/guard'
import { actions, derivedTokenId, formatAuthorization, parseAuthorization } from '@hallpass/macaroon'
import { parseNetwork } from '@hallpass/macaroon/narrow'

import { backUp, createVerifier, restore, revokeVerifier } from '../packages/authority/src/main.ts'
import { startAuthority, type TestAuthority } from './authority.ts'
import { discharge } from './discharges.ts'
import { startFaultyProxy, type Change, type FaultyProxy } from './faulty-proxy.ts'
import { endingAt, forge, narrow, nowInSeconds, onlyFor, readMacaroon } from './macaroons.ts'
import {
  createApp,
  createOrganisation,
  memberPath,
  mint,
  requireMembership,
  revoke,
  signInFounder,
  signUpInto,
  unique,
} from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

const prepared = prepareAuthority()
const { ask, admin, authority } = prepared
const slug = prepareOrganisation(prepared)

let credential = ''
beforeAll(async () => {
  const place = { dataDirectory: authority.directory }
  credential = (await createVerifier({ ...place, name: unique('edge'), now: Date.now() })).secret.reveal()
  await vi.waitUntil(async () => (await ask('GET', '/v1/revocations', { token: credential })).status === 200, 10_000)
})

const guards: Guard[] = []
afterAll(() => guards.forEach((guard) => guard.close()))
async function openGuard(options: Partial<GuardOptions> = {}): Promise<Guard> {
  const guard = createGuard({ authority: authority.url(), credential, ...options })
  guards.push(guard)
  await guard.ready()
  return guard
}

/** Allowed by which token, or the status of the refusal. */
async function outcomeOf(guard: Guard, header: string, access: AskedAccess): Promise<string | number> {
  const verdict = await guard.allow(header, access)
  return verdict.allowed ? verdict.token.id : verdict.status
}

/** The same of the authority, where a name that does not exist is forbidden. */
async function rightOutcome(header: string, access: AskedAccess): Promise<string | number> {
  const { status, body, text } = await ask('POST', '/v1/tokens/authorize', { body: { header, access } })
  if (status !== 200) return status === 404 ? 403 : status
  const { verified_token: token } = body as { verified_token: { permission_token: string } }
  expect(text).toContain('permission_token')
  return idOf(`fm2_${token.permission_token}`)
}

function idOf(token: string): string {
  return ids.get(readMacaroon(token).nonce.bytes.join()) ?? 'unknown'
}
const ids = new Map<string, string>()
async function mintKnown(...args: Parameters<typeof mint>): Promise<string> {
  const { id, token } = await mint(...args)
  ids.set(readMacaroon(token).nonce.bytes.join(), id)
  return token
}

describe('a guard', () => {
  interface World {
    readonly slugs: readonly string[]
    readonly apps: readonly string[]
    readonly appIds: readonly number[]
    readonly headers: readonly string[]
  }
  let world: World
  beforeAll(async () => {
    const [near, strict, guarded] = [
      await createOrganisation(ask, admin.token),
      await createOrganisation(ask, admin.token),
      await createOrganisation(ask, admin.token),
    ]
    const [web, shop] = [await createApp(ask, admin.token, slug), await createApp(ask, admin.token, near.slug)]
    const org = await mintKnown(ask, admin.token, slug)
    const gone = await mint(ask, admin.token, slug)
    await revoke(ask, admin.token, gone.id)
    const headers = [
      org,
      org,
      org,
      await mintKnown(ask, org, slug),
      await mintKnown(ask, admin.token, slug, { profile: 'deploy', app: web.name }),
      await mintKnown(ask, admin.token, near.slug),
      await mintKnown(ask, admin.token, strict.slug, { expiry: '20d' }),
      await mintKnown(ask, admin.token, 'personal'),
      gone.token,
      forge(org),
      `${org.slice(0, -8)}AAAA`,
      'junk',
      admin.token,
    ]
    await requireMembership(ask, admin.token, guarded.slug, 'member')
    const demanding = await mintKnown(ask, admin.token, guarded.slug)
    headers.push(demanding, await discharge(ask, demanding))
    const limit = (of: string, body: object) => ask('PATCH', `/v1/orgs/${of}/policy`, { token: admin.token, body })
    await limit(near.slug, { networks: ['10.0.0.0/8'] })
    await limit(strict.slug, { max_token_lifetime: '1d' })
    world = {
      slugs: [slug, slug, slug, near.slug, strict.slug, guarded.slug, 'personal', 'nobody', 'Not a name'],
      apps: [web.name, shop.name, 'nothing'],
      appIds: [web.internal_numeric_id, shop.internal_numeric_id],
      headers,
    }
  })

  const narrowings = fc.array(
    fc.constantFrom(
      (token: string) => token,
      (token: string) => token,
      (token: string) => token,
      (token: string) => narrow(token, { type: 'Action', mask: actions.read }),
      (token: string) => narrow(token, { type: 'Networks', networks: [parseNetwork('10.1.0.0/16')] }),
      (token: string) => onlyFor(token, world.appIds[0] ?? 0),
      (token: string) => endingAt(token, nowInSeconds() + 3600),
      (token: string) => endingAt(token, nowInSeconds() - 10),
      (token: string) => endingAt(token, -5n),
    ),
    { maxLength: 2 },
  )
  /** One token, narrowed, with the discharges that stand beside it. */
  const element = fc.tuple(fc.nat(), narrowings).map(([which, changes]) => {
    const header = world.headers[which % world.headers.length] ?? ''
    try {
      const [, ...discharges] = parseAuthorization(header).macaroons
      const narrowed = changes.reduce(
        (token, change) => change(token),
        formatAuthorization([readMacaroon(header).bytes]),
      )
      return formatAuthorization([...parseAuthorization(narrowed).macaroons, ...discharges]).slice('FlyV1 '.length)
    } catch {
      return header.replace(/^FlyV1 /, '')
    }
  })
  const header = fc
    .tuple(fc.constantFrom('Bearer ', 'FlyV1 ', '', 'Basic '), fc.array(element, { minLength: 1, maxLength: 4 }))
    .map(([scheme, tokens]) =>
      scheme === 'Basic ' ? scheme + Buffer.from(`x:${tokens.join()}`).toString('base64') : scheme + tokens.join(),
    )
  const access = fc
    .record(
      {
        action: fc.constantFrom('', 'r', 'r', 'r', 'w', 'rw', 'C', '*'),
        org: fc.nat(),
        app: fc.nat(),
        org_feature: fc.constantFrom('wg', 'billing'),
        machine_id: fc.constant('m1'),
        volume_id: fc.constant('v1'),
        command: fc.constant(['ls']),
        mutation: fc.constant('deleteApp'),
        source_address: fc.constantFrom('10.1.2.3', '10.2.0.1', '203.0.113.7', '::ffff:10.1.2.3'),
      },
      { requiredKeys: ['action'] },
    )
    .map(({ org, app, ...rest }): AskedAccess => {
      const named = {
        ...rest,
        ...(org === undefined && app !== undefined ? {} : { org_slug: world.slugs[(org ?? 0) % world.slugs.length] }),
        ...(app === undefined ? {} : { app_name: world.apps[app % world.apps.length] }),
      }
      // What the contract refuses is a fault of the caller.
      if (named.app_name === undefined || named.volume_id !== undefined) delete named.machine_id
      if (named.app_name === undefined) delete named.volume_id
      if (named.machine_id === undefined) delete named.command
      if (named.app_name !== undefined || named.org_slug === undefined) delete named.org_feature
      return { ...named, command: named.command === undefined ? undefined : [...named.command] }
    })

  test('comes to the verdict of the authority, whatever the header and the access, cold and from memory', async () => {
    const guard = await openGuard()
    await fc.assert(
      fc.asyncProperty(header, access, async (header, access) => {
        const hasNoName = access.org_slug === 'Not a name'
        const right = await rightOutcome(header, hasNoName ? { ...access, org_slug: 'nobody' } : access)
        expect(await outcomeOf(guard, header, access)).toBe(right)
        const again = guard.allow(header, access)
        expect(await outcomeOf(guard, header, access)).toBe(right)
        if (typeof right === 'string') expect(again).not.toBeInstanceOf(Promise)
      }),
      { numRuns: 300 },
    )
  })

  test('finds the tokens that the authority finds', async () => {
    const guard = await openGuard()
    await fc.assert(
      fc.asyncProperty(header, async (header) => {
        const { status, body } = await ask('POST', '/v1/tokens/authenticate', { body: { header } })
        const verification = await guard.verify(header)
        if (!verification.allowed) {
          expect(verification.status).toBe(status)
          return
        }
        const right = body as readonly { readonly permission_token: string; readonly caveats: readonly unknown[] }[]
        expect(
          verification.tokens.map(({ verified: { macaroon } }) => Buffer.from(macaroon.bytes).toString('base64')),
        ).toEqual(right.map(({ permission_token: token }) => token))
        expect(verification.tokens.map(({ caveats }) => caveats.length)).toEqual(
          right.map(({ caveats }) => caveats.length),
        )
      }),
      { numRuns: 150 },
    )
  })
})

const read = (name: string): AskedAccess => ({ org_slug: name, action: 'r' })

/** Waits until the guard says so. What it allows meanwhile, it allows no longer than was promised. */
async function until(guard: Guard, header: string, access: AskedAccess, isIt: (verdict: Verdict) => boolean) {
  const begun = performance.now()
  for (;;) {
    const verdict = await guard.allow(header, access)
    if (isIt(verdict)) return
    if (verdict.allowed) expect(performance.now() - begun, JSON.stringify(verdict)).toBeLessThan(longestLife)
    await setTimeout(5)
  }
}
const isRefused = ({ allowed }: Verdict) => !allowed
const isAllowed = ({ allowed }: Verdict) => allowed
/** Milliseconds: the promise. */
const longestLife = 5000

describe('a guard that remembers a token', () => {
  const post = (path: string, token: string, body: object = {}) => ask('POST', path, { token, body })
  const drop = async (path: string, token = admin.token) =>
    expect((await ask('DELETE', path, { token })).status).toBeLessThan(300)
  const patch = (path: string, body: object) => ask('PATCH', path, { token: admin.token, body })

  /** What a token and an access are, and what ends that. */
  interface Case {
    readonly token: string
    readonly access: AskedAccess
    readonly end: () => Promise<unknown>
  }
  const cases: readonly (readonly [string, () => Promise<Case>])[] = [
    [
      'that is revoked',
      async () => {
        const { token, id } = await mint(ask, admin.token, slug)
        return { token, access: read(slug), end: () => revoke(ask, admin.token, id) }
      },
    ],
    [
      'of which the parent was never seen, which is revoked',
      async () => {
        const { token, id } = await mint(ask, admin.token, slug)
        const narrowed = narrow(token, { type: 'Action', mask: actions.read })
        return { token: narrowed, access: read(slug), end: () => revoke(ask, admin.token, id) }
      },
    ],
    [
      'whose minter is revoked',
      async () => {
        const minter = await mint(ask, admin.token, slug)
        const { token } = await mint(ask, minter.token, slug)
        return { token, access: read(slug), end: () => revoke(ask, admin.token, minter.id) }
      },
    ],
    [
      'that is replaced',
      async () => {
        const { token, id } = await mint(ask, admin.token, slug)
        return { token, access: read(slug), end: () => post(`/v1/tokens/${id}/rotate`, admin.token, { grace: '0s' }) }
      },
    ],
    [
      'whose organization is deleted',
      async () => {
        const { slug: doomed } = await createOrganisation(ask, admin.token)
        const { token } = await mint(ask, admin.token, doomed)
        return { token, access: read(doomed), end: () => drop(`/v1/orgs/${doomed}`) }
      },
    ],
    [
      'whose app is deleted',
      async () => {
        const { name } = await createApp(ask, admin.token, slug)
        const { token } = await mint(ask, admin.token, slug, { profile: 'deploy', app: name })
        return { token, access: { app_name: name, action: 'r' }, end: () => drop(`/v1/apps/${name}`) }
      },
    ],
    [
      'for an app whose name is another app of another organization now',
      async () => {
        const other = await createOrganisation(ask, admin.token)
        const { name } = await createApp(ask, admin.token, slug)
        const { token } = await mint(ask, admin.token, slug)
        const end = async () => {
          await drop(`/v1/apps/${name}`)
          await createApp(ask, admin.token, other.slug, name)
        }
        return { token, access: { app_name: name, action: 'r' }, end }
      },
    ],
    [
      'that a limit of its organization blocks',
      async () => {
        const { slug: strict } = await createOrganisation(ask, admin.token)
        const { token } = await mint(ask, admin.token, strict)
        return {
          token,
          access: read(strict),
          end: () => patch(`/v1/orgs/${strict}/policy`, { max_token_lifetime: '1h' }),
        }
      },
    ],
    [
      'whose organization has networks now',
      async () => {
        const { slug: near } = await createOrganisation(ask, admin.token)
        const { token } = await mint(ask, admin.token, near)
        const access = { ...read(near), source_address: '203.0.113.7' }
        return { token, access, end: () => patch(`/v1/orgs/${near}/policy`, { networks: ['10.0.0.0/8'] }) }
      },
    ],
    [
      'whose maker is no admin any more, where only admins mint',
      async () => {
        const { slug: strict } = await createOrganisation(ask, admin.token)
        await patch(`/v1/orgs/${strict}/policy`, { only_admins_mint: true })
        const person = await signUpInto(ask, admin.token, strict, { role: 'admin' })
        const { token } = await mint(ask, person.token, strict)
        return { token, access: read(strict), end: () => patch(memberPath(strict, person.email), { role: 'member' }) }
      },
    ],
  ]

  test.each(cases)('knows soon of one %s', async (_what, make) => {
    const { token, access, end } = await make()
    const guard = await openGuard()
    expect(await guard.allow(token, access)).toMatchObject({ allowed: true })
    const child = narrow(token, { type: 'Action', mask: actions.read })
    // It is known without a question, and dies with the other.
    expect(guard.allow(child, access)).toMatchObject({ allowed: true })
    await end()
    await until(guard, token, access, isRefused)
    await until(guard, child, access, isRefused)
    await expect.poll(() => rightOutcome(token, access)).not.toBeTypeOf('string')
  })

  test('knows soon of a narrowed one that is revoked alone; what it was narrowed from and its siblings stay good', async () => {
    const { token } = await mint(ask, admin.token, slug)
    const label = (text: string, agent: string) => narrow(text, { type: 'RunLabel', agent, run: '', onBehalfOf: '' })
    const [child, sibling] = [label(token, 'child'), label(token, 'sibling')]
    const [below, later] = [label(child, 'below'), label(child, 'later')]
    const guard = await openGuard()
    for (const each of [token, child, sibling, below]) {
      expect(await guard.allow(each, read(slug))).toMatchObject({ allowed: true })
    }
    const verdict = await guard.allow(child, read(slug))
    const derived = verdict.allowed ? verdict.token.derivedId : ''
    expect(derived).toBe(derivedTokenId(readMacaroon(child)))
    const answer = await ask('POST', '/v1/tokens/revoke-derived', { token: admin.token, body: { derived } })
    expect(answer.status).toBe(200)
    await until(guard, child, read(slug), isRefused)
    // Whatever the guard is asked first: nothing follows for one from another.
    for (let round = 0; round < 3; round++) {
      for (const each of [token, sibling, label(sibling, 'new')]) {
        expect(await guard.allow(each, read(slug))).toMatchObject({ allowed: true })
      }
      for (const each of [child, below, later]) {
        expect(await guard.allow(each, read(slug))).toMatchObject({ allowed: false, status: 401 })
      }
    }
  })

  test('knows soon that it is good again, and that a name is taken', async () => {
    const { slug: strict } = await createOrganisation(ask, admin.token)
    const { token } = await mint(ask, admin.token, strict)
    await patch(`/v1/orgs/${strict}/policy`, { max_token_lifetime: '1h' })
    const guard = await openGuard()
    expect(await guard.allow(token, read(strict))).toMatchObject({ allowed: false, status: 403, code: 'blocked' })
    await patch(`/v1/orgs/${strict}/policy`, { max_token_lifetime: null })
    await until(guard, token, read(strict), isAllowed)
    const name = unique('app')
    const access = { app_name: name, action: 'r' }
    expect(await guard.allow(token, access)).toMatchObject({ allowed: false, status: 403, code: 'not_found' })
    await createApp(ask, admin.token, strict, name)
    await until(guard, token, access, isAllowed)
  })

  test('asks once for many who ask at once, and again for nobody', async () => {
    let questions = 0
    const guard = await openGuard({
      fetch(url, request) {
        if (request.method === 'POST') questions += 1
        return fetch(url, request)
      },
    })
    const tokens = await Promise.all(Array.from({ length: 8 }, () => mint(ask, admin.token, slug)))
    const verdicts = await Promise.all(
      Array.from({ length: 400 }, async (_, i) => guard.allow(tokens[i % 8]?.token, { ...read(slug) })),
    )
    expect(verdicts.every(isAllowed)).toBe(true)
    expect(questions).toBe(1)
    for (const { token } of tokens) expect(guard.allow(token, read(slug))).toMatchObject({ allowed: true })
    expect(questions).toBe(1)
  })

  test('asks nobody about one that the feed says is revoked, nor about what was attenuated from it', async () => {
    let questions = 0
    const guard = await openGuard({
      fetch(url, request) {
        if (request.method === 'POST') questions += 1
        return fetch(url, request)
      },
    })
    const [{ token, id }, other] = [await mint(ask, admin.token, slug), await mint(ask, admin.token, slug)]
    for (const each of [token, other.token]) expect((await guard.allow(each, read(slug))).allowed).toBe(true)
    const before = questions
    await revoke(ask, admin.token, id)
    const narrowed = narrow(token, { type: 'Action', mask: actions.read })
    await vi.waitUntil(() => {
      const verdict = guard.allow(token, read(slug))
      return !(verdict instanceof Promise) && !verdict.allowed
    })
    const refusal = { allowed: false, status: 401, code: 'unauthenticated', message: `token ${id} is revoked` }
    for (const header of [token, narrowed]) expect(guard.allow(header, read(slug))).toEqual(refusal)
    const both = formatAuthorization([readMacaroon(token).bytes, readMacaroon(other.token).bytes])
    expect(guard.allow(both, read(slug))).toMatchObject({ allowed: true, token: { id: other.id } })
    expect(questions).toBe(before)
    expect((await guard.allow(forge(token), read(slug))).allowed).toBe(false)
    expect(questions).toBe(before + 1)
  })

  test('shows nothing of it where it is printed', async () => {
    const { token } = await mint(ask, admin.token, slug)
    const guard = await openGuard()
    const verdict = await guard.allow(token, read(slug))
    const secret = parseAuthorization(token).macaroons.map((bytes) =>
      Buffer.from(bytes).toString('base64').slice(0, 20),
    )
    for (const text of [
      inspect(verdict, { depth: 9, showHidden: true }),
      JSON.stringify(verdict),
      inspect(guard, { depth: 9, showHidden: true }),
    ]) {
      for (const part of [...secret, credential]) expect(text).not.toContain(part)
    }
  })
})

describe('a guard that loses the authority', () => {
  let proxy: FaultyProxy
  let place: TestAuthority
  let away: { readonly token: string; readonly slug: string; readonly credential: string; readonly admin: string }
  beforeAll(async () => {
    place = await startAuthority()
    proxy = await startFaultyProxy(() => place.url())
    const { token: founder } = await signInFounder(place.ask)
    const { slug } = await createOrganisation(place.ask, founder)
    const { token } = await mint(place.ask, founder, slug)
    const made = await createVerifier({ dataDirectory: place.directory, name: 'edge', now: Date.now() })
    away = { token, slug, credential: made.secret.reveal(), admin: founder }
    await vi.waitUntil(
      async () => (await place.ask('GET', '/v1/revocations', { token: away.credential })).status === 200,
    )
  })
  afterAll(async () => {
    await proxy.close()
    await place.close()
  })
  afterEach(() => {
    proxy.tamper(undefined)
    proxy.thaw()
    proxy.heal()
  })
  async function openThere(options: Partial<GuardOptions> = {}): Promise<Guard> {
    const guard = await openGuard({ authority: proxy.url, credential: away.credential, ...options })
    expect(await guard.allow(away.token, read(away.slug))).toMatchObject({ allowed: true })
    return guard
  }

  test.each([
    ['is frozen', () => proxy.freeze(), () => proxy.thaw()],
    ['is cut off', () => proxy.part(), () => proxy.heal()],
  ])('refuses in time when it %s, and comes back by itself', async (_how, lose, heal) => {
    const guard = await openThere()
    lose()
    await until(guard, away.token, read(away.slug), ({ allowed }) => !allowed)
    expect(await guard.allow(away.token, read(away.slug))).toMatchObject({ status: 503, code: 'unavailable' })
    expect(guard.state()).toMatchObject({ isFresh: false, trouble: expect.any(String) as string })
    heal()
    await until(guard, away.token, read(away.slug), isAllowed)
    await expect.poll(() => guard.state().isFresh).toBe(true)
  })

  test('lets reads pass for as long as the operator has chosen, and nothing else', async () => {
    let later = 0
    const clocks = { monotonic: () => performance.now() + later, wall: () => Date.now() + later }
    const guard = await openThere({ graceForReads: '1h', clocks })
    expect(await guard.allow(away.token, { ...read(away.slug), action: 'w' })).toMatchObject({ allowed: true })
    proxy.part()
    later += 240_000
    expect(await guard.allow(away.token, { ...read(away.slug), action: 'w' })).toMatchObject({ status: 503 })
    expect(await guard.allow(away.token, { ...read(away.slug), action: 'rw' })).toMatchObject({ status: 503 })
    expect(await guard.allow(away.token, read(away.slug))).toMatchObject({ allowed: true })
    expect(guard.state()).toMatchObject({ isFresh: false, isInGrace: true })
    const other = (await mint(place.ask, away.admin, away.slug)).token
    expect(await guard.allow(other, read(away.slug))).toMatchObject({ allowed: false, status: 503 })
    later += 3_600_000
    expect(await guard.allow(away.token, read(away.slug))).toMatchObject({ allowed: false, status: 503 })
  })

  const changes: readonly (readonly [string, () => Change])[] = [
    ['changed', () => (piece) => [Buffer.from(piece.toString('latin1').replaceAll('"as_of":', '"as_of":9'), 'latin1')]],
    ['repeated', () => (piece) => (piece.includes('as_of') ? [piece, piece] : [piece])],
    ['reordered', reorder],
    ['cut in the middle', () => (piece) => (piece.includes('as_of') ? undefined : [piece])],
  ]
  test.each(changes)('believes no feed that is %s', async (_how, change) => {
    const own = await startFaultyProxy(() => place.url())
    try {
      const guard = await openThere({ authority: own.url })
      const { id, token } = await mint(place.ask, away.admin, away.slug)
      expect(await guard.allow(token, read(away.slug))).toMatchObject({ allowed: true })
      own.tamper(change)
      await revoke(place.ask, away.admin, id)
      await until(guard, token, read(away.slug), isRefused)
      own.tamper(undefined)
      await until(guard, away.token, read(away.slug), isAllowed)
      await expect.poll(() => guard.state().isFresh).toBe(true)
    } finally {
      await own.close()
    }
  })

  test('believes no answer that something in between has kept and repeats', async () => {
    let kept = ''
    let isRepeating = false
    const guard = await openThere({
      async fetch(url, request) {
        const isQuestion = url.endsWith('/v1/verifications')
        if (isRepeating && isQuestion) return new Response(kept, { headers: { 'content-type': 'application/json' } })
        if (isRepeating) throw new TypeError('the feed is lost')
        const answer = await fetch(url, request)
        if (isQuestion) kept = await answer.clone().text()
        return answer
      },
    })
    const { id, token } = await mint(place.ask, away.admin, away.slug)
    expect(await guard.verify(token)).toMatchObject({ allowed: true })
    isRepeating = true
    proxy.cut()
    await revoke(place.ask, away.admin, id)
    await expect.poll(async () => (await guard.verify(token)).allowed, { timeout: 6000 }).toBe(false)
    expect(await guard.verify(token)).toMatchObject({ status: 503, code: 'unavailable' })
  })

  test('misses nothing of what happened meanwhile', async () => {
    const guard = await openThere()
    const tokens = await Promise.all(Array.from({ length: 5 }, () => mint(place.ask, away.admin, away.slug)))
    for (const { token } of tokens) expect(await guard.allow(token, read(away.slug))).toMatchObject({ allowed: true })
    proxy.part()
    for (const { id } of tokens) await revoke(place.ask, away.admin, id)
    proxy.heal()
    for (const { token } of tokens) await until(guard, token, read(away.slug), isRefused)
    await until(guard, away.token, read(away.slug), isAllowed)
  })

  test('forgets everything when a backup is restored: what was minted after it is not known', async () => {
    const guard = await openThere()
    const file = join(place.directory, 'copy.db')
    await backUp({ dataDirectory: place.directory, file })
    const later = await mint(place.ask, away.admin, away.slug)
    expect(await guard.allow(later.token, read(away.slug))).toMatchObject({ allowed: true })
    await place.stop()
    await rm(join(place.directory, 'hallpass.db'))
    await restore({ dataDirectory: place.directory, file, now: new Date() })
    await place.restart()
    await until(
      guard,
      later.token,
      read(away.slug),
      ({ allowed, ...rest }) => !allowed && 'status' in rest && rest.status === 401,
    )
    await until(guard, away.token, read(away.slug), isAllowed)
  })

  test('asks again after its clock was set, and believes its memory no longer than promised', async () => {
    let set = 0
    const clocks = { monotonic: () => performance.now(), wall: () => Date.now() + set }
    const guard = await openThere({ clocks })
    for (const by of [-86_400_000, 86_400_000, 3_000]) {
      set += by
      expect(guard.allow(away.token, read(away.slug))).toBeInstanceOf(Promise)
      await until(guard, away.token, read(away.slug), isAllowed)
    }
    // As on a machine that slept: nobody could tell it of the revocation.
    proxy.part()
    set += 60_000
    expect(await guard.allow(away.token, read(away.slug))).toMatchObject({ allowed: false, status: 503 })
  })

  test('is good for nothing once its verifier is revoked', async () => {
    const name = unique('edge')
    const made = await createVerifier({ dataDirectory: place.directory, name, now: Date.now() })
    await vi.waitUntil(
      async () => (await place.ask('GET', '/v1/revocations', { token: made.secret.reveal() })).status === 200,
    )
    const guard = await openThere({ credential: made.secret.reveal() })
    await revokeVerifier({ dataDirectory: place.directory, name, now: Date.now() })
    await until(guard, away.token, read(away.slug), isRefused)
    expect(await guard.allow(away.token, read(away.slug))).toMatchObject({ status: 503, code: 'unavailable' })
  })

  test('refuses everything once it is closed', async () => {
    const guard = await openThere()
    guard.close()
    expect(await guard.allow(away.token, read(away.slug))).toMatchObject({ allowed: false, status: 503 })
    await guard.ready()
    const deaf = createGuard({ authority: 'http://127.0.0.1:9', credential: away.credential })
    const ready = deaf.ready()
    deaf.close()
    await ready
  })
})

/** Three pieces of the feed at a time, the last first. */
function reorder(): Change {
  let held: Buffer[] = []
  return (piece) => {
    if (!piece.includes('as_of')) return [piece]
    held.push(piece)
    if (held.length < 3) return []
    const passed = held.toReversed()
    held = []
    return passed
  }
}
