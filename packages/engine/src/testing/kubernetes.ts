// A Kubernetes cluster for the suite: the one that HALLPASS_KUBECONFIG names, over a relay, or what one has said before.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createClient } from '../kubernetes/client.ts'
import { createKubernetesEngine, type KubernetesOptions } from '../kubernetes/kubernetes.ts'
import { findAccess, type Access } from '../kubernetes/access.ts'
import type { Engine } from '../engine.ts'
import type { Place } from './place.ts'
import { createRecorder } from './recorder.ts'
import { startRelay } from './relay.ts'
import { startReplay } from './replay.ts'
import type { Entry } from './tape.ts'

export interface KubernetesPlace extends Place {
  readonly kill: NonNullable<Place['kill']>
  readonly openWith: (options: Partial<KubernetesOptions>) => Engine
  /** A file that leads to the cluster by the way that `kill` cuts. */
  readonly kubeconfig: string
  /** Straight to the cluster, as its administrator. */
  readonly client: ReturnType<typeof createClient>
}

/** Why there is none; undefined where it may be tried. */
export function reasonWithoutCluster(): string | undefined {
  return kubeconfigGiven() === '' ? 'HALLPASS_KUBECONFIG names no cluster' : undefined
}

function kubeconfigGiven(): string {
  return process.env['HALLPASS_KUBECONFIG'] ?? ''
}

/** A busybox that the nodes have, or can pull. */
export const imageOfCluster = (): string => process.env['HALLPASS_KUBERNETES_IMAGE'] ?? 'registry.test/busybox:1'

/** Whether the suite writes down what is said. */
export const isRecording = process.env['HALLPASS_KUBERNETES_RECORD'] === '1'

const tape = join(import.meta.dirname, 'kubernetes.tape')

/** @param records whether what is said is written down, for `startRecorded` */
export async function startKubernetes(records = false): Promise<KubernetesPlace> {
  const direct = findAccess({}, kubeconfigGiven())
  const recorder = records ? createRecorder() : undefined
  const client = createClient({ access: direct, timeoutMs: 60_000 })
  const clean = async (): Promise<void> => {
    for (const owner of ['acme', 'other']) await removeAll(openerFor(direct)({ owner }), owner, client)
  }
  await clean()
  const relay = await startRelay(direct, recorder)
  const openWith = openerFor({ server: relay.server })
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-relay-'))
  const kubeconfig = join(directory, 'kubeconfig')
  await writeFile(kubeconfig, kubeconfigFor(relay.server))
  return {
    ...traits,
    client,
    kubeconfig,
    openWith,
    open: (owner = 'acme') => openWith({ owner }),
    image: (await openWith({}).pullImage(imageOfCluster())).id,
    kill: () => relay.cut(),
    async stop() {
      const lines = recorder?.entries().map((entry) => JSON.stringify(entry))
      if (lines !== undefined) await writeFile(tape, `${lines.join('\n')}\n`)
      await clean()
      await relay.close()
      await rm(directory, { recursive: true })
    },
  }
}

function kubeconfigFor(server: URL): string {
  const name = 'relay'
  return JSON.stringify({
    'current-context': name,
    contexts: [{ name, context: { cluster: name } }],
    clusters: [{ name, cluster: { server: server.href } }],
  })
}

/** A cluster that says again what a real one said to the same suite. */
export async function startRecorded(): Promise<Place> {
  const lines = (await readFile(tape, 'utf8')).trim().split('\n')
  const replay = await startReplay(lines.map((line) => JSON.parse(line) as Entry))
  const openWith = openerFor({ server: replay.server })
  return {
    ...traits,
    open: (owner = 'acme') => openWith({ owner }),
    image: (await openWith({}).pullImage('registry.test/busybox:1')).id,
    stop: replay.close,
  }
}

const traits = {
  // A node keeps so much of a log in one file.
  flood: 8_000_000,
  networks: 'either',
} as const

/** Images of the suite run as root, and one organization has the cluster. */
function openerFor(access: Access): KubernetesPlace['openWith'] {
  let count = 0
  // The same in each recording.
  const random = (): string => `hp${String((count += 1)).padStart(6, '0')}`
  return (options) =>
    createKubernetesEngine({
      owner: 'acme',
      access,
      env: {},
      random,
      // A recording does not tell what was asked again because time went by.
      now: () => 0,
      security: 'baseline',
      allowSharedNetworks: true,
      ...options,
    })
}

async function removeAll(engine: Engine, owner: string, client: ReturnType<typeof createClient>): Promise<void> {
  for (const { runId } of await engine.list()) await engine.remove(runId)
  for (const volumeId of await engine.listVolumes()) await engine.removeVolume(volumeId)
  const path = ['api', 'v1', 'namespaces']
  const query = { labelSelector: `hallpass.owner=${owner}` }
  const { value } = await client.ask<{ items: { metadata: { name: string } }[] }>({ path, query })
  for (const { metadata } of value.items) {
    await client.ask({ method: 'DELETE', path: [...path, metadata.name] }, { also: [404, 409] })
    // The next one makes them anew, and waits for no old one.
    while ((await client.ask({ path: [...path, metadata.name] }, { also: [404] })).status !== 404) {
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}
