// Volumes: disks of apps that outlive machines, as the store keeps them; their ids, and the one table of their states.
import { createPublicId } from './app.ts'
import type { RandomBytes } from './machine.ts'

export interface Volume {
  /** `vol_` and 16 characters of a-z and 0-9. Never used again. */
  readonly id: string
  readonly organisationId: number
  readonly appId: number
  /** Several volumes of an app may have the same. */
  readonly name: string
  readonly region: string
  readonly state: VolumeState
  /** The requested size. */
  readonly sizeGb: number
  /** The size that the engine made; 0 before. */
  readonly madeGb: number
  /** Whether the engine limits it to its size; null before it is made. */
  readonly isSized: boolean | null
  /** The machine that has it, until nothing is left of that machine. */
  readonly machineId: string | null
  /** Why the engine has not done the next step yet; a sentence for people. */
  readonly problem: string | null
  /** Failures of the engine in a row. */
  readonly tries: number
  /** When the driver must act next; null if nothing is to be done. */
  readonly dueAt: number | null
  readonly createdAt: number
  readonly updatedAt: number
}

/** `destroyed` is the end. */
export const volumeStates = ['creating', 'created', 'destroying', 'destroyed'] as const
export type VolumeState = (typeof volumeStates)[number]

/** People ask for `destroy`. The driver has done the others in the engine: `make`, `remove`. */
export type VolumeCause = 'make' | 'destroy' | 'remove'

/** For each cause, the states in which it can happen, and what follows. */
export const volumeTransitions: Readonly<Record<VolumeCause, Partial<Record<VolumeState, VolumeState>>>> = {
  make: { creating: 'created' },
  destroy: { creating: 'destroying', created: 'destroying', destroying: 'destroying', destroyed: 'destroyed' },
  remove: { destroying: 'destroyed' },
}

/** The volume after a cause; undefined if the cause cannot happen in its state. */
export function changeVolume(volume: Volume, cause: VolumeCause, changes: Partial<Volume>): Volume | undefined {
  const state = volumeTransitions[cause][volume.state]
  return state === undefined ? undefined : { ...volume, ...changes, state }
}

export function createVolumeId(randomBytes: RandomBytes): string {
  return `vol_${createPublicId(randomBytes)}`
}

/** Whether a machine can have it, now or once it is made. */
export function isUsable({ state }: Volume): boolean {
  return state === 'creating' || state === 'created'
}
