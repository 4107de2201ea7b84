// The life of a run in a cluster: create, start, signal, stop, remove, and how it stands.
import { constants } from 'node:os'

import { checkSignal, checkSpec } from '../check-spec.ts'
import { digestOf } from '../digest-spec.ts'
import { EngineError, noRun, notRunning } from '../engine-error.ts'
import type { Change, Engine, RunSpec, WatchOptions } from '../engine.ts'
import { parseImageReference } from '../image-reference.ts'
import type { Cluster } from './cluster.ts'
import { killMain } from './kill.ts'
import { inNamespace } from './namespaces.ts'
import { createPatience } from './patience.ts'
import { podOf, registrySecretOf, secretsOf, seenOf, type Pod, type Seen } from './pod.ts'

export type Runs = Pick<
  Engine,
  'create' | 'start' | 'signal' | 'stop' | 'pause' | 'resume' | 'remove' | 'inspect' | 'list' | 'wait'
>

export function createRuns(cluster: Cluster): Runs {
  const { client, names, follower } = cluster

  /** Waits until the run is as wanted, or gone; undefined where the time is over. */
  async function until(
    runId: string,
    isWanted: (seen: Seen) => boolean,
    abort?: AbortSignal,
  ): Promise<Seen | undefined> {
    const following = await follower.follow({ runId, abort })
    try {
      // What was seen while nobody followed may be older than what the caller did.
      let seen = await cluster.look(runId)
      while (seen !== undefined && !isWanted(seen)) {
        await following.next()
        seen = following.get(runId)
      }
      return seen
    } finally {
      following.close()
    }
  }

  /** Whether it has ended, within the time. */
  async function endsWithin(runId: string, milliseconds: number): Promise<boolean> {
    const abort = AbortSignal.timeout(milliseconds)
    try {
      await until(runId, hasEnded, abort)
      return true
    } catch (error) {
      if (abort.aborted) return false
      throw error
    }
  }

  /** Makes the Pod of a run, or finds it. @throws EngineError `run_exists`, `name_taken` */
  async function make(spec: RunSpec, namespace: string): Promise<Pod> {
    const credentials = await credentialsOf(spec)
    const hasCredentials = credentials !== undefined
    const json = podOf(spec, { names, security: cluster.security, hasCredentials })
    const made = await client.ask<Pod>({ method: 'POST', path: inNamespace(namespace, 'pods'), json }, { also: [409] })
    const pod = made.status === 409 ? await find(spec, namespace, made.value) : made.value
    if (seenOf(pod, names)?.status.state === 'created') {
      const secrets = [
        ...secretsOf(spec, pod, names),
        ...(hasCredentials ? [registrySecretOf(pod, names, registryOf(spec), credentials)] : []),
      ]
      const path = inNamespace(namespace, 'secrets')
      await Promise.all(secrets.map((secret) => client.ask({ method: 'POST', path, json: secret }, { also: [409] })))
    }
    return pod
  }

  async function find(spec: RunSpec, namespace: string, refusal: unknown): Promise<Pod> {
    const path = inNamespace(namespace, 'pods', names.pod(spec.runId))
    const { status, value } = await client.ask<Pod>({ path }, { also: [404] })
    if (status === 404) {
      // Also a quota that two calls changed at once is a conflict.
      throw new EngineError('unavailable', 'The namespace is busy', { cause: refusal })
    }
    const found = seenOf(value, names)
    if (found === undefined) {
      throw new EngineError('name_taken', 'The cluster has a Pod of that name that is no run', { field: 'runId' })
    }
    if (found.digest === digestOf(spec)) return value
    const sentence = `The run ${spec.runId} exists already, with another spec: a run id is used once`
    throw new EngineError('run_exists', sentence, { field: 'runId' })
  }

  async function credentialsOf(spec: RunSpec): Promise<{ username: string; password: string } | undefined> {
    if (spec.image.startsWith('sha256:')) return undefined
    const found = await cluster.credentials(registryOf(spec))
    // A kubelet takes no identity tokens.
    return found === undefined || 'identitytoken' in found ? undefined : found
  }

  async function checkAbilities(spec: RunSpec): Promise<void> {
    if (spec.sharedFolder !== undefined) {
      throw new EngineError('unsupported', 'A cluster shows no folders of this machine to runs', {
        field: 'sharedFolder',
      })
    }
    if (!spec.image.startsWith('sha256:') && parseImageReference(spec.image).digest === undefined) {
      const sentence = 'The image is not known by its digest: pull it first, and name it by its id'
      throw new EngineError('image_not_found', sentence, { field: 'image' })
    }
    // No Pod is without a network, so this is so for a run without one too.
    if (cluster.allowSharedNetworks) return
    const { networks } = await cluster.capabilities()
    if (networks === 'isolated') return
    const why = networks === 'shared' ? 'does not keep networks apart' : 'is not known to keep networks apart'
    const sentence = `This engine ${why}, so runs of different organizations would reach each other`
    throw new EngineError('not_isolated', sentence, { field: 'network' })
  }

  /** @throws EngineError `volume_not_found` */
  async function demandVolumes({ volumes = [] }: RunSpec, namespace: string): Promise<void> {
    for (const { volumeId } of volumes) {
      const path = inNamespace(namespace, 'persistentvolumeclaims', names.claim(volumeId))
      const { status, value } = await client.ask<Pick<Pod, 'metadata'>>({ path }, { also: [404] })
      if (status === 404 || !names.isOwn(value.metadata) || value.metadata.deletionTimestamp !== undefined) {
        throw new EngineError('volume_not_found', `There is no volume ${volumeId} in the engine`)
      }
    }
  }

  return {
    async inspect(runId) {
      return (await cluster.look(runId))?.status
    },

    async create(spec) {
      checkSpec(spec)
      await checkAbilities(spec)
      const pod = await cluster.namespaces.inside(spec.tenant ?? spec.network, async (namespace) => {
        cluster.remember(spec.runId, namespace)
        await demandVolumes(spec, namespace)
        return make(spec, namespace)
      })
      const seen = seenOf(pod, names)
      if (seen === undefined) throw noRun(spec.runId)
      return seen.status
    },

    async start(runId) {
      const late = AbortSignal.timeout(cluster.timeoutMs)
      const patience = createPatience(cluster.capacityMs)
      const following = await follower.follow({ runId, abort: AbortSignal.any([late, patience.signal]) })
      try {
        let seen = await cluster.demand(runId)
        if (seen.isGated && seen.status.state === 'created') {
          const path = inNamespace(seen.namespace, 'pods', seen.name)
          const json = { metadata: { uid: seen.uid }, spec: { schedulingGates: null } }
          seen = seenOf((await client.ask<Pod>({ method: 'PATCH', path, json })).value, names) ?? seen
        }
        for (;;) {
          if (seen.errorOfStart !== undefined) throw seen.errorOfStart
          if (seen.status.state !== 'created') return seen.status
          patience.note(seen.trouble)
          await following.next()
          const next = following.get(runId)
          if (next === undefined) throw noRun(runId)
          // The server's answer may be newer than the watch.
          seen = next.isGated && !seen.isGated ? seen : next
        }
      } catch (error) {
        if (!late.aborted) throw error
        throw new EngineError('timeout', `The run ${runId} does not start`, { cause: error })
      } finally {
        patience.end()
        following.close()
      }
    },

    async signal(runId, signal) {
      checkSignal(signal)
      const seen = await cluster.demand(runId)
      if (seen.status.state !== 'running') throw notRunning(runId)
      await killMain(cluster, seen, constants.signals[signal])
    },

    async stop(runId, { signal, timeoutMs }) {
      checkSignal(signal)
      const seen = await cluster.demand(runId)
      if (seen.status.state !== 'running') return seen.status
      await killMain(cluster, seen, constants.signals[signal]).catch(orNotRunning)
      if (!(await endsWithin(runId, timeoutMs))) {
        await killMain(cluster, seen, constants.signals.SIGKILL).catch(orNotRunning)
        if (!(await endsWithin(runId, cluster.timeoutMs))) {
          throw new EngineError('timeout', `The run ${runId} was killed and has not ended yet`)
        }
      }
      return (await cluster.demand(runId)).status
    },

    async pause(runId) {
      throw await unable(cluster, runId)
    },

    async resume(runId) {
      throw await unable(cluster, runId)
    },

    async remove(runId) {
      const seen = await cluster.look(runId)
      if (seen === undefined) return
      const path = inNamespace(seen.namespace, 'pods', seen.name)
      const preconditions = { uid: seen.uid }
      const json = { gracePeriodSeconds: seen.isOver ? 0 : 1, preconditions }
      await client.ask({ method: 'DELETE', path, json }, { also: [404, 409] })
      if (!seen.isOver) {
        // The node says when nothing of it runs any more. One that is lost cannot, so its runs stay.
        const end = AbortSignal.timeout(cluster.timeoutMs)
        await until(runId, ({ isOver }) => isOver, end).catch((error: unknown) => {
          if (!end.aborted) throw error
          throw new EngineError('unavailable', `The node of the run ${runId} does not say that it has ended`)
        })
        await client.ask(
          { method: 'DELETE', path, json: { gracePeriodSeconds: 0, preconditions } },
          { also: [404, 409] },
        )
      }
      const patch = { metadata: { uid: seen.uid, finalizers: null } }
      await client.ask({ method: 'PATCH', path, json: patch }, { also: [404, 409] })
    },

    async list() {
      return (await follower.list()).map(({ status }) => status)
    },

    async wait(runId, { abort } = {}) {
      return (await until(runId, hasEnded, abort))?.status
    },
  }
}

