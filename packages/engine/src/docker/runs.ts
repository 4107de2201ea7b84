// The life of a run in a Docker Engine: create, start, signal, stop, pause, remove, and how it stands.
import { checkSignal, checkSpec } from '../check-spec.ts'
import { digestOf } from '../digest-spec.ts'
import { EngineError, noRun, notRunning } from '../engine-error.ts'
import type { Engine, RunStatus } from '../engine.ts'
import { waitForEnd } from './changes.ts'
import { containerOf, statusOf, type Container } from './container.ts'
import type { Daemon } from './daemon.ts'
import { problemOf } from './problem.ts'
import { packTar } from '../tar.ts'

export type Runs = Pick<
  Engine,
  'create' | 'start' | 'signal' | 'stop' | 'pause' | 'resume' | 'remove' | 'inspect' | 'list' | 'wait'
>

export function createRuns(daemon: Daemon): Runs {
  const { client, names } = daemon

  /** @throws EngineError `run_not_found` */
  async function statusNow(runId: string): Promise<RunStatus> {
    const run = await inspect(runId)
    if (run === undefined) throw noRun(runId)
    return run
  }

  async function inspect(runId: string): Promise<RunStatus | undefined> {
    const container = await daemon.look(runId)
    const run = container && statusOf(container, names)
    if (container === undefined || run?.exit === undefined) return run
    return { ...run, exit: { ...run.exit, ...(await problemOf(client, container)) } }
  }

  /** A request about a container that is known to be ours. */
  function act(
    container: Container,
    verb: string,
    query = {},
    also: readonly number[] = [],
  ): Promise<{ status: number }> {
    return client.ask({ method: 'POST', path: ['containers', container.Id, verb], query }, { also })
  }

  async function waitUpTo(runId: string, timeoutMs: number): Promise<boolean> {
    const abort = AbortSignal.timeout(timeoutMs)
    try {
      await waitForEnd(daemon, runId, abort)
      return true
    } catch (error) {
      if (abort.aborted) return false
      throw error
    }
  }

  return {
    inspect,

    async create(spec) {
      checkSpec(spec)
      await daemon.checkAbilities(spec)
      if (spec.network !== undefined) await daemon.networks.ensure(spec.network)
      // The engine would create a missing volume.
      for (const { volumeId } of spec.volumes ?? []) await daemon.volumes.demand(volumeId)
      const question = { method: 'POST', path: ['containers', 'create'], json: containerOf(spec, names) } as const
      const query = { name: names.container(spec.runId) }
      // It may exist already, of an earlier call or one at the same time.
      const isNew = await client.ask({ ...question, query }).then(() => true, orNameTaken)
      const container = await daemon.lookForNew(spec.runId)
      if (!isNew && names.digestOf(container.Config.Labels ?? {}) !== digestOf(spec)) {
        const sentence = `The run ${spec.runId} exists already, with another spec: a run id is used once`
        throw new EngineError('run_exists', sentence, { field: 'runId' })
      }
      const run = statusOf(container, names)
      if (run?.state === 'created' && spec.files !== undefined && spec.files.length > 0) {
        const body = { type: 'application/x-tar', bytes: packTar(spec.files) }
        await client.ask({ method: 'PUT', path: ['containers', container.Id, 'archive'], query: { path: '/' }, body })
      }
      return run ?? statusNow(spec.runId)
    },

    async start(runId) {
      const container = await daemon.demand(runId)
      if (statusOf(container, names)?.state !== 'created') return statusNow(runId)
      // 304: it runs. Podman fails for one that ends at once, although it ran.
      const failure = await act(container, 'start', {}, [304]).then(() => undefined, orFailed)
      const run = await statusNow(runId)
      if (failure !== undefined && run.startedAt === undefined) throw failure
      return run
    },

    async signal(runId, signal) {
      checkSignal(signal)
      const container = await daemon.demand(runId)
      if (statusOf(container, names)?.state !== 'running') throw notRunning(runId)
      await act(container, 'kill', { signal })
    },

    async stop(runId, { signal, timeoutMs }) {
      checkSignal(signal)
      const container = await daemon.demand(runId)
      const state = statusOf(container, names)?.state
      if (state === 'created' || state === 'exited') return statusNow(runId)
      if (state === 'paused') await act(container, 'unpause').catch(orNotRunning)
      await act(container, 'kill', { signal }).catch(orNotRunning)
      if (!(await waitUpTo(runId, timeoutMs))) {
        await act(container, 'kill', { signal: 'SIGKILL' }).catch(orNotRunning)
        if (!(await waitUpTo(runId, daemon.timeoutMs))) {
          throw new EngineError('timeout', `The run ${runId} was killed and has not ended yet`)
        }
      }
      return statusNow(runId)
    },

    async pause(runId) {
      const container = await daemon.demand(runId)
      const state = statusOf(container, names)?.state
      if (state !== 'running' && state !== 'paused') throw notRunning(runId)
      if (state === 'running') await act(container, 'pause')
      return statusNow(runId)
    },

    async resume(runId) {
      const container = await daemon.demand(runId)
      const state = statusOf(container, names)?.state
      if (state !== 'running' && state !== 'paused') throw notRunning(runId)
      if (state === 'paused') await act(container, 'unpause')
      return statusNow(runId)
    },

    async remove(runId) {
      const container = await daemon.look(runId)
      if (container === undefined) return
      const query = { force: true, v: true }
      // 409: it is being removed.
      const question = { method: 'DELETE', path: ['containers', container.Id], query } as const
      await client.ask(question, { also: [404, 409] }).catch(orNotFound)
    },

    async list() {
      const query = { all: true, filters: JSON.stringify({ label: [names.filter] }) }
      const { value } = await client.ask<readonly { readonly Id: string }[]>(
        { path: ['containers', 'json'], query },
        { maxBytes: 2 ** 26 },
      )
      const runs: RunStatus[] = []
      // The list lacks how they ended. A few at a time, to spare the engine.
      const rest = value.map(({ Id }) => Id)
      const readOn = async (): Promise<void> => {
        for (let id = rest.pop(); id !== undefined; id = rest.pop()) {
          const container = await daemon.lookAt(id)
          const run = container && statusOf(container, names)
          if (run !== undefined) runs.push(run)
        }
      }
      await Promise.all(Array.from({ length: 8 }, readOn))
      return runs
    },

    async wait(runId, { abort } = {}) {
      await waitForEnd(daemon, runId, abort)
      return inspect(runId)
    },
  }
}

function orNameTaken(error: unknown): boolean {
  if (error instanceof EngineError && error.code === 'name_taken') return false
  throw error
}

function orFailed(error: unknown): EngineError {
  if (error instanceof EngineError && error.code === 'failed') return error
  throw error
}

function orNotFound(error: unknown): void {
  if (!(error instanceof EngineError && error.code === 'run_not_found')) throw error
}

function orNotRunning(error: unknown): void {
  if (!(error instanceof EngineError && error.code === 'not_running')) throw error
}
