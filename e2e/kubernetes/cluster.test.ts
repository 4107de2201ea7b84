// The cluster that tests run on: what they do to it happens, and nothing of it stays.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { program } from '../../interop/kubernetes/build.ts'
import { reasonWithoutCluster, startCluster, type Cluster } from '../../interop/kubernetes/cluster.ts'

const missing = reasonWithoutCluster()
const main = resolve(import.meta.dirname, '../../interop/kubernetes/main.ts')

describe.skipIf(missing !== undefined)(`a cluster${missing === undefined ? '' : `, skipped: ${missing}`}`, () => {
  let cluster: Cluster

  beforeAll(async () => {
    cluster = await startCluster()
  })
  afterAll(() => cluster.close())

  const kubectl = (...words: readonly string[]): string =>
    execFileSync(program, ['kubectl', '--kubeconfig', cluster.kubeconfig, ...words], { encoding: 'utf8' })
  const readiness = (node: string): string =>
    kubectl('get', 'node', node, '--output', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')

  test('runs Pods on both nodes, which reach each other, with a volume', async () => {
    const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
    await cluster.ask('POST', '/api/v1/namespaces/default/persistentvolumeclaims', {
      metadata: { name: 'kept' },
      spec: claim,
    })
    const pod = (name: string, nodeName: string, command: readonly string[]) =>
      cluster.ask('POST', '/api/v1/namespaces/default/pods', {
        metadata: { name },
        spec: {
          nodeName,
          terminationGracePeriodSeconds: 0,
          containers: [{ name, image: cluster.image, command, volumeMounts: [{ name: 'kept', mountPath: '/kept' }] }],
          volumes: [{ name: 'kept', persistentVolumeClaim: { claimName: 'kept' } }],
        },
      })
    await pod('server', 'node-1', ['sh', '-c', 'echo hello > /kept/index.html; exec httpd -f -p 80 -h /kept'])
    await pod('client', 'node-2', ['sleep', '1000'])
    kubectl('wait', '--for=condition=Ready', 'pod/server', 'pod/client', '--timeout=60s')
    const address = kubectl('get', 'pod', 'server', '--output', 'jsonpath={.status.podIP}')
    expect(kubectl('exec', 'client', '--', 'wget', '-q', '-O', '-', `http://${address}`)).toBe('hello\n')
    const port = await cluster.reach(address, 80)
    expect(await fetch(`http://127.0.0.1:${port}`).then((answer) => answer.text())).toBe('hello\n')
  })

  test('misses a kubelet that was killed, and takes it back', async () => {
    await cluster.killKubelet('node-2')
    await expect.poll(() => readiness('node-2')).toBe('Unknown')
    expect(readiness('node-1')).toBe('True')
    cluster.startKubelet('node-2')
    await expect.poll(() => readiness('node-2')).toBe('True')
  })

  test('answers again after its API server or its etcd were away', async () => {
    await cluster.restartApiServer()
    await expect.poll(() => readiness('node-1')).toBe('True')
    const go = cluster.pauseEtcd()
    const asked = cluster.ask('POST', '/api/v1/namespaces', { metadata: { name: 'late' } })
    go()
    await expect(asked).resolves.toMatchObject({ metadata: { name: 'late' } })
  })

  test('leaves nothing behind', async () => {
    // Not even of one that was killed, once another is started.
    const killed = spawn(process.execPath, [main, 'start'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(killed.stdout, 'data')) as [Buffer]
    const [forgotten = ''] = /\/\S+(?=\/kubeconfig)/.exec(String(line)) ?? []
    expect(existsSync(forgotten)).toBe(true)
    killed.kill('SIGKILL')
    await once(killed, 'exit')
    const other = await startCluster()
    const directory = dirname(other.kubeconfig)
    const containers = () => globSync(`${directory}/*/state/io.containerd.runtime.v2.task/k8s.io/*`)
    const groupsOf = (paths: readonly string[]) =>
      globSync(paths.map((path) => `/sys/fs/cgroup/{,*/}k8s.io/${basename(path)}`))
    await other.ask('POST', '/api/v1/namespaces/default/pods', {
      metadata: { name: 'left' },
      spec: { nodeName: 'node-1', containers: [{ name: 'left', image: other.image, command: ['sleep', '1000'] }] },
    })
    // That of the Pod's network, and the one that was asked for.
    await expect.poll(() => groupsOf(containers().slice(1)).length).toBeGreaterThan(0)
    const made = containers()
    // Not even where it is closed while a part of it is stopped.
    other.pauseEtcd()
    await other.close()
    const groups = directory.slice(directory.lastIndexOf('/') + 1)
    expect([directory, forgotten].map((path) => existsSync(path))).toEqual([false, false])
    expect(globSync([`/sys/fs/cgroup/${groups}`, `/sys/fs/cgroup/*/${groups}`])).toEqual([])
    expect(groupsOf(made)).toEqual([])
    expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(groups)
    expect(execFileSync('ps', ['ax', '-o', 'args'], { encoding: 'utf8' })).not.toContain(`${groups}/`)
  })
})
