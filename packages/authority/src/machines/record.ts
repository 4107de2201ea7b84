// Writes what the driver found out or did: always to the newest row, and only while it is this authority's turn.
import type { RunStatus } from '@hallpass/engine'

import type { Machine } from '../domain/machine.ts'
import { changeMachine, type MachineChange, type NewEvent } from '../domain/machine-change.ts'
import type { MachineCause } from '../domain/machine-states.ts'
import { readConfig } from '../domain/machine-config.ts'
import type { Store, Transaction } from '../domain/store.ts'
import type { Volume } from '../domain/volume.ts'
import { afterExit, type Instant } from './exits.ts'
import { TurnLost, type Turn } from './turn.ts'

export interface Recorder {
  /** The machine now; undefined if it is gone. */
  read(id: string): Promise<Machine | undefined>
  /** Writes the change that `decide` makes of the newest row, if it makes one. Returns the row after that. */
  change(
    id: string,
    decide: (machine: Machine, instant: Instant) => MachineChange | undefined,
  ): Promise<Machine | undefined>
  readVolume(id: string): Promise<Volume | undefined>
  changeVolume(id: string, decide: (volume: Volume, now: number) => Volume | undefined): Promise<void>
}

export function createRecorder(
  store: Store,
  turn: () => Turn,
  { now, randomBytes }: { readonly now: () => number; readonly randomBytes: Instant['randomBytes'] },
  changed: (machine: Machine) => void,
): Recorder {
  const writeInTurn = <T>(work: (tx: Transaction) => Promise<T>) =>
    store.write(async (tx) => {
      if (!(await turn().hasIn(tx))) throw new TurnLost()
      return work(tx)
    })
  return {
    read: (id) => store.read((tx) => tx.machines.byId(id)),
    async change(id, decide) {
      const after = await writeInTurn(async (tx) => {
        const machine = await tx.machines.byId(id)
        const made = machine && decide(machine, { now: now(), randomBytes })
        if (made === undefined) return machine
        await tx.machines.save(made.machine, made.events)
        if (made.machine.state === 'destroyed') await tx.volumes.release(id, now())
        return made.machine
      })
      if (after !== undefined) changed(after)
      return after
    },
    readVolume: (id) => store.read((tx) => tx.volumes.byId(id)),
    changeVolume: (id, decide) =>
      writeInTurn(async (tx) => {
        const volume = await tx.volumes.byId(id)
        const made = volume && decide(volume, now())
        if (made !== undefined) await tx.volumes.save({ ...made, updatedAt: now() })
      }),
  }
}

/** The machine whose run is running, or has ended already; undefined if the machine has another run by now. */
export function afterStart(machine: Machine, status: RunStatus, instant: Instant): MachineChange | undefined {
  if (machine.runId !== status.runId || machine.startedAt === null) return undefined
  const startedAt = status.startedAt?.getTime() ?? machine.startedAt
  const changes = { startedAt, address: status.address ?? null, tries: 0, dueAt: null }
  const event: NewEvent = { type: 'start', status: 'started', source: 'flyd' }
  const started = changeMachine(machine, 'run', instant, changes, [event])
  if (status.exit === undefined) return started
  const ended = afterExit(started?.machine ?? machine, status, instant)
  return { machine: ended.machine, events: [...(started?.events ?? []), ...ended.events] }
}

/** The machine that cannot be started, and why. */
export function afterFailure(machine: Machine, sentence: string, instant: Instant): MachineChange | undefined {
  const isOver = readConfig(machine.config).auto_destroy === true
  const event: NewEvent = {
    type: machine.state === 'created' ? 'launch' : 'start',
    status: 'failed',
    source: 'flyd',
    request: { error: sentence },
  }
  const changes = { startedAt: null, address: null, tries: 0, dueAt: isOver ? instant.now : null }
  return changeMachine(machine, isOver ? 'discard' : 'fail', instant, changes, [event])
}

/** The machine after a cause that has at most one event. */
export function after(
  cause: MachineCause | undefined,
  changes: Partial<Machine>,
  ...events: readonly NewEvent[]
): (machine: Machine, instant: Instant) => MachineChange | undefined {
  return (machine, instant) => changeMachine(machine, cause, instant, changes, events)
}
