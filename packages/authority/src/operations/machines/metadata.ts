// machine.metadata, machine.change_metadata: keys and values of a machine, which change without a new version.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import { readMetadata } from '../../domain/machine-config.ts'
import type { ReadOperation, WriteOperation } from '../perform/operation.ts'
import { accessMachine, expectMachine, type MachineName, type SoughtMachine } from './find-machine.ts'

export type Metadata = Readonly<Record<string, string>>

export const showMachineMetadata: ReadOperation<MachineName, SoughtMachine, Metadata> = {
  name: 'machine.metadata',
  mode: 'read',

  access: (context, input) => accessMachine(context, input, { action: actions.read, machineFeature: 'metadata' }),

  async run(_context, { subject }) {
    return readMetadata(expectMachine(subject).metadata)
  },
}

export interface ChangeMetadata extends MachineName {
  /** Null or empty removes the key. */
  readonly values: Readonly<Record<string, string | null>>
  /** Whether all other keys are removed. */
  readonly replaces: boolean
  /** The version that the machine must have; undefined for any. */
  readonly machineVersion: string | undefined
}

const mostKeys = 100

export const changeMachineMetadata: WriteOperation<ChangeMetadata, SoughtMachine, Metadata> = {
  name: 'machine.change_metadata',
  mode: 'write',

  access: (context, input) => accessMachine(context, input, { action: actions.write, machineFeature: 'metadata' }),

  async run({ tx, now }, { input: { values, replaces, machineVersion }, subject }) {
    const machine = expectMachine(subject)
    if (machineVersion !== undefined && machineVersion !== machine.version) {
      throw new DomainError('failed_precondition', 'failed_precondition: machine_version is not the current version')
    }
    const metadata = new Map(replaces ? [] : Object.entries(readMetadata(machine.metadata)))
    for (const [key, value] of Object.entries(values)) {
      if (value === null || value === '') metadata.delete(key)
      else metadata.set(key, value)
    }
    if (metadata.size > mostKeys) {
      throw new DomainError('invalid', `metadata has more than ${mostKeys} keys`, { field: 'metadata' })
    }
    const kept = Object.fromEntries(metadata)
    await tx.machines.save({ ...machine, metadata: JSON.stringify(kept), updatedAt: now }, [])
    return kept
  },
}
