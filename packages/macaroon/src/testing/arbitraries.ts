/** For tests: arbitrary caveats, accesses and macaroons. */

import * as fc from 'fast-check'
import type { Access } from '../access.ts'
import { type Action, actions } from '../action.ts'
import type { Caveat, Command, Network, Networks } from '../caveat.ts'
import type { DischargeAccess } from '../discharge-access.ts'
import { dischargeTicket, parentBinding } from '../discharge.ts'
import type { Macaroon } from '../macaroon.ts'
import { attenuate, mintMacaroon } from '../mint.ts'
import { arrange, parseAddress } from '../network.ts'
import { thirdParty } from '../third-party.ts'
import { replay } from './vectors.ts'
import { anyText } from './any-text.ts'

/** Few ids and names, so that caveats and accesses meet. */
const id = fc.oneof(fc.constantFrom(0n, 1n, 2n, 300n), fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }))
const text = fc.oneof(
  fc.constantFrom('', 'a', 'b', 'wg', 'membership', 'litefs-cloud', 'ls'),
  anyText({ maxLength: 40 }),
)
const source = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('', 'a', 'b') }, text)
const mask = fc.oneof(
  fc.constantFrom<Action>(actions.none, actions.read, actions.all, actions.any),
  fc.integer({ min: 0, max: 0xffff }),
)
/** Masks that JSON can say. */
export const namedMask = fc.integer({ min: 0, max: 31 })
const seconds = fc.oneof(
  fc.bigInt({ min: -40n, max: 3000n }),
  fc.bigInt({ min: -0x8000000000000000n, max: 0x7fffffffffffffffn }),
)
const bytes = fc.uint8Array({ maxLength: 40 })

/** Every type of caveat that any holder may add, IfPresent up to `depth` deep. */
export function caveat(depth = 2, masks: fc.Arbitrary<Action> = mask): fc.Arbitrary<Caveat> {
  const texts = fc.option(fc.array(text, { maxLength: 4 }))
  const named = fc.option(fc.array(fc.tuple(text, masks), { maxLength: 5 }).map((entries) => new Map(entries)))
  const numbered = fc.option(fc.array(fc.tuple(id, masks), { maxLength: 5 }).map((entries) => new Map(entries)))
  const command: fc.Arbitrary<Command> = fc.record({ args: texts, exact: fc.boolean() })
  const commands = fc.option(fc.array(command, { maxLength: 3 }))
  const flat: fc.Arbitrary<Caveat>[] = [
    fc.record({ type: fc.constant('Organization' as const), id, mask: masks }),
    fc.record({ type: fc.constant('Apps' as const), apps: numbered }),
    fc.record({ type: fc.constant('Volumes' as const), volumes: named }),
    fc.record({ type: fc.constant('Machines' as const), machines: named }),
    fc.record({ type: fc.constant('FeatureSet' as const), features: named }),
    fc.record({ type: fc.constant('Clusters' as const), clusters: named }),
    fc.record({ type: fc.constant('ValidityWindow' as const), notBefore: seconds, notAfter: seconds }),
    fc.record({ type: fc.constant('Action' as const), mask: masks }),
    fc.record({ type: fc.constant('Mutations' as const), mutations: texts }),
    fc.record({ type: fc.constant('Commands' as const), commands }),
    fc.constant<Caveat>({ type: 'IsMember' }),
    fc.record({ type: fc.constantFrom('MachineFeatureSet' as const, 'AppFeatureSet' as const), features: named }),
    fc.record({ type: fc.constant('StorageObjects' as const), prefixes: named }),
    fc.record({ type: fc.constant('FromMachineSource' as const), id: text }),
    fc.record({ type: fc.constant('FlySrc' as const), organization: source, app: source, instance: source }),
    fc.record({ type: fc.constant('IsUser' as const), id }),
    fc.record({
      type: fc.constant('AllowedRoles' as const),
      roles: fc.constantFrom(0, 1, 2, 3, 0xfffffffe, 0xffffffff),
    }),
    fc.record({
      type: fc.constant('Unknown' as const),
      number: fc.bigInt({ min: 4000n, max: 0xfffffffffffffffen }),
      body: fc
        .constantFrom([0xc3], [0x91, 0x01], [0xa1, 0x61], [0xcd, 0, 1], [0x82, 1, 2, 3, 4])
        .map((body) => Uint8Array.from(body)),
    }),
  ]
  if (depth === 0) return fc.oneof(...flat)
  const ifs = fc.option(fc.array(caveat(depth - 1, masks), { maxLength: 4 }), { freq: 20 })
  return fc.oneof(...flat, {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('IfPresent' as const), ifs, else: masks }),
  })
}

