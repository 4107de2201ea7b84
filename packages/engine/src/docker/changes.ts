// Changes of runs in a Docker Engine: its events only say which run to inspect.
import { setTimeout as pause } from 'node:timers/promises'

import { createChangedRuns, type ChangedRuns } from '../changed-runs.ts'
import { EngineError } from '../engine-error.ts'
import type { Change, RunStatus, WatchOptions } from '../engine.ts'
import { readJsonLines } from '../json-lines.ts'
import type { Daemon } from './daemon.ts'

/** What changed, as `Engine.watch` says it. */
export async function* watchRuns(
  daemon: Daemon,
  runs: {
    readonly list: () => Promise<readonly RunStatus[]>
    readonly inspect: (runId: string) => Promise<RunStatus | undefined>
  },
  { onlyEnds = false, abort }: WatchOptions,
): AsyncGenerator<Change> {
  const changed = await follow(daemon, abort, onlyEnds ? ending : telling)
  try {
    yield { kind: 'all', runs: await runs.list() }
    for (;;) {
      const runId = await changed.next()
      yield { kind: 'run', runId, run: await runs.inspect(runId) }
    }
  } finally {
    changed.close()
  }
}

/** Until the run has ended or is gone. */
export async function waitForEnd(daemon: Daemon, runId: string, abort?: AbortSignal): Promise<void> {
  const changed = await follow(daemon, abort, telling, daemon.names.container(runId))
  try {
    for (;;) {
      const container = await daemon.look(runId)
      if (container === undefined || ['exited', 'dead', 'stopped'].includes(container.State.Status)) return
      if (container.State.Status === 'created' && (container.State.Error ?? '') !== '') return
      await changed.next()
    }
  } finally {
    changed.close()
  }
}

/** Once it is there, no change is missed. The result ends it. */
async function follow(
  daemon: Daemon,
  abort: AbortSignal | undefined,
  meant: ReadonlySet<string>,
  container?: string,
): Promise<Pick<ChangedRuns, 'next'> & { close(): void }> {
  const { client, names } = daemon
  // By the engine's clock, and somewhat before: it begins to answer before it begins to listen.
  const { date } = await client.ask({ path: ['_ping'], abort })
  const since = Math.floor(date.getTime() / 1000) - 2
  // Podman finds nothing by a label.
  const filters = JSON.stringify({
    type: ['container'],
    ...(container === undefined ? {} : { container: [container] }),
  })
  const source = await client.open({ path: ['events'], query: { since, filters }, abort })
  const changed = createChangedRuns()

  async function read(): Promise<void> {
    for await (const { Action: action, Actor: actor } of readJsonLines<Event>(source)) {
      const runId = names.runOf(actor.Attributes)
      if (runId === undefined || !names.isOwn(actor.Attributes) || !meant.has(action)) continue
      changed.add(runId)
    }
    throw new Error('the stream of events ended')
  }
  const closed = new AbortController()
  /** An engine that hangs, or whose machine is gone, does not end its stream. */
  async function ping(): Promise<void> {
    for (;;) {
      await pause(Math.min(beat, daemon.timeoutMs), undefined, { signal: closed.signal, ref: false })
      await client.ask({ path: ['_ping'], abort: closed.signal })
    }
  }
  for (const following of [read(), ping()]) {
    following.catch((cause: unknown) => {
      if (closed.signal.aborted) return
      if (abort?.aborted !== true) daemon.forget()
      changed.end(abort?.aborted === true ? abort.reason : lost(cause))
    })
  }
  return {
    next: () => changed.next(),
    close() {
      closed.abort()
      source.destroy()
    },
  }
}

/** Milliseconds between two questions whether the engine still answers. */
const beat = 5000

function lost(cause: unknown): EngineError {
  return new EngineError('unavailable', 'The engine went away while its events were followed', { cause })
}

interface Event {
  readonly Action: string
  readonly Actor: { readonly Attributes: Readonly<Record<string, string>> }
}

/** The events after which a run has ended, as Docker and Podman name them; and all that change its state. */
const ending = new Set(['die', 'died', 'stop', 'destroy', 'remove'])
const telling = new Set([...ending, 'create', 'init', 'start', 'oom', 'pause', 'unpause'])
