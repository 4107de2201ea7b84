// CI without a stored secret: jobs exchange identity tokens of a real issuer for tokens of an organisation (RFC 8693).
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { parse } from 'yaml'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'

import type { AddedTrustPolicy } from '@hallpass/client'
import { routes } from '@hallpass/client/contract'

import { job, startCiIssuer, type CiIssuer } from '../packages/authority/src/identity/testing/ci-issuer.ts'
import { expectAnswer, expectRefusal, type Answer } from './http.ts'
import { createApp, createOrganisation, mint, requireMembership, signUpInto, statusOf } from './people.ts'
import { prepareAuthority } from './prepare.ts'

let issuer: CiIssuer
const prepared = prepareAuthority(async () => {
  issuer = await startCiIssuer()
  return { privateIssuers: [issuer.issuer], publicUrl: 'http://hallpass.example' }
})
const { ask, admin, authority } = prepared
afterAll(() => issuer.close())

interface Trust {
  readonly slug: string
  readonly policy: AddedTrustPolicy
  readonly audience: string
}

const grant = 'urn:ietf:params:oauth:grant-type:token-exchange'
const idToken = 'urn:ietf:params:oauth:token-type:id_token'
const usualClaims = { repository_id: '22', ref: 'refs/heads/main' }

async function add(slug: string, body: object = {}): Promise<AddedTrustPolicy> {
  const given = { name: 'web', issuer: issuer.issuer, claims: usualClaims, ...body }
  const answer = await ask('POST', `/v1/orgs/${slug}/trust-policies`, { token: admin.token, body: given })
  return expectAnswer(routes.addTrustPolicy, answer)
}

/** A new organisation that trusts the jobs of the repository on its main branch. */
async function trust(body: object = {}): Promise<Trust> {
  const { slug } = await createOrganisation(ask, admin.token)
  const policy = await add(slug, body)
  return { slug, policy, audience: policy.audience }
}

function exchange(slug: string, token: string, form: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const given = { grant_type: grant, audience: slug, subject_token: token, subject_token_type: idToken, ...form }
  return post(new URLSearchParams(given).toString())
}

function post(text: string, type = 'application/x-www-form-urlencoded'): Promise<Answer> {
  return ask('POST', '/oauth/token', { text, headers: { 'content-type': type } })
}

function expectToken(answer: Answer): string {
  expect(answer.status, answer.text).toBe(200)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  return (answer.body as { readonly access_token: string }).access_token
}

const words = 'no trust policy of this organization accepts the identity token: its admins find out why'

function expectRefused(answer: Answer): void {
  expect(answer.status, answer.text).toBe(400)
  expect(answer.body).toEqual({ error: 'invalid_request', error_description: words })
}

async function events(slug: string) {
  const answer = await ask('GET', `/v1/orgs/${slug}/audit`, { token: admin.token })
  return expectAnswer(routes.listAuditEvents, answer).events
}

async function check(slug: string, token: string) {
  const body = { identity_token: token }
  const answer = await ask('POST', `/v1/orgs/${slug}/trust-policies/check`, { token: admin.token, body })
  return expectAnswer(routes.checkIdentityToken, answer)
}

beforeEach(() => {
  issuer.misbehave = undefined
})

