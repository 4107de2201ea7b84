import { clearCaveats, type Network } from '@hallpass/macaroon'
import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'

import {
  asksForMaker,
  blockOf,
  lifetimeOf,
  nowhere,
  openPolicy,
  readNetworks,
  saySeconds,
  type Circumstances,
  type LimitedToken,
  type TokenPolicy,
} from './token-policy.ts'

const day = 86_400
const trustPolicy = '0a0a0a0a-0000-4000-8000-000000000001'
const otherToken = '0a0a0a0a-0000-5000-8000-000000000002'
const token: LimitedToken = {
  id: '0a0a0a0a-0000-5000-8000-000000000003',
  profile: 'deploy_organization',
  createdBy: 1,
  mintedBy: null,
  machineId: null,
  createdAt: 0,
  expiresAt: 90 * day * 1000,
  isApproved: true,
}
const here: Circumstances = { makerIsAdmin: true, from: '10.0.0.1' }
const reasonOf = (
  changes: Partial<LimitedToken>,
  policy: Partial<TokenPolicy>,
  circumstances: Partial<Circumstances> = {},
) => blockOf({ ...token, ...changes }, { ...openPolicy, ...policy }, { ...here, ...circumstances })?.reason

describe('a limit on lifetimes', () => {
  it.each([
    [90 * day, undefined],
    [90 * day - 1, 'max_token_lifetime'],
  ])('of %i seconds', (maxLifetime, reason) => {
    expect(reasonOf({}, { maxLifetime })).toBe(reason)
  })

  test('counts the hour that a machine has of its own token', () => {
    expect(reasonOf({ machineId: 'm' }, { maxLifetime: 3600 })).toBeUndefined()
    expect(reasonOf({ machineId: 'm' }, { maxLifetime: 3599 })).toBe('max_token_lifetime')
    expect(reasonOf({ machineId: 'm', expiresAt: 60_000 }, { maxLifetime: 60 })).toBeUndefined()
  })

  test('is in words', () => {
    const sentence = blockOf(token, { ...openPolicy, maxLifetime: 36 * 3600 }, here)?.sentence
    expect(sentence).toBe(
      `token ${token.id} is valid for 90 days, longer than the 36 hours that its organization allows: rotate it`,
    )
    expect([1, 60, 3600, 2 * day, 3601].map(saySeconds)).toEqual([
      '1 second',
      '1 minute',
      '1 hour',
      '2 days',
      '3601 seconds',
    ])
  })
})

describe('a limit on who mints', () => {
  it.each([
    [{ mintedBy: null }, undefined],
    [{ mintedBy: trustPolicy }, undefined],
    [{ mintedBy: otherToken }, 'tokens_may_mint'],
  ])('lets only people: %j', (changes, reason) => {
    expect(reasonOf(changes, { tokensMayMint: false })).toBe(reason)
  })

  it.each([
    [{}, true, undefined],
    [{}, false, 'only_admins_mint'],
    [{ profile: 'litefs_cloud' }, false, 'only_admins_mint'],
    [{ profile: 'deploy' }, false, undefined],
    [{ mintedBy: trustPolicy }, false, 'only_admins_mint'],
    [{ createdBy: null }, true, 'only_admins_mint'],
    [{ createdBy: null, mintedBy: otherToken }, true, 'only_admins_mint'],
    [{ createdBy: null, mintedBy: trustPolicy }, false, undefined],
  ] as const)('lets only admins: %j, made by an admin: %s', (changes, makerIsAdmin, reason) => {
    expect(reasonOf(changes, { onlyAdminsMint: true }, { makerIsAdmin })).toBe(reason)
  })
})

test('a token that is not approved waits, as long as approval is wanted', () => {
  expect(reasonOf({ isApproved: false }, { approval: true })).toBe('approval')
  expect(reasonOf({ isApproved: false }, {})).toBeUndefined()
  expect(reasonOf({}, { approval: true })).toBeUndefined()
})

describe('networks', () => {
  const networks = readNetworks(['10.0.0.0/8', '2001:db8::/32'])
  it.each([
    ['10.9.9.9', undefined],
    ['::ffff:10.9.9.9', undefined],
    [(): string => '2001:db8::1', undefined],
    [nowhere, undefined],
    ['11.0.0.1', 'networks'],
    ['machine 148e', 'networks'],
    ['', 'networks'],
    [undefined, 'networks'],
    [(): undefined => undefined, 'networks'],
  ] as const)('judge what comes from %s', (from, reason) => {
    expect(reasonOf({}, { networks }, { from })).toBe(reason)
  })

  test('ask for the address only if there are any', () => {
    const from = () => {
      throw new Error('asked')
    }
    expect(reasonOf({}, { approval: true }, { from })).toBeUndefined()
  })

  test('judge as the caveat does', () => {
    fc.assert(
      fc.property(networkList, address, (list, from) => {
        const access = { action: 0, now: 0, orgId: 1n, sourceAddress: from } as const
        const { allowed } = clearCaveats([{ type: 'Networks', networks: list }], [access])
        expect(reasonOf({}, { networks: list }, { from }) === undefined).toBe(list.length === 0 || allowed)
      }),
    )
  })
})

