// The namespaces of tenants: made when the first run needs one, with the rules that keep it apart, and removed with the last.
import { setTimeout as pause } from 'node:timers/promises'

import { EngineError } from '../engine-error.ts'
import { killProgram } from '../tiny-programs.ts'
import type { KubernetesClient } from './client.ts'
import { label, programsName, type Labels, type Names } from './names.ts'
import { seenOf, type Pod, type PodSecurity } from './pod.ts'

export interface Namespaces {
  /** Makes it, and what is missing or changed in it, once even for many calls at a time. @returns its name */
  ensure(tenant: string | undefined): Promise<string>
  /** Does it in the namespace, and again while that is being made, or removed after it was found. */
  inside<T>(tenant: string | undefined, work: (namespace: string) => Promise<T>): Promise<T>
  /** False where a run is left; a namespace with a volume stays. */
  remove(tenant: string): Promise<boolean>
}

/** What one tenant may have at a time; unlimited where it is left out, or Infinity. */
export interface TenantLimits {
  readonly runs?: number
  readonly volumes?: number
  /** Of all volumes. */
  readonly volumeGb?: number
}

export interface NamespaceOptions {
  readonly client: KubernetesClient
  readonly names: Names
  readonly security: PodSecurity
  readonly limits: TenantLimits
  readonly timeoutMs: number
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export function createNamespaces({ client, names, security, limits, timeoutMs, now }: NamespaceOptions): Namespaces {
  /** Until when each counts as whole: somebody else may change or remove it. */
  const known = new Map<string, number>()
  const underway = new Map<string, Promise<void>>()

  async function make(name: string, tenant: string | undefined): Promise<void> {
    const labels = { ...names.namespaceLabels(tenant), ...levelsOf(security) }
    const annotations = tenant === undefined ? {} : { [label.network]: tenant }
    const path = ['api', 'v1', 'namespaces']
    const json = { metadata: { name, labels, annotations } }
    const { status } = await client.ask({ method: 'POST', path, json }, { also: [409] })
    if (status === 409) await adopt(name, labels)
    const parts = partsOf(names, names.isTenant(tenant) ? limits : {})
    for (const part of parts) await bring(name, part, status === 409)
  }

  /** @param isOld whether it may be there, as somebody or an earlier setting left it */
  async function bring(name: string, { kind, metadata, made, changed }: Part, isOld: boolean): Promise<void> {
    if (isOld && changed !== undefined) {
      const path = inNamespace(name, kind, metadata.name)
      const end = now() + timeoutMs
      for (;;) {
        const json = { metadata, ...changed }
        const { status, value } = await client.ask<Settling>({ method: 'PATCH', path, json }, { also: [404] })
        if (status === 404) break
        if (hasSettled(value) || now() > end) return
        await pause(restMs)
      }
    }
    if (made === undefined) return
    const path = inNamespace(name, kind)
    await client.ask({ method: 'POST', path, json: { metadata, ...made } }, { also: [409] })
  }

  /** One of ours gets the labels that it would have now. @throws EngineError `name_taken` */
  async function adopt(name: string, labels: Labels): Promise<void> {
    const path = ['api', 'v1', 'namespaces', name]
    const { status, value } = await client.ask<Namespace>({ path }, { also: [404] })
    if (status !== 404 && value.metadata.deletionTimestamp !== undefined && names.isOwn(value.metadata)) {
      await release(name)
    }
    if (status === 404 || value.metadata.deletionTimestamp !== undefined) {
      throw new EngineError('unavailable', goingSentence)
    }
    if (!names.isOwn(value.metadata)) {
      throw new EngineError('name_taken', `The cluster has a namespace ${name} that is somebody else's`)
    }
    const has = value.metadata.labels ?? {}
    if (Object.entries(labels).some(([key, one]) => has[key] !== one)) {
      await client.ask({ method: 'PATCH', path, json: { metadata: { labels } } })
    }
  }

  /**
   * Somebody else removes it. Runs that have ended keep it, and so all that comes after it, until their machines are started or destroyed:
   * they are let go. Who follows them has seen how they ended.
   */
  async function release(name: string): Promise<void> {
    const query = { labelSelector: `${names.selector},${label.kind}=run`, limit: mostReleased }
    const path = inNamespace(name, 'pods')
    const { value } = await client.ask<{ readonly items: readonly Pod[] }>({ path, query }, { maxBytes: 2 ** 26 })
    for (const pod of value.items) {
      if (pod.metadata.deletionTimestamp === undefined || seenOf(pod, names)?.isOver !== true) continue
      const json = { metadata: { uid: pod.metadata.uid, finalizers: null } }
      await client.ask({ method: 'PATCH', path: [...path, pod.metadata.name], json }, { also: [404, 409] })
    }
  }

  async function ensure(tenant: string | undefined): Promise<string> {
    const name = names.namespace(tenant)
    if ((known.get(name) ?? 0) > now()) return name
    const made =
      underway.get(name) ??
      make(name, tenant)
        .then(() => {
          if (known.size >= mostKnown) known.clear()
          known.set(name, now() + trustMs)
        })
        .finally(() => underway.delete(name))
    underway.set(name, made)
    await made
    return name
  }

  return {
    ensure,

    async inside(tenant, work) {
      const end = now() + timeoutMs
      for (;;) {
        try {
          return await work(await ensure(tenant))
        } catch (error) {
          if (!isPassing(error) || now() > end) throw error
          known.delete(names.namespace(tenant))
        }
        await pause(restMs)
      }
    },

    async remove(tenant) {
      const name = names.namespace(tenant)
      const path = ['api', 'v1', 'namespaces', name]
      const { status, value } = await client.ask<Namespace>({ path }, { also: [404] })
      known.delete(name)
      if (status === 404 || !names.isOwn(value.metadata)) return true
      const query = { labelSelector: names.selector, limit: 1 }
      const count = async (kind: string): Promise<number> =>
        (await client.ask<{ readonly items: readonly object[] }>({ path: [...path, kind], query })).value.items.length
      if ((await count('pods')) > 0) return false
      if ((await count('persistentvolumeclaims')) > 0) return true
      await client.ask({ method: 'DELETE', path }, { also: [404, 409] })
      return true
    },
  }
}

/** The path of the objects of a kind in a namespace. */
export function inNamespace(namespace: string, kind: string, ...rest: readonly string[]): readonly string[] {
  const [group = '', version = ''] = groups[kind] ?? []
  return [...(group === '' ? ['api', 'v1'] : ['apis', group, version]), 'namespaces', namespace, kind, ...rest]
}

const groups: Readonly<Record<string, readonly [string, string]>> = { networkpolicies: ['networking.k8s.io', 'v1'] }

/** Whether the namespace is not whole yet, or not any more. */
function isPassing(error: unknown): boolean {
  return error instanceof EngineError && error.code === 'unavailable' && error.message.startsWith('The namespace is ')
}

function levelsOf(security: PodSecurity): Labels {
  const of = (mode: string) => [`pod-security.kubernetes.io/${mode}`, security] as const
  return Object.fromEntries([of('enforce'), ['pod-security.kubernetes.io/enforce-version', 'latest'], of('warn')])
}

interface Part {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels: Labels }
  /** Where it is missing; undefined for one that need not be. */
  readonly made: object | undefined
  /** Where it is there: null takes a field away. Undefined for what nobody can change. */
  readonly changed: object | undefined
}

