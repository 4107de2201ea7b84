// What runs machines, for operations: the driver, and direct calls to the engine for a command, a signal or a log.
import type { Engine } from '@hallpass/engine'

import type { MachineRunner } from '../domain/machine-runner.ts'
import type { Worker } from '../workers/worker.ts'
import { startDriver, type DriverOptions } from './driver.ts'
import { forCaller, isOf } from './failures.ts'
import { followRegions } from './regions.ts'
import { createWatchers } from './watchers.ts'

export type RunningMachines = MachineRunner & Worker

/** Drives the machines of a store on an engine until it is stopped. */
export function runMachines(options: Omit<DriverOptions, 'changed'>): RunningMachines {
  const { store, engine, sockets } = options
  const watchers = createWatchers(store)
  const driver = startDriver({ ...options, changed: (machine) => watchers.saw(machine) })
  const regions = followRegions(engine)
  return {
    tokenTrouble: () => sockets.knownTrouble(),
    wake() {
      driver.wake()
      watchers.look()
    },
    answers: (machine) => driver.answers(machine),
    regions: () => regions.known(),
    pulling: (machine) => driver.pulling(machine),
    changed: (machine, signal) => watchers.changed(machine, signal),
    exec: (runId, { timeout, ...command }) =>
      engine.exec(runId, { ...command, timeoutMs: timeout }).catch(rethrowForCaller),
    processes: (runId) => engine.processes(runId).catch(rethrowForCaller),
    openCommand: (runId, command) => openCommand(engine, runId, command).catch(rethrowForCaller),
    signal: (runId, signal) => engine.signal(runId, signal).catch(rethrowForCaller),
    logs: (runId, log) => readLogs(engine, runId, log),
    stop() {
      regions.stop()
      return driver.stop()
    },
  }
}

async function openCommand(
  engine: Engine,
  runId: string,
  command: Parameters<MachineRunner['openCommand']>[1],
): ReturnType<MachineRunner['openCommand']> {
  const session = await engine.openExec(runId, command)
  async function* read(): typeof session.output {
    try {
      yield* session.output
    } catch (error) {
      throw forCaller(error)
    }
  }
  return { ...session, output: read(), exitCode: () => session.exitCode().catch(rethrowForCaller) }
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
