// Volumes in a cluster: claims of a storage class, in the namespaces of the tenants that have them.
import { setTimeout as pause } from 'node:timers/promises'

import { checkName, checkSize } from '../check-spec.ts'
import { EngineError, noVolume } from '../engine-error.ts'
import type { KubernetesClient } from './client.ts'
import type { Cluster } from './cluster.ts'
import { label, type Labels } from './names.ts'
import { inNamespace } from './namespaces.ts'
import { seenOf, type Pod } from './pod.ts'

export interface Volumes {
  create(volumeId: string, sizeMb: number, tenant: string | undefined): Promise<void>
  extend(volumeId: string, sizeMb: number): Promise<void>
  remove(volumeId: string): Promise<void>
  list(): Promise<readonly string[]>
}

export interface StorageClass {
  readonly name: string
  readonly canGrow: boolean
}

/** @param findClass the one for volumes; undefined where there is none */
export function createVolumes(
  client: KubernetesClient,
  { names, namespaces, timeoutMs }: Pick<Cluster, 'names' | 'namespaces' | 'timeoutMs'>,
  findClass: () => Promise<StorageClass | undefined>,
): Volumes {
  async function all(query: Readonly<Record<string, string>> = {}): Promise<readonly Claim[]> {
    const claims: Claim[] = []
    let place: string | undefined
    for (;;) {
      const { value } = await client.ask<ClaimList>(
        {
          path: ['api', 'v1', 'persistentvolumeclaims'],
          query: { labelSelector: names.selector, limit: 500, continue: place, ...query },
        },
        { maxBytes: 2 ** 24 },
      )
      claims.push(...value.items.filter(({ metadata }) => metadata.deletionTimestamp === undefined))
      place = value.metadata.continue || undefined
      if (place === undefined) return claims
    }
  }

  async function find(volumeId: string): Promise<Claim | undefined> {
    const [claim] = await all({ fieldSelector: `metadata.name=${names.claim(volumeId)}` })
    return claim
  }

  return {
    async create(volumeId, sizeMb, tenant) {
      checkName(volumeId, 'volumeId')
      checkSize(sizeMb)
      if ((await find(volumeId)) !== undefined) return
      const storage = await findClass()
      if (storage === undefined) throw new EngineError('unsupported', 'The cluster has no storage class for volumes')
      const json = {
        metadata: {
          name: names.claim(volumeId),
          labels: names.ownLabels,
          annotations: { [label.volume]: volumeId },
        },
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: storage.name,
          resources: { requests: { storage: `${sizeMb}Mi` } },
        },
      }
      await namespaces.inside(tenant, async (namespace) => {
        const path = inNamespace(namespace, 'persistentvolumeclaims')
        const end = Date.now() + timeoutMs
        for (;;) {
          const { status } = await client.ask({ method: 'POST', path, json }, { also: [409] })
          if (status !== 409 || (await find(volumeId)) !== undefined) return
          // The cluster keeps one that is removed for moments after its last Pod.
          if (Date.now() > end) throw new EngineError('volume_in_use', `The volume ${volumeId} is being removed`)
          await pause(restMs)
        }
      })
    },

    async extend(volumeId, sizeMb) {
      checkName(volumeId, 'volumeId')
      checkSize(sizeMb)
      const claim = await find(volumeId)
      if (claim === undefined) throw noVolume(volumeId)
      if (mbOf(claim.spec.resources.requests.storage) >= sizeMb) return
      const path = inNamespace(claim.metadata.namespace, 'persistentvolumeclaims', claim.metadata.name)
      const json = { spec: { resources: { requests: { storage: `${sizeMb}Mi` } } } }
      await client.ask({ method: 'PATCH', path, json })
    },

    async remove(volumeId) {
      checkName(volumeId, 'volumeId')
      const claim = await find(volumeId)
      if (claim === undefined) return
      const { namespace, name } = claim.metadata
      const query = { labelSelector: `${names.selector},${label.kind}=run` }
      const { value } = await client.ask<{ readonly items: readonly Pod[] }>(
        { path: inNamespace(namespace, 'pods'), query },
        { maxBytes: 2 ** 26 },
      )
      if (value.items.some((pod) => seenOf(pod, names)?.claims.includes(name) === true)) {
        throw new EngineError('volume_in_use', `A run has the volume ${volumeId}`)
      }
      const path = inNamespace(namespace, 'persistentvolumeclaims', name)
      await client.ask({ method: 'DELETE', path }, { also: [404] })
    },

    async list() {
      return (await all()).flatMap(({ metadata }) => metadata.annotations?.[label.volume] ?? [])
    },
  }
}

/** Of a size that we wrote, or that somebody has changed in the cluster. */
function mbOf(size: string): number {
  const [, count = '0', unit = ''] = /^(\d+)(\w*)$/.exec(size) ?? []
  return Number(count) * (bytesOf[unit] ?? 0) * 2 ** -20
}

const restMs = 100

const bytesOf: Readonly<Record<string, number>> = {
  '': 1,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  M: 1e6,
  G: 1e9,
  T: 1e12,
}

interface Claim {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly annotations?: Labels
    readonly deletionTimestamp?: string
  }
  readonly spec: { readonly resources: { readonly requests: { readonly storage: string } } }
}

interface ClaimList {
  readonly metadata: { readonly continue?: string }
  readonly items: readonly Claim[]
}
