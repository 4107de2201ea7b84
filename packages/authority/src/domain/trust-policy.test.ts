// Which claims a trust policy accepts, held against the rule written another way.
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { describeWorkload, isTrustPolicyId, missesOf, problemOfClaims, type RequiredClaims } from './trust-policy.ts'
import { anyText } from '../../../macaroon/src/testing/any-text.ts'

const issuer = 'https://ci.example'
const github = 'https://token.actions.githubusercontent.com'
const audience = 'hallpass'
const name = fc.constantFrom('sub', 'ref', 'environment', 'toString', 'constructor')
const text = fc.constantFrom('a', 'ab', 'abc', 'b', '', 'a*')
const values = fc.array(fc.constantFrom('a', 'ab', 'abc', 'b', 'a*', 'ab*'), { minLength: 1, maxLength: 3 })
const required = fc.dictionary(name, values)
const found = fc.oneof(text, fc.integer(), fc.boolean(), fc.array(text), fc.constant(null), fc.record({ a: text }))

/** The rule as its page says it. */
function accepts(wanted: RequiredClaims, claims: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(wanted).every((claim) => {
    const value: unknown = Object.getOwnPropertyDescriptor(claims, claim)?.value
    const candidates = ([] as unknown[]).concat(
      Array.isArray(value) ? value.filter((v) => typeof v === 'string') : value,
    )
    return (wanted[claim] ?? []).some((one) =>
      candidates.some((candidate) => {
        if (!['string', 'number', 'boolean'].includes(typeof candidate)) return false
        const written = String(candidate)
        return one.at(-1) === '*' ? written.indexOf(one.replace(/\*$/, '')) === 0 : written === one
      }),
    )
  })
}

test('a policy accepts the claims that fit all it names, and says which do not', () => {
  fc.assert(
    fc.property(required, fc.dictionary(name, found), (claims, given) => {
      const misses = missesOf({ issuer, audience, claims }, { ...given, aud: audience })
      expect(misses.length === 0).toBe(accepts(claims, given))
      for (const { claim } of misses) {
        expect(accepts({ [claim]: claims[claim] ?? [] }, given)).toBe(false)
      }
    }),
    { numRuns: 2000 },
  )
})

test('one more claim never accepts more', () => {
  fc.assert(
    fc.property(required, name, values, fc.dictionary(name, found), (claims, claim, more, given) => {
      fc.pre(!Object.hasOwn(claims, claim))
      const fits = (wanted: RequiredClaims) => missesOf({ issuer, audience, claims: wanted }, given).length === 0
      if (fits({ ...claims, [claim]: more })) expect(fits(claims)).toBe(true)
    }),
  )
})

test('an audience is one of a list, and never a part of one', () => {
  const policy = { issuer, audience, claims: {} }
  expect(missesOf(policy, { aud: ['x', 'hallpass'] })).toEqual([])
  for (const aud of ['hallpass2', 'hallpas', ['x'], undefined, null, { hallpass: true }]) {
    expect(missesOf(policy, { aud })).toMatchObject([{ claim: 'aud' }])
  }
})

test('an audience that ends with a star is taken as it is', () => {
  expect(missesOf({ issuer, audience: 'hallpass*', claims: {} }, { aud: 'hallpass2' })).toHaveLength(1)
})

test.each([
  [github, { repository_id: ['1'] }, true],
  [github, { repository_owner_id: ['1'] }, true],
  [github, { sub: ['repo:a@1/b@2:ref:refs/heads/main'] }, true],
  [github, { sub: ['repo:a@1/b@2:ref:refs/heads/main', 'repo:a/b:ref:refs/heads/main'] }, false],
  [github, { sub: ['repo:a@1/b:ref:x'] }, false],
  [github, { sub: ['repo:a@1/b@2:*'] }, false],
  [github, { repository: ['a/b'] }, false],
  [`${github}/octo`, { repository: ['a/b'] }, false],
  ['https://token.actions.acme.ghe.com', { repository: ['a/b'] }, false],
  ['https://github.acme.example/_services/token', { repository: ['a/b'] }, false],
  ['https://gitlab.com', { sub: ['project_path:a/b:ref_type:branch:ref:main'] }, false],
  ['https://gitlab.com', { namespace_id: ['1'] }, true],
  ['https://agent.buildkite.com', { pipeline_slug: ['a'] }, false],
  ['https://agent.buildkite.com', { pipeline_id: ['a', 'b'] }, true],
  [issuer, { sub: ['job'] }, true],
  [issuer, { sub: ['job*'] }, false],
  [issuer, { sub: ['project_path:a/b:ref_type:branch:ref:main'] }, false],
  [issuer, { project_id: ['1', '2*'] }, false],
  [issuer, { project_id: ['1'] }, true],
  [issuer, {}, false],
] as const)('of %s, %j names a subject that lasts: %s', (of, claims, isSound) => {
  expect(problemOfClaims(of, claims) === undefined).toBe(isSound)
})

test('a workload is one line that can be shown, whatever its claims are', () => {
  const issuers = fc.constantFrom(issuer, github, 'https://gitlab.com', 'https://agent.buildkite.com')
  const claims = fc.dictionary(fc.constantFrom('sub', 'repository', 'run_id', 'sha', 'project_path'), found)
  fc.assert(
    fc.property(
      issuers,
      fc.oneof(claims, fc.dictionary(fc.constantFrom('sub', 'repository'), anyText())),
      (of, given) => {
        const words = describeWorkload({ issuer: of, claims: given })
        expect(words.length).toBeLessThanOrEqual(128)
        expect(words).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
        expect(words.trim()).not.toBe('')
      },
    ),
  )
})

test('ids of policies and of tokens are told apart', () => {
  expect(isTrustPolicyId('9b2d3f7e-0c1a-4d5e-8f60-718293a4b5c6')).toBe(true)
  expect(isTrustPolicyId('9b2d3f7e-0c1a-5d5e-8f60-718293a4b5c6')).toBe(false)
})

test.each(['pull_request_target', 'workflow_run'])(
  'a job of %s needs a policy that names it, and not a star',
  (event) => {
    const misses = (wanted: RequiredClaims, event_name: unknown) =>
      missesOf({ issuer: github, audience, claims: wanted }, { aud: audience, event_name })
    expect(misses({ event_name: [`${event.slice(0, 8)}*`, 'push'] }, event)).toMatchObject([{ found: event }])
    expect(misses({ event_name: ['push', event] }, event)).toEqual([])
    expect(misses({}, ['push', event])).toMatchObject([{ found: event }])
  },
)

test('a number that JSON may have rounded is no id', () => {
  const claims = (text: string) => JSON.parse(`{"aud":"${audience}","project_id":${text}}`) as Record<string, unknown>
  const misses = (id: string, found: string) =>
    missesOf({ issuer, audience, claims: { project_id: [id] } }, claims(found))
  expect(misses('9007199254740991', '9007199254740991')).toEqual([])
  expect(misses('9007199254740992', '9007199254740993')).toHaveLength(1)
  expect(misses('0.1', '0.1000000000000000001')).toHaveLength(1)
})
