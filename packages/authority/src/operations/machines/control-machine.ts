// machine.cordon and machine.signal, which change no state.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import type { Machine } from '../../domain/machine.ts'
import type { WriteOperation } from '../perform/operation.ts'
import {
  accessMachine,
  expectMachine,
  expectNoOtherLease,
  expectRunner,
  type LeasedMachine,
  type MachineName,
  type SoughtMachine,
} from './find-machine.ts'

export interface CordonMachine extends LeasedMachine {
  readonly isCordoned: boolean
}

export const cordonMachine: WriteOperation<CordonMachine, SoughtMachine, Machine> = {
  name: 'machine.cordon',
  mode: 'write',

  access: (context, input) => accessMachine(context, input, { action: actions.control }),

  async run({ tx, now }, { input: { nonce, isCordoned }, subject }) {
    const found = expectMachine(subject)
    expectNoOtherLease(found, nonce, now)
    const machine = { ...found, isCordoned, updatedAt: now }
    await tx.machines.save(machine, [])
    return machine
  },

  auditDetails: ({ isCordoned }) => ({ reason: isCordoned ? '' : 'uncordoned' }),
}

export interface SignalMachine extends MachineName {
  readonly signal: NodeJS.Signals
}

export const signalMachine: WriteOperation<SignalMachine, SoughtMachine, { readonly runId: string }> = {
  name: 'machine.signal',
  mode: 'write',

  access: (context, input) => accessMachine(context, input, { action: actions.control }),

  // A lease keeps others from changing the machine, but not from its processes: a command could send the signal too, and Go's
  // clients send no nonce here.
  async run({ environment }, { subject }) {
    const { state, runId } = expectMachine(subject)
    expectRunner(environment)
    if (runId === null || !['started', 'stopping'].includes(state)) {
      throw new DomainError('failed_precondition', `failed_precondition: machine is not running, it is ${state}`)
    }
    return { runId }
  },

  async goOn({ environment }, output, { signal }) {
    await expectRunner(environment).signal(output.runId, signal)
    return output
  },
}
