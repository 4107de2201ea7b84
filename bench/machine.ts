// The machine of a run, as far as the figures depend on it. No names, no paths.
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memory: string
  readonly system: string
  readonly node: string
  /** The average number of processes that wanted a core in the last minute before the run. */
  readonly load: string
}

export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: `${Math.round(totalmem() / 1024 ** 3)} GiB`,
    system: `${type()} ${release()}`,
    node: process.version,
    load: (loadavg()[0] ?? NaN).toFixed(1),
  }
}
