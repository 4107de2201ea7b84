// The control plane of a test cluster: etcd, the API server, the controllers and the scheduler, in one box.
import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { inside, type Box, type Part } from './box.ts'
import { program } from './build.ts'
import { controlAddress, kubeconfigFor, servicesNetwork, type Token } from './names.ts'

export interface Control {
  readonly restartApiServer: () => Promise<void>
  /** Nothing is stored or read until the returned function is called. */
  readonly pauseEtcd: () => () => void
  /** @throws Error with the end of its log where a part has ended */
  readonly check: () => void
}

/** Makes what the parts need to trust each other. @param directory of the cluster */
export async function prepareControl(directory: string, tokens: readonly Token[]): Promise<void> {
  const cwd = join(directory, 'control')
  await mkdir(cwd, { recursive: true })
  const openssl = (line: string): void => void execFileSync('openssl', line.split(' '), { cwd, stdio: 'pipe' })
  const key = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
  openssl(`req -x509 ${key} -days 30 -subj /CN=test -keyout ca.key -out ca.pem`)
  openssl(`req ${key} -subj /O=system:masters/CN=kube-apiserver -keyout server.key -out server.csr`)
  const names = 'DNS:kubernetes.default.svc,DNS:localhost,IP:127.0.0.1,IP:10.96.0.1'
  await writeFile(join(cwd, 'names'), `subjectAltName=${names},IP:${controlAddress}\n`)
  openssl('x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 30 -extfile names -out server.pem')
  openssl('genrsa -out accounts.key 2048')
  const lines = tokens.map(({ token, user, groups }) => `${token},${user},${user},"${groups.join(',')}"\n`)
  await writeFile(join(cwd, 'tokens'), lines.join(''))
  for (const { user, token } of tokens)
    await writeFile(
      join(cwd, user.replaceAll(':', '-')),
      kubeconfigFor(`https://${controlAddress}:6443`, `${inside}/control/ca.pem`, token),
    )
  await writeFile(join(cwd, 'audit.yaml'), audit)
}

/** @param flags more of the API server */
export function startControl(box: Box, flags: readonly string[]): Control {
  const at = (name: string): string => `${inside}/control/${name}`
  const part = (name: string, ...flags: readonly string[]): Part => box.start(name, program, [name, ...flags])

  const etcd = part(
    'etcd',
    `--data-dir=${at('etcd')}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
    '--listen-client-urls=http://127.0.0.1:2379',
    '--advertise-client-urls=http://127.0.0.1:2379',
    '--listen-peer-urls=http://127.0.0.1:2380',
  )
  const begin = (): Part =>
    part(
      'kube-apiserver',
      '--etcd-servers=http://127.0.0.1:2379',
      `--advertise-address=${controlAddress}`,
      `--tls-cert-file=${at('server.pem')}`,
      `--tls-private-key-file=${at('server.key')}`,
      `--client-ca-file=${at('ca.pem')}`,
      `--token-auth-file=${at('tokens')}`,
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${at('accounts.key')}`,
      `--service-account-signing-key-file=${at('accounts.key')}`,
      `--service-cluster-ip-range=${servicesNetwork}`,
      `--kubelet-client-certificate=${at('server.pem')}`,
      `--kubelet-client-key=${at('server.key')}`,
      '--kubelet-preferred-address-types=InternalIP',
      `--audit-policy-file=${at('audit.yaml')}`,
      `--audit-log-path=${at('audit.log')}`,
      `--cert-dir=${at('certificates')}`,
      '--profiling=false',
      ...flags,
    )
  let apiServer = begin()
  const rest = [
    etcd,
    part(
      'kube-controller-manager',
      `--kubeconfig=${at('system-kube-controller-manager')}`,
      '--leader-elect=false',
      '--use-service-account-credentials',
      `--service-account-private-key-file=${at('accounts.key')}`,
      `--root-ca-file=${at('ca.pem')}`,
      // Real claims for volumes, with nothing to install: directories below /tmp, which all boxes share.
      '--enable-hostpath-provisioner',
      '--pvclaimbinder-sync-period=1s',
      '--node-monitor-period=1s',
      '--node-monitor-grace-period=10s',
      `--cert-dir=${at('certificates')}`,
    ),
    part(
      'kube-scheduler',
      `--kubeconfig=${at('system-kube-scheduler')}`,
      '--leader-elect=false',
      `--cert-dir=${at('certificates')}`,
    ),
  ]
  return {
    async restartApiServer() {
      // SIGTERM makes it wait a minute for whoever watches.
      await apiServer.end('SIGKILL')
      apiServer = begin()
    },
    pauseEtcd() {
      etcd.signal('SIGSTOP')
      return () => etcd.signal('SIGCONT')
    },
    check() {
      for (const one of [...rest, apiServer]) one.check()
    },
  }
}

// What accounts of services ask is written down, and nothing else: one can compare it with what their roles allow.
const audit = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
  - { level: None, userGroups: ['system:serviceaccounts:kube-system'] }
  - { level: Metadata, userGroups: ['system:serviceaccounts'] }
  - { level: None }
`
