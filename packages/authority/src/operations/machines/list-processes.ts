// machine.processes: what runs in a machine.
import { actions } from '@hallpass/macaroon'

import type { MachineProcess } from '../../domain/machine-runner.ts'
import type { ReadOperation } from '../perform/operation.ts'
import { expectRunning } from './exec-in-machine.ts'
import { accessMachine, expectRunner, type MachineName, type SoughtMachine } from './find-machine.ts'

interface ListedProcesses {
  readonly runId: string
  readonly processes: readonly MachineProcess[]
}

export const listProcesses: ReadOperation<MachineName, SoughtMachine, ListedProcesses> = {
  name: 'machine.processes',
  mode: 'read',

  access: (context, input) => accessMachine(context, input, { action: actions.read }),

  async run({ environment }, { subject }) {
    return { runId: expectRunning(environment, subject), processes: [] }
  },

  async goOn({ environment }, { runId }) {
    return { runId, processes: await expectRunner(environment).processes(runId) }
  },
}
