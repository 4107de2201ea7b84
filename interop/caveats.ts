/** Random caveats of every type, with few values, so that caveats and accesses meet. */

import { type Action, actions, type Caveat } from '@hallpass/macaroon'
import type { Dice } from './dice.ts'

/** Any caveat that a holder may add, IfPresent up to `depth` deep. */
export function rollCaveat(dice: Dice, depth = 2): Caveat {
  if (depth > 0 && dice.once(5)) {
    return { type: 'IfPresent', ifs: dice.list(3, () => rollCaveat(dice, depth - 1)), else: rollMask(dice) }
  }
  return dice.pick(makers)(dice)
}

/** One that leaves something allowed more often than not. */
export function rollLenientCaveat(dice: Dice): Caveat {
  return dice.pick(lenientMakers)(dice)
}

/** What a third party attests. */
export function rollAttestation(dice: Dice): Caveat {
  if (dice.once(3))
    return { type: 'GoogleUserID', id: dice.bytes(dice.below(20)).reduce((id, b) => id * 256n + BigInt(b), 0n) }
  return { type: dice.pick(['FlyioUserID', 'GitHubUserID']), id: rollId(dice) }
}

/** What an authority demands of a third party. */
export function rollDemand(dice: Dice): Caveat {
  return dice.pick(demandMakers)(dice)
}

export function rollMask(dice: Dice): Action {
  return dice.pick(masks) ?? dice.below(0x10000)
}

export function rollId(dice: Dice): bigint {
  return dice.pick(ids)
}

export function rollName(dice: Dice): string {
  return dice.pick(names)
}

const masks = [0, 1, 3, 16, 31, 31, 31, actions.any, actions.any, actions.any, undefined] as const
const ids = [0n, 1n, 1n, 2n, 2n, 127n, 128n, 300n, 65_536n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 64n - 1n] as const
const names = [
  '',
  'a',
  'a',
  'b',
  'ab',
  'wg',
  'membership',
  'litefs-cloud',
  'deletion',
  'é😀',
  '\uffff',
  'a'.repeat(40),
] as const

function rollSet<Id extends bigint | string>(dice: Dice, rollOne: (dice: Dice) => Id): ReadonlyMap<Id, Action> | null {
  if (dice.once(12)) return null
  return new Map(dice.list(4, () => [rollOne(dice), rollMask(dice)] as const))
}

function rollTexts(dice: Dice): string[] | null {
  return dice.once(8) ? null : dice.list(3, () => rollName(dice))
}

function rollSeconds(dice: Dice): bigint {
  return dice.once(6) ? dice.pick([-(2n ** 63n), -129n, -33n, -1n, 2n ** 62n]) : BigInt(dice.below(3000))
}

type Maker = (dice: Dice) => Caveat

const demandMakers: readonly [Maker, ...Maker[]] = [
  (dice) => ({ type: 'ConfineUser', id: rollId(dice) }),
  (dice) => ({ type: 'ConfineOrganization', id: rollId(dice) }),
  (dice) => ({ type: 'ConfineGoogleHD', hd: rollName(dice) }),
  (dice) => ({ type: 'ConfineGitHubOrg', id: rollId(dice) }),
  (dice) => ({ type: 'MaxValidity', seconds: rollId(dice) }),
]

const lenientMakers: readonly [Maker, ...Maker[]] = [
  (dice) => ({ type: 'Organization', id: dice.pick([0n, 1n, 1n, 2n]), mask: actions.any }),
  () => ({ type: 'IsMember' }),
  (dice) => ({ type: 'ValidityWindow', notBefore: BigInt(dice.below(500)), notAfter: BigInt(2500 + dice.below(3000)) }),
  (dice) => ({ type: 'Action', mask: dice.pick([31, actions.any]) }),
  (dice) => ({ type: 'IfPresent', ifs: [rollCaveat(dice, 1)], else: dice.pick([1, 31, actions.any]) }),
  (dice) => ({ type: 'AllowedRoles', roles: dice.pick([1, 3, 0xffffffff]) }),
]

const makers: readonly [Maker, ...Maker[]] = [
  ...lenientMakers,
  ...demandMakers,
  (dice) => ({ type: 'Organization', id: rollId(dice), mask: rollMask(dice) }),
  (dice) => ({ type: 'Apps', apps: rollSet(dice, rollId) }),
  (dice) => ({ type: 'Volumes', volumes: rollSet(dice, rollName) }),
  (dice) => ({ type: 'Machines', machines: rollSet(dice, rollName) }),
  (dice) => ({ type: 'FeatureSet', features: rollSet(dice, rollName) }),
  (dice) => ({ type: 'MachineFeatureSet', features: rollSet(dice, rollName) }),
  (dice) => ({ type: 'AppFeatureSet', features: rollSet(dice, rollName) }),
  (dice) => ({ type: 'Clusters', clusters: rollSet(dice, rollName) }),
  (dice) => ({ type: 'StorageObjects', prefixes: rollSet(dice, rollName) }),
  (dice) => ({ type: 'ValidityWindow', notBefore: rollSeconds(dice), notAfter: rollSeconds(dice) }),
  (dice) => ({ type: 'Action', mask: rollMask(dice) }),
  (dice) => ({ type: 'AllowedRoles', roles: dice.pick([0, 1, 2, 3, 0xfffffffe, dice.word()]) }),
  (dice) => ({ type: 'Mutations', mutations: rollTexts(dice) }),
  (dice) => ({
    type: 'Commands',
    commands: dice.once(8) ? null : dice.list(2, () => ({ args: rollTexts(dice), exact: dice.once(2) })),
  }),
  (dice) => ({ type: 'FromMachineSource', id: rollName(dice) }),
  (dice) => ({ type: 'FlySrc', organization: rollSource(dice), app: rollSource(dice), instance: rollSource(dice) }),
  (dice) => ({ type: 'IsUser', id: rollId(dice) }),
  (dice) => ({
    type: 'Unknown',
    number: dice.pick([1n, 17n, 32n, 4242n, 2n ** 48n, 2n ** 64n - 2n]),
    body: Uint8Array.from(dice.pick(bodies)),
  }),
]

/** MessagePack of many kinds, not always in the shortest spelling. */
const bodies: readonly [readonly number[], ...(readonly number[])[]] = [
  [0xc2],
  [0xc3],
  [0x91, 0x01],
  [0xa1, 0x61],
  [0xcd, 0, 1],
  [0x82, 1, 2, 3, 4],
  [0x81, 0xa1, 0xff, 0xc4, 1, 9],
  [0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0],
  [0xdc, 0, 2, 0x90, 0x80],
]

function rollSource(dice: Dice): string {
  return dice.pick(['', '', 'a', 'b'])
}
