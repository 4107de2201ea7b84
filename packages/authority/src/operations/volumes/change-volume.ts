// volume.extend, volume.update, volume.destroy: each writes the desired state for the driver.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import { changeVolume, isUsable, type Volume } from '../../domain/volume.ts'
import { expectRunner } from '../machines/find-machine.ts'
import type { AsideContext, WriteOperation } from '../perform/operation.ts'
import { accessVolume, expectVolume, type SoughtVolume, type VolumeName } from './find-volume.ts'

export interface ExtendedVolume {
  readonly volume: Volume
  /** Whether it is larger only once the machine that has it starts again. */
  readonly needsRestart: boolean
}

export const extendVolume: WriteOperation<VolumeName & { readonly sizeGb: number }, SoughtVolume, ExtendedVolume> = {
  name: 'volume.extend',
  mode: 'write',

  access: (context, input) => accessVolume(context, input, actions.write),

  async run({ tx, environment, now }, { input: { sizeGb }, subject }) {
    const volume = expectVolume(subject)
    expectRunner(environment)
    if (!isUsable(volume)) {
      throw new DomainError(
        'failed_precondition',
        `failed_precondition: unable to extend a volume that is ${volume.state}`,
      )
    }
    if (sizeGb < volume.sizeGb) {
      throw new DomainError('invalid', `size_gb is less than the volume has, ${volume.sizeGb}: a volume only grows`, {
        field: 'size_gb',
      })
    }
    const machine = volume.machineId === null ? undefined : await tx.machines.byId(volume.machineId)
    const needsRestart = volume.isSized !== false && machine !== undefined && machine.startedAt !== null
    if (sizeGb === volume.sizeGb) return { volume, needsRestart: needsRestart && volume.madeGb < sizeGb }
    await environment.quotas.expectRoom(tx, subject.organisation, 'volumeGb', now, sizeGb - volume.sizeGb)
    const extended = { ...volume, sizeGb, tries: 0, dueAt: now, updatedAt: now }
    await tx.volumes.save(extended)
    return { volume: extended, needsRestart }
  },

  afterCommit: wake,
}

/** Changes nothing, because the only setting would be for snapshots, which do not exist here. */
export const updateVolume: WriteOperation<VolumeName, SoughtVolume, Volume> = {
  name: 'volume.update',
  mode: 'write',

  access: (context, input) => accessVolume(context, input, actions.write),

  run: async (_context, { subject }) => expectVolume(subject),

  auditDetails: () => undefined,
}

export const destroyVolume: WriteOperation<VolumeName, SoughtVolume, Volume> = {
  name: 'volume.destroy',
  mode: 'write',

  access: (context, input) => accessVolume(context, input, actions.delete),

  async run({ tx, environment, now }, { subject }) {
    const volume = expectVolume(subject)
    expectRunner(environment)
    if (!isUsable(volume)) return volume
    if (volume.machineId !== null) {
      const sentence = `failed_precondition: volume is currently bound to machine: ${volume.machineId}`
      throw new DomainError('failed_precondition', sentence)
    }
    const changed = changeVolume(volume, 'destroy', { tries: 0, dueAt: now, updatedAt: now })
    if (changed === undefined) throw new Error(`a volume that is ${volume.state} cannot be destroyed`)
    await tx.volumes.save(changed)
    return changed
  },

  afterCommit: wake,
}

async function wake<Output>({ environment }: AsideContext, output: Output): Promise<Output> {
  environment.machines?.wake()
  return output
}
