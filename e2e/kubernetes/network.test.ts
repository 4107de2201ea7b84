// Machines on a cluster whose network enforces NetworkPolicy: organizations are kept apart, and what machines need works.
import { execFileSync } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { program } from '../../interop/kubernetes/build.ts'
import { reasonWithoutCluster, startCluster, type Cluster } from '../../interop/kubernetes/cluster.ts'
import { addressOf, controlAddress, worldAddress } from '../../interop/kubernetes/names.ts'
import type { Engine } from '../../packages/engine/src/engine.ts'
import { createKubernetesEngine, findAccess } from '../../packages/engine/src/kubernetes/kubernetes.ts'
import { namesOf } from '../../packages/engine/src/kubernetes/names.ts'

const missing = reasonWithoutCluster()

describe.skipIf(missing !== undefined)(
  `a network that keeps organizations apart${missing === undefined ? '' : `, skipped: ${missing}`}`,
  () => {
    let cluster: Cluster
    let engine: Engine
    let image = ''
    let world: Server

    beforeAll(async () => {
      cluster = await startCluster({ policies: true })
      // As an authority opens it that nobody has told anything of networks.
      engine = createKubernetesEngine({ owner: 'acme', access: findAccess({}, cluster.kubeconfig), env: {} })
      image = (await engine.pullImage(cluster.image)).id
      world = createServer((_request, response) => response.end('the world')).listen(0, '127.0.0.1')
      await once(world, 'listening')
      await cluster.expose((world.address() as AddressInfo).port, 80, worldAddress)
    })
    afterAll(async () => {
      world.close()
      await cluster.close()
    })

    const names = namesOf('acme')
    const inNamespace = (namespace: string, kind: string) => `/api/v1/namespaces/${namespace}/${kind}`
    /** It has no page, which it says. */
    const serve = (port: number): readonly string[] => ['sh', '-c', `httpd -p ${port} && exec httpd -f -p 8080`]
    const run = async (runId: string, region: string, tenant?: string): Promise<string> => {
      const limits = { memoryMb: 32, cpus: 0.1, processes: 64 }
      const place = tenant === undefined ? {} : { tenant, network: tenant }
      await engine.create({ runId, image, command: serve(8081), limits, region, ...place })
      await engine.start(runId)
      const path = `${inNamespace(names.namespace(tenant), 'pods')}/${names.pod(runId)}`
      const { status } = await cluster.ask<{ status: { podIP: string } }>('GET', path)
      if (tenant !== undefined) expect(await engine.inspect(runId)).toMatchObject({ address: status.podIP })
      return status.podIP
    }
    const script = (address: string): readonly string[] => {
      const [host, port = '80'] = address.split(':')
      const request = String.raw`printf 'GET / HTTP/1.0\r\n\r\n'`
      return ['sh', '-c', `${request} | nc -w 2 ${host} ${port} >/dev/null 2>&1 && echo reached || echo not reached`]
    }
    /** Whether a run reaches an address, whatever that answers. */
    const reaches = async (runId: string, address: string): Promise<boolean> => {
      const { stdout } = await engine.exec(runId, { argv: script(address), timeoutMs: 60_000, maxBytes: 1000 })
      return isReached(Buffer.from(stdout).toString())
    }
    const isReached = (said: string): boolean => {
      expect(['reached\n', 'not reached\n']).toContain(said)
      return said === 'reached\n'
    }
    /** A Pod that is no machine, which serves. */
    const pod = async (namespace: string, name: string, labels: object, port = 8081, more: object = {}) => {
      const container = { name, image: cluster.image, command: serve(port), ...more }
      const spec = { nodeName: 'node-1', terminationGracePeriodSeconds: 0, containers: [container] }
      await cluster.ask('POST', inNamespace(namespace, 'pods'), { metadata: { name, labels }, spec })
      let found: { status: { podIP?: string; conditions?: { type: string; status: string }[] } } | undefined
      const isReady = async (): Promise<boolean> => {
        found = await cluster.ask('GET', `${inNamespace(namespace, 'pods')}/${name}`)
        return found?.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
      }
      await expect.poll(isReady).toBe(true)
      return found?.status.podIP ?? ''
    }
    const kubectl = (...words: readonly string[]): string =>
      execFileSync(program, ['kubectl', '--kubeconfig', cluster.kubeconfig, ...words], { encoding: 'utf8' })
    const service = async (namespace: string, name: string, selector: object, port: number): Promise<string> => {
      const spec = { selector, ports: [{ port }] }
      const made = await cluster.ask<{ spec: { clusterIP: string } }>('POST', inNamespace(namespace, 'services'), {
        metadata: { name },
        spec,
      })
      return made.spec.clusterIP
    }

    test('is found out, and machines run there with no word of the operator', async () => {
      expect(await engine.capabilities()).toMatchObject({ networks: 'isolated' })
      expect((await engine.capabilities()).remedies.join()).not.toMatch(/reach each other/)
    })

    test('an organization reaches its own machines and the world, and nothing else', async () => {
      const red = await run('red-1', 'ams', 'red')
      const beside = await run('red-2', 'nrt', 'red')
      const blue = await run('blue-1', 'ams', 'blue')
      const far = await run('blue-2', 'nrt', 'blue')
      const alone = await run('alone', 'ams')
      const machine = { 'hallpass.owner': 'acme' }
      const shop = await service(names.namespace('blue'), 'shop', machine, 8080)
      const own = await service(names.namespace('red'), 'own', machine, 8080)
      const other = await pod('default', 'other', {})
      const nameServer = await pod('kube-system', 'dns', { 'k8s-app': 'kube-dns' }, 53)
      const resolver = await service('kube-system', 'kube-dns', { 'k8s-app': 'kube-dns' }, 53)

      // What enforces the rules of a Pod does so moments after it has its address.
      const waits = async (runId: string, address: string, whether: boolean) =>
        expect.poll(() => reaches(runId, address), { message: `${runId} reaches ${address}` }).toBe(whether)
      await waits('red-1', `${blue}:8080`, false)
      await waits('red-1', `${far}:8080`, false)
      const open = [`${beside}:8080`, `${red}:8080`, `${own}:8080`, worldAddress, `${nameServer}:53`, `${resolver}:53`]
      for (const address of open) await waits('red-1', address, true)
      const closed = [
        `${blue}:8080`,
        `${far}:8080`,
        `${alone}:8080`,
        `${shop}:8080`,
        `${other}:8080`,
        // The API server, its service, and kubelets of its own node and of another one.
        `${controlAddress}:6443`,
        '10.96.0.1:443',
        `${addressOf(1)}:10250`,
        `${addressOf(2)}:10250`,
        // What answers for names, asked something else.
        `${nameServer}:8080`,
      ]
      const elsewhere = async (address: string): Promise<boolean> =>
        isReached(kubectl('exec', '--namespace=default', 'other', '--', ...script(address)))
      for (const address of closed) {
        expect(await reaches('red-1', address), address).toBe(false)
        // No rule keeps machines from being reached by the nodes' own processes; what is no machine is kept out of them.
        expect(await elsewhere(address), address).toBe(![blue, far, alone, shop].includes(address.replace(/:.*/, '')))
      }
      // A machine without a network has none.
      for (const address of [`${red}:8080`, worldAddress, `${resolver}:53`, `${addressOf(1)}:10250`]) {
        expect(await reaches('alone', address), address).toBe(false)
      }
      expect(await reaches('blue-2', `${red}:8080`)).toBe(false)
    }, 300_000)

    test('kubelets reach what they probe, and logs and commands need no network', async () => {
      const namespace = names.namespace('red')
      await cluster.ask('PATCH', `/api/v1/namespaces/${namespace}`, {
        metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'baseline' } },
      })
      const readinessProbe = { tcpSocket: { port: 8080 }, periodSeconds: 1, initialDelaySeconds: 5 }
      expect(await pod(namespace, 'probed', { 'hallpass.connected': 'true' }, 8081, { readinessProbe })).not.toBe('')
      const limits = { memoryMb: 32, cpus: 0.1, processes: 64 }
      await engine.create({ runId: 'says', image, command: ['sh', '-c', 'echo said'], limits, tenant: 'red' })
      await engine.start('says')
      await engine.wait('says')
      const lines: string[] = []
      for await (const { text } of engine.logs('says')) lines.push(text)
      expect(lines).toEqual(['said'])
    })
  },
)
