// The end of a run: its event, and whether the machine starts again.
import type { RunStatus } from '@hallpass/engine'

import type { Machine } from '../domain/machine.ts'
import { changeMachine, type MachineChange } from '../domain/machine-change.ts'
import { readConfig } from '../domain/machine-config.ts'
import type { RandomBytes } from '../domain/machine.ts'
import { explainTrouble } from './failures.ts'

export interface Instant {
  readonly now: number
  readonly randomBytes: RandomBytes
}

/** A run that lasted so long was no failed start: restarts are counted from 0 again. */
const longRun = 5 * 60_000
const mostRetries = 10
const longestRest = 60_000

const askedFor: ReadonlySet<string> = new Set(['stopping', 'restarting', 'replacing', 'destroying'])

/** The machine after the end of its run; `status` is undefined if the engine has lost it. */
export function afterExit(
  machine: Machine,
  status: RunStatus | undefined,
  { now, randomBytes }: Instant,
): MachineChange {
  const exit = status?.exit
  // A command that cannot be run is not tried again.
  const isBroken = machine.state === 'started' && exit?.problem !== undefined
  const isRequested = askedFor.has(machine.state)
  // A run that was to end may never have been made.
  const sentence = status === undefined && !isRequested ? 'the engine lost the run' : (exit?.problem ?? exit?.evicted)
  const isRetried = machine.state === 'started' && !isBroken && shallRetry(machine, exit?.code ?? -1, now)
  const restarts = restartsBefore(machine, now) + (isRetried ? 1 : 0)
  const isRestarting = isRetried || machine.state === 'restarting'
  const code = exit?.code ?? -1
  const exitEvent = {
    exit_code: code,
    guest_exit_code: exit?.signal === undefined ? code : 0,
    guest_signal: numberOf(code, exit?.signal),
    signal: numberOf(code, exit?.signal),
    oom_killed: exit?.oomKilled ?? false,
    requested_stop: isRequested,
    restarting: isRestarting,
    exited_at: new Date(exit?.at ?? now).toISOString(),
    ...(sentence === undefined ? {} : { error: explainTrouble(sentence) }),
  }
  const request = { exit_event: exitEvent, restart_count: restarts }
  const event = { type: 'exit', status: 'stopped', source: 'flyd', request } as const
  const ended = { startedAt: null, address: null, stopSignal: null, stopTimeout: null, tries: 0, restarts }
  const change = (cause: 'retry' | 'discard' | 'fail' | 'exit' | undefined, dueAt: number | null) =>
    changeMachine(machine, cause, { now, randomBytes }, { ...ended, dueAt }, [event])
  const isOver = !isRetried && readConfig(machine.config).auto_destroy === true
  const made = isRetried
    ? change('retry', now + restOf(restarts))
    : ((isOver && !['restarting', 'replacing', 'destroying'].includes(machine.state)
        ? change('discard', now)
        : change(isBroken ? 'fail' : 'exit', null)) ?? change(undefined, now))
  if (made === undefined) throw new Error(`a run cannot end when its machine is ${machine.state}`)
  return made
}

/** The exit code as shells have it. */
function numberOf(code: number, signal: string | undefined): number {
  return signal === undefined ? -1 : code - 128
}

function restartsBefore({ restarts, startedAt }: Machine, now: number): number {
  return startedAt !== null && now - startedAt > longRun ? 0 : restarts
}

function shallRetry(machine: Machine, code: number, now: number): boolean {
  const { policy, max_retries: most } = readConfig(machine.config).restart ?? {}
  if (policy === 'no') return false
  if (policy === 'always') return true
  return code !== 0 && restartsBefore(machine, now) < (most || mostRetries)
}

/** Milliseconds until the next restart: one second, and twice as long each time. */
function restOf(restarts: number): number {
  return Math.min(longestRest, 1000 * 2 ** Math.min(restarts - 1, 10))
}
