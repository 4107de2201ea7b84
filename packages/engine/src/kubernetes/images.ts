// Images in a cluster: nodes have them, so a Pod that runs nothing finds out which one a name stands for.
import { EngineError } from '../engine-error.ts'
import type { Image, PullOptions } from '../engine.ts'
import { parseImageReference, type ImageReference } from '../image-reference.ts'
import type { Cluster } from './cluster.ts'
import { label } from './names.ts'
import { inNamespace } from './namespaces.ts'
import { imageOf, registrySecretOf, troubleOf, usualUser, type Pod } from './pod.ts'
import { createPatience } from './patience.ts'
import { watchPod } from './pod-watch.ts'

/**
 * A node pulls the image as it will for runs, with the registries, mirrors and credentials that it knows. It does not say how far
 * it is. Of the image we learn its digest alone, since Kubernetes tells no more.
 */
export async function pullImage(
  cluster: Cluster,
  text: string,
  { always = false, abort }: PullOptions,
): Promise<Image> {
  const reference = parseImageReference(text)
  const late = AbortSignal.timeout(longestPull)
  const signal = abort === undefined ? late : AbortSignal.any([late, abort])
  const pod = await makePod(cluster, reference, always && reference.digest === undefined)
  try {
    return imageFrom(reference, await findId(cluster, pod, signal))
  } catch (error) {
    abort?.throwIfAborted()
    if (!late.aborted) throw error
    const sentence = `The registry ${reference.registry} did not give the image within ${longestPull / 60_000} minutes`
    throw new EngineError('registry_unreachable', sentence, { cause: error })
  } finally {
    const path = inNamespace(pod.metadata.namespace, 'pods', pod.metadata.name)
    await cluster.client
      .ask({ method: 'DELETE', path, json: { gracePeriodSeconds: 0 } }, { also: [404] })
      .catch(() => {})
  }
}

async function makePod(cluster: Cluster, reference: ImageReference, isAlways: boolean): Promise<Pod> {
  const { client, names, namespaces } = cluster
  const found = await cluster.credentials(reference.registry)
  const credentials = found === undefined || 'identitytoken' in found ? undefined : found
  const name = `pull-${cluster.random()}`
  const json = {
    metadata: { name, labels: { ...names.ownLabels, [label.kind]: 'pull' } },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      // One that its maker has left ends by itself.
      activeDeadlineSeconds: longestPull / 1000,
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      securityContext: { runAsNonRoot: true, runAsUser: usualUser, seccompProfile: { type: 'RuntimeDefault' } },
      ...(credentials === undefined ? {} : { imagePullSecrets: [{ name: `${name}-registry` }] }),
      containers: [
        {
          name: 'pull',
          image: nameOf(reference),
          imagePullPolicy: isAlways ? 'Always' : 'IfNotPresent',
          command: ['/.hallpass/nothing'],
          resources: { requests: { cpu: '1m', memory: '1Mi' }, limits: { cpu: '100m', memory: '32Mi' } },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  }
  return namespaces.inside(undefined, async (namespace) => {
    await removeForgotten(cluster)
    const { value } = await client.ask<Pod>({ method: 'POST', path: inNamespace(namespace, 'pods'), json })
    if (credentials !== undefined) {
      const secret = registrySecretOf(value, names, reference.registry, credentials)
      await client.ask({ method: 'POST', path: inNamespace(namespace, 'secrets'), json: secret })
    }
    return value
  })
}

/** Pods of a maker that was killed: ended ones, which a maker removes at once, and those that should have ended. */
export async function removeForgotten({ client, names }: Pick<Cluster, 'client' | 'names'>): Promise<void> {
  const query = { labelSelector: `${names.selector},${label.kind}=pull`, limit: 50 }
  const path = inNamespace(names.namespace(undefined), 'pods')
  const { value } = await client.ask<{ readonly items: readonly Pod[] }>({ path, query })
  for (const { metadata, status } of value.items) {
    const isOver = status?.phase === 'Failed' || status?.phase === 'Succeeded'
    if (Date.now() - Date.parse(metadata.creationTimestamp) < (isOver ? longestEnd : 2 * longestPull)) continue
    const json = { gracePeriodSeconds: 0 }
    await client.ask({ method: 'DELETE', path: [...path, metadata.name], json }, { also: [404] })
  }
}

/** As the node names it. @throws EngineError of the registry, or `no_capacity` */
async function findId(cluster: Cluster, pod: Pod, abort: AbortSignal): Promise<string> {
  const patience = createPatience(cluster.capacityMs)
  const signal = AbortSignal.any([abort, patience.signal])
  try {
    for await (const now of watchPod(cluster.client, pod, signal)) {
      const id = imageOf(now)
      if (id !== '') return id
      patience.note(troubleOf(now))
      if (now.status?.phase === 'Failed' || now.status?.phase === 'Succeeded') {
        throw new EngineError('failed', 'The node did not say which image it has')
      }
    }
    throw new EngineError('unavailable', 'The engine went away while it pulled an image')
  } finally {
    patience.end()
  }
}

function nameOf({ registry, repository, tag, digest }: ImageReference): string {
  return `${registry}/${repository}${digest === undefined ? `:${tag}` : `@${digest}`}`
}

/** @param id `REPOSITORY@sha256:…`, or the digest of the configuration alone where the image came from no registry */
function imageFrom({ registry, repository, tag, digest }: ImageReference, id: string): Image {
  const [, found] = /@(sha256:[0-9a-f]{64})$/.exec(id) ?? []
  const known = digest ?? found
  return {
    id: known === undefined ? id : `${registry}/${repository}@${known}`,
    registry,
    repository,
    tag,
    digest: known,
    labels: {},
    entrypoint: [],
    command: [],
    env: [],
    user: '',
    workingDirectory: '',
  }
}

/** Milliseconds. A node gives up on a registry that is silent long before. */
const longestPull = 30 * 60_000
/** Between the end of its Pod and when its maker must have seen it. */
const longestEnd = 2 * 60_000
