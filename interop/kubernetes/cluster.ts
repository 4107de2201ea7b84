// A Kubernetes for tests, with two nodes: all of it in network namespaces of its own, nothing of it left behind.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'

import { packBusybox, reasonWithoutBusybox } from '../../packages/engine/src/testing/busybox.ts'
import { reasonWithoutNetworks } from '../../packages/engine/src/testing/hold-network.ts'
import { createAsk, type Ask } from './ask.ts'
import { env, makeBox, type Box } from './box.ts'
import { program } from './build.ts'
import { connectBoxes } from './cables.ts'
import { prepareControl, startControl } from './control.ts'
import { expose, reach } from './forward.ts'
import { packImages, packProgram, type Image } from './images.ts'
import { makeDirectory, removeForgotten, removeLeft } from './left.ts'
import { controlAddress, kubeconfigFor, type Token } from './names.ts'
import { pauseImage, startNode, type Node, type Place } from './node.ts'

export interface Cluster {
  /** The path of a kubeconfig that may do everything; the API server is reached at our loopback. */
  readonly kubeconfig: string
  readonly nodes: readonly Node[]
  /** Of busybox: its programs lie in /bin. The nodes have it. */
  readonly image: string
  /** The file in which the API server writes down what service accounts ask, as lines of JSON. */
  readonly auditLog: string
  /** Asks the API server, which lets it do everything. */
  readonly ask: Ask
  /** The kubelet of a node ends as if the power had gone; its containers run on. */
  readonly killKubelet: (node: string) => Promise<void>
  readonly startKubelet: (node: string) => void
  /** Returns when the next one answers. */
  readonly restartApiServer: () => Promise<void>
  /** Nothing is stored or read until the returned function is called. */
  readonly pauseEtcd: () => () => void
  /** Gives all nodes an image. */
  readonly addImages: (images: readonly Image[]) => Promise<void>
  /** Makes an address of the cluster a port of our loopback. */
  readonly reach: (host: string, port: number) => Promise<number>
  /** Makes a port of our loopback, or a socket at a path, this port of an address outside of the nodes, and returns that. */
  readonly expose: (own: number | string, port: number, address?: string) => Promise<string>
  readonly close: () => Promise<void>
}

/** Why no test starts one here; undefined where it may be tried. */
export function reasonWithoutCluster(): string | undefined {
  if (process.env['HALLPASS_KUBERNETES'] !== '1') return 'npm run test:kubernetes runs it'
  return reasonWithoutParts()
}

/** Why this machine cannot run one; undefined where it may be tried. */
export function reasonWithoutParts(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it takes root, on Linux'
  if (!existsSync(program)) return 'its parts are not built: node interop/kubernetes/main.ts build'
  for (const needed of [
    'containerd',
    'runc',
    'ctr',
    'ip',
    'iptables',
    'ipset',
    'catatonit',
    'setpriv',
    'nsenter',
    'openssl',
  ]) {
    if (spawnSync('which', [needed], { env, stdio: 'ignore' }).status !== 0) return `there is no ${needed}`
  }
  if (!existsSync('/usr/lib/cni/ptp')) return 'there are no plugins of containernetworking'
  return reasonWithoutNetworks() ?? reasonWithoutBusybox()
}

export interface ClusterOptions {
  /** Whether its network enforces NetworkPolicy. */
  readonly policies?: boolean
  /** More flags of the API server. */
  readonly apiServer?: readonly string[]
}