/** What stands in each namespace beside the runs. */
function partsOf(names: Names, { runs, volumes, volumeGb }: TenantLimits): readonly Part[] {
  const metadata = (name: string): Part['metadata'] => ({ name, labels: names.ownLabels })
  const count = (limit: number | undefined, unit = ''): string | null =>
    Number.isFinite(limit) ? `${limit}${unit}` : null
  const hard = {
    pods: count(runs),
    persistentvolumeclaims: count(volumes),
    'requests.storage': count(volumeGb, 'Gi'),
  }
  const bounds = Object.entries(hard).filter(([, bound]) => bound !== null)
  const policy = (name: string, rules: object): Part => {
    const body = { spec: { ...rules, policyTypes: ['Ingress', 'Egress'] } }
    return { kind: 'networkpolicies', metadata: metadata(name), made: body, changed: body }
  }
  const connected = { matchLabels: { [label.connected]: 'true' } }
  return [
    {
      kind: 'configmaps',
      metadata: metadata(programsName),
      made: { immutable: true, binaryData: { kill: Buffer.from(killProgram()).toString('base64') } },
      changed: undefined,
    },
    policy('hallpass-none', { podSelector: {}, ingress: [], egress: [] }),
    policy('hallpass-network', {
      podSelector: connected,
      ingress: [{ from: [{ podSelector: connected }] }],
      egress: [{ to: [{ podSelector: connected }] }, ...outwards],
    }),
    {
      kind: 'resourcequotas',
      metadata: metadata('hallpass'),
      made: bounds.length === 0 ? undefined : { spec: { hard: Object.fromEntries(bounds) } },
      changed: { spec: { hard } },
    },
  ]
}

interface Settling {
  readonly spec?: { readonly hard?: Labels }
  readonly status?: { readonly hard?: Labels }
}

/** A quota that was changed counts once the cluster has looked at it, and the old one does until then. */
function hasSettled({ spec, status }: Settling): boolean {
  const [wanted, counting] = [spec?.hard ?? {}, status?.hard ?? {}]
  return Object.keys({ ...wanted, ...counting }).every((key) => wanted[key] === counting[key])
}

/** Names, and the internet: not the cluster, its nodes, and what a cloud tells its machines. */
const outwards = [
  {
    to: [
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
        podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
      },
    ],
    ports: [
      { protocol: 'UDP', port: 53 },
      { protocol: 'TCP', port: 53 },
    ],
  },
  {
    to: [
      {
        ipBlock: {
          cidr: '0.0.0.0/0',
          except: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16', '127.0.0.0/8'],
        },
      },
      { ipBlock: { cidr: '::/0', except: ['fc00::/7', 'fe80::/10', '::1/128'] } },
    ],
  },
]

const goingSentence = 'The namespace is being removed'
const restMs = 100
/** How long a namespace counts as whole after it was seen so. */
const trustMs = 30_000
const mostKnown = 10_000
const mostReleased = 100

interface Namespace {
  readonly metadata: { readonly labels?: Labels; readonly deletionTimestamp?: string }
}
