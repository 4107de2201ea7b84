// The suite of all engines over a Kubernetes cluster, and what clusters alone do.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { Engine, RunSpec } from '../engine.ts'
import { testEngine } from '../testing/conformance.ts'
import {
  imageOfCluster,
  isRecording,
  reasonWithoutCluster,
  startKubernetes,
  type KubernetesPlace,
} from '../testing/kubernetes.ts'
import { namesOf } from './names.ts'

// A way that is cut is no part of what a cluster says.
testEngine('Kubernetes', () => startKubernetes(isRecording), reasonWithoutCluster(), !isRecording)

const missing = reasonWithoutCluster()

describe.skipIf(missing !== undefined)(`a cluster${missing === undefined ? '' : `, skipped: ${missing}`}`, () => {
  let place: KubernetesPlace
  beforeAll(async () => {
    place = await startKubernetes()
  })
  afterAll(() => place.stop())

  let count = 0
  const specOf = (spec: Partial<RunSpec> = {}): RunSpec => ({
    runId: `own-${(count += 1)}`,
    image: place.image,
    command: ['sleep', '1000'],
    limits: { memoryMb: 32, cpus: 0.1, processes: 64 },
    ...spec,
  })
  const make = async (engine: Engine, spec: Partial<RunSpec> = {}): Promise<string> => {
    const { runId } = await engine.create(specOf(spec))
    await engine.start(runId)
    return runId
  }
  /** The Pod of a run, which is the only one of its tenant. */
  const podOf = async (tenant: string): Promise<{ readonly path: readonly string[]; readonly pod: MadePod }> => {
    const name = namesOf('acme').namespace(tenant)
    const path = ['api', 'v1', 'namespaces', name, 'pods']
    const { value } = await place.client.ask<{ readonly items: readonly MadePod[] }>({ path })
    const [pod] = value.items
    if (pod === undefined) throw new Error('there is no Pod')
    return { path: [...path, pod.metadata.name], pod }
  }

  test('runs nothing as root, with no token, in a namespace of the tenant that goes with it', async () => {
    const engine = place.openWith({ security: 'restricted' })
    const runId = await make(engine, { tenant: 'red', files: [{ path: '/etc/own', content: Buffer.from('own') }] })
    const { stdout } = await engine.exec(runId, {
      argv: ['sh', '-c', 'id -u; ls /var/run/secrets 2>/dev/null; cat /etc/own'],
      timeoutMs: 10_000,
      maxBytes: 1000,
    })
    expect(Buffer.from(stdout).toString()).toBe('10001\nown')
    const path = ['api', 'v1', 'namespaces', namesOf('acme').namespace('red')]
    const { value } = await place.client.ask<{ metadata: { labels: Record<string, string> } }>({ path })
    expect(value.metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' })
    await expect(engine.create(specOf({ tenant: 'red', user: '0' }))).rejects.toMatchObject({ code: 'bad_spec' })
    await expect(engine.create(specOf({ tenant: 'red', user: 'root' }))).rejects.toMatchObject({ field: 'user' })
    expect(await engine.removeNetwork('red')).toBe(false)
    // What the program of signals is for: the image's own would not be killed otherwise.
    expect((await engine.stop(runId, { signal: 'SIGUSR1', timeoutMs: 30_000 })).exit).toMatchObject({
      signal: 'SIGUSR1',
    })
    await engine.remove(runId)
    expect(await engine.removeNetwork('red')).toBe(true)
    // It is made anew while the old one goes.
    const next = await make(engine, { tenant: 'red' })
    expect(await engine.inspect(next)).toMatchObject({ state: 'running' })
    await engine.remove(next)
  })

  test('says what cannot be pulled, placed and allowed', async () => {
    const engine = place.openWith({ limits: { runs: 1 }, capacityMs: 500 })
    await expect(engine.pullImage('registry.invalid/nothing:1')).rejects.toMatchObject({ code: 'registry_unreachable' })
    const large = specOf({ limits: { memoryMb: 1_000_000_000, cpus: 0.1, processes: 8 }, tenant: 'full' })
    await engine.create(large)
    await expect(engine.start(large.runId)).rejects.toMatchObject({
      code: 'no_capacity',
      message:
        'could not reserve resource for machine: insufficient memory available to fulfill request on the current host',
    })
    await expect
      .poll(() =>
        engine.create(specOf({ tenant: 'full' })).then(
          () => 'made',
          ({ message }) => message,
        ),
      )
      .toMatch(/insufficient quota available/)
    await engine.remove(large.runId)
    const elsewhere = specOf({ region: 'mars', tenant: 'elsewhere' })
    await engine.create(elsewhere)
    await expect(engine.start(elsewhere.runId)).rejects.toMatchObject({ code: 'no_capacity' })
    await engine.remove(elsewhere.runId)
    for (const count of [50, 130]) {
      const command = Array.from({ length: count }, () => 'x'.repeat(32_000))
      await expect(engine.create(specOf({ command }))).rejects.toMatchObject({ code: 'bad_spec' })
    }
    const strict = place.openWith({ allowSharedNetworks: false })
    for (const spec of [specOf({ network: 'acme' }), specOf({ tenant: 'acme' })]) {
      await expect(strict.create(spec)).rejects.toMatchObject({ code: 'not_isolated' })
    }
  })

  test('places runs in regions', async () => {
    const engine = place.open()
    const regions = await engine.regions()
    expect(regions.length).toBeGreaterThan(0)
    for (const region of regions) {
      const runId = await make(engine, { region, tenant: `in-${region}` })
      const { pod } = await podOf(`in-${region}`)
      const { value } = await place.client.ask<MadePod>({ path: ['api', 'v1', 'nodes', pod.spec.nodeName] })
      expect(value.metadata.labels).toMatchObject({ 'topology.kubernetes.io/region': region })
      await engine.remove(runId)
    }
  })

  test('puts back what somebody else took from a namespace', async () => {
    let time = Date.now()
    const limits = { runs: 9, volumes: 9 }
    const engine = place.openWith({ limits, now: () => time })
    const ids = [await make(engine, { tenant: 'torn' })]
    const path = ['api', 'v1', 'namespaces', namesOf('acme').namespace('torn')]
    const policies = ['apis', 'networking.k8s.io', ...path.slice(1), 'networkpolicies']
    const quota = [...path, 'resourcequotas', 'hallpass']
    const look = async () => {
      const asked = [path, [...policies, 'hallpass-none'], [...policies, 'hallpass-network'], quota]
      const answers = asked.map((one) => place.client.ask<Torn>({ path: one }).then(({ value }) => value))
      return (await Promise.all(answers)).map(({ metadata, spec }) => [metadata.labels, spec])
    }
    const before = await look()
    const anybody = { spec: { podSelector: {}, ingress: [{}], egress: [{}] } }
    await place.client.ask({ method: 'PATCH', path: [...policies, 'hallpass-none'], json: anybody })
    await place.client.ask({ method: 'DELETE', path: [...policies, 'hallpass-network'] })
    await place.client.ask({ method: 'PATCH', path: quota, json: { spec: { hard: { pods: '0' } } } })
    const lax = { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } }
    await place.client.ask({ method: 'PATCH', path, json: lax })
    time += 60_000
    ids.push(await make(engine, { tenant: 'torn' }))
    expect(await look()).toEqual(before)
    // A limit that is gone is no limit.
    const free = place.openWith({ limits: { volumes: 9 } })
    ids.push(await make(free, { tenant: 'torn' }))
    expect((await look()).at(-1)?.[1]).toEqual({ hard: { persistentvolumeclaims: '9' } })
    for (const one of ids) await engine.remove(one)
  })

  test('keeps how a run has ended that somebody else deleted, until it is removed', async () => {
    const engine = place.open()
    const runId = await make(engine, {
      tenant: 'blue',
      command: ['sh', '-c', 'trap "exit 5" TERM; while :; do sleep 0.1; done'],
    })
    const ended = engine.wait(runId)
    const { path } = await podOf('blue')
    await place.client.ask({ method: 'DELETE', path })
    expect((await ended)?.exit).toMatchObject({ code: 5, evicted: expect.stringContaining('deleted') as string })
    expect((await engine.list()).map((run) => run.runId)).toContain(runId)
    // And one that has not begun.
    const created = await engine.create(specOf({ tenant: 'green' }))
    await place.client.ask({ method: 'DELETE', path: (await podOf('green')).path })
    expect(await engine.wait(created.runId)).toMatchObject({ state: 'exited', startedAt: undefined })
    for (const one of [runId, created.runId]) await engine.remove(one)
    expect(await engine.inspect(runId)).toBeUndefined()
  })

  test('starts runs again after somebody else removed the namespace, which runs that have ended would keep', async () => {
    const engine = place.open()
    const tenant = 'razed'
    const ended = await make(engine, { tenant, command: ['true'] })
    await engine.wait(ended)
    const path = ['api', 'v1', 'namespaces', namesOf('acme').namespace(tenant)]
    await place.client.ask({ method: 'DELETE', path })
    const next = await make(engine, { tenant })
    expect(await engine.inspect(next)).toMatchObject({ state: 'running' })
    expect(await engine.inspect(ended)).toBeUndefined()
    await engine.remove(next)
  })

  test('what an organization may have bounds neither the finding of images nor the trial of networks', async () => {
    const engine = place.openWith({ limits: { runs: 0 }, allowSharedNetworks: false })
    expect(await engine.pullImage(imageOfCluster())).toMatchObject({ id: place.image })
    expect((await engine.capabilities()).networks).not.toBe('unknown')
  })
})

interface Torn {
  readonly metadata: { readonly labels: unknown }
  readonly spec: unknown
}

interface MadePod {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
  readonly spec: { readonly nodeName: string }
}
