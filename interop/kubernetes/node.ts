// A node of a test cluster: containerd, a kubelet, a kube-proxy, and what enforces NetworkPolicy, in a box.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { inside, type Box, type Part } from './box.ts'
import { program } from './build.ts'
import { addressOf, podsOf, servicesNetwork } from './names.ts'

export interface Node {
  readonly name: string
  readonly region: string
  readonly box: Box
  /** The kubelet ends as if its machine's power had gone; containers run on. */
  readonly killKubelet: () => Promise<void>
  readonly startKubelet: () => void
  /** From now on it does what NetworkPolicy says. The cluster must know it already. */
  readonly enforcePolicies: () => Promise<void>
  /** Gives it the images of an archive. @param archive below the directory of the cluster */
  readonly importImages: (archive: string) => void
  /** Kills the processes of a container, as a crash does. @param id as Pods have it, `containerd://…` */
  readonly killContainer: (id: string) => void
  /** @throws Error with the end of its log where a part has ended */
  readonly check: () => void
}

export interface Place {
  readonly box: Box
  readonly number: number
  readonly region: string
  /** The control groups of the cluster, below the root of each hierarchy. */
  readonly groups: string
}

/** @param directory of the cluster */
export async function startNode({ box, number, region, groups }: Place, directory: string): Promise<Node> {
  const { name } = box
  const at = (file: string): string => `${inside}/${name}/${file}`
  const put = (file: string, text: string): Promise<void> => writeFile(join(directory, name, file), text)
  await mkdir(join(directory, name, 'networks'), { recursive: true })
  await put('containerd.toml', containerd({ root: at('containerd'), state: at('state'), networks: at('networks') }))
  await put('networks/10-pods.conflist', JSON.stringify(network(number, at('addresses')), undefined, 2))
  await put('kubelet.yaml', kubeletSettings(`/${groups}/${name}`))
  await put('proxy.yaml', proxySettings(name))

  const runtime = box.start('containerd', 'containerd', ['--config', at('containerd.toml')])
  const ctr = ['ctr', '--address', '/run/containerd/containerd.sock', '--namespace', 'k8s.io'] as const
  for (;;) {
    runtime.check()
    try {
      box.run(...ctr, 'version')
      break
    } catch {
      await pause(50)
    }
  }
  const begin = () =>
    box.start('kubelet', program, [
      'kubelet',
      `--config=${at('kubelet.yaml')}`,
      `--kubeconfig=${inside}/control/system-node-${name}`,
      `--root-dir=${at('kubelet')}`,
      `--cert-dir=${at('certificates')}`,
      `--hostname-override=${name}`,
      `--node-ip=${addressOf(number)}`,
      `--node-labels=topology.kubernetes.io/region=${region},topology.kubernetes.io/zone=${region}-a`,
    ])
  let kubelet = begin()
  const rest: Part[] = [box.start('kube-proxy', program, ['kube-proxy', `--config=${at('proxy.yaml')}`])]
  return {
    name,
    region,
    box,
    killKubelet: () => kubelet.end('SIGKILL'),
    startKubelet() {
      kubelet = begin()
    },
    async enforcePolicies() {
      const firewall = box.start('kube-router', program, firewallFlags(name))
      rest.push(firewall)
      for (;;) {
        firewall.check()
        try {
          box.run('iptables', '--list-rules', 'KUBE-NWPLCY-DEFAULT')
          break
        } catch {
          await pause(50)
        }
      }
    },
    importImages: (archive) => void box.run(...ctr, 'images', 'import', archive.replace(directory, inside)),
    killContainer: (id) =>
      void box.run(...ctr, 'tasks', 'kill', '--all', '--signal', 'SIGKILL', id.slice('containerd://'.length)),
    check() {
      for (const one of [runtime, kubelet, ...rest]) one.check()
    },
  }
}

/** The image of the container that keeps a Pod's network. */
export const pauseImage = 'registry.test/pause:1'

// It may not be allowed to lower the score by which the kernel chooses what to end when memory runs out.
const containerd = (at: {
  readonly root: string
  readonly state: string
  readonly networks: string
}): string => `version = 2
root = "${at.root}"
state = "${at.state}"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${at.networks}"
`

/** Pods have addresses that all boxes reach. The plugins of containernetworking ignore NetworkPolicy. */
const network = (number: number, dataDir: string): unknown => ({
  cniVersion: '0.4.0',
  name: 'pods',
  plugins: [
    {
      type: 'ptp',
      ipam: { type: 'host-local', dataDir, ranges: [[{ subnet: podsOf(number) }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
  ],
})

/** kube-router, of which only the part that enforces NetworkPolicy. Packets of a Pod are routed, so its rules see all of them. */
const firewallFlags = (name: string): readonly string[] => [
  'kube-router',
  '--run-firewall=true',
  '--run-router=false',
  '--run-service-proxy=false',
  `--service-cluster-ip-range=${servicesNetwork}`,
  `--hostname-override=${name}`,
  `--kubeconfig=${inside}/control/kube-router`,
  '--health-port=0',
  '--metrics-port=0',
]

const kubeletSettings = (groups: string): string => `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
authentication:
  x509: { clientCAFile: ${inside}/control/ca.pem }
  webhook: { enabled: true }
  anonymous: { enabled: false }
authorization: { mode: Webhook }
cgroupDriver: cgroupfs
cgroupRoot: ${groups}
cgroupsPerQOS: false
enforceNodeAllocatable: []
failSwapOn: false
failCgroupV1: false
oomScoreAdj: 0
# So that a node that is lost is missed after seconds.
nodeLeaseDurationSeconds: 8
nodeStatusUpdateFrequency: 2s
# The disk of who runs a test may be nearly full.
evictionHard: { memory.available: 100Mi }
`

const proxySettings = (name: string): string => `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
hostnameOverride: ${name}
clusterCIDR: 10.244.0.0/16
clientConnection: { kubeconfig: ${inside}/control/system-kube-proxy }
# Which a network of one's own may not set.
conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s }
`