const seconds = fc.oneof(fc.integer({ min: 1, max: 400 * day }), fc.constantFrom(3599, 3600, 90 * day))
const network: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom('10', '11'), fc.nat(3), fc.constantFrom(8, 16))
  .map(([first, second, bits]) => (bits === 8 ? `${first}.0.0.0/8` : `${first}.${second}.0.0/16`))
const networkList: fc.Arbitrary<readonly Network[]> = fc.array(network, { maxLength: 3 }).map(readNetworks)
const address: fc.Arbitrary<string> = fc.constantFrom('10.0.0.1', '10.1.0.1', '11.2.0.1', '192.0.2.1', 'machine 1', '')
const policies: fc.Arbitrary<TokenPolicy> = fc.oneof(
  fc.constant(openPolicy),
  fc.record({
    maxLifetime: fc.option(seconds),
    defaultLifetime: fc.option(seconds),
    tokensMayMint: fc.boolean(),
    onlyAdminsMint: fc.boolean(),
    approval: fc.boolean(),
    networks: networkList,
  }),
)
const tokens: fc.Arbitrary<LimitedToken> = fc
  .record({
    profile: fc.constantFrom('deploy_organization' as const, 'deploy' as const, 'litefs_cloud' as const),
    createdBy: fc.option(fc.constant(1)),
    mintedBy: fc.constantFrom(null, trustPolicy, otherToken),
    machineId: fc.option(fc.constant('m')),
    expiresAt: seconds.map((count) => count * 1000),
    isApproved: fc.boolean(),
  })
  .map((changes) => ({ ...token, ...changes }))
const circumstances = fc.record({ makerIsAdmin: fc.boolean(), from: fc.oneof(address, fc.constant(nowhere)) })

/** What limits as both do. */
function both(one: TokenPolicy, other: TokenPolicy): TokenPolicy {
  const shorter = Math.min(one.maxLifetime ?? Infinity, other.maxLifetime ?? Infinity)
  const narrower = one.networks.length === 0 ? other.networks : one.networks
  return {
    maxLifetime: shorter === Infinity ? null : shorter,
    defaultLifetime: null,
    tokensMayMint: one.tokensMayMint && other.tokensMayMint,
    onlyAdminsMint: one.onlyAdminsMint || other.onlyAdminsMint,
    approval: one.approval || other.approval,
    networks: narrower,
  }
}

describe('a policy', () => {
  test('that is tightened never allows more', () => {
    fc.assert(
      fc.property(tokens, policies, policies, circumstances, (one, policy, other, at) => {
        if (blockOf(one, both(policy, other), at) === undefined) expect(blockOf(one, policy, at)).toBeUndefined()
      }),
    )
  })

  test('without limits blocks nothing, whichever object it is', () => {
    fc.assert(
      fc.property(tokens, circumstances, (one, at) => {
        expect(blockOf(one, openPolicy, at)).toBeUndefined()
        expect(blockOf(one, { ...openPolicy }, at)).toBeUndefined()
      }),
    )
  })

  test('asks for the maker of a token wherever the answer matters', () => {
    fc.assert(
      fc.property(tokens, policies, circumstances, (one, policy, at) => {
        const [yes, no] = [true, false].map((makerIsAdmin) => blockOf(one, policy, { ...at, makerIsAdmin })?.reason)
        if (!asksForMaker(one, policy)) expect(yes).toBe(no)
      }),
    )
  })

  test('blocks with a sentence that names the token and not its organization', () => {
    fc.assert(
      fc.property(tokens, policies, circumstances, (one, policy, at) => {
        const block = blockOf(one, policy, at)
        if (block !== undefined) expect(block.sentence).toContain(`token ${one.id} `)
      }),
    )
  })

  test('says how long tokens live whose minter does not', () => {
    expect(lifetimeOf(openPolicy)).toBe(175_200 * 3600)
    expect(lifetimeOf({ ...openPolicy, maxLifetime: 90 })).toBe(90)
    expect(lifetimeOf({ ...openPolicy, maxLifetime: 90, defaultLifetime: 30 })).toBe(30)
  })
})