describe('a job whose claims fit', () => {
  test('gets an org token that lives minutes, and the trail names repository, run and commit', async () => {
    const { slug, policy, audience } = await trust()
    expect(policy).toMatchObject({
      audience: `http://hallpass.example/orgs/${slug}`,
      lifetime: '15m0s',
      profile: 'deploy_organization',
      claims: { repository_id: ['22'], ref: ['refs/heads/main'] },
      issuer_problem: null,
    })
    const answer = await exchange(slug, await issuer.sign({ aud: audience }))
    const token = expectToken(answer)
    expect(answer.body).toEqual({
      access_token: token,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 900,
    })
    const listed = await ask('GET', `/v1/orgs/${slug}/tokens`, { token })
    const [record] = expectAnswer(routes.listOrganisationTokens, listed).tokens
    const name = 'GitHub Actions: acme/web run 4711 at 0123456789ab'
    expect(record).toMatchObject({ name, minted_by: null, trust_policy: policy.id, created_by: null })
    const lifetime = Date.parse(record?.expires_at ?? '') - Date.parse(record?.created_at ?? '')
    expect(Math.round(lifetime / 1000)).toBeLessThanOrEqual(900)
    expect((await createApp(ask, token, slug)).organization.slug).toBe(slug)
    const trail = await events(slug)
    expect(trail.find(({ operation }) => operation === 'trust.exchange')).toMatchObject({
      outcome: 'allowed',
      actor: { kind: 'token', id: record?.id, label: name },
      target: 'trust policy web',
    })
    expect(trail.find(({ operation }) => operation === 'app.create')?.actor.label).toBe(name)
  })

  test('gets a deploy token, narrowed as the policy says', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const app = await createApp(ask, admin.token, slug)
    const other = await createApp(ask, admin.token, slug)
    const caveats = [{ type: 'Action', body: 'r' }]
    const { audience, ...policy } = await add(slug, { app: app.name, caveats, lifetime: '1m' })
    expect(policy).toMatchObject({ app: app.name, profile: 'deploy', caveats })
    const token = expectToken(await exchange(slug, await issuer.sign({ aud: audience })))
    expect((await ask('GET', `/v1/apps/${app.name}`, { token })).status).toBe(200)
    expect((await ask('GET', `/v1/apps/${other.name}`, { token })).status).toBe(403)
    expect((await ask('DELETE', `/v1/apps/${app.name}`, { token })).status).toBe(403)
    // With the app goes the policy.
    await ask('DELETE', `/v1/apps/${app.name}`, { token: admin.token })
    expectRefused(await exchange(slug, await issuer.sign({ aud: audience })))
  })

  test('gets one token for one identity token, however many ask at once', async () => {
    const { slug, audience } = await trust()
    const token = await issuer.sign({ aud: audience })
    const answers = await Promise.all(Array.from({ length: 8 }, () => exchange(slug, token)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const answer of answers) if (answer.status !== 200) expectRefused(answer)
    expect((await events(slug)).some(({ reason }) => reason.includes('was exchanged before'))).toBe(true)
    // It counts once at all organisations, and after a restart.
    const other = await trust({ audience })
    expectRefused(await exchange(other.slug, token))
    await authority.restart()
    expectRefused(await exchange(slug, token))
  })

  test('without a jti counts once too', async () => {
    const { slug, audience } = await trust()
    const token = await issuer.sign({ aud: audience, jti: undefined })
    expectToken(await exchange(slug, token))
    expectRefused(await exchange(slug, token))
    expectToken(await exchange(slug, await issuer.sign({ aud: audience, jti: undefined, nonce: 'another' })))
  })

  test('learns when its token ends, also where the caveats of the policy end it earlier', async () => {
    const body = { not_before: 0, not_after: Math.floor(Date.now() / 1000) + 120 }
    const { slug, audience } = await trust({ caveats: [{ type: 'ValidityWindow', body }] })
    const answer = await exchange(slug, await issuer.sign({ aud: audience }))
    expectToken(answer)
    expect((answer.body as { readonly expires_in: number }).expires_in).toBeLessThanOrEqual(120)
  })

  test('gets a token that counts as made by an admin, within the limits of the organization alone', async () => {
    const { slug, audience } = await trust()
    const limit = async (body: object) =>
      expect((await ask('PATCH', `/v1/orgs/${slug}/policy`, { token: admin.token, body })).status).toBe(200)
    await limit({ tokens_may_mint: false, only_admins_mint: true, approval: true, max_token_lifetime: '15m' })
    const token = expectToken(await exchange(slug, await issuer.sign({ aud: audience })))
    expect(await statusOf(ask, token)).toBe(200)
    await limit({ max_token_lifetime: '14m' })
    expect(await statusOf(ask, token)).toBe(403)
    const identity = await issuer.sign({ aud: audience })
    expectRefused(await exchange(slug, identity))
    const denied = (await events(slug)).find(({ operation }) => operation === 'trust.exchange')
    expect(denied).toMatchObject({ outcome: 'denied', reason: expect.stringContaining('max_token_lifetime') })
    await limit({ max_token_lifetime: null, tokens_may_mint: true })
    expect(await statusOf(ask, token)).toBe(200)
    // Whoever rotates it would have what an admin is behind, for longer than the policy says.
    const current = await ask('GET', '/v1/tokens/current', { token })
    const [itself] = expectAnswer(routes.showCurrentTokens, current).tokens
    for (const who of [token, admin.token]) {
      const rotated = await ask('POST', `/v1/tokens/${itself?.token_id}/rotate`, { token: who, body: {} })
      expect(expectRefusal(rotated, 409).message).toContain('exchange another one')
    }
    // What it mints has no maker, and what is refused is not used up.
    const minted = await ask('POST', `/v1/orgs/${slug}/tokens`, { token, body: {} })
    expectRefusal(minted, 403)
    expectToken(await exchange(slug, identity))
  })

  test('may name the policy that is meant', async () => {
    const { slug, audience } = await trust()
    const second = await add(slug, { name: 'second', lifetime: '2m' })
    const sign = () => issuer.sign({ aud: audience })
    const answer = await exchange(slug, await sign(), { trust_policy: second.id })
    expect(answer.body).toMatchObject({ expires_in: 120 })
    expectRefused(await exchange(slug, await sign(), { trust_policy: '00000000-0000-4000-8000-000000000000' }))
  })

  test('loses its tokens within the answer when the policy is removed, and with them what they minted', async () => {
    const { slug, policy, audience } = await trust()
    const token = expectToken(await exchange(slug, await issuer.sign({ aud: audience })))
    const child = (await mint(ask, token, slug)).token
    const path = `/v1/orgs/${slug}/trust-policies/${policy.id}`
    const removed = expectAnswer(routes.removeTrustPolicy, await ask('DELETE', path, { token: admin.token }))
    expect(removed).toMatchObject({ revoked_tokens: 2, more_tokens: false })
    expect([await statusOf(ask, token), await statusOf(ask, child)]).toEqual([401, 401])
    expectRefused(await exchange(slug, await issuer.sign({ aud: audience })))
    expectRefusal(await ask('DELETE', path, { token: admin.token }), 404)
  })

  test('whose token names the ids in its subject or beside it fits a policy of either form', async () => {
    const plain = 'repo:acme/web:ref:refs/heads/main'
    const { slug, audience } = await trust({ claims: { sub: job.sub } })
    const named = await trust({ audience, claims: { sub: plain, repository_id: '22' } })
    for (const sub of [plain, job.sub]) {
      expectToken(await exchange(slug, await issuer.sign({ aud: audience, sub })))
      expectToken(await exchange(named.slug, await issuer.sign({ aud: audience, sub })))
    }
    const renamed = { sub: plain, repository_id: '23' }
    expectRefused(await exchange(slug, await issuer.sign({ aud: audience, ...renamed })))
    expectRefused(await exchange(named.slug, await issuer.sign({ aud: audience, ...renamed })))
  })

  test('of another branch fits a value that ends with a star', async () => {
    const { slug, audience } = await trust({
      claims: { repository_id: '22', ref: ['refs/heads/main', 'refs/tags/v*'] },
    })
    expectToken(await exchange(slug, await issuer.sign({ aud: audience, ref: 'refs/tags/v1.2' })))
    expectRefused(await exchange(slug, await issuer.sign({ aud: audience, ref: 'refs/tags/w' })))
  })
})