/** What changed, as `Engine.watch` says it. */
export async function* watchRuns(
  { follower }: Cluster,
  { onlyEnds = false, abort }: WatchOptions,
): AsyncGenerator<Change> {
  const following = await follower.follow({ abort })
  try {
    const runs = (await follower.list()).map(({ status }) => status)
    /** The runs whose node was told to be lost: that it is back is told too. */
    const outOfReach = new Set(runs.filter((run) => run.isOutOfReach === true).map(({ runId }) => runId))
    yield { kind: 'all', runs }
    for (;;) {
      const runId = await following.next()
      const run = following.get(runId)?.status
      const hasMoved = outOfReach.has(runId) !== (run?.isOutOfReach === true)
      if (hasMoved && !outOfReach.delete(runId)) outOfReach.add(runId)
      if (onlyEnds && run !== undefined && run.exit === undefined && !hasMoved) continue
      yield { kind: 'run', runId, run }
    }
  } finally {
    following.close()
  }
}

function hasEnded({ status }: Seen): boolean {
  return status.exit !== undefined
}

function registryOf({ image }: RunSpec): string {
  return parseImageReference(image).registry
}

async function unable(cluster: Cluster, runId: string): Promise<EngineError> {
  const { status } = await cluster.demand(runId)
  return status.state === 'running'
    ? new EngineError('unsupported', 'A cluster cannot freeze the processes of a run')
    : notRunning(runId)
}

function orNotRunning(error: unknown): void {
  if (!(error instanceof EngineError && error.code === 'not_running')) throw error
}
