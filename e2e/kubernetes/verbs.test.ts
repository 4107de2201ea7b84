// Each verb of the role that deploy/kubernetes/machines gives the engine is missed by something.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { reasonWithoutCluster, startCluster, type Cluster } from '../../interop/kubernetes/cluster.ts'
import type { Engine, RunSpec } from '../../packages/engine/src/engine.ts'
import {
  createKubernetesEngine,
  findAccess,
  type KubernetesOptions,
} from '../../packages/engine/src/kubernetes/kubernetes.ts'
import { later, makeAccount, readRole, rightsOf, type Account, type Role } from './account.ts'

const missing = reasonWithoutCluster()

describe.skipIf(missing !== undefined)(`the verbs${missing === undefined ? '' : `, skipped: ${missing}`}`, () => {
  let directory: string
  let cluster: Cluster
  let account: Account
  let role: Role
  let engine: Engine
  let image = ''

  /** One that knows nothing of what was made before. */
  const open = (options: Partial<KubernetesOptions> = {}): Engine =>
    createKubernetesEngine({
      owner: 'acme',
      access: findAccess({}, account.kubeconfig),
      env: {},
      allowSharedNetworks: true,
      limits: { runs: 100 },
      ...options,
    })
  let count = 0
  const specOf = (spec: Partial<RunSpec> = {}): RunSpec => ({
    runId: `run-${(count += 1)}`,
    image,
    command: ['sleep', '1000'],
    limits: { memoryMb: 16, cpus: 0.05, processes: 16 },
    tenant: 'red',
    ...spec,
  })
  const command = { argv: ['true'], timeoutMs: 10_000, maxBytes: 10 }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hallpass-verbs-'))
    cluster = await startCluster()
    account = await makeAccount(cluster, directory)
    role = await readRole()
    engine = open()
    image = (await engine.pullImage(cluster.image)).id
    await engine.create(specOf({ runId: 'runs' }))
    await engine.start('runs')
    for (const runId of ['waits', 'goes']) await engine.create(specOf({ runId }))
    for (const volumeId of ['vol_a', 'vol_b']) await engine.createVolume(volumeId, 16, 'red')
    await engine.create(specOf({ runId: 'before', tenant: 'empty' }))
    await engine.remove('before')
  })
  afterAll(async () => {
    await cluster.close()
    await rm(directory, { recursive: true, force: true })
  })

  /** What somebody does who then misses the right. A tenant that nobody has used before gets a namespace. */
  const stories: Readonly<Record<string, () => Promise<unknown>>> = {
    'create namespaces of ""': () => engine.create(specOf({ tenant: 'new-1' })),
    'get namespaces of ""': () => open().create(specOf()),
    'list namespaces of ""': () => open().capabilities(),
    'patch namespaces of ""': () => open({ security: 'baseline' }).create(specOf()),
    'delete namespaces of ""': () => engine.removeNetwork('empty'),
    'create pods of ""': () => engine.create(specOf()),
    'get pods of ""': () => engine.inspect('runs'),
    'list pods of ""': () => engine.list(),
    'watch pods of ""': () => engine.wait('runs'),
    'patch pods of ""': () => engine.start('waits'),
    'delete pods of ""': () => engine.remove('goes'),
    'get pods/log of ""': () => engine.logs('runs')[Symbol.asyncIterator]().next(),
    'get pods/exec of ""': () => engine.exec('runs', command),
    'create secrets of ""': () => engine.create(specOf({ env: { WORD: 'a' } })),
    'create configmaps of ""': () => engine.create(specOf({ tenant: 'new-2' })),
    'create persistentvolumeclaims of ""': () => engine.createVolume('vol_c', 16, 'red'),
    'get persistentvolumeclaims of ""': () =>
      engine.create(specOf({ volumes: [{ volumeId: 'vol_a', path: '/data' }] })),
    'list persistentvolumeclaims of ""': () => engine.listVolumes(),
    'patch persistentvolumeclaims of ""': () => engine.extendVolume('vol_a', 32),
    'delete persistentvolumeclaims of ""': () => engine.removeVolume('vol_b'),
    'create resourcequotas of ""': () => engine.create(specOf({ tenant: 'new-3' })),
    'patch resourcequotas of ""': () => open({ limits: { runs: 90 } }).create(specOf()),
    'create networkpolicies of "networking.k8s.io"': () => engine.create(specOf({ tenant: 'new-4' })),
    'patch networkpolicies of "networking.k8s.io"': () => open().create(specOf()),
    'list nodes of ""': () => engine.regions(),
    'list storageclasses of "storage.k8s.io"': () => engine.createVolume('vol_d', 16, 'red'),
  }

  const partsOf = (right: string): { verb: string; resource: string; group: string } => {
    const [, verb = '', resource = '', group = ''] = /^(\w+) (\S+) of "(.*)"$/.exec(right) ?? []
    return { verb, resource, group }
  }
  const become = ({ rules }: Role): Promise<unknown> =>
    cluster.ask('PATCH', '/apis/rbac.authorization.k8s.io/v1/clusterroles/hallpass', { rules })
  const without = (right: string): Role => {
    const { verb, resource, group } = partsOf(right)
    const rules = role.rules.map((rule) =>
      rule.resources.includes(resource) && rule.apiGroups.includes(group)
        ? { ...rule, verbs: rule.verbs.filter((one) => one !== verb) }
        : rule,
    )
    return { rules: rules.filter(({ verbs }) => verbs.length > 0) }
  }
  /** What the API server says now that the account may do. */
  async function may(right: string): Promise<boolean> {
    const { verb, resource: whole, group } = partsOf(right)
    const [resource, subresource = ''] = whole.split('/')
    const body = { spec: { resourceAttributes: { verb, resource, subresource, group } } }
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
    return (await account.ask<{ status: { allowed: boolean } }>('POST', path, body)).status.allowed
  }

  test('have a story each, but one of later versions', async () => {
    expect(Object.keys(stories).toSorted()).toEqual(
      rightsOf(role)
        .filter((right) => right !== later)
        .toSorted(),
    )
  })

  test.each(Object.entries(stories))('%s', async (right, story) => {
    const { verb, resource } = partsOf(right)
    await become(without(right))
    try {
      await expect.poll(() => may(right)).toBe(false)
      await expect(story()).rejects.toThrow(`cannot ${verb} resource "${resource}"`)
    } finally {
      await become(role)
      await expect.poll(() => may(right)).toBe(true)
    }
  })
})
