// How a machine's run ends on a real cluster, each way with words of its own; and an account whose token is renewed.
import { execFile } from 'node:child_process'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createAsk } from '../../interop/kubernetes/ask.ts'
import { program } from '../../interop/kubernetes/build.ts'
import { reasonWithoutCluster, startCluster, type Cluster } from '../../interop/kubernetes/cluster.ts'
import type { Engine, RunSpec, RunStatus } from '../../packages/engine/src/engine.ts'
import { createKubernetesEngine, findAccess, type Access } from '../../packages/engine/src/kubernetes/kubernetes.ts'
import { namesOf } from '../../packages/engine/src/kubernetes/names.ts'
import { findServer, makeAccount } from './account.ts'

const missing = reasonWithoutCluster()

describe.skipIf(missing !== undefined)(`an end${missing === undefined ? '' : `, skipped: ${missing}`}`, () => {
  let directory: string
  let cluster: Cluster
  let engine: Engine
  let image = ''

  const open = (access: Access): Engine =>
    createKubernetesEngine({ owner: 'acme', access, env: {}, security: 'baseline', allowSharedNetworks: true })
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hallpass-ends-'))
    cluster = await startCluster()
    engine = open(findAccess({}, cluster.kubeconfig))
    image = (await engine.pullImage(cluster.image)).id
  })
  afterAll(async () => {
    await cluster.close()
    await rm(directory, { recursive: true, force: true })
  })

  const names = namesOf('acme')
  const namespace = names.namespace('red')
  const run = async (runId: string, script: string, spec: Partial<RunSpec> = {}): Promise<void> => {
    const limits = { memoryMb: 32, cpus: 0.2, processes: 64, ...spec.limits }
    const command = ['sh', '-c', script]
    await engine.create({ runId, image, command, tenant: 'red', ...spec, limits })
    await engine.start(runId)
  }
  const endOf = async (runId: string): Promise<RunStatus['exit']> => {
    const ended = await engine.wait(runId)
    expect(await engine.inspect(runId)).toMatchObject({ state: 'exited', exit: ended?.exit })
    return ended?.exit
  }
  /** It says how it ended when it is told to. */
  const polite = 'trap "exit 5" TERM; while :; do sleep 0.1; done'

  test('of its own, and where memory runs out', async () => {
    await run('own', 'exit 3')
    expect(await endOf('own')).toMatchObject({ code: 3, signal: undefined, oomKilled: false, problem: undefined })
    expect(await endOf('own')).not.toHaveProperty('evicted')
    await run('greedy', 'exec tail /dev/zero')
    expect(await endOf('greedy')).toMatchObject({ code: 137, signal: 'SIGKILL', oomKilled: true })
    expect(await endOf('greedy')).not.toHaveProperty('evicted')
  })

  test('by eviction, of one Pod and of all of a node', async () => {
    await run('evicted', polite, { region: 'ams' })
    const name = names.pod('evicted')
    await cluster.ask('POST', `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name },
    })
    const evicted = expect.stringMatching(/^EvictionByEvictionAPI: /) as string
    expect(await endOf('evicted')).toMatchObject({ code: 5, oomKilled: false, evicted })

    await run('drained', polite, { region: 'nrt' })
    await engine.create({
      runId: 'waits',
      image,
      command: ['sleep', '1'],
      tenant: 'red',
      region: 'nrt',
      limits: { memoryMb: 32, cpus: 0.2, processes: 64 },
    })
    const kubectl = (...words: readonly string[]) =>
      promisify(execFile)(program, ['kubectl', '--kubeconfig', cluster.kubeconfig, ...words])
    // As docs/kubernetes.md says.
    await kubectl('drain', 'node-2', '--force', '--skip-wait-for-delete-timeout=1', '--timeout=100s')
    expect(await endOf('drained')).toMatchObject({ code: 5, evicted })
    // One that has not begun stays, and runs when the node takes Pods again.
    expect(await engine.inspect('waits')).toMatchObject({ state: 'created' })
    await kubectl('uncordon', 'node-2')
    await engine.start('waits')
    expect(await endOf('waits')).toMatchObject({ code: 0 })
    for (const runId of ['evicted', 'drained', 'waits']) await engine.remove(runId)
    expect(await cluster.ask('GET', `/api/v1/namespaces/${namespace}/pods`)).not.toMatchObject({
      items: expect.arrayContaining([
        expect.objectContaining({ metadata: expect.objectContaining({ name }) as object }),
      ]) as object,
    })
  })

  test('by its node, where it takes more of the disk than it may', async () => {
    const limits = { memoryMb: 64, cpus: 0.5, processes: 64, diskMb: 20 }
    await run('large', 'dd if=/dev/zero of=/large bs=1M count=60 2>/dev/null; exec sleep 1000', { limits })
    expect(await endOf('large')).toMatchObject({
      oomKilled: false,
      evicted: expect.stringMatching(/^Evicted: .*ephemeral.*storage/i) as string,
    })
  }, 300_000)

  test('of a token that its file has renewed stops nothing', async () => {
    await makeAccount(cluster, directory)
    const { server, ca } = await findServer(cluster)
    const inHallpass = '/api/v1/namespaces/hallpass'
    /** A token of ten minutes that is dead once its Secret is gone. */
    const mint = async (name: string): Promise<string> => {
      const { metadata } = await cluster.ask<{ metadata: { uid: string } }>('POST', `${inHallpass}/secrets`, {
        metadata: { name },
      })
      const boundObjectRef = { kind: 'Secret', apiVersion: 'v1', name, uid: metadata.uid }
      const made = await cluster.ask<{ status: { token: string } }>(
        'POST',
        `${inHallpass}/serviceaccounts/hallpass/token`,
        {
          spec: { expirationSeconds: 600, boundObjectRef },
        },
      )
      return made.status.token
    }
    const file = join(directory, 'token')
    const old = await mint('old')
    await writeFile(file, old, { mode: 0o600 })
    engine = open({ server: new URL(server), ca, token: { file } })
    await run('stays', 'exec sleep 1000')
    const abort = new AbortController()
    const seen: string[] = []
    const following = (async () => {
      for await (const change of engine.watch({ abort: abort.signal }))
        if (change.kind === 'run') seen.push(`${change.runId} ${change.run?.state}`)
    })().catch((error: unknown) => error)

    await writeFile(`${file}.next`, await mint('next'), { mode: 0o600 })
    await rename(`${file}.next`, file)
    await cluster.ask('DELETE', `${inHallpass}/secrets/old`)
    const stale = createAsk({ port: Number(new URL(server).port), ca, token: old })
    await expect.poll(() => stale('GET', '/api/v1/pods').catch(String)).toContain('401')
    // No call fails, neither one that asks nor one that opens a stream.
    const { exitCode } = await engine.exec('stays', { argv: ['true'], timeoutMs: 10_000, maxBytes: 10 })
    expect(exitCode).toBe(0)
    expect((await engine.list()).map(({ runId }) => runId)).toContain('stays')
    await engine.stop('stays', { signal: 'SIGKILL', timeoutMs: 30_000 })
    await expect.poll(() => seen).toContain('stays exited')
    await engine.remove('stays')
    abort.abort(new Error('enough'))
    expect(await following).toMatchObject({ message: 'enough' })
  })
})
