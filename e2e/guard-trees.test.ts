// A guard and what comes from one token: narrowed, minted, rotated, from CI. Whatever is ended, it knows soon what the authority knows.
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import { createGuard, type Guard } from '@hallpass/guard'
import { derivedTokenId } from '@hallpass/macaroon'

import { startCiIssuer, type CiIssuer } from '../packages/authority/src/identity/testing/ci-issuer.ts'
import { createVerifier } from '../packages/authority/src/main.ts'
import { narrow, readMacaroon } from './macaroons.ts'
import { mint } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

let issuer: CiIssuer
const prepared = prepareAuthority(async () => {
  issuer = await startCiIssuer()
  return { privateIssuers: [issuer.issuer], publicUrl: 'http://hallpass.example' }
})
const { ask, admin, authority } = prepared
const slug = prepareOrganisation(prepared)
let guard: Guard
let audience = ''
beforeAll(async () => {
  const place = { dataDirectory: authority.directory, name: 'edge', now: Date.now() }
  const credential = (await createVerifier(place)).secret.reveal()
  await vi.waitUntil(async () => (await ask('GET', '/v1/revocations', { token: credential })).status === 200)
  guard = createGuard({ authority: authority.url(), credential })
  await guard.ready()
  const body = { name: 'web', issuer: issuer.issuer, claims: { repository_id: '22', ref: 'refs/heads/main' } }
  const added = await ask('POST', `/v1/orgs/${slug}/trust-policies`, { token: admin.token, body })
  audience = (added.body as { readonly audience: string }).audience
})
afterAll(async () => {
  guard.close()
  await issuer.close()
})

interface Node {
  readonly id: string
  readonly token: string
}

const post = (path: string, token: string, body: object = {}) => ask('POST', path, { token, body })

async function exchange(): Promise<Node> {
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience: slug,
    subject_token: await issuer.sign({ aud: audience }),
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
  }
  const text = new URLSearchParams(form).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const { body } = await ask('POST', '/oauth/token', { text, headers })
  const token = `FlyV1 ${(body as { readonly access_token: string }).access_token}`
  return { token, id: idOf(token) }
}

const hex = (token: string) => Buffer.from(derivedTokenId(readMacaroon(token)).slice(3), 'base64url').toString('hex')
const idOf = (token: string) => hex(token).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')

const step = fc.record({
  kind: fc.constantFrom(
    'derive',
    'derive',
    'derive',
    'mint',
    'mint',
    'rotate',
    'rotate',
    'end',
    'end derived',
    'end derived',
  ),
  at: fc.nat(),
  itself: fc.boolean(),
  spares: fc.boolean(),
  grace: fc.constantFrom('0s', '1h'),
})

test('any tree of tokens: the guard knows soon which of them are good', async () => {
  let ends = 0
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(step, { minLength: 6, maxLength: 16 }), async (isOfCI, steps) => {
      const nodes: Node[] = [isOfCI ? await exchange() : await mint(ask, admin.token, slug)]
      const isGood = async ({ token }: Node) =>
        (await post('/v1/tokens/authenticate', '', { header: token })).status === 200
      for (const [number, { kind, at, itself, spares, grace }] of steps.entries()) {
        const from = nodes[at % nodes.length]
        if (from === undefined) continue
        const by = itself ? from.token : admin.token
        if (kind === 'derive') {
          const token = narrow(from.token, { type: 'RunLabel', agent: `n${number}`, run: '', onBehalfOf: '' })
          nodes.push({ id: from.id, token })
        } else if (kind === 'mint' || kind === 'rotate') {
          const answer =
            kind === 'mint'
              ? await post(`/v1/orgs/${slug}/tokens`, from.token)
              : await post(`/v1/tokens/${from.id}/rotate`, by, { grace })
          if (answer.status < 300) nodes.push(answer.body as Node)
        } else {
          const answer =
            kind === 'end'
              ? await ask('DELETE', `/v1/tokens/${from.id}`, {
                  token: by,
                  body: { descendants: spares ? 'keep' : 'revoke' },
                })
              : await post('/v1/tokens/revoke-derived', by, { derived: from.token })
          if (answer.status < 300) ends += 1
        }
        const right = await Promise.all(nodes.map(isGood))
        const known = () => Promise.all(nodes.map(async ({ token }) => (await guard.verify(token)).allowed))
        await expect.poll(known, { interval: 20, timeout: 5000 }).toEqual(right)
      }
    }),
    { numRuns: 12 },
  )
  expect(ends).toBeGreaterThan(0)
})
