// The engines over which machines are tested at the door of an authority: how each starts, and what is different in it.
import { join } from 'node:path'

import { reasonWithoutDockerd, startDockerd, type Dockerd } from '../packages/engine/src/testing/dockerd.ts'
import { imageOfCluster, reasonWithoutCluster, startKubernetes } from '../packages/engine/src/testing/kubernetes.ts'
import { reasonWithoutLocalEngine, startLocal } from '../packages/engine/src/testing/local.ts'
import type { Place } from '../packages/engine/src/testing/place.ts'
import { reasonWithoutPodman, startPodman } from '../packages/engine/src/testing/podman.ts'

export interface StartedEngine extends Place {
  /** Of `--engine`. */
  readonly setting: string
  /** In which machines are. */
  readonly region: string
  readonly dockerd?: Dockerd
}

export interface EngineOfTests {
  readonly name: string
  /** Why it cannot be had here; undefined where it may be tried. */
  readonly missing: string | undefined
  readonly sharesFolders: boolean
  /** @param data the folder of the authority's data */
  readonly start: (data: string) => Promise<StartedEngine>
}

/** Images of tests run as root, and one test has the cluster. */
export const settingsOfClusters = { podSecurity: 'baseline', podNetwork: 'shared' } as const

const others =
  process.env['HALLPASS_KUBERNETES'] === '1' ? 'npm run test:kubernetes tries clusters and nothing else' : undefined

export const dockerEngine: EngineOfTests = {
  name: 'Docker',
  missing: others ?? reasonWithoutDockerd(),
  sharesFolders: true,
  async start() {
    const dockerd = await startDockerd('own')
    return { ...dockerd, dockerd, setting: `unix://${dockerd.socketPath}`, region: 'local' }
  },
}

export const podmanEngine: EngineOfTests = {
  name: 'Podman',
  missing: others ?? reasonWithoutPodman(),
  sharesFolders: true,
  async start() {
    const podman = await startPodman()
    return { ...podman, setting: `unix://${podman.socketPath}`, region: 'local' }
  },
}

export const kubernetesEngine: EngineOfTests = {
  name: 'Kubernetes',
  missing: reasonWithoutCluster(),
  sharesFolders: false,
  async start() {
    const place = await startKubernetes()
    const [region = 'local'] = await place.open().regions()
    return { ...place, image: imageOfCluster(), setting: `kubernetes:${place.kubeconfig}`, region }
  },
}

export const localEngine: EngineOfTests = {
  name: 'the local engine',
  missing: others ?? (await reasonWithoutLocalEngine()),
  sharesFolders: true,
  start: async (data) => ({ ...(await startLocal(join(data, 'machines'))), setting: 'local', region: 'local' }),
}
