// deploy/kubernetes on a real cluster: two authorities on one PostgreSQL, replaced and killed while everybody goes on.
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { program } from '../../interop/kubernetes/build.ts'
import { reasonWithoutCluster, startCluster, type Cluster } from '../../interop/kubernetes/cluster.ts'
import {
  reasonWithoutPostgres,
  startPostgres,
  type TestPostgres,
} from '../../packages/authority/src/store/testing/postgres.ts'
import { founder } from '../authority.ts'
import { createAsk, type Ask } from '../http.ts'
import { startLoad } from '../load.ts'
import { createApp, createOrganisation, mint, signInFounder } from '../people.ts'
import { makeImage, reasonWithoutImage } from './image.ts'

const missing = reasonWithoutCluster() ?? reasonWithoutPostgres() ?? reasonWithoutImage()
const deploy = resolve(import.meta.dirname, '../../deploy/kubernetes')

describe.skipIf(missing !== undefined)(
  `deploy/kubernetes${missing === undefined ? '' : `, skipped: ${missing}`}`,
  () => {
    let directory: string
    let cluster: Cluster
    let postgres: TestPostgres
    let ask: Ask
    let token: string
    let slug: string

    const kubectl = async (...words: readonly string[]): Promise<string> => {
      const all = ['kubectl', '--kubeconfig', cluster.kubeconfig, '--namespace', 'hallpass', ...words]
      return (await promisify(execFile)(program, all)).stdout.trim()
    }
    const namesOfPods = async (): Promise<readonly string[]> =>
      (await kubectl('get', 'pods', '--field-selector=status.phase=Running', '--output=name'))
        .split('\n')
        .filter(Boolean)

    /** Applies the manifests as docs/kubernetes.md says, with the image, the address and the founder of this test. */
    async function apply(which: 'authority' | 'machines', tag: string): Promise<void> {
      const settings = {
        HALLPASS_TRUSTED_PROXIES: '10.9.0.0/24',
        HALLPASS_BOOTSTRAP_EMAIL: founder.email,
        HALLPASS_BOOTSTRAP_PASSWORD: founder.password,
      }
      const literals = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
      // JSON is YAML.
      const overlay = {
        namespace: 'hallpass',
        resources: [relative(await realpath(directory), join(deploy, which))],
        configMapGenerator: [{ name: 'hallpass', behavior: 'merge', literals }],
        images: [{ name: 'registry.example.com/hallpass', newName: 'registry.test/hallpass', newTag: tag }],
      }
      await writeFile(join(directory, 'kustomization.yaml'), JSON.stringify(overlay))
      const before = await namesOfPods()
      await kubectl('apply', '--kustomize', directory)
      await kubectl('rollout', 'status', 'deployment/hallpass', '--timeout=300s')
      // Until the old ones have ended, too.
      if (before.length > 0) await kubectl('wait', '--for=delete', ...before, '--timeout=120s')
    }

    /** As a crash does: no time to drain. Kubernetes would wait ever longer with the next one if the Pod stayed. */
    async function kill(pod: string): Promise<void> {
      const place = '{.spec.nodeName} {.status.containerStatuses[0].containerID}'
      const [node, id = ''] = (await kubectl('get', pod, `--output=jsonpath=${place}`)).split(' ')
      cluster.nodes.find(({ name }) => name === node)?.killContainer(id)
      await kubectl('delete', '--grace-period=0', '--force', '--wait=false', pod)
    }

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'hallpass-deploy-'))
      postgres = await startPostgres()
      cluster = await startCluster({ policies: true })
      const image = await makeImage('registry.test/hallpass:1', join(directory, 'image'))
      await cluster.addImages([image, { ...image, name: 'registry.test/hallpass:2' }])
      const host = await cluster.expose(join(postgres.directory, '.s.PGSQL.5432'), 5432)
      await writeFile(join(directory, 'root_key'), randomBytes(32).toString('base64'))
      await kubectl('create', 'namespace', 'hallpass')
      const secrets = [
        `--from-file=${join(directory, 'root_key')}`,
        `--from-literal=database_url=postgres://hallpass@${host}/postgres`,
      ]
      await kubectl('create', 'secret', 'generic', 'hallpass-secrets', ...secrets)
      await apply('authority', '1')
      const address = await kubectl('get', 'service', 'hallpass', '--output=jsonpath={.spec.clusterIP}')
      const port = await cluster.reach(address, 80)
      ask = createAsk(() => `http://127.0.0.1:${port}`)
      token = (await signInFounder(ask)).token
      slug = (await createOrganisation(ask, token)).slug
    }, 400_000)
    afterAll(async () => {
      await cluster.close()
      await postgres.stop()
      await rm(directory, { recursive: true, force: true })
    })

    test('runs two, on two nodes, under the restricted standard, of which one may be evicted at a time', async () => {
      const places = await kubectl('get', 'pods', '--output=jsonpath={.items[*].spec.nodeName}')
      expect(places.split(' ').toSorted()).toEqual(['node-1', 'node-2'])
      const [first = '', second = ''] = await namesOfPods()
      const evict = (name: string) =>
        cluster.ask('POST', `/api/v1/namespaces/hallpass/pods/${name.replace('pod/', '')}/eviction`, {
          apiVersion: 'policy/v1',
          kind: 'Eviction',
          metadata: { name: name.replace('pod/', '') },
        })
      await evict(first)
      await expect(evict(second)).rejects.toThrow("Cannot evict pod as it would violate the pod's disruption budget")
      await kubectl('rollout', 'status', 'deployment/hallpass', '--timeout=300s')
    })

    test('a rolling upgrade under load loses no request', async () => {
      const load = startLoad(ask, token, slug)
      await expect.poll(() => load.done()).toBeGreaterThan(10)
      await apply('authority', '2')
      expect(await kubectl('get', 'pods', '--output=jsonpath={.items[*].spec.containers[*].image}')).toBe(
        'registry.test/hallpass:2 registry.test/hallpass:2',
      )
      const after = load.done()
      await expect.poll(() => load.done()).toBeGreaterThan(after + 10)
      expect(await load.stop()).toEqual([])
    }, 400_000)

    test('one that is killed every ten seconds for five minutes loses nothing', async () => {
      const load = startLoad(ask, token, slug, true)
      const end = Date.now() + 300_000
      for (let turn = 0; Date.now() < end; turn += 1) {
        const pods = await namesOfPods()
        const victim = pods[turn % pods.length] ?? expect.fail('there is no pod')
        await kill(victim)
        await pause(10_000)
      }
      const done = load.done()
      await expect.poll(() => load.done()).toBeGreaterThan(done + 10)
      expect(await load.stop()).toEqual([])
      console.log(`${load.done()} tokens, ${load.unanswered()} requests sent again`)
    }, 500_000)

    test('machines run in the cluster, by the account of the Pod, and go on when their authority dies', async () => {
      await apply('machines', '2')
      await createApp(ask, token, slug, 'jobs')
      const held = (await mint(ask, token, slug)).token
      const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
        const answer = await ask(method, path, { token: held, body })
        expect(answer.status, answer.text).toBe(200)
        return answer.body
      }
      const machines = '/v1/apps/jobs/machines'
      expect(JSON.stringify(await call('GET', '/v1/platform/regions'))).toMatch(/"ams".*"nrt"/)
      const init = { exec: ['/bin/sh', '-c', 'exec sleep 1000'] }
      const guest = { cpu_kind: 'shared', cpus: 1, memory_mb: 256 }
      const config = { image: cluster.image, init, guest, env: { COLOR: 'red' } }
      const { id } = (await call('POST', machines, { region: 'nrt', config })) as { id: string }
      const reach = async (state: string): Promise<void> => {
        const { status } = await ask('GET', `${machines}/${id}/wait?state=${state}&timeout=60`, { token: held })
        expect(status, JSON.stringify(await call('GET', `${machines}/${id}/events`))).toBe(200)
      }
      await reach('started')
      const command = ['sh', '-c', 'echo $COLOR; id -u']
      const said = { stdout: 'red\n10001\n', exit_code: 0 }
      expect(await call('POST', `${machines}/${id}/exec`, { command })).toMatchObject(said)
      const all = ['--all-namespaces', '--selector=hallpass.owner', '--field-selector=status.phase=Running']
      expect(await kubectl('get', 'pods', ...all, '--output=jsonpath={.items[*].spec.nodeName}')).toBe('node-2')

      for (const pod of await namesOfPods()) {
        await kill(pod)
        await kubectl('rollout', 'status', 'deployment/hallpass', '--timeout=300s')
      }
      await expect
        .poll(() => ask('POST', `${machines}/${id}/exec`, { token: held, body: { command } }).then(({ body }) => body))
        .toMatchObject(said)
      await call('DELETE', `${machines}/${id}?force=true`)
      await reach('destroyed')
      await expect.poll(() => kubectl('get', 'pods', ...all, '--output=name')).toBe('')
    }, 400_000)
  },
)
