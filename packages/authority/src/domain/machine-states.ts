// The states of a machine, and the one table of what leads from one to another.

/** `destroyed` is the end. */
export const machineStates = [
  'created',
  'starting',
  'started',
  'stopping',
  'stopped',
  'suspending',
  'suspended',
  'restarting',
  'replacing',
  'failed',
  'destroying',
  'destroyed',
] as const

export type MachineState = (typeof machineStates)[number]

/**
 * People ask for the first ones: `destroy` for a machine that rests, `kill` for any. The driver finds out or does the others:
 * - `launch`: the image is here, nothing of the machine runs any more, and it is to start; `prepare`: the same, but it is not to.
 * - `run`: the main process runs.
 * - `exit`: it has ended, or the engine has lost it. `retry`: the same, and it is to be started again.
 * - `pause`: its processes are frozen.
 * - `fail`: it cannot be started, or its command cannot be run.
 * - `discard`: it has ended, and is destroyed because of that (`auto_destroy`).
 * - `remove`: nothing is left of it in the engine.
 */
export type MachineCause =
  | 'start'
  | 'stop'
  | 'suspend'
  | 'restart'
  | 'update'
  | 'destroy'
  | 'kill'
  | 'launch'
  | 'prepare'
  | 'run'
  | 'exit'
  | 'retry'
  | 'pause'
  | 'fail'
  | 'discard'
  | 'remove'

/** For each cause, the states in which it can happen, and the next state. In any other state it is refused, or comes too late. */
export const machineTransitions: Readonly<Record<MachineCause, Partial<Record<MachineState, MachineState>>>> = {
  start: {
    stopped: 'starting',
    suspended: 'starting',
    failed: 'starting',
    // Requested already.
    starting: 'starting',
    started: 'started',
    restarting: 'restarting',
  },
  stop: {
    created: 'stopping',
    starting: 'stopping',
    started: 'stopping',
    restarting: 'stopping',
    suspended: 'stopping',
    stopping: 'stopping',
    stopped: 'stopped',
  },
  suspend: { started: 'suspending', suspending: 'suspending', suspended: 'suspended' },
  restart: { started: 'restarting', restarting: 'restarting' },
  update: {
    created: 'replacing',
    starting: 'replacing',
    started: 'replacing',
    stopped: 'replacing',
    suspended: 'replacing',
    restarting: 'replacing',
    replacing: 'replacing',
    failed: 'replacing',
  },
  destroy: {
    created: 'destroying',
    stopped: 'destroying',
    suspended: 'destroying',
    failed: 'destroying',
    destroying: 'destroying',
    destroyed: 'destroyed',
  },
  kill: {
    created: 'destroying',
    starting: 'destroying',
    started: 'destroying',
    stopping: 'destroying',
    stopped: 'destroying',
    suspending: 'destroying',
    suspended: 'destroying',
    restarting: 'destroying',
    replacing: 'destroying',
    failed: 'destroying',
    destroying: 'destroying',
    destroyed: 'destroyed',
  },
  launch: { created: 'starting', restarting: 'starting', replacing: 'starting' },
  prepare: { created: 'stopped', replacing: 'stopped' },
  run: { starting: 'started' },
  exit: { started: 'stopped', stopping: 'stopped', suspending: 'stopped', suspended: 'stopped' },
  retry: { started: 'restarting' },
  pause: { suspending: 'suspended' },
  fail: { started: 'failed', created: 'failed', starting: 'failed', restarting: 'failed', replacing: 'failed' },
  discard: {
    created: 'destroying',
    starting: 'destroying',
    started: 'destroying',
    stopping: 'destroying',
    suspending: 'destroying',
    suspended: 'destroying',
    restarting: 'destroying',
    replacing: 'destroying',
  },
  remove: { destroying: 'destroyed' },
}

/** The next state; undefined if the cause cannot happen in this state. */
export function nextState(state: MachineState, cause: MachineCause): MachineState | undefined {
  return machineTransitions[cause][state]
}

/** The states in which nothing is in progress. In all others the driver has something to do. */
const resting: ReadonlySet<MachineState> = new Set(['started', 'stopped', 'suspended', 'failed', 'destroyed'])

export function isResting(state: MachineState): boolean {
  return resting.has(state)
}
