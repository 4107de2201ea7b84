// The nodes of a cluster: their regions, how large a run can be, and which images they have.
import type { KubernetesClient } from './client.ts'
import type { Labels } from './names.ts'
import { regionLabel } from './pod.ts'

/** A node that takes runs. */
export interface ClusterNode {
  readonly name: string
  readonly region: string | undefined
  readonly architecture: string
  readonly cpus: number
  readonly memoryMb: number
  /** An image that it has, the smallest; undefined where it does not say. */
  readonly image: string | undefined
  /** Whether the cluster starts new Pods on it: it is neither lost nor out of something. */
  readonly isWell: boolean
}

export async function listNodes(client: KubernetesClient): Promise<readonly ClusterNode[]> {
  const nodes: ApiNode[] = []
  let place: string | undefined
  do {
    const query = { labelSelector: 'kubernetes.io/os=linux', limit: 100, continue: place }
    const { value } = await client.ask<NodeList>({ path: ['api', 'v1', 'nodes'], query }, { maxBytes: 2 ** 25 })
    nodes.push(...value.items)
    place = value.metadata.continue || undefined
  } while (place !== undefined)
  return nodes.filter(({ spec }) => !isClosed(spec)).map(nodeOf)
}

/** Of nodes that take runs, in order of their names. */
export async function listRegions(client: KubernetesClient): Promise<readonly string[]> {
  const nodes = await listNodes(client)
  return [...new Set(nodes.flatMap(({ region }) => region ?? []))].toSorted()
}

/** Those of the control plane, for example. One that is lost may come back. */
function isClosed({ unschedulable = false, taints = [] }: ApiNode['spec']): boolean {
  return (
    unschedulable ||
    taints.some(({ key, effect }) => effect !== 'PreferNoSchedule' && !key.startsWith('node.kubernetes.io/'))
  )
}

function nodeOf({ metadata, spec, status }: ApiNode): ClusterNode {
  const { cpu = '0', memory = '0' } = status.allocatable ?? {}
  const [smallest] = (status.images ?? [])
    .filter(({ names }) => (names ?? []).length > 0)
    .toSorted((left, right) => (left.sizeBytes ?? 0) - (right.sizeBytes ?? 0))
  return {
    name: metadata.labels?.['kubernetes.io/hostname'] ?? metadata.name,
    region: metadata.labels?.[regionLabel],
    architecture: metadata.labels?.['kubernetes.io/arch'] ?? '',
    cpus: quantityOf(cpu),
    memoryMb: Math.floor(quantityOf(memory) / 2 ** 20),
    image: smallest?.names?.at(-1),
    isWell: (spec.taints ?? []).every(({ effect }) => effect === 'PreferNoSchedule'),
  }
}

/** A quantity of Kubernetes: `1930m`, `16Gi`, `1e3`. Not a number where it is none. */
export function quantityOf(text: string): number {
  const [, count = '', unit = ''] = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([A-Za-z]{0,2})$/.exec(text) ?? []
  return count === '' ? Number.NaN : Number(count) * (units[unit] ?? Number.NaN)
}

const units: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

interface ApiNode {
  readonly metadata: { readonly name: string; readonly labels?: Labels }
  readonly spec: {
    readonly unschedulable?: boolean
    readonly taints?: readonly { readonly key: string; readonly effect: string }[]
  }
  readonly status: {
    readonly allocatable?: { readonly cpu?: string; readonly memory?: string }
    readonly images?: readonly { readonly names?: readonly string[] | null; readonly sizeBytes?: number }[]
  }
}

interface NodeList {
  readonly metadata: { readonly continue?: string }
  readonly items: readonly ApiNode[]
}
