// What runs machines, for operations: the driver, and direct calls to the engine for a command, a signal or a log.
import type { Engine } from '@hallpass/engine'

import type { MachineRunner } from '../domain/machine-runner.ts'
import type { Worker } from '../workers/worker.ts'
import { startDriver, type DriverOptions } from './driver.ts'
import { forCaller, isOf } from './failures.ts'
import { createWatchers } from './watchers.ts'

export type RunningMachines = MachineRunner & Worker

/** Drives the machines of a store on an engine until it is stopped. */
export function runMachines(options: Omit<DriverOptions, 'changed'>): RunningMachines {
  const { store, engine } = options
  const watchers = createWatchers(store)
  const driver = startDriver({ ...options, changed: () => watchers.look() })
  return {
    wake() {
      driver.wake()
      watchers.look()
    },
    answers: () => driver.answers(),
    changed: (machine, signal) => watchers.changed(machine, signal),
    exec: (runId, { timeout, ...command }) =>
      engine.exec(runId, { ...command, timeoutMs: timeout }).catch(rethrowForCaller),
    signal: (runId, signal) => engine.signal(runId, signal).catch(rethrowForCaller),
    logs: (runId, log) => readLogs(engine, runId, log),
    stop: () => driver.stop(),
  }
}

async function* readLogs(
  engine: Engine,
  runId: string,
  options: Parameters<MachineRunner['logs']>[1],
): ReturnType<MachineRunner['logs']> {
  try {
    yield* engine.logs(runId, options)
  } catch (error) {
    if (!isOf(error, 'run_not_found')) throw forCaller(error)
  }
}

function rethrowForCaller(error: unknown): never {
  throw forCaller(error)
}
