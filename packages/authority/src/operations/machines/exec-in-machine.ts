// machine.exec: runs a command in a machine, to its end. It takes more than control, because a command can read secrets.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import type { MachineCommandResult } from '../../domain/machine-runner.ts'
import type { Services, WriteOperation } from '../perform/operation.ts'
import { accessMachine, expectMachine, expectRunner, type MachineName, type SoughtMachine } from './find-machine.ts'

export interface ExecInMachine extends MachineName {
  /** The program and its words, which `Commands` caveats are checked against. */
  readonly argv: readonly string[]
  readonly input: string | undefined
  /** Milliseconds. */
  readonly timeout: number
}

export interface ExecutedInMachine {
  readonly runId: string
  readonly result?: MachineCommandResult
}

/** The limit for each output, in bytes. */
const mostOutput = 256 * 1024

export const execInMachine: WriteOperation<ExecInMachine, SoughtMachine, ExecutedInMachine> = {
  name: 'machine.exec',
  mode: 'write',

  access: (context, input) =>
    accessMachine(context, input, { action: actions.write | actions.control, command: input.argv }),

  async run({ environment }, { subject }) {
    return { runId: expectRunning(environment, subject) }
  },

  async goOn({ environment, signal }, { runId }, { argv, input, timeout }) {
    const result = await expectRunner(environment).exec(runId, {
      argv,
      timeout,
      maxBytes: mostOutput,
      abort: signal,
      ...(input === undefined ? {} : { input: Buffer.from(input) }),
    })
    return { runId, result }
  },
}

/**
 * The run of a machine in which a command can run.
 * @throws DomainError
 */
export function expectRunning(services: Pick<Services, 'machines'>, subject: SoughtMachine): string {
  const { runId, state } = expectMachine(subject)
  expectRunner(services)
  if (runId !== null && ['started', 'stopping'].includes(state)) return runId
  throw new DomainError('failed_precondition', `failed_precondition: machine is not running, it is ${state}`)
}
