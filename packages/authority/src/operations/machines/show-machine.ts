// machine.show, machine.events, machine.versions: one machine, what happened to it, and the configurations it had.
import { actions } from '@hallpass/macaroon'

import type { MachineEvent, MachineVersion } from '../../domain/machine.ts'
import type { ReadOperation } from '../perform/operation.ts'
import {
  accessMachine,
  eventsShown,
  expectMachine,
  type MachineAnywhere,
  type MachineName,
  type ShownMachine,
  type SoughtMachine,
} from './find-machine.ts'

export const showMachine: ReadOperation<MachineAnywhere, SoughtMachine, ShownMachine> = {
  name: 'machine.show',
  mode: 'read',

  access: (context, input) => accessMachine(context, input, { action: actions.read }),

  async run({ tx }, { subject }) {
    const machine = expectMachine(subject)
    const events = await tx.machines.events(machine.id, eventsShown)
    return { app: subject.app, organisation: subject.organisation, machine, events }
  },
}

export const listMachineEvents: ReadOperation<
  MachineName & { readonly limit: number },
  SoughtMachine,
  readonly MachineEvent[]
> = {
  name: 'machine.events',
  mode: 'read',

  access: (context, input) => accessMachine(context, input, { action: actions.read }),

  run: ({ tx }, { subject, input: { limit } }) => tx.machines.events(expectMachine(subject).id, limit),
}

const mostVersions = 100

export const listMachineVersions: ReadOperation<MachineName, SoughtMachine, readonly MachineVersion[]> = {
  name: 'machine.versions',
  mode: 'read',

  access: (context, input) => accessMachine(context, input, { action: actions.read }),

  run: ({ tx }, { subject }) => tx.machines.versions(expectMachine(subject).id, mostVersions),
}
