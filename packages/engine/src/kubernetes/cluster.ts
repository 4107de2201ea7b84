// A Kubernetes cluster for one owner: where its runs are, and what the parts of the engine share.
import { noRun } from '../engine-error.ts'
import type { FindCredentials } from '../credentials.ts'
import type { Capabilities } from '../engine.ts'
import type { KubernetesClient } from './client.ts'
import type { Follower } from './follow.ts'
import type { Names } from './names.ts'
import { inNamespace, type Namespaces } from './namespaces.ts'
import { seenOf, type Pod, type PodSecurity, type Seen } from './pod.ts'

export interface Cluster {
  readonly client: KubernetesClient
  readonly names: Names
  readonly namespaces: Namespaces
  readonly follower: Follower
  readonly security: PodSecurity
  readonly credentials: FindCredentials
  /** How long the cluster may take to answer, and to carry out what it was told. */
  readonly timeoutMs: number
  /** How long a run may wait for room. */
  readonly capacityMs: number
  readonly allowSharedNetworks: boolean
  readonly random: () => string
  readonly capabilities: () => Promise<Capabilities>
  /** Undefined where there is none, or it is not the owner's. */
  look(runId: string): Promise<Seen | undefined>
  /** @throws EngineError `run_not_found` */
  demand(runId: string): Promise<Seen>
  /** Where a run is that was just made. */
  remember(runId: string, namespace: string): void
}

export type ClusterParts = Omit<Cluster, 'look' | 'demand' | 'remember'>

export function createCluster(parts: ClusterParts): Cluster {
  const { client, names, follower } = parts
  /** The namespaces of runs: a run id alone does not say it. */
  const places = new Map<string, string>()

  function remember(runId: string, namespace: string): void {
    const [oldest] = places.keys()
    if (places.size >= mostPlaces && oldest !== undefined) places.delete(oldest)
    places.set(runId, namespace)
  }

  async function look(runId: string): Promise<Seen | undefined> {
    const name = names.pod(runId)
    const place = places.get(runId) ?? follower.known(runId)?.namespace
    if (place !== undefined) {
      const { status, value } = await client.ask<Pod>({ path: inNamespace(place, 'pods', name) }, { also: [404] })
      if (status !== 404) return seenOf(value, names)
      places.delete(runId)
      return undefined
    }
    const query = { labelSelector: names.selector, fieldSelector: `metadata.name=${name}` }
    const { value } = await client.ask<{ readonly items: readonly Pod[] }>({ path: ['api', 'v1', 'pods'], query })
    const [seen] = value.items.flatMap((pod) => seenOf(pod, names) ?? [])
    if (seen !== undefined) remember(runId, seen.namespace)
    return seen
  }

  return {
    ...parts,
    look,
    remember,
    async demand(runId) {
      const seen = await look(runId)
      if (seen === undefined) throw noRun(runId)
      return seen
    },
  }
}

const mostPlaces = 10_000