/** The rest: caveats that only a verifier and third parties make. */
export const rareCaveat: fc.Arbitrary<Caveat> = fc.oneof(
  fc.record({
    type: fc.constant('3P' as const),
    location: text,
    verifierKey: fc.option(bytes),
    ticket: fc.option(bytes),
  }),
  fc.record({ type: fc.constant('BindToParentToken' as const), prefix: fc.option(bytes) }),
  fc.record({ type: fc.constantFrom('ConfineUser' as const, 'ConfineOrganization' as const), id }),
  fc.record({ type: fc.constant('ConfineGitHubOrg' as const), id }),
  fc.record({ type: fc.constant('ConfineGoogleHD' as const), hd: text }),
  fc.record({ type: fc.constant('MaxValidity' as const), seconds: id }),
  fc.record({ type: fc.constantFrom('FlyioUserID' as const, 'GitHubUserID' as const), id }),
  fc.record({ type: fc.constant('GoogleUserID' as const), id: fc.bigInt({ min: 0n, max: 256n ** 32n - 1n }) }),
)

/** Ours, which Go does not know: apart from those that are compared with it. */
const seen = fc.oneof(
  fc.constantFrom('', 'ci', 'ada@example.com', '"; then agent x'),
  fc.string({ unit: 'grapheme', maxLength: 40 }).map((each) => each.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '').trim()),
)
export const runLabel = fc
  .record({ type: fc.constant('RunLabel' as const), agent: seen, run: seen, onBehalfOf: seen })
  .filter(({ agent, run, onBehalfOf }) => agent + run + onBehalfOf !== '')

const octets = fc.constantFrom(0, 1, 10, 127, 128, 255)
/** Few octets, so that addresses and networks meet; also those that map IPv4 into IPv6. */
export const address = fc.oneof(
  fc.array(octets, { minLength: 4, maxLength: 4 }).map((bytes) => bytes.join('.')),
  fc.array(octets, { minLength: 4, maxLength: 4 }).map((bytes) => `::ffff:${bytes.join('.')}`),
  fc
    .array(fc.constantFrom('0', '1', '2001', 'DB8', 'ffff'), { minLength: 8, maxLength: 8 })
    .map((groups) => groups.join(':')),
  fc.ipV4(),
  fc.ipV6(),
)
export const networks: fc.Arbitrary<Networks> = fc
  .array(fc.tuple(address, fc.nat(128)), { maxLength: 6 })
  .map((list) => ({
    type: 'Networks',
    networks: arrange(list.flatMap(([text, length]) => networkAround(text, length))),
  }))

/** The network of so many bits around an address. */
export function networkAround(text: string, length: number): readonly Network[] {
  const all = parseAddress(text)
  if (all === undefined) return []
  const bits = Math.min(length, all.length * 8)
  const start = all.map((byte, at) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * at))))
  // What is left of ::ffff:0:0/96 and longer networks is written as IPv4 already.
  return [{ address: start, bits }]
}

export const caveats = fc.array(caveat(), { minLength: 1, maxLength: 6 })
/** Few and lenient enough to allow something now and then. */
export const fewCaveats = fc.array(caveat(2, fc.constantFrom<Action>(actions.any, actions.any, actions.all, 3, 1)), {
  minLength: 1,
  maxLength: 2,
})

export const access: fc.Arbitrary<Access> = fc.record(
  {
    action: mask,
    now: fc.oneof(
      fc.integer({ min: -10, max: 6000 }).map((half) => half / 2),
      fc.integer({ min: 0, max: 2 ** 40 }),
    ),
    orgId: id,
    appId: id,
    feature: text,
    volume: text,
    machine: text,
    mutation: text,
    cluster: text,
    command: fc.array(text, { maxLength: 3 }),
    appFeature: text,
    machineFeature: text,
    storageObject: text,
    sourceMachine: source,
    sourceApp: source,
    sourceOrganization: source,
  },
  { requiredKeys: ['action', 'now'] },
)

