// Runs machines as Pods of a Kubernetes cluster.
import { randomUUID } from 'node:crypto'

import { credentialsOfDocker, type FindCredentials } from '../credentials.ts'
import type { Capabilities, Engine } from '../engine.ts'
import { runCommand } from '../run-command.ts'
import { findAbilities, findStorageClass } from './abilities.ts'
import { findAccess, type Access } from './access.ts'
import { createClient } from './client.ts'
import { createCluster, type Cluster } from './cluster.ts'
import { openExec } from './exec.ts'
import { createFollower } from './follow.ts'
import { pullImage, removeForgotten as removeForgottenPulls } from './images.ts'
import { readLog } from './logs.ts'
import { namesOf } from './names.ts'
import { createNamespaces, type TenantLimits } from './namespaces.ts'
import { listRegions } from './nodes.ts'
import type { PodSecurity } from './pod.ts'
import { longestProbe, removeForgotten as removeForgottenProbes } from './probe.ts'
import { listProcesses } from './processes.ts'
import { createRuns, watchRuns } from './runs.ts'
import { createVolumes } from './volumes.ts'

export type { Access } from './access.ts'
export type { PodSecurity } from './pod.ts'
export type { TenantLimits } from './namespaces.ts'
export { findAccess } from './access.ts'

export interface KubernetesOptions {
  /** Whose machines these are, the same after every restart: 1 to 32 of a-z and 0-9. */
  readonly owner: string
  /** The API server, and as whom; by default as kubectl finds it, or the account of the Pod that this runs in. */
  readonly access?: Access
  /** The Pod Security Standard that every namespace enforces; `restricted` by default, which runs nothing as root. */
  readonly security?: PodSecurity
  /** Of volumes; the cluster's default where it is left out. */
  readonly storageClass?: string
  /** What each tenant may have at a time. */
  readonly limits?: TenantLimits
  /** Of registries. Left out, those that `docker login` has kept; nodes have their own, too. */
  readonly credentials?: FindCredentials
  /** How long the cluster may take to answer, and to carry out what it was told; 60 s by default. */
  readonly timeoutMs?: number
  /** How long a run may wait for room on a node; 3 s by default, more where nodes are made as they are needed. */
  readonly capacityMs?: number
  /** Runs them even if runs of different organizations reach each other: only for those that trust each other. */
  readonly allowSharedNetworks?: boolean
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly random?: () => string
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** Milliseconds. */
const triesEvery = 30_000

/** Connects to nothing yet. @throws EngineError `bad_spec` that names the option, the file or the variable */
export function createKubernetesEngine(options: KubernetesOptions): Engine {
  const {
    env = process.env,
    random = randomUUID,
    now = Date.now,
    timeoutMs = 60_000,
    security = 'restricted',
  } = options
  const client = createClient({ access: options.access ?? findAccess(env), timeoutMs })
  const names = namesOf(options.owner)
  const namespaces = createNamespaces({ client, names, security, limits: options.limits ?? {}, timeoutMs, now })
  const findClass = () => findStorageClass(client, options.storageClass)
  let tried: Promise<Capabilities> | undefined
  /** What a killed caller has left just before may have looked as if it were still at work. */
  const sweep = (): void => {
    for (const remove of [removeForgottenProbes, removeForgottenPulls]) remove({ client, names }).catch(() => {})
  }
  const capabilities = (): Promise<Capabilities> => {
    if (tried !== undefined) return tried
    const begun = findAbilities({ client, names, namespaces, security, findClass, random })
    const forget = (): void => {
      if (tried === begun) tried = undefined
    }
    tried = begun
    setTimeout(sweep, 3 * longestProbe).unref()
    // What a busy cluster did not let anybody find out is tried again.
    begun.then(({ networks }) => networks === 'unknown' && setTimeout(forget, triesEvery).unref(), forget)
    return begun
  }
  const cluster: Cluster = createCluster({
    client,
    names,
    namespaces,
    // Another cluster, or another network in it, may answer afterwards.
    follower: createFollower(client, names, { timeoutMs, onLost: () => (tried = undefined) }),
    security,
    credentials: options.credentials ?? credentialsOfDocker(env),
    timeoutMs,
    capacityMs: options.capacityMs ?? 3000,
    allowSharedNetworks: options.allowSharedNetworks ?? false,
    random,
    capabilities,
  })
  const volumes = createVolumes(client, cluster, findClass)
  return {
    kind: 'kubernetes',
    ...createRuns(cluster),
    capabilities,
    pullImage: (reference, pull = {}) => pullImage(cluster, reference, pull),
    watch: (watch = {}) => watchRuns(cluster, watch),
    exec: (runId, command) => runCommand((one) => openExec(cluster, runId, one, command.input !== undefined), command),
    openExec: (runId, command) => openExec(cluster, runId, command),
    processes: (runId) => listProcesses(cluster, runId),
    logs: (runId, log) => readLog(cluster, runId, log),
    sharesFolder: async () => {
      // Nothing is known of a cluster that is away.
      await client.ask({ path: ['version'] })
      return false
    },
    removeNetwork: (network) => namespaces.remove(network),
    createVolume: (volumeId, sizeMb, tenant) => volumes.create(volumeId, sizeMb, tenant),
    extendVolume: (volumeId, sizeMb) => volumes.extend(volumeId, sizeMb),
    removeVolume: (volumeId) => volumes.remove(volumeId),
    listVolumes: () => volumes.list(),
    regions: () => listRegions(client),
  }
}
