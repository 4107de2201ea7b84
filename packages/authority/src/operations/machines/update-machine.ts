// machine.update: gives a machine another configuration, as a whole; the driver replaces what runs.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import { createUlid } from '../../domain/machine.ts'
import { changeMachine } from '../../domain/machine-change.ts'
import { readConfig, storeConfig, type MachineConfig } from '../../domain/machine-config.ts'
import { keepMounted } from './mount-volume.ts'
import type { WriteOperation } from '../perform/operation.ts'
import { expectSecretsVersion } from '../secrets/read-secrets.ts'
import { changeToken, findTokenTrouble, type TokenTrouble } from './change-token.ts'
import {
  accessMachine,
  eventsShown,
  expectMachine,
  expectNoOtherLease,
  expectRunner,
  refuseState,
  type LeasedMachine,
  type ShownMachine,
  type SoughtMachine,
} from './find-machine.ts'
import { createLease } from './leases.ts'

export interface UpdateMachine extends LeasedMachine {
  readonly config: MachineConfig
  /** The version that the machine must have; undefined for any. */
  readonly currentVersion: string | undefined
  /** Milliseconds; undefined for no new lease. */
  readonly leaseTtl: number | undefined
  readonly skipLaunch: boolean
  readonly skipSecrets: boolean
  readonly minSecretsVersion: number
}

export const updateMachine: WriteOperation<UpdateMachine, SoughtMachine, ShownMachine, TokenTrouble> = {
  name: 'machine.update',
  mode: 'write',

  async access(context, input) {
    const request = await accessMachine(context, input, { action: actions.write })
    const state = request.subject.machine?.state
    // A machine at rest that is not started needs no right to control.
    const staysAtRest = input.skipLaunch && state !== undefined && ['stopped', 'failed'].includes(state)
    return staysAtRest ? request : accessMachine(context, input, { action: actions.write | actions.control })
  },

  prepare: findTokenTrouble,

  async run(context, { input, subject, prepared, actor }) {
    const { tx, environment, now } = context
    const { randomBytes } = environment
    const machine = expectMachine(subject)
    expectRunner(environment)
    expectNoOtherLease(machine, input.nonce, now)
    if (input.currentVersion !== undefined && input.currentVersion !== machine.version) {
      throw new DomainError(
        'conflict',
        `aborted: machine ${machine.id} has another version than current_version by now`,
      )
    }
    await expectSecretsVersion(tx, machine.appId, input.minSecretsVersion)
    const version = createUlid(now, randomBytes, machine.version)
    const config = await keepMounted(tx, readConfig(machine.config), input.config)
    const changes = {
      ...storeConfig(config),
      version,
      launches: !input.skipLaunch,
      hasSecrets: !input.skipSecrets,
      stopSignal: null,
      stopTimeout: null,
      image: null,
      restarts: 0,
      tries: 0,
      dueAt: now,
      ...(input.leaseTtl === undefined
        ? {}
        : { lease: createLease({ ...machine, version }, actor, { now, randomBytes }, input.leaseTtl, '') }),
    }
    const event = { type: 'update', status: 'replacing', source: 'user' } as const
    const change = changeMachine(machine, 'update', { now, randomBytes }, changes, [event])
    if (change === undefined) throw refuseState('update', machine)
    await tx.machines.save(change.machine, change.events)
    await changeToken(context, actor, subject, machine, input, prepared, readConfig(machine.config))
    await tx.machines.addVersion(machine.id, { version, config: change.machine.config, createdAt: now })
    const events = await tx.machines.events(machine.id, eventsShown)
    return { app: subject.app, organisation: subject.organisation, machine: change.machine, events }
  },

  async afterCommit({ environment }, output) {
    environment.machines?.wake()
    return output
  },
}
