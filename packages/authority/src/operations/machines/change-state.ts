// machine.start, machine.stop, machine.suspend, machine.restart, machine.destroy: each writes the desired state for the driver.
import { actions, type Action } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import type { Machine } from '../../domain/machine.ts'
import { changeMachine, type NewEvent } from '../../domain/machine-change.ts'
import type { MachineCause, MachineState } from '../../domain/machine-states.ts'
import type { WriteOperation } from '../perform/operation.ts'
import {
  accessMachine,
  expectMachine,
  expectNoOtherLease,
  expectRunner,
  refuseState,
  type LeasedMachine,
  type SoughtMachine,
} from './find-machine.ts'

export interface ChangedMachine {
  readonly machine: Machine
  readonly previousState: MachineState
}

/** How a machine is to be stopped. An undefined part is as its configuration says. */
export interface StopMachine extends LeasedMachine {
  readonly signal: string | undefined
  /** Milliseconds until it is killed. */
  readonly timeout: number | undefined
}

export interface DestroyMachine extends LeasedMachine {
  /** Whether it may be in any state. */
  readonly force: boolean
}

export const startMachine = changeState<LeasedMachine>({
  verb: 'start',
  action: actions.control,
  causeOf: () => 'start',
  event: { type: 'start', status: 'starting', source: 'user' },
  changesOf: () => ({ restarts: 0 }),
  refuse({ state }) {
    if (state === 'stopping') return preconditionFailed('machine still active, refusing to start')
    return state === 'replacing' ? preconditionFailed('machine getting replaced, refusing to start') : undefined
  },
})

export const stopMachine = changeState<StopMachine>({
  verb: 'stop',
  action: actions.control,
  causeOf: () => 'stop',
  event: { type: 'stop', status: 'stopping', source: 'user' },
  changesOf: stopOf,
  // A caller who asked for a gentle stop may lose patience.
  isAnew: ({ state }, { signal }) => state === 'stopping' && signal !== undefined,
})

export const suspendMachine = changeState<LeasedMachine>({
  verb: 'suspend',
  action: actions.control,
  causeOf: () => 'suspend',
  event: { type: 'suspend', status: 'suspending', source: 'user' },
  changesOf: () => ({}),
})

export const restartMachine = changeState<StopMachine>({
  verb: 'restart',
  action: actions.control,
  causeOf: () => 'restart',
  event: { type: 'restart', status: 'restarting', source: 'user' },
  changesOf: (input) => ({ ...stopOf(input), restarts: 0 }),
})

export const destroyMachine: WriteOperation<DestroyMachine, SoughtMachine, ChangedMachine> =
  changeState<DestroyMachine>({
    verb: 'destroy',
    action: actions.delete,
    causeOf: ({ force }) => (force ? 'kill' : 'destroy'),
    event: { type: 'destroy', status: 'destroying', source: 'user' },
    changesOf: () => ({}),
    refuse: ({ state }, { force }) =>
      force || state === 'suspended' || state === 'failed'
        ? undefined
        : preconditionFailed('unable to destroy machine, not currently stopped, suspended, failed or created'),
  })

interface StateChange<Input> {
  readonly verb: string
  readonly action: Action
  readonly causeOf: (input: Input) => MachineCause
  readonly event: NewEvent
  readonly changesOf: (input: Input) => Partial<Machine>
  /** The refusal in a state that does not allow it, if the clients expect a special sentence. */
  readonly refuse?: (machine: Machine, input: Input) => DomainError | undefined
  /** Whether the request asks for more, although the machine is in that state already. */
  readonly isAnew?: (machine: Machine, input: Input) => boolean
}

function changeState<Input extends LeasedMachine>(
  change: StateChange<Input>,
): WriteOperation<Input, SoughtMachine, ChangedMachine> {
  return {
    name: `machine.${change.verb}`,
    mode: 'write',

    access: (context, input) => accessMachine(context, input, { action: change.action }),

    async run({ tx, environment, now }, { input, subject }) {
      const { randomBytes } = environment
      const machine = expectMachine(subject)
      expectRunner(environment)
      expectNoOtherLease(machine, input.nonce, now)
      const changes = { tries: 0, dueAt: now, ...change.changesOf(input) }
      const changed = changeMachine(machine, change.causeOf(input), { now, randomBytes }, changes, [change.event])
      if (changed === undefined) throw change.refuse?.(machine, input) ?? refuseState(change.verb, machine)
      const previousState = machine.state
      if (changed.machine.state === previousState && change.isAnew?.(machine, input) !== true) {
        return { machine, previousState }
      }
      await tx.machines.save(changed.machine, changed.events)
      return { machine: changed.machine, previousState }
    },

    async afterCommit({ environment }, output) {
      environment.machines?.wake()
      return output
    },
  }
}

function stopOf({ signal, timeout }: StopMachine): Partial<Machine> {
  return { stopSignal: signal ?? null, stopTimeout: timeout ?? null }
}

function preconditionFailed(text: string): DomainError {
  return new DomainError('failed_precondition', `failed_precondition: ${text}`)
}