describe('an identity token is refused', () => {
  const now = () => Math.floor(Date.now() / 1000)
  const wrong: readonly (readonly [string, (audience: string) => Promise<string> | string, RegExp])[] = [
    ['of another repository', (aud) => issuer.sign({ aud, repository_id: '23' }), /repository_id is 23, and not 22/],
    ['of a repository id as a prefix', (aud) => issuer.sign({ aud, repository_id: '2' }), /repository_id is 2,/],
    ['of another branch', (aud) => issuer.sign({ aud, ref: 'refs/heads/main2' }), /ref is refs\/heads\/main2/],
    ['without a claim', (aud) => issuer.sign({ aud, ref: undefined }), /ref is missing/],
    ['with a claim that is an object', (aud) => issuer.sign({ aud, ref: { is: 1 } }), /ref is missing/],
    ['for another audience', () => issuer.sign({ aud: 'https://elsewhere.example' }), /aud is https:\/\/elsewhere/],
    ['without an audience', () => issuer.sign(), /no claim aud/],
    ['without a subject', (aud) => issuer.sign({ aud, sub: undefined }), /no claim sub/],
    ['of pull_request_target', (aud) => issuer.sign({ aud, event_name: 'pull_request_target' }), /event_name/],
    ['of workflow_run', (aud) => issuer.sign({ aud, event_name: 'workflow_run' }), /event_name/],
    ['that has ended', (aud) => issuer.sign({ aud, exp: now() - 61 }), /has ended/],
    ['that has not begun', (aud) => issuer.sign({ aud, nbf: now() + 90 }), /has not begun/],
    ['of the future', (aud) => issuer.sign({ aud, iat: now() + 90 }), /in the future/],
    ['without an end', (aud) => issuer.sign({ aud, exp: undefined }), /no claim exp/],
    ['without a beginning', (aud) => issuer.sign({ aud, iat: undefined }), /no claim iat/],
    ['that lives for days', (aud) => issuer.sign({ aud, exp: now() + 2 * 86_400 }), /more than a day/],
    ['with an end that is text', (aud) => issuer.sign({ aud, exp: 'never' }), /exp/],
    ['of another issuer', (aud) => issuer.sign({ aud, iss: 'https://elsewhere.example' }), /no trust policy names/],
    ['of its issuer with a slash', (aud) => issuer.sign({ aud, iss: `${issuer.issuer}/` }), /no trust policy names/],
    ['without an issuer', (aud) => issuer.sign({ aud, iss: undefined }), /no identity token/],
    [
      'signed with a key that is not published',
      async (aud) => issuer.sign({ aud }, { key: await issuer.newKey() }),
      /a key that its issuer does not publish/,
    ],
    [
      'signed with another key under a published name',
      async (aud) => issuer.sign({ aud }, { key: await issuer.newKey('RS256', issuer.keys[0]?.kid) }),
      /signature of the identity token is not genuine/,
    ],
    [
      'signed with another algorithm under a published name',
      async (aud) => issuer.sign({ aud }, { key: await issuer.newKey('ES256', issuer.keys[0]?.kid) }),
      /algorithm/,
    ],
    ['unsigned', (aud) => forge(aud, { alg: 'none' }), /algorithm|damaged/],
    ['signed with the public key as a secret', (aud) => forge(aud, { alg: 'HS256' }), /algorithm/],
    ['with a critical extension', async (aud) => forge(aud, { alg: 'RS256', crit: ['x'], x: 1 }), /damaged/],
    ['with its last character changed', async (aud) => changed(await issuer.sign({ aud })), /not genuine|damaged/],
    ['without a signature', async (aud) => (await issuer.sign({ aud })).replace(/[^.]*$/, ''), /not genuine|damaged/],
    ['cut off', async (aud) => (await issuer.sign({ aud })).split('.').slice(0, 2).join('.'), /no identity token/],
    ['with a fourth part', async (aud) => `${await issuer.sign({ aud })}.x`, /no identity token/],
    ['that is no JWT', () => 'fm2_x', /no identity token/],
    ['whose claims are no JSON', () => 'e30.e30x.e30', /no identity token/],
    ['whose claims are a list', () => 'e30.W10.e30', /no identity token/],
  ]

  function forge(aud: string, header: object): string {
    const claims = { ...job, iss: issuer.issuer, aud, jti: 'x', iat: now(), exp: now() + 300 }
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
    return `${encode({ kid: issuer.keys[0]?.kid, ...header })}.${encode(claims)}.${Buffer.from('x').toString('base64url')}`
  }

  function changed(token: string): string {
    return token.slice(0, -8) + (token.at(-8) === 'A' ? 'B' : 'A') + token.slice(-7)
  }

  test.each(wrong)('%s', async (_what, make, reason) => {
    const { slug, audience } = await trust()
    const token = await make(audience)
    expectRefused(await exchange(slug, token))
    const denied = (await events(slug)).find(({ operation }) => operation === 'trust.exchange')
    expect(denied).toMatchObject({ outcome: 'denied', actor: { kind: 'nobody' } })
    expect(denied?.reason).toMatch(reason)
    const checked = await check(slug, token)
    expect(checked.accepted).toBe(false)
    const misses = checked.policies.flatMap((policy) => policy.misses.map(({ claim }) => claim))
    expect(`${checked.problem ?? ''} ${misses.join(' ')}`).not.toBe(' ')
    expect((await ask('GET', `/v1/orgs/${slug}/tokens`, { token: admin.token })).body).toMatchObject({ tokens: [] })
  })

  test('and nobody learns whether there is such an organization or policy', async () => {
    const token = await issuer.sign({ aud: 'x' })
    expectRefused(await exchange('there-is-no-such', token))
    const { slug } = await createOrganisation(ask, admin.token)
    const asked = issuer.asked.length
    expectRefused(await exchange(slug, token))
    expect(issuer.asked).toHaveLength(asked)
  })

  test('unless the policy names the event', async () => {
    const { slug, audience } = await trust({ claims: { ...usualClaims, event_name: ['push', 'workflow_run'] } })
    expectToken(await exchange(slug, await issuer.sign({ aud: audience, event_name: 'workflow_run' })))
    expectRefused(await exchange(slug, await issuer.sign({ aud: audience, event_name: 'pull_request_target' })))
  })

  test('where the organization needs a person behind its tokens', async () => {
    const { slug, audience } = await trust()
    await requireMembership(ask, admin.token, slug, 'member')
    expectRefused(await exchange(slug, await issuer.sign({ aud: audience })))
    const body = { name: 'two', issuer: issuer.issuer, claims: usualClaims }
    expectRefusal(await ask('POST', `/v1/orgs/${slug}/trust-policies`, { token: admin.token, body }), 409)
  })
})

