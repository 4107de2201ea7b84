// The engine over a cluster whose parts fail: a node, the API server, and what that stores in.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { reasonWithoutCluster, startCluster, type Cluster } from '../../interop/kubernetes/cluster.ts'
import type { Change, Engine } from '../../packages/engine/src/engine.ts'
import { createKubernetesEngine, findAccess } from '../../packages/engine/src/kubernetes/kubernetes.ts'

const missing = reasonWithoutCluster()

describe.skipIf(missing !== undefined)(`parts that fail${missing === undefined ? '' : `, skipped: ${missing}`}`, () => {
  let cluster: Cluster
  let engine: Engine
  let image = ''

  beforeAll(async () => {
    cluster = await startCluster()
    const access = findAccess({}, cluster.kubeconfig)
    engine = createKubernetesEngine({ owner: 'acme', access, env: {}, allowSharedNetworks: true })
    image = (await engine.pullImage(cluster.image)).id
  })
  afterAll(() => cluster.close())

  const run = async (runId: string, script: string, region: string): Promise<string> => {
    const limits = { memoryMb: 32, cpus: 0.1, processes: 64 }
    await engine.create({ runId, image, command: ['sh', '-c', script], limits, region, tenant: 'red' })
    await engine.start(runId)
    return runId
  }
  /** What a watch has told since it began: its first list, and states in order, without repetitions. */
  function follow(abort: AbortController): { readonly seen: string[]; readonly ended: Promise<unknown> } {
    const seen: string[] = []
    const note = (change: Change): void => {
      const { kind } = change
      const said =
        kind === 'all'
          ? 'all'
          : `${change.runId} ${change.run?.state ?? 'gone'}${change.run?.isOutOfReach === true ? ', out of reach' : ''}`
      if (seen.at(-1) !== said) seen.push(said)
    }
    const read = async (): Promise<void> => {
      for await (const change of engine.watch({ onlyEnds: true, abort: abort.signal })) note(change)
    }
    return { seen, ended: read().catch((error: unknown) => error) }
  }

  test('a node that is lost is out of reach, and comes back with its runs', async () => {
    const [node] = cluster.nodes
    if (node === undefined) throw new Error('there is no node')
    const runId = await run('stays', 'sleep 1000', node.region)
    const abort = new AbortController()
    const { seen, ended } = follow(abort)
    await expect.poll(() => seen).toContain('all')
    await cluster.killKubelet(node.name)
    await expect.poll(() => seen, { timeout: 120_000 }).toContain('stays running, out of reach')
    expect(await engine.inspect(runId)).toMatchObject({ state: 'running', isOutOfReach: true })
    const command = { argv: ['true'], timeoutMs: 60_000, maxBytes: 1000 }
    await expect(engine.exec(runId, command)).rejects.toMatchObject({ code: 'unavailable' })
    // An authority that starts meanwhile tries the network on another node.
    const begun = createKubernetesEngine({ owner: 'begun', access: findAccess({}, cluster.kubeconfig), env: {} })
    expect((await begun.capabilities()).networks).toBe('shared')
    cluster.startKubelet(node.name)
    await expect.poll(() => seen.at(-1), { timeout: 120_000 }).toBe('stays running')
    await cluster.killKubelet(node.name)
    await expect.poll(() => seen.at(-1), { timeout: 120_000 }).toBe('stays running, out of reach')
    const impatient = createKubernetesEngine({
      owner: 'acme',
      access: findAccess({}, cluster.kubeconfig),
      env: {},
      timeoutMs: 3000,
    })
    // Nobody knows whether it still runs.
    await expect(impatient.remove(runId)).rejects.toMatchObject({ code: 'unavailable' })
    cluster.startKubelet(node.name)
    // It was told to go, which its node hears now.
    await expect.poll(() => seen.at(-1), { timeout: 120_000 }).toBe('stays exited')
    await engine.remove(runId)
    expect(await engine.inspect(runId)).toBeUndefined()
    abort.abort()
    await ended
  })

  test('a run that found room after a while starts, however long its start takes', async () => {
    const close = (unschedulable: boolean) =>
      Promise.all(
        cluster.nodes.map(({ name }) => cluster.ask('PATCH', `/api/v1/nodes/${name}`, { spec: { unschedulable } })),
      )
    const access = findAccess({}, cluster.kubeconfig)
    const patient = createKubernetesEngine({
      owner: 'acme',
      access,
      env: {},
      allowSharedNetworks: true,
      capacityMs: 300,
    })
    const spec = {
      image,
      command: ['sleep', '1000'],
      limits: { memoryMb: 32, cpus: 0.1, processes: 64 },
      tenant: 'red',
    }
    await close(true)
    await patient.create({ runId: 'never', ...spec })
    await expect(patient.start('never')).rejects.toMatchObject({ code: 'no_capacity' })
    await patient.create({ runId: 'later', ...spec })
    const started = patient.start('later')
    const watch = new AbortController()
    for await (const change of patient.watch({ abort: watch.signal })) {
      // The scheduler has looked, and found no room.
      if (change.kind === 'run' && change.runId === 'later') break
    }
    await close(false)
    expect(await started).toMatchObject({ state: 'running' })
    for (const runId of ['never', 'later']) await engine.remove(runId)
  })

  test('an API server that restarts ends a watch, and loses nothing', async () => {
    const [node] = cluster.nodes
    const ending = await run('ends', 'sleep 3; exit 4', node?.region ?? '')
    const { seen, ended } = follow(new AbortController())
    await expect.poll(() => seen).toContain('all')
    const waiting = engine.wait(ending).catch((error: unknown) => error)
    await cluster.restartApiServer()
    expect(await ended).toMatchObject({ code: 'unavailable' })
    expect(await waiting).toMatchObject({ code: 'unavailable' })
    expect((await engine.wait(ending))?.exit?.code).toBe(4)
    await engine.remove(ending)
  })

  test('while nothing can be stored calls fail or wait, and go on afterwards', async () => {
    const [node] = cluster.nodes
    const runId = await run('waits', 'sleep 1000', node?.region ?? '')
    const abort = new AbortController()
    const { seen, ended } = follow(abort)
    await expect.poll(() => seen).toContain('all')
    const resume = cluster.pauseEtcd()
    const late = createKubernetesEngine({
      owner: 'acme',
      access: findAccess({}, cluster.kubeconfig),
      env: {},
      timeoutMs: 5000,
    })
    await expect(late.remove(runId)).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:unavailable|timeout)$/) as string,
    })
    resume()
    await expect
      .poll(
        () =>
          engine.remove(runId).then(
            () => 'removed',
            () => 'again',
          ),
        { timeout: 60_000 },
      )
      .toBe('removed')
    await expect.poll(() => seen.at(-1), { timeout: 60_000 }).toBe('waits gone')
    abort.abort()
    await ended
  })
})
