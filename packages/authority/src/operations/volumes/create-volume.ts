// volume.create: stores a new volume, which the driver makes in the engine.
import { actions } from '@hallpass/macaroon'

import { chooseRegion } from '../../domain/machine.ts'
import { createVolumeId, type Volume } from '../../domain/volume.ts'
import { accessApp, type FoundApp } from '../apps/find-app.ts'
import { expectRunner } from '../machines/find-machine.ts'
import type { WriteOperation } from '../perform/operation.ts'

export interface CreateVolume {
  readonly appName: string
  readonly name: string
  /** As for a machine. */
  readonly region: string | undefined
  readonly sizeGb: number
}

export const createVolume: WriteOperation<CreateVolume, FoundApp, FoundApp & { readonly volume: Volume }> = {
  name: 'volume.create',
  mode: 'write',

  access: (context, { appName }) => accessApp(context, appName, actions.create),

  async run({ tx, environment, now }, { input: { name, region, sizeGb }, subject }) {
    const { app, organisation } = subject
    expectRunner(environment)
    await environment.quotas.expectRoom(tx, organisation, 'volumes', now)
    await environment.quotas.expectRoom(tx, organisation, 'volumeGb', now, sizeGb)
    const volume: Volume = {
      id: createVolumeId(environment.randomBytes),
      organisationId: organisation.id,
      appId: app.id,
      name,
      region: chooseRegion(region, environment.machines?.regions() ?? [], environment.randomBytes),
      state: 'creating',
      sizeGb,
      madeGb: 0,
      isSized: null,
      machineId: null,
      problem: null,
      tries: 0,
      dueAt: now,
      createdAt: now,
      updatedAt: now,
    }
    await tx.volumes.insert(volume)
    return { ...subject, volume }
  },

  auditDetails: ({ volume, app }) => ({ target: `volume ${volume.id} of app ${app.name}` }),

  async afterCommit({ environment }, output) {
    environment.machines?.wake()
    return output
  },
}
