// One change of a machine: its next state, and the events that record it.
import { createUlid, timeOfUlid, type Machine, type MachineEvent, type RandomBytes } from './machine.ts'
import { nextState, type MachineCause } from './machine-states.ts'

export interface MachineChange {
  readonly machine: Machine
  readonly events: readonly MachineEvent[]
}

/** An event without what follows from the machine and the instant. */
export interface NewEvent {
  readonly type: MachineEvent['type']
  readonly status: string
  readonly source: MachineEvent['source']
  /** Details, for JSON. */
  readonly request?: object
}

interface Instant {
  readonly now: number
  readonly randomBytes: RandomBytes
}

/**
 * The machine after `cause`, or without a cause if only other parts of it change; undefined if the cause cannot happen in
 * its state.
 */
export function changeMachine(
  machine: Machine,
  cause: MachineCause | undefined,
  { now, randomBytes }: Instant,
  changes: Partial<Machine> = {},
  happened: readonly NewEvent[] = [],
): MachineChange | undefined {
  const state = cause === undefined ? machine.state : nextState(machine.state, cause)
  if (state === undefined) return undefined
  const events: MachineEvent[] = []
  let lastEventId = machine.lastEventId
  for (const { type, status, source, request } of happened) {
    lastEventId = createUlid(now, randomBytes, lastEventId)
    events.push({
      id: lastEventId,
      type,
      status,
      source,
      // Whoever writes later may have begun earlier: no event is before the one that it follows.
      at: timeOfUlid(lastEventId),
      request: request === undefined ? null : JSON.stringify(request),
    })
  }
  return { machine: { ...machine, ...changes, state, lastEventId, updatedAt: now }, events }
}