const resourceKinds = [
  'none',
  'app',
  'machine',
  'command',
  'machine feature',
  'app feature',
  'storage',
  'volume',
  'feature',
  'cluster',
] as const

/** Accesses that name an organisation and nothing else that would contradict it. */
export const sensibleAccess: fc.Arbitrary<Access> = fc
  .tuple(access, fc.constantFrom(...resourceKinds), id, text, text)
  .map(([{ action, now, mutation, command = [], ...rest }, what, number, name, other]) => {
    const { sourceMachine, sourceApp, sourceOrganization } = rest
    const base = {
      action: action & actions.all,
      now,
      orgId: number,
      mutation,
      sourceMachine,
      sourceApp,
      sourceOrganization,
    }
    if (what === 'app') return { ...base, appId: number }
    if (what === 'machine') return { ...base, appId: number, machine: name }
    if (what === 'command') return { ...base, appId: number, machine: name, command }
    if (what === 'machine feature') return { ...base, appId: number, machine: name, machineFeature: other }
    if (what === 'app feature') return { ...base, appId: number, appFeature: name }
    if (what === 'storage') return { ...base, storageObject: name }
    if (what === 'volume') return { ...base, appId: number, volume: name }
    if (what === 'feature') return { ...base, feature: name }
    if (what === 'cluster') return { ...base, feature: 'litefs-cloud', cluster: other }
    return base
  })

/** Somebody who asks a third party for a discharge. */
export const dischargeAccess: fc.Arbitrary<DischargeAccess> = fc
  .record({
    now: fc.integer({ min: 0, max: 3000 }),
    length: fc.oneof(fc.constantFrom(-1, 0, 0.5, 1, 2, 2.5, 300, 300.5), fc.integer({ min: 0, max: 2 ** 40 })),
    flyio: fc.array(fc.record({ userId: id, organizationIds: fc.array(id, { maxLength: 3 }) }), { maxLength: 2 }),
    google: fc.array(fc.record({ hd: text }), { maxLength: 2 }),
    gitHub: fc.array(fc.record({ orgIds: fc.array(id, { maxLength: 3 }) }), { maxLength: 2 }),
  })
  .map(({ length, ...rest }) => ({ type: 'discharge', expiry: rest.now + length, ...rest }))

export const key = fc.uint8Array({ minLength: 32, maxLength: 32 })

/** A macaroon and the key that it was minted with. */
export const minted: fc.Arbitrary<{ macaroon: Macaroon; key: Uint8Array }> = fc
  .record({
    kid: fc.uint8Array({ minLength: 1, maxLength: 20 }),
    rnd: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    location: fc.constantFrom('https://api.fly.io/v1', '', 'https://tokens.example/ü'),
    key,
    caveats,
  })
  .map((input) => ({ macaroon: mintMacaroon(input), key: input.key }))

/** A macaroon that asks a third party, its key, and an answer that is right: a proof or not, bound or not. */
export const discharged: fc.Arbitrary<Discharged> = fc
  .record({
    token: minted,
    shared: key,
    seed: fc.uint8Array({ minLength: 56, maxLength: 56 }),
    rnd: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    demands: fc.array(rareCaveat, { maxLength: 2 }),
    limits: fc.array(caveat(1), { maxLength: 3 }),
    after: fc.array(caveat(1), { maxLength: 2 }),
    proof: fc.boolean(),
    bound: fc.boolean(),
    attested: fc.boolean(),
  })
  .map(({ token, shared, seed, rnd, demands, limits, after, proof, bound, attested }) => {
    const demand = thirdParty({ key: shared, location: thirdPartyLocation, caveats: demands, random: replay(seed) })
    const parent = attenuate(token.macaroon, [demand])
    const own: Caveat[] = [
      ...limits,
      ...(bound ? [parentBinding(parent)] : []),
      ...(proof && attested ? [{ type: 'FlyioUserID' as const, id: 7n }] : []),
    ]
    const ticket = demand.ticket
    const discharge = dischargeTicket({ key: shared, ticket, location: thirdPartyLocation, rnd, caveats: own, proof })
    return { macaroon: attenuate(parent, after), key: token.key, shared, discharge, ticket }
  })

export const thirdPartyLocation = 'https://auth.example'

interface Discharged {
  readonly macaroon: Macaroon
  readonly key: Uint8Array
  readonly shared: Uint8Array
  readonly discharge: Macaroon
  readonly ticket: Uint8Array
}
