// Follows the runs of an owner in a cluster: one list and one watch for all who want to know.
import { setTimeout as pause } from 'node:timers/promises'

import { createChangedRuns, type ChangedRuns } from '../changed-runs.ts'
import { EngineError } from '../engine-error.ts'
import { readJsonLines } from '../json-lines.ts'
import type { KubernetesClient } from './client.ts'
import { errorOfAnswer, type ApiStatus } from './errors.ts'
import type { Names } from './names.ts'
import { seenOf, type Pod, type Seen } from './pod.ts'

export interface Follower {
  /** Begins to follow one run, or all. Nothing that happens after it has resolved is missed. The result ends it. */
  follow(options: { readonly runId?: string; readonly abort?: AbortSignal | undefined }): Promise<Following>
  /** All runs now, as the cluster's store has them. */
  list(): Promise<readonly Seen[]>
  /** What is known of a run, if somebody follows it. */
  known(runId: string): Seen | undefined
}

interface Following {
  /** The id of a run that has changed. @throws EngineError `unavailable` when the cluster goes away */
  next(): Promise<string>
  /** The run as it was last seen. */
  get(runId: string): Seen | undefined
  close(): void
}

interface Session {
  readonly seen: Map<string, Seen>
  readonly ready: Promise<void>
  readonly followers: Set<{ readonly runId: string | undefined; readonly changed: ChangedRuns }>
  readonly end: AbortController
}

interface FollowerOptions {
  readonly timeoutMs: number
  /** Called when the cluster goes away. */
  readonly onLost: () => void
}

export function createFollower(
  client: KubernetesClient,
  names: Names,
  { timeoutMs, onLost }: FollowerOptions,
): Follower {
  let current: Session | undefined

  function begin(): Session {
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>()
    const session: Session = { seen: new Map(), ready, followers: new Set(), end: new AbortController() }
    const { signal } = session.end
    for (const work of [readOn(session, resolve), ping(signal)]) {
      work.catch((cause: unknown) => {
        if (current === session) current = undefined
        if (!signal.aborted) onLost()
        const error = signal.aborted ? signal.reason : lost(cause)
        reject(error)
        for (const { changed } of session.followers) changed.end(error)
        session.end.abort(error)
      })
    }
    // Whoever follows hears of it.
    ready.catch(() => {})
    return session
  }

  function tell(session: Session, runId: string): void {
    for (const one of session.followers) if (one.runId === undefined || one.runId === runId) one.changed.add(runId)
  }

  /** From a list on, change by change; where the server has forgotten the place, from another list. */
  async function readOn(session: Session, isReady: () => void): Promise<never> {
    const { signal } = session.end
    let version: string | undefined
    for (;;) {
      if (version === undefined) {
        const { pods, resourceVersion } = await readAll(signal)
        const found = new Map(pods.map((one) => [one.runId, one]))
        for (const runId of session.seen.keys()) if (!found.has(runId)) forget(session, runId)
        for (const one of pods) note(session, one)
        version = resourceVersion
        isReady()
      }
      const began = performance.now()
      version = await watchFrom(session, version)
      // A server that ends each watch at once is not asked without rest.
      if (performance.now() - began < shortWatch) await pause(shortWatch, undefined, { signal })
    }
  }

  /** Until the server ends the watch: the version to go on from, or undefined where it has forgotten it. */
  async function watchFrom(session: Session, from: string): Promise<string | undefined> {
    const { signal } = session.end
    const query = { ...selected, watch: true, allowWatchBookmarks: true, resourceVersion: from }
    const source = await client.open({ path, query, abort: signal }, [410])
    let version = from
    try {
      if (source.statusCode === 410) return undefined
      for await (const { type, object } of readJsonLines<WatchEvent>(source)) {
        if (type === 'ERROR') {
          if (object.code === 410) return undefined
          throw errorOfAnswer(object.code ?? 500, JSON.stringify(object))
        }
        version = object.metadata.resourceVersion
        if (type === 'BOOKMARK') continue
        const one = seenOf(object, names)
        if (one === undefined) continue
        if (type === 'DELETED') forget(session, one.runId)
        else note(session, one)
      }
    } finally {
      source.destroy()
    }
    return version
  }

  function note(session: Session, one: Seen): void {
    session.seen.set(one.runId, one)
    tell(session, one.runId)
  }

  function forget(session: Session, runId: string): void {
    session.seen.delete(runId)
    tell(session, runId)
  }

  /** A server that hangs, or whose machine is gone, does not end its stream. */
  async function ping(signal: AbortSignal): Promise<never> {
    for (;;) {
      await pause(Math.min(beat, timeoutMs), undefined, { signal, ref: false })
      await client.ask({ path: ['version'], abort: signal })
    }
  }

  async function readAll(abort?: AbortSignal): Promise<{ pods: readonly Seen[]; resourceVersion: string }> {
    const pods: Seen[] = []
    let place: string | undefined
    for (;;) {
      const query = { ...selected, limit: pageSize, continue: place }
      const { value } = await client.ask<PodList>({ path, query, abort }, { maxBytes: 2 ** 26 })
      for (const pod of value.items) pods.push(...[seenOf(pod, names) ?? []].flat())
      place = value.metadata.continue || undefined
      if (place === undefined) return { pods, resourceVersion: value.metadata.resourceVersion }
    }
  }

  const path = ['api', 'v1', 'pods']
  const selected = { labelSelector: `${names.selector},hallpass.kind=run` }

  return {
    async list() {
      return (await readAll()).pods
    },

    known: (runId) => current?.seen.get(runId),

    async follow({ runId, abort }) {
      abort?.throwIfAborted()
      const session = (current ??= begin())
      const one = { runId, changed: createChangedRuns() }
      session.followers.add(one)
      const onAbort = (): void => one.changed.end(abort?.reason)
      abort?.addEventListener('abort', onAbort, { once: true })
      const close = (): void => {
        abort?.removeEventListener('abort', onAbort)
        session.followers.delete(one)
        if (session.followers.size > 0) return
        if (current === session) current = undefined
        session.end.abort(new Error('nobody follows any more'))
      }
      try {
        await session.ready
        abort?.throwIfAborted()
      } catch (error) {
        close()
        throw error
      }
      return { next: () => one.changed.next(), get: (id) => session.seen.get(id), close }
    },
  }
}

function lost(cause: unknown): EngineError {
  if (cause instanceof EngineError) {
    if (cause.code === 'unavailable') return cause
    if (cause.code === 'unsupported') return cause
  }
  return new EngineError('unavailable', 'The engine went away while its runs were followed', { cause })
}

/** Milliseconds between two questions whether the server still answers; and those of a watch that was too short. */
const beat = 5000
const shortWatch = 1000
const pageSize = 250

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: Pod & ApiStatus & { readonly code?: number }
}

interface PodList {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string }
  readonly items: readonly Pod[]
}
