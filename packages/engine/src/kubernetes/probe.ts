// Tries, with Pods of a moment, whether the cluster's network keeps the namespaces of tenants apart.
import { setTimeout as pause } from 'node:timers/promises'

import type { Capabilities } from '../engine.ts'
import { connectProgram, listenProgram } from '../tiny-programs.ts'
import type { KubernetesClient } from './client.ts'
import { label, probePrefix, type Names } from './names.ts'
import { inNamespace, type Namespaces } from './namespaces.ts'
import type { ClusterNode } from './nodes.ts'
import { usualUser, type Pod } from './pod.ts'
import { watchPod } from './pod-watch.ts'

interface ProbeParts {
  readonly client: KubernetesClient
  readonly names: Names
  readonly namespaces: Namespaces
}

/**
 * A Pod in one namespace, one beside it that must reach it, or nothing was found out, and one in another namespace that must not.
 * The namespaces have the rules of tenants, and are removed. It takes some seconds.
 * A node that starts no Pod says nothing of the network, so another one is tried then.
 */
export async function tryNetworks(
  parts: ProbeParts,
  nodes: readonly ClusterNode[],
  random: () => string,
): Promise<Capabilities['networks']> {
  const abort = AbortSignal.timeout(longestProbe)
  const able = nodes.filter(({ architecture, image }) => architecture === 'amd64' && image !== undefined)
  // One that was lost may not be known as lost yet, and one that is full takes no Pod.
  for (const node of able.toSorted((left, right) => Number(right.isWell) - Number(left.isWell)).slice(0, mostNodes)) {
    const found = await tryNode(parts, node, random, abort)
    if (found !== 'unknown' || abort.aborted) return found
  }
  return 'unknown'
}

async function tryNode(
  { client, names, namespaces }: ProbeParts,
  node: ClusterNode,
  random: () => string,
  abort: AbortSignal,
): Promise<Capabilities['networks']> {
  const mark = random().slice(0, 8)
  const [here, there] = [`${probePrefix}${mark}.a`, `${probePrefix}${mark}.b`]

  /** A Pod of one program, on the node, of an image that is there. */
  function run(tenant: string, name: string, program: Uint8Array): Promise<Pod> {
    return namespaces.inside(tenant, async (namespace) => {
      const binaryData = { [name]: Buffer.from(program).toString('base64') }
      const config = { metadata: { name, labels: names.ownLabels }, binaryData }
      await client.ask({ method: 'POST', path: inNamespace(namespace, 'configmaps'), json: config }, { also: [409] })
      const json = podOf(names, node, name)
      return (await client.ask<Pod>({ method: 'POST', path: inNamespace(namespace, 'pods'), json })).value
    })
  }

  async function addressOf(pod: Pod): Promise<string | undefined> {
    const late = AbortSignal.any([abort, AbortSignal.timeout(longestStart)])
    for await (const { status } of watchPod(client, pod, late)) {
      if (status?.phase === 'Running' && status.podIP !== undefined) return status.podIP
      if (status?.phase === 'Failed') return undefined
    }
    return undefined
  }

  /** Whether it has ended well, within the time from when it runs. */
  async function hasReached(pod: Pod, milliseconds: number): Promise<boolean | undefined> {
    const late = new AbortController()
    const signal = AbortSignal.any([abort, late.signal])
    let hasRun = false
    try {
      for await (const { status } of watchPod(client, pod, signal)) {
        if (status?.phase === 'Succeeded') return true
        if (status?.phase === 'Failed') return undefined
        if (status?.phase !== 'Running' || hasRun) continue
        hasRun = true
        setTimeout(() => late.abort(), milliseconds).unref()
      }
    } catch {
      if (!late.signal.aborted) return undefined
    }
    return false
  }

  try {
    const address = await addressOf(await run(here, 'listen', listenProgram(probePort)))
    if (address === undefined || !/^\d+\.\d+\.\d+\.\d+$/.test(address)) return 'unknown'
    const connect = connectProgram(address, probePort)
    if ((await hasReached(await run(here, 'beside', connect), longestReach)) !== true) return 'unknown'
    // What enforces the rules may be some seconds late.
    for (const name of ['across', 'again']) {
      const found = await hasReached(await run(there, name, connect), timeToReach)
      if (found === false) return 'isolated'
      if (found === undefined) return 'unknown'
      if (name === 'across') await pause(timeToReach, undefined, { signal: abort })
    }
    return 'shared'
  } catch {
    return 'unknown'
  } finally {
    for (const tenant of [here, there]) {
      const path = ['api', 'v1', 'namespaces', names.namespace(tenant)]
      await client.ask({ method: 'DELETE', path }, { also: [404, 409] }).catch(() => {})
    }
  }
}

/** Removes what a killed caller has left of a probe, but no running probe of another caller. */
export async function removeForgotten({ client, names }: { client: KubernetesClient; names: Names }): Promise<void> {
  const query = { labelSelector: names.selector, limit: 500 }
  const { value } = await client.ask<{ readonly items: readonly Pod[] }>({ path: ['api', 'v1', 'namespaces'], query })
  for (const { metadata } of value.items) {
    const isProbe = metadata.annotations?.[label.network]?.startsWith(probePrefix) === true
    if (!isProbe || Date.now() - Date.parse(metadata.creationTimestamp) < 2 * longestProbe) continue
    const path = ['api', 'v1', 'namespaces', metadata.name]
    await client.ask({ method: 'DELETE', path }, { also: [404, 409] })
  }
}

function podOf(names: Names, node: ClusterNode, name: string): object {
  const labels = { ...names.ownLabels, [label.kind]: 'probe', [label.connected]: 'true' }
  return {
    metadata: { name, labels },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 1,
      activeDeadlineSeconds: longestProbe / 1000,
      nodeSelector: { 'kubernetes.io/hostname': node.name },
      securityContext: { runAsNonRoot: true, runAsUser: usualUser, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name,
          image: node.image,
          imagePullPolicy: 'Never',
          command: [`/.hallpass/${name}`],
          args: [],
          resources: { requests: { cpu: '1m', memory: '1Mi' }, limits: { cpu: '100m', memory: '32Mi' } },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          volumeMounts: [{ name, mountPath: '/.hallpass', readOnly: true }],
        },
      ],
      volumes: [{ name, configMap: { name, defaultMode: 0o555 } }],
    },
  }
}

const mostNodes = 3
/** Milliseconds that a node may take to start a Pod of an image that it has. */
const longestStart = 30_000
const probePort = 4280
export const longestProbe = 2 * 60_000
/** Milliseconds until a Pod must have reached one beside it; and until one that can has reached another namespace's. */
const longestReach = 10_000
const timeToReach = 3000
