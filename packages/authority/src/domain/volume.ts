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
  /** As it was asked for. */
  readonly sizeGb: number
  /** As the engine made it; 0 before. */
  readonly madeGb: number
  /** Whether the engine holds it to its size; null before it is made. */
  readonly isSized: boolean | null
  /** That has it, until nothing is left of the machine. */
  readonly machineId: string | null
  /** Why the engine has not done yet what is to be done; a sentence for people. */
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

/** What people ask for: `destroy`. And what the driver has done in the engine: `make`, `remove`. */
export type VolumeCause = 'make' | 'destroy' | 'remove'

/** For each cause, the states in which it can happen, and what follows. */
export const volumeTransitions: Readonly<Record<VolumeCause, Partial<Record<VolumeState, VolumeState>>>> = {
  make: { creating: 'created' },
  destroy: { creating: 'destroying', created: 'destroying', destroying: 'destroying', destroyed: 'destroyed' },
  remove: { destroying: 'destroyed' },
}

/** The volume after a cause; undefined where that cannot happen in its state. */
export function changeVolume(volume: Volume, cause: VolumeCause, changes: Partial<Volume>): Volume | undefined {
  const state = volumeTransitions[cause][volume.state]
  return state === undefined ? undefined : { ...volume, ...changes, state }
}

export function createVolumeId(randomBytes: RandomBytes): string {
  return `vol_${createPublicId(randomBytes)}`
}

/** Whether something is there, or will be, that a machine can have. */
export function isUsable({ state }: Volume): boolean {
  return state === 'creating' || state === 'created'
}
