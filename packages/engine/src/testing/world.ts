// The fixture of the suite: an engine, and helpers that make runs in it.
import type { Engine, RunSpec } from '../engine.ts'
import type { Place } from './place.ts'

export interface World {
  readonly place: Place
  readonly engine: Engine
  /** A complete spec with a new id. */
  readonly specOf: (spec?: Partial<RunSpec>) => RunSpec
  /** Makes and starts a run of a script, and says its id. */
  readonly run: (script: string, spec?: Partial<RunSpec>) => Promise<string>
  /** All that a command wrote to its standard output. */
  readonly say: (runId: string, ...argv: string[]) => Promise<string>
}

export function createWorld(place: Place): World {
  const engine = place.open()
  let count = 0
  const specOf = (spec: Partial<RunSpec> = {}): RunSpec => ({
    runId: `run-${(count += 1)}`,
    image: place.image,
    command: ['true'],
    limits: { memoryMb: 64, cpus: 1, processes: 64 },
    ...spec,
  })
  return {
    place,
    engine,
    specOf,
    async run(script, spec) {
      const { runId } = await engine.create(specOf({ command: ['sh', '-c', script], ...spec }))
      await engine.start(runId)
      return runId
    },
    async say(runId, ...argv) {
      const { stdout } = await engine.exec(runId, { argv, timeoutMs: 60_000, maxBytes: 100_000 })
      return Buffer.from(stdout).toString()
    },
  }
}
