// A Kubernetes cluster for the suite: the one that HALLPASS_KUBECONFIG names, reached over a relay that can be cut.
import { createClient } from '../kubernetes/client.ts'
import { createKubernetesEngine, type KubernetesOptions } from '../kubernetes/kubernetes.ts'
import { findAccess, type Access } from '../kubernetes/access.ts'
import type { Engine } from '../engine.ts'
import type { Place } from './place.ts'
import { startRelay } from './relay.ts'

export interface KubernetesPlace extends Required<Place> {
  readonly openWith: (options: Partial<KubernetesOptions>) => Engine
  readonly client: ReturnType<typeof createClient>
}

/** Why there is none; undefined where it may be tried. */
export function reasonWithoutCluster(): string | undefined {
  return kubeconfig() === '' ? 'HALLPASS_KUBECONFIG names no cluster' : undefined
}

export function kubeconfig(): string {
  return process.env['HALLPASS_KUBECONFIG'] ?? ''
}

/** A busybox that the nodes have, or can pull. */
export const imageOfCluster = (): string => process.env['HALLPASS_KUBERNETES_IMAGE'] ?? 'registry.test/busybox:1'

export async function startKubernetes(): Promise<KubernetesPlace> {
  const direct = findAccess({}, kubeconfig())
  const relay = await startRelay(direct)
  const access: Access = { server: relay.server }
  const client = createClient({ access: direct, timeoutMs: 60_000 })
  const owners = ['acme', 'other']
  // Images of the suite run as root, and one organization has the cluster.
  const openWith = (options: Partial<KubernetesOptions>): Engine =>
    createKubernetesEngine({
      owner: 'acme',
      access,
      env: {},
      security: 'baseline',
      allowSharedNetworks: true,
      ...options,
    })
  const clean = async (): Promise<void> => {
    for (const owner of owners) await removeAll(openWith({ owner }), owner, client)
  }
  await clean()
  const found = await openWith({}).pullImage(imageOfCluster())
  return {
    client,
    openWith,
    open: (owner = 'acme') => openWith({ owner }),
    image: found.id,
    // A node keeps so much of a log in one file.
    flood: 8_000_000,
    networks: 'shared',
    // Nobody hears how a command has ended while more of its input waits in the cluster.
    unreadInput: 100_000,
    kill: () => relay.cut(),
    async stop() {
      await clean()
      await relay.close()
    },
  }
}

async function removeAll(engine: Engine, owner: string, client: ReturnType<typeof createClient>): Promise<void> {
  for (const { runId } of await engine.list()) await engine.remove(runId)
  for (const volumeId of await engine.listVolumes()) await engine.removeVolume(volumeId)
  const path = ['api', 'v1', 'namespaces']
  const query = { labelSelector: `hallpass.owner=${owner}` }
  const { value } = await client.ask<{ items: { metadata: { name: string } }[] }>({ path, query })
  for (const { metadata } of value.items) {
    await client.ask({ method: 'DELETE', path: [...path, metadata.name] }, { also: [404, 409] })
  }
}
