// What an issuer publishes as keys, over HTTP. The life of keys and what else an issuer may answer: e2e/trust.test.ts.
import type { JWK } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { IdentityTokenError } from '../domain/trust-policy.ts'
import { createIssuerKeys } from './issuer-keys.ts'
import { startCiIssuer, type CiIssuer } from './testing/ci-issuer.ts'

let ci: CiIssuer
let good: JWK
beforeAll(async () => {
  ci = await startCiIssuer()
  good = ci.keys[0] ?? {}
})
afterAll(() => ci.close())

function get(published: readonly unknown[]) {
  ci.keys = published as JWK[]
  return createIssuerKeys(
    () => true,
    () => 0,
  ).get(ci.issuer, 'acme')
}

test.each<[string, () => unknown]>([
  ['nothing', () => null],
  ['a text', () => 'RSA'],
  ['a modulus that is a list', () => ({ ...good, n: Array.from({ length: 342 }, () => 'A') })],
  ['a modulus that is no base64url', () => ({ ...good, n: '!'.repeat(342) })],
  ['a modulus that is shorter than it looks', () => ({ ...good, n: 'A'.repeat(342) })],
  ['a modulus that takes long', () => ({ ...good, n: '_'.repeat(1368) })],
  ['an exponent that is a number', () => ({ ...good, e: 65_537 })],
  ['a name that is no text', () => ({ ...good, kid: [good] })],
  ['a curve that all objects have', () => ({ kty: 'EC', crv: 'constructor', alg: 'RS256', x: 'AA', y: 'AA' })],
  ['a point off its curve', () => ({ kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) })],
  ['a point that is too short', () => ({ kty: 'OKP', crv: 'Ed25519', x: 'AA' })],
  ['a curve of another kind of key', () => ({ kty: 'EC', crv: 'Ed25519', x: 'A'.repeat(43) })],
  ['a secret', () => ({ kty: 'oct', k: 'AAAA', alg: 'HS256' })],
])('%s is no key, and the others count', async (_what, make) => {
  await expect(get([make()])).rejects.toThrow(IdentityTokenError)
  await expect(get([make()])).rejects.toThrow('publishes no key for signatures')
  expect((await get([make(), good])).keys).toEqual([good])
})
