/** One random case: what is minted, attenuated, asked and discharged, how it is presented, and what is attempted with it. */

import type { Access, Caveat, DischargeAccess } from '@hallpass/macaroon'
import { rollAccess, rollDischargeAccess } from './accesses.ts'
import { rollAttestation, rollCaveat, rollDemand, rollLenientCaveat } from './caveats.ts'
import { Dice } from './dice.ts'

export interface Case {
  readonly number: number
  /** What both sides draw their randomness from, in the same order. */
  readonly random: Uint8Array
  readonly kid: Uint8Array
  readonly key: Uint8Array
  readonly location: string
  /** What the token is minted with, and what is added later. */
  readonly mint: readonly Step[]
  readonly more: readonly Step[]
  readonly answers: readonly Answer[]
  /** The key to verify with: usually `key`. */
  readonly verifyKey: Uint8Array
  readonly trusted: ReadonlyMap<string, readonly Uint8Array[]>
  readonly accesses: readonly (Access | DischargeAccess)[]
  /** What happens to the tokens on their way. */
  readonly damage: Damage
  /** For the damage. */
  readonly dice: Dice
}

export type Step = { readonly caveats: readonly Caveat[] } | { readonly party: Party }

interface Party {
  readonly key: Uint8Array
  readonly location: string
  readonly caveats: readonly Caveat[]
}

export interface Answer {
  /** Which of the parties, counted over both lists of steps. */
  readonly party: number
  readonly location: string
  readonly caveats: readonly Caveat[]
  readonly proof: boolean
  readonly bind: 'no' | 'to the token' | 'to the token as minted'
}

const damages = [
  ...(['none', 'none', 'none', 'none', 'none', 'none'] as const),
  'token changed',
  'discharge changed',
  'discharge dropped',
  'turned round',
  'token among the discharges',
  'token moved',
  'discharge moved',
] as const
type Damage = (typeof damages)[number]

export function rollCase(seed: number, number: number): Case {
  const dice = new Dice(seed, number)
  // Now and then what is meant for third parties, since only they can judge it.
  const isDemand = dice.once(12)
  const roll = isDemand ? rollDemand : rollOne
  const [mint, more] = [rollSteps(dice, roll, 1), dice.once(2) ? rollSteps(dice, roll, 0) : []]
  const parties = [...mint, ...more].flatMap((step) => ('party' in step ? [step.party] : []))
  const key = dice.bytes(32)
  return {
    number,
    random: dice.bytes(16 + parties.length * 120 + 40),
    kid: dice.bytes(1 + dice.below(20)),
    key,
    location: dice.pick([
      'https://api.fly.io/v1',
      'https://api.fly.io/v1',
      '',
      'https://tokens.example/ü',
      'x'.repeat(33),
    ]),
    mint,
    more,
    answers: parties.flatMap((party, i) => rollAnswers(dice, party, i)),
    verifyKey: dice.once(40) ? dice.bytes(32) : key,
    trusted: rollTrusted(dice, parties),
    accesses: Array.from({ length: 3 }, () =>
      isDemand || dice.once(25) ? rollDischargeAccess(dice) : rollAccess(dice),
    ),
    damage: dice.pick(damages),
    dice,
  }
}

const locations = ['https://auth.example', 'https://auth.example', 'https://b.example', 'c', 'd', ''] as const

function rollSteps(dice: Dice, roll: (dice: Dice) => Caveat, least: number): Step[] {
  const steps: Step[] = dice.list(2, () => ({ caveats: dice.list(3, () => roll(dice), 1) }), least)
  const parties = dice.pick([0, 0, 1, 1, 1, 2])
  for (let i = 0; i < parties; i += 1) steps.splice(dice.below(steps.length + 1), 0, { party: rollParty(dice) })
  // Twice the same, which counts once.
  const [first] = steps
  if (first !== undefined && 'caveats' in first && dice.once(6)) steps.push(first)
  return steps
}

function rollOne(dice: Dice): Caveat {
  if (dice.once(150)) return rollAttestation(dice)
  if (dice.once(120)) return { type: 'BindToParentToken', prefix: dice.bytes(dice.below(4)) }
  return dice.once(3) ? rollCaveat(dice) : rollLenientCaveat(dice)
}

function rollParty(dice: Dice): Party {
  return { key: dice.bytes(32), location: dice.pick(locations), caveats: dice.list(2, () => rollDemand(dice)) }
}

function rollAnswers(dice: Dice, party: Party, number: number): Answer[] {
  const count = dice.once(12) ? 0 : dice.pick([1, 1, 1, 1, 2])
  return Array.from({ length: count }, () => {
    const proof = !dice.once(3)
    const caveats = dice.list(2, () => rollLenientCaveat(dice))
    if (proof ? dice.once(2) : dice.once(15)) caveats.splice(dice.below(caveats.length + 1), 0, rollAttestation(dice))
    if (dice.once(25)) caveats.push({ type: 'BindToParentToken', prefix: dice.bytes(dice.below(3)) })
    return {
      party: number,
      location: dice.once(10) ? dice.pick(locations) : party.location,
      caveats,
      proof,
      bind: dice.pick(['no', 'no', 'to the token', 'to the token as minted']),
    }
  })
}

function rollTrusted(dice: Dice, parties: readonly Party[]): ReadonlyMap<string, readonly Uint8Array[]> {
  const trusted = new Map<string, Uint8Array[]>()
  for (const party of parties) {
    if (dice.once(3)) continue
    const location = dice.once(6) ? dice.pick(locations) : party.location
    const key = dice.once(8) ? dice.bytes(32) : party.key
    trusted.set(location, [...(trusted.get(location) ?? []), key])
  }
  return trusted
}