describe('the issuer', () => {
  test('signs with a new key as soon as it publishes it', async () => {
    const { slug, audience } = await trust()
    const first = issuer.keys
    const next = await issuer.newKey('ES384')
    await authority.restart()
    expectToken(await exchange(slug, await issuer.sign({ aud: audience })))
    issuer.keys = [next.jwk]
    // Those that are known are too new to be fetched again for a key that may be anybody's.
    expectRefused(await exchange(slug, await issuer.sign({ aud: audience }, { key: next })))
    await authority.restart()
    expectToken(await exchange(slug, await issuer.sign({ aud: audience }, { key: next })))
    issuer.keys = first
    await authority.restart()
  })

  test.each([
    ['answers with an error', (response) => response.writeHead(500).end()],
    ['sends elsewhere', (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['answers without JSON', (response) => response.end('hello')],
    ['is another', (response) => response.end('{"issuer":"https://x.example","jwks_uri":"https://x.example/k"}')],
    ['answers without an end', (response) => response.end(`"${'x'.repeat(300_000)}"`)],
    ['breaks off', (response) => response.destroy()],
  ] satisfies [string, (response: ServerResponse) => void][])(
    'that %s lets nobody in, and the job may try again',
    async (_what, answer) => {
      const { slug, audience } = await trust()
      await authority.restart()
      issuer.misbehave = (_path, response) => answer(response)
      const refused = await exchange(slug, await issuer.sign({ aud: audience }))
      expect(refused.status).toBe(503)
      expect(refused.headers.get('retry-after')).toBe('10')
      expect(refused.body).toMatchObject({ error: 'temporarily_unavailable' })
      expect((await check(slug, await issuer.sign({ aud: audience }))).problem).toMatch(/keys of the issuer/)
      const second = await add(slug, { name: 'second' })
      expect(second.issuer_problem).toMatch(/keys of the issuer/)
      await authority.restart()
    },
  )

  test.each([
    'http://127.0.0.1:4280',
    'https://127.0.0.1',
    'https://10.1.2.3/realm',
    'https://[::1]:8443',
    'https://[::ffff:10.0.0.1]',
    'https://169.254.169.254',
    'https://localhost',
    'https://0x7f000001',
  ])('%s is never asked', async (address) => {
    const { slug } = await createOrganisation(ask, admin.token)
    const policy = await add(slug, { issuer: address, claims: { sub: 'x' } })
    expect(policy.issuer_problem).toMatch(/private network|no https address/)
  })
})

describe('a trust policy', () => {
  test.each([
    [{ claims: {} }, /claims are none/],
    [{ claims: { ref: 'refs/heads/main' } }, /claims name no subject/],
    [{ claims: { repository: 'acme/web' } }, /repository_id/],
    [{ claims: { sub: 'repo:acme/web:ref:refs/heads/main' } }, /sub with ids/],
    [{ claims: { sub: 'repo:acme@11/*' } }, /claims name no subject/],
    [{ claims: { repository_id: '2*' } }, /claims name no subject/],
    [{ claims: { sub: '*' } }, /\*/],
    [{ claims: { sub: 'a*b' } }, /\*/],
    [{ claims: { repository_id: '22', aud: 'x' } }, /aud/],
    [{ claims: { repository_id: [] } }, /repository_id/],
    [{ claims: { repository_id: '22' }, issuer: 'nowhere' }, /issuer/],
    [{ issuer: 'https://ci.example/\u202Emoc.elpmaxe' }, /issuer has a character that turns the direction/],
    [{ claims: { project_path: 'a/b' }, issuer: 'https://gitlab.com' }, /project_id/],
    [{ claims: { job: 'x' }, issuer: 'https://ci.example' }, /sub, or/],
    [{ lifetime: '59s' }, /lifetime is not between 1m and 1h/],
    [{ lifetime: '61m' }, /lifetime is not between 1m and 1h/],
    [{ issuer: 'javascript:alert(1)' }, /issuer is no https address/],
    [{ issuer: 'https://u:p@ci.example' }, /issuer is no https address/],
    [{ issuer: 'https://ci.example/?a' }, /issuer is no https address/],
    [{ caveats: [{ type: 'ValidityWindow', body: { not_before: 1, not_after: 2 } }] }, /caveats end the tokens/],
    [{ name: '' }, /name/],
    [{ app: 'not-here' }, /app not-here/],
    [{ caveats: [{ type: 'Nonsense', body: 1 }] }, /caveats/],
    [{ more: 1 }, /more/],
  ])('%j is refused', async (body, reason) => {
    const { slug } = await createOrganisation(ask, admin.token)
    const given = { name: 'web', issuer: issuer.issuer, claims: usualClaims, ...body }
    const answer = await ask('POST', `/v1/orgs/${slug}/trust-policies`, { token: admin.token, body: given })
    expect([400, 404, 422], answer.text).toContain(answer.status)
    expect(answer.text).toMatch(reason)
  })

  test('is for admins who are logged in', async () => {
    const { slug, policy } = await trust()
    const member = await signUpInto(ask, admin.token, slug)
    const token = (await mint(ask, admin.token, slug)).token
    const body = { name: 'web', issuer: issuer.issuer, claims: usualClaims }
    const path = `/v1/orgs/${slug}/trust-policies`
    const asked = [
      ['POST', path, body],
      ['DELETE', `${path}/${policy.id}`, undefined],
      ['POST', `${path}/check`, { identity_token: 'x' }],
    ] as const
    for (const [method, at, sent] of asked) {
      for (const holder of [member.token, token]) {
        expectRefusal(await ask(method, at, { token: holder, body: sent }), 403)
      }
    }
    const listed = expectAnswer(routes.listTrustPolicies, await ask('GET', path, { token: member.token }))
    const { issuer_problem: _, ...shown } = policy
    expect(listed.trust_policies).toEqual([shown])
  })
})

describe('docs/ci.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/ci.md'), 'utf8')
  const [github, gitlab] = [...page.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(
    ([, text = '']) => parse(text) as Pipeline,
  )

  interface Pipeline {
    readonly jobs: { readonly deploy: { readonly steps: readonly { readonly run: string }[] } }
    readonly deploy: { readonly script: readonly string[] }
  }

  /** Runs a script as a runner does; the policy is for the audience that it asks for. */
  async function runJob(script: string, environment: (audience: string) => Promise<Readonly<Record<string, string>>>) {
    const { slug } = await createOrganisation(ask, admin.token)
    const audience = `${authority.url()}/orgs/${slug}`
    await add(slug, { audience })
    const env = {
      PATH: process.env['PATH'],
      HALLPASS_API_URL: authority.url(),
      HALLPASS_ORG: slug,
      ...(await environment(audience)),
    }
    const { stdout } = await promisify(execFile)('bash', ['--norc', '-euo', 'pipefail', '-c', script], { env })
    return { slug, stdout }
  }

  test('its step for GitHub Actions gets a token, masks it, and hands it to the next step', async () => {
    let wanted = ''
    const runner = createServer(({ url = '', headers }, response) => {
      const query = new URL(url, 'http://x').searchParams
      if (headers.authorization !== 'Bearer runner-secret' || query.get('audience') !== wanted)
        response.statusCode = 403
      void issuer
        .sign({ aud: query.get('audience') })
        .then((value) => response.end(JSON.stringify({ count: 1, value })))
    })
    await new Promise<void>((resolve) => runner.listen(0, '127.0.0.1', resolve))
    const { port } = runner.address() as AddressInfo
    const file = join(authority.directory, 'github-env')
    const { slug, stdout } = await runJob(github?.jobs.deploy.steps[0]?.run ?? 'exit 1', async (audience) => {
      wanted = audience
      const url = `http://127.0.0.1:${port}/token?api-version=2.0`
      return { GITHUB_ENV: file, ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'runner-secret' }
    })
    runner.close()
    const [, token = ''] = /^HALLPASS_API_TOKEN=(fm2_\S+)$/m.exec(readFileSync(file, 'utf8')) ?? []
    expect(stdout).toBe(`::add-mask::${token}\n`)
    expect((await createApp(ask, token, slug)).organization.slug).toBe(slug)
  })

  test('its snippet for GitLab gets a token', async () => {
    const script = `${gitlab?.deploy.script[0] ?? 'exit 1'}\nprintf %s "$HALLPASS_API_TOKEN"`
    const { slug, stdout } = await runJob(script, async (aud) => ({ HALLPASS_IDENTITY: await issuer.sign({ aud }) }))
    expect((await createApp(ask, stdout, slug)).organization.slug).toBe(slug)
  })
})

