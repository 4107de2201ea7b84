// machine.create: stores a new machine, which the driver prepares and starts.
import { actions } from '@hallpass/macaroon'

import { chooseRegion, createMachineId, createUlid, type Machine } from '../../domain/machine.ts'
import { changeMachine } from '../../domain/machine-change.ts'
import { storeConfig, type MachineConfig } from '../../domain/machine-config.ts'
import { runLabelsOf } from '../../domain/run-labels.ts'
import { accessApp, type FoundApp } from '../apps/find-app.ts'
import type { Volume } from '../../domain/volume.ts'
import { accessMounted, claimMounted } from './mount-volume.ts'
import type { WriteOperation } from '../perform/operation.ts'
import { expectSecretsVersion } from '../secrets/read-secrets.ts'
import { expectRunner, type ShownMachine } from './find-machine.ts'
import { createLease } from './leases.ts'
import { changeToken, findTokenTrouble, type TokenTrouble } from './change-token.ts'

export interface CreateMachine {
  readonly appName: string
  /** If it is undefined, a name is made up. */
  readonly name: string | undefined
  /** One region, or several separated by commas, or a part of the world; undefined for any. */
  readonly region: string | undefined
  readonly config: MachineConfig
  /** Milliseconds; undefined for no lease. */
  readonly leaseTtl: number | undefined
  readonly skipLaunch: boolean
  readonly skipSecrets: boolean
  readonly minSecretsVersion: number
}

export const createMachine: WriteOperation<
  CreateMachine,
  FoundApp & { readonly volume: Volume | undefined },
  ShownMachine,
  TokenTrouble
> = {
  name: 'machine.create',
  mode: 'write',

  async access(context, { appName, skipLaunch, config }) {
    const action = skipLaunch ? actions.create : actions.create | actions.control
    return accessMounted(context, await accessApp(context, appName, action), config)
  },

  prepare: findTokenTrouble,

  async run(context, { input, subject, prepared, actor }) {
    const { tx, environment, now } = context
    const { randomBytes } = environment
    const { app, organisation, volume } = subject
    expectRunner(environment)
    await expectSecretsVersion(tx, app.id, input.minSecretsVersion)
    await environment.quotas.expectRoom(tx, organisation, 'machines', now)
    const id = createMachineId(randomBytes)
    const version = createUlid(now, randomBytes)
    const config = await claimMounted(tx, input.config, { volume, machineId: id, now })
    const created: Machine = {
      id,
      organisationId: organisation.id,
      appId: app.id,
      name: input.name ?? `machine-${id.slice(0, 8)}`,
      // A volume is where it is.
      region: volume?.region ?? chooseRegion(input.region, environment.machines?.regions() ?? [], randomBytes),
      state: 'created',
      version,
      ...storeConfig(config),
      isCordoned: false,
      hasSecrets: !input.skipSecrets,
      launches: !input.skipLaunch,
      stopSignal: null,
      stopTimeout: null,
      image: null,
      runId: null,
      runs: 0,
      startedAt: null,
      address: null,
      restarts: 0,
      tries: 0,
      dueAt: now,
      lastEventId: version,
      lease: null,
      runLabels: actor.kind === 'token' ? runLabelsOf(actor.verified) : null,
      createdAt: now,
      updatedAt: now,
    }
    const lease =
      input.leaseTtl === undefined ? null : createLease(created, actor, { now, randomBytes }, input.leaseTtl, '')
    const event = { type: 'launch', status: 'created', source: 'user' } as const
    const change = changeMachine(created, undefined, { now, randomBytes }, { lease }, [event])
    if (change === undefined) throw new Error('a machine cannot be created')
    await tx.machines.insert(change.machine, change.events)
    await changeToken(context, actor, subject, change.machine, input, prepared)
    return { app, organisation, ...change }
  },

  auditDetails: ({ machine, app }) => ({ target: `machine ${machine.id} of app ${app.name}` }),

  async afterCommit({ environment }, output) {
    environment.machines?.wake()
    return output
  },
}
