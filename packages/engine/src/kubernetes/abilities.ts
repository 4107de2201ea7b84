// Finds out what a cluster can do and enforce: asks it, and tries what it does not say.
import { EngineError } from '../engine-error.ts'
import type { Capabilities } from '../engine.ts'
import type { KubernetesClient } from './client.ts'
import type { Labels, Names } from './names.ts'
import type { Namespaces } from './namespaces.ts'
import { listNodes, type ClusterNode } from './nodes.ts'
import type { PodSecurity } from './pod.ts'
import { removeForgotten, tryNetworks } from './probe.ts'
import type { StorageClass } from './volumes.ts'

export interface AbilityParts {
  readonly client: KubernetesClient
  readonly names: Names
  readonly namespaces: Namespaces
  readonly security: PodSecurity
  readonly findClass: () => Promise<StorageClass | undefined>
  readonly random: () => string
}

export async function findAbilities(parts: AbilityParts): Promise<Capabilities> {
  const { client, security } = parts
  const { value: version } = await client.ask<{ readonly gitVersion: string }>({ path: ['version'] })
  const nodes = await listNodes(client)
  if (nodes.length === 0) throw new EngineError('unavailable', 'The cluster has no node that takes machines')
  await removeForgotten(parts)
  const networks = await tryNetworks(parts, nodes, parts.random)
  const storage = await parts.findClass()
  return {
    isolation: 'container',
    networks,
    memoryLimit: true,
    cpuLimit: true,
    processLimit: false,
    diskLimit: true,
    volumes: storage === undefined ? 'none' : 'unsized',
    pause: false,
    commandUser: false,
    logStreams: false,
    oomReported: true,
    engine: { name: 'Kubernetes', version: version.gitVersion },
    host: largestOf(nodes),
    remedies: remediesOf({ networks, storage, security }),
  }
}

/** A run must fit on one node. */
function largestOf(nodes: readonly ClusterNode[]): Capabilities['host'] {
  return {
    name: nodes.length === 1 ? (nodes[0]?.name ?? '') : `${nodes.length} nodes`,
    cpus: Math.max(...nodes.map(({ cpus }) => cpus)),
    memoryMb: Math.max(...nodes.map(({ memoryMb }) => memoryMb)),
    architecture: nodes[0]?.architecture ?? '',
  }
}

function remediesOf({
  networks,
  storage,
  security,
}: {
  readonly networks: Capabilities['networks']
  readonly storage: StorageClass | undefined
  readonly security: PodSecurity
}): string[] {
  return [
    ...(networks === 'shared'
      ? [
          'The network of the cluster ignores NetworkPolicy, so machines of all organizations reach each other: install one that enforces it. None runs without --pod-network shared.',
        ]
      : []),
    ...(networks === 'unknown'
      ? [
          'It could not be tried whether the network of the cluster enforces NetworkPolicy, so organizations may reach each other. No machine runs without --pod-network shared.',
        ]
      : []),
    ...(security === 'restricted'
      ? ['The cluster runs no machine as root: one whose configuration names no user has the number 10001.']
      : []),
    "Limits of processes are the nodes' own: set podPidsLimit in the configuration of each kubelet.",
    ...(storage === undefined
      ? ['There are no volumes: give the cluster a StorageClass, and make it the default.']
      : [`Whether a volume is held to its size is up to the storage class ${storage.name}.`]),
    ...(storage?.canGrow === false
      ? [`Volumes cannot grow: the storage class ${storage.name} does not allow it.`]
      : []),
  ]
}

/** The class of this name, or the default one. */
export async function findStorageClass(
  client: KubernetesClient,
  name: string | undefined,
): Promise<StorageClass | undefined> {
  const { value } = await client.ask<ClassList>({ path: ['apis', 'storage.k8s.io', 'v1', 'storageclasses'] })
  const found = value.items.find(({ metadata }) =>
    name === undefined ? metadata.annotations?.[defaultMark] === 'true' : metadata.name === name,
  )
  return found && { name: found.metadata.name, canGrow: found.allowVolumeExpansion === true }
}

const defaultMark = 'storageclass.kubernetes.io/is-default-class'

interface ClassList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly annotations?: Labels }
    readonly allowVolumeExpansion?: boolean
  }[]
}
