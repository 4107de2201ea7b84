// machine.wait: waits until a machine is in a state.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import type { Machine, MachineEvent } from '../../domain/machine.ts'
import { isResting } from '../../domain/machine-states.ts'
import type { ReadOperation } from '../perform/operation.ts'
import { accessMachine, eventsShown, expectRunner, type MachineName, type SoughtMachine } from './find-machine.ts'

export interface WaitForMachine extends MachineName {
  /** `settled` is any state in which nothing is in progress. */
  readonly states: readonly string[]
  /** Milliseconds. */
  readonly timeout: number
  /** The version to wait for; undefined for any. */
  readonly version: string | undefined
  /** Anything before this event does not count. */
  readonly fromEventId: string | undefined
}

export interface WaitedMachine {
  /** `replaced` if the machine has another version than the one to wait for. */
  readonly state: string
  readonly version: string
  readonly eventId: string
}

/** What is known of a machine; undefined if it is gone. */
interface Seen {
  readonly machine: Machine
  readonly events: readonly MachineEvent[]
}

export const waitForMachine: ReadOperation<
  WaitForMachine,
  SoughtMachine,
  { readonly seen: Seen | undefined; readonly result?: WaitedMachine }
> = {
  name: 'machine.wait',
  mode: 'read',

  access: (context, input) => accessMachine(context, input, { action: actions.read }),

  async run({ tx, environment }, { subject: { machine } }) {
    expectRunner(environment)
    if (machine === undefined) return { seen: undefined }
    return { seen: { machine, events: await tx.machines.events(machine.id, eventsShown) } }
  },

  async goOn({ environment, read, signal }, { seen: first }, input) {
    const ends = AbortSignal.any([signal, AbortSignal.timeout(input.timeout)])
    let seen = first
    for (;;) {
      const result = judge(seen, input)
      if (result !== undefined) return { seen, result }
      if (ends.aborted) throw tooLate(seen, input)
      if (seen !== undefined) await expectRunner(environment).changed(seen.machine, ends)
      seen = await read(async (tx) => {
        const machine = await tx.machines.byId(input.machineId)
        return machine && { machine, events: await tx.machines.events(machine.id, eventsShown) }
      })
    }
  },
}

/** @throws DomainError `not_found` if it will never be in that state */
function judge(seen: Seen | undefined, { states, version, fromEventId }: WaitForMachine): WaitedMachine | undefined {
  const isFor = (state: string) => states.includes(state)
  if (seen === undefined || seen.machine.state === 'destroyed') {
    if (!isFor('destroyed') && !isFor('settled')) throw new DomainError('not_found', 'machine not found')
    return { state: 'destroyed', version: seen?.machine.version ?? '', eventId: seen?.machine.lastEventId ?? '' }
  }
  const { machine, events } = seen
  const answer = { version: machine.version, eventId: machine.lastEventId }
  if (version !== undefined && version !== machine.version) return { ...answer, state: 'replaced' }
  const isLate = fromEventId === undefined || machine.lastEventId > fromEventId
  if (isLate && (isFor(machine.state) || (isFor('settled') && isResting(machine.state)))) {
    return { ...answer, state: machine.state }
  }
  // A short program may have ended for good before anybody looked.
  if (!isResting(machine.state) && machine.state !== 'destroying') return undefined
  const since = sinceRequest(events).filter(({ id }) => id > (fromEventId ?? ''))
  const start = isFor('started') ? since.find(({ status }) => status === 'started') : undefined
  return start && { ...answer, state: 'started', eventId: start.id }
}

/** The events since the last request for a change. */
function sinceRequest(events: readonly MachineEvent[]): readonly MachineEvent[] {
  const at = events.findIndex(({ source }) => source === 'user')
  return at === -1 ? events : events.slice(0, at)
}

function tooLate(seen: Seen | undefined, { states }: WaitForMachine): DomainError {
  const wanted = states.join(' or ')
  return new DomainError(
    'deadline_exceeded',
    `deadline_exceeded: machine failed to reach desired state, ${wanted}, currently ${seen?.machine.state ?? 'destroyed'}`,
  )
}