/** @throws Error with the end of a log where a part does not start */
export async function startCluster({ policies = false, apiServer = [] }: ClusterOptions = {}): Promise<Cluster> {
  await removeForgotten()
  const directory = await makeDirectory()
  const groups = basename(directory)
  const boxes: Box[] = []
  const closers: (() => void)[] = []

  async function close(): Promise<void> {
    for (const closer of closers.splice(0)) closer()
    await Promise.all(boxes.map((box) => box.end()))
    await removeLeft(directory)
  }

  try {
    for (const name of ['logs', 'tmp', 'control', ...machines.map((machine) => machine.name)])
      await mkdir(join(directory, name))
    const tokens = people()
    await prepareControl(directory, tokens)
    const open = async (name: string): Promise<Box> => {
      const box = await makeBox(name, directory)
      boxes.push(box)
      return box
    }
    const controlBox = await open('control')
    const places: Place[] = []
    for (const { name, ...machine } of machines) places.push({ ...machine, box: await open(name), groups })
    connectBoxes(
      controlBox,
      places.map(({ box }) => box),
    )
    const control = startControl(controlBox, apiServer)
    const way = await reach(controlBox, controlAddress, 6443)
    closers.push(way.close)
    const ca = await readFile(join(directory, 'control/ca.pem'), 'utf8')
    const [admin] = tokens as [Token, ...Token[]]
    const kubeconfig = join(directory, 'kubeconfig')
    await writeFile(kubeconfig, kubeconfigFor(`https://127.0.0.1:${way.port}`, ca, admin.token), { mode: 0o600 })
    const ask = createAsk({ port: way.port, ca, token: admin.token })
    const untilReady = async (): Promise<void> => {
      const isReady = (): Promise<boolean> =>
        ask('GET', '/readyz').then(
          () => true,
          () => false,
        )
      while (!(await isReady())) {
        control.check()
        await pause(50)
      }
    }

    const layer = await packBusybox()
    const image = 'registry.test/busybox:1'
    const config = { Env: ['PATH=/bin'] }
    const archive = await packImages(
      [
        { name: image, layers: [layer], config: { ...config, Cmd: ['/bin/sh'] } },
        // As Kubernetes' own, it collects processes that lost their parents.
        { name: pauseImage, layers: [packProgram('catatonit')], config: { Entrypoint: ['/catatonit', '-P'] } },
      ],
      join(directory, 'images'),
    )
    await untilReady()
    const nodes = await Promise.all(places.map((place) => startNode(place, directory)))
    for (const node of nodes) node.importImages(archive)
    await ask('POST', '/apis/storage.k8s.io/v1/storageclasses', storageClass)
    const find = (name: string): Node => {
      const node = nodes.find((one) => one.name === name)
      if (node === undefined) throw new Error(`there is no node ${name}`)
      return node
    }
    // One that is new says some seconds late which images it has, and what knows of none cannot try the network.
    const isReady = ({ status }: NodeObject): boolean =>
      status.images !== undefined &&
      status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true
    // Without which no Pod is taken.
    const hasAccount = (): Promise<boolean> =>
      ask('GET', '/api/v1/namespaces/default/serviceaccounts/default').then(
        () => true,
        () => false,
      )
    for (;;) {
      for (const node of nodes) node.check()
      const { items } = await ask<{ items: readonly NodeObject[] }>('GET', '/api/v1/nodes')
      if (items.length === nodes.length && items.every(isReady) && (await hasAccount())) break
      await pause(100)
    }
    if (policies) await Promise.all(nodes.map((node) => node.enforcePolicies()))
    let archives = 0
    return {
      kubeconfig,
      nodes,
      image,
      auditLog: join(directory, 'control/audit.log'),
      ask,
      killKubelet: (name) => find(name).killKubelet(),
      startKubelet: (name) => find(name).startKubelet(),
      async restartApiServer() {
        await control.restartApiServer()
        await untilReady()
      },
      pauseEtcd: control.pauseEtcd,
      async addImages(images) {
        archives += 1
        const more = await packImages(images, join(directory, `images-${archives}`))
        for (const node of nodes) node.importImages(more)
      },
      async reach(host, port) {
        // Services are known to nodes, and not to the control plane.
        const opened = await reach(find('node-1').box, host, port)
        closers.push(opened.close)
        return opened.port
      },
      async expose(own, port, address = controlAddress) {
        const opened = await expose(controlBox, address, port, own)
        closers.push(opened.close)
        return address
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

const machines = [
  { name: 'node-1', number: 1, region: 'ams' },
  { name: 'node-2', number: 2, region: 'nrt' },
]

interface NodeObject {
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
    readonly images?: readonly object[]
  }
}

/** The first may do everything. */
function people(): readonly Token[] {
  const token = (): string => randomBytes(16).toString('hex')
  return [
    { user: 'admin', groups: ['system:masters'], token: token() },
    { user: 'system:kube-controller-manager', groups: [], token: token() },
    { user: 'system:kube-scheduler', groups: [], token: token() },
    { user: 'system:kube-proxy', groups: [], token: token() },
    { user: 'kube-router', groups: ['system:masters'], token: token() },
    ...machines.map(({ name }) => ({ user: `system:node:${name}`, groups: ['system:nodes'], token: token() })),
  ]
}

const storageClass = {
  metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: 'kubernetes.io/host-path',
  reclaimPolicy: 'Delete',
  allowVolumeExpansion: true,
}
