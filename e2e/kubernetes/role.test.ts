// The rights that deploy/kubernetes/machines gives the engine: they are enough, none is too much, and they have bounds.
import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { Ask } from '../../interop/kubernetes/ask.ts'
import { program } from '../../interop/kubernetes/build.ts'
import { reasonWithoutCluster, startCluster, type Cluster } from '../../interop/kubernetes/cluster.ts'
import { createKubernetesEngine, findAccess } from '../../packages/engine/src/kubernetes/kubernetes.ts'
import { later, makeAccount, readRole, rightsOf, type Account } from './account.ts'

const missing = reasonWithoutCluster()
const root = resolve(import.meta.dirname, '../..')

/** What one event of the audit log says, of those of Kubernetes' audit.k8s.io/v1. */
interface Event {
  readonly verb: string
  readonly user: { readonly username: string }
  /** Absent where the question is not about a resource, as for the version, which all may ask. */
  readonly objectRef?: { readonly resource: string; readonly subresource?: string; readonly apiGroup?: string }
  readonly annotations?: Readonly<Record<string, string>>
}

describe.skipIf(missing !== undefined)(`the role${missing === undefined ? '' : `, skipped: ${missing}`}`, () => {
  let directory: string
  let cluster: Cluster
  let account: Account

  const kubectl = (...words: readonly string[]): string =>
    execFileSync(program, ['kubectl', '--kubeconfig', cluster.kubeconfig, ...words], { encoding: 'utf8' }).trim()

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hallpass-role-'))
    // The suite runs on a network that ignores NetworkPolicy beside this.
    cluster = await startCluster({ policies: true })
    account = await makeAccount(cluster, directory)
  })
  afterAll(async () => {
    await cluster.close()
    await rm(directory, { recursive: true, force: true })
  })

  test('lets the engine pass the suite of all engines, which asks for all that it allows and for nothing else', async () => {
    const env = { ...process.env, HALLPASS_KUBECONFIG: account.kubeconfig }
    // Which rights the suite takes is the question here, and not how busy this machine is.
    const words = ['vitest', 'run', '--retry=2', '-t', 'Kubernetes', 'packages/engine/src/kubernetes/cluster.test.ts']
    await promisify(execFile)('npx', words, { cwd: root, env, maxBuffer: 2 ** 26 })
    // What the suite does not do: the limits of an organization and the rights of its machines become others.
    for (const [volumes, security] of [[2, 'restricted'] as const, [3, 'baseline'] as const]) {
      const access = findAccess({}, account.kubeconfig)
      const engine = createKubernetesEngine({ owner: 'acme', access, security, limits: { volumes }, env: {} })
      await engine.createVolume(`vol_${volumes}`, 1024, 'org')
    }
    expect(kubectl('get', 'resourcequotas', '--all-namespaces', '--output=jsonpath={.items[*].spec.hard}')).toBe(
      '{"persistentvolumeclaims":"3"}',
    )

    const allowed = rightsOf(await readRole())
    const lines = (await readFile(cluster.auditLog, 'utf8')).trim().split('\n')
    const events = lines.map((line) => JSON.parse(line) as Event)
    const asked = new Map<string, string | undefined>()
    for (const { verb, objectRef, annotations } of events) {
      if (objectRef === undefined) continue
      const { resource, subresource, apiGroup = '' } = objectRef
      const whole = subresource === undefined ? resource : `${resource}/${subresource}`
      asked.set(`${verb} ${whole} of "${apiGroup}"`, annotations?.['authorization.k8s.io/decision'])
    }
    expect([...asked].filter(([, decision]) => decision !== 'allow')).toEqual([])
    expect([...asked.keys()].toSorted()).toEqual(allowed.filter((right) => right !== later).toSorted())
  }, 1_200_000)

  test('has bounds: namespaces that are not of organizations stay as they are', async () => {
    const { ask } = account
    const pod = { metadata: { name: 'mine' }, spec: { containers: [{ name: 'mine', image: cluster.image }] } }
    await cluster.ask('POST', '/api/v1/namespaces/default/pods', pod)
    const foreign = 'the namespace is not one of an organization'
    const refused: readonly (readonly [string, ...Parameters<Ask>])[] = [
      [foreign, 'POST', '/api/v1/namespaces/default/pods', { ...pod, metadata: { name: 'theirs' } }],
      [foreign, 'POST', '/api/v1/namespaces/kube-system/secrets', { metadata: { name: 'theirs' } }],
      [foreign, 'PATCH', '/api/v1/namespaces/default/pods/mine', { metadata: { labels: { a: 'b' } } }],
      [foreign, 'DELETE', '/api/v1/namespaces/default/pods/mine'],
      [foreign, 'GET', '/api/v1/namespaces/default/pods/mine/exec?command=id&stdout=true'],
      [foreign, 'POST', '/api/v1/namespaces', namespace({})],
      [foreign, 'POST', '/api/v1/namespaces', namespace({ ...ours, [standard]: 'privileged' })],
      [
        foreign,
        'PATCH',
        '/api/v1/namespaces/kube-system',
        { metadata: { labels: { ...ours, [standard]: 'baseline' } } },
      ],
      [foreign, 'DELETE', '/api/v1/namespaces/hallpass'],
      ['cannot list resource', 'GET', '/api/v1/secrets'],
      ['cannot get resource', 'GET', '/api/v1/namespaces/hallpass/secrets/hallpass-secrets'],
      ['cannot create resource', 'POST', '/api/v1/namespaces/hallpass/serviceaccounts/hallpass/token', {}],
    ]
    // A policy counts some moments after it was made.
    const dry = '/api/v1/namespaces/hallpass/configmaps?dryRun=All'
    await expect.poll(() => ask('POST', dry, { metadata: { name: 'theirs' } }).catch(String)).toContain(foreign)
    for (const [why, ...question] of refused) await expect(ask(...question), question.join(' ')).rejects.toThrow(why)
    await ask('POST', '/api/v1/namespaces', namespace({ ...ours, [standard]: 'restricted' }))
    const privileged = { metadata: { labels: { [standard]: 'privileged' } } }
    await expect(ask('PATCH', '/api/v1/namespaces/tried', privileged)).rejects.toThrow(foreign)
    await ask('DELETE', '/api/v1/namespaces/tried')
  })
})

const ours = { 'hallpass.owner': 'acme' }
const standard = 'pod-security.kubernetes.io/enforce'
const namespace = (labels: object): object => ({ metadata: { name: 'tried', labels } })