describe('the token endpoint', () => {
  const sound = { grant_type: grant, audience: 'acme', subject_token: 'a.b.c', subject_token_type: idToken }
  const form = (given: object) => new URLSearchParams(given as Record<string, string>).toString()

  test.each([
    [form({ ...sound, grant_type: 'password' }), 'unsupported_grant_type', /grant_type/],
    [form({ ...sound, grant_type: '' }), 'unsupported_grant_type', /grant_type/],
    [form({ ...sound, audience: '' }), 'invalid_request', /audience is missing/],
    [form({ ...sound, subject_token: '' }), 'invalid_request', /subject_token is missing/],
    [form({ ...sound, subject_token: 'x'.repeat(16_385) }), 'invalid_request', /subject_token is too long/],
    [form({ ...sound, subject_token_type: 'urn:x' }), 'invalid_request', /subject_token_type is none of/],
    [form({ ...sound, actor_token: 'x' }), 'invalid_request', /actor_token is not served/],
    [form({ ...sound, requested_token_type: 'urn:x' }), 'invalid_request', /requested_token_type/],
    [`${form(sound)}&audience=other`, 'invalid_request', /twice/],
    [`${form(sound)}${Array.from({ length: 30 }, (_, at) => `&x${at}=1`).join('')}`, 'invalid_request', /more than 20/],
  ])('says what is wrong with a form (%#)', async (text, error, reason) => {
    const answer = await post(text)
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({ error, error_description: expect.stringMatching(reason) })
  })

  test('takes a form alone, and no other endpoint takes one', async () => {
    expect((await post(JSON.stringify(sound), 'application/json')).status).toBe(400)
    expect((await post(form({ ...sound, more: 'x'.repeat(30_000) }))).status).toBe(413)
    const { slug } = await createOrganisation(ask, admin.token)
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const elsewhere = await ask('POST', `/v1/orgs/${slug}/tokens`, { token: admin.token, text: 'name=x', headers })
    expect(elsewhere.status).toBe(415)
  })
})

test('whatever is refused before the form is read has the form of RFC 6749, too', async () => {
  const form = 'application/x-www-form-urlencoded'
  const refusals: readonly (readonly [status: number, Promise<Answer>, RegExp])[] = [
    [413, post(`subject_token=${'a'.repeat(30_000)}`), /at most 24 KiB/],
    [415, post('<a/>', 'text/xml'), /is no form/],
    [400, post('{', 'application/json'), /./],
    [400, post('{"a":1}', 'application/json'), /is no form/],
    [400, ask('POST', `/oauth/token?${'a=1&'.repeat(40)}`, { text: 'a=1', headers: { 'content-type': form } }), /./],
  ]
  for (const [status, asked, reason] of refusals) {
    const answer = await asked
    expect(answer.status, answer.text).toBe(status)
    expect(answer.body).toEqual({ error: 'invalid_request', error_description: expect.stringMatching(reason) })
    expect(answer.headers.get('cache-control')).toBe('no-store')
  }
})
