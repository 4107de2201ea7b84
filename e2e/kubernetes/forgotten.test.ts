// An API server that forgets quickly: who goes on with a watch after a while is told that its place is gone (410).
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { reasonWithoutCluster, startCluster, type Cluster } from '../../interop/kubernetes/cluster.ts'
import { createKubernetesEngine, findAccess } from '../../packages/engine/src/kubernetes/kubernetes.ts'
import { startRelay, type Relay } from '../../packages/engine/src/testing/relay.ts'

const missing = reasonWithoutCluster()

describe.skipIf(missing !== undefined)(
  `a server that forgets${missing === undefined ? '' : `, skipped: ${missing}`}`,
  () => {
    let cluster: Cluster
    let relay: Relay
    const refusals: string[] = []

    beforeAll(async () => {
      const apiServer = ['--watch-cache=false', '--etcd-compaction-interval=1s', '--min-request-timeout=3']
      cluster = await startCluster({ apiServer })
      relay = await startRelay(findAccess({}, cluster.kubeconfig), {
        asked: () => undefined,
        answered() {},
        bytes() {},
        input() {},
        ended() {},
        entries: () => [],
        told: (line) => void (line.includes('"code":410') && refusals.push(line)),
      })
    })
    afterAll(async () => {
      await relay.close()
      await cluster.close()
    })

    test('is followed on, and nothing is lost or told to be gone', async () => {
      const engine = createKubernetesEngine({
        owner: 'acme',
        access: { server: relay.server },
        env: {},
        allowSharedNetworks: true,
      })
      const { id: image } = await engine.pullImage(cluster.image)
      const run = async (runId: string, script: string): Promise<void> => {
        const limits = { memoryMb: 32, cpus: 0.1, processes: 64 }
        await engine.create({ runId, image, command: ['sh', '-c', script], limits, tenant: 'red' })
        await engine.start(runId)
      }
      await run('stays', 'exec sleep 1000')
      const waiting = engine.wait('stays')
      const seen: string[] = []
      const abort = new AbortController()
      const following = (async () => {
        for await (const change of engine.watch({ abort: abort.signal }))
          if (change.kind === 'run') seen.push(`${change.runId} ${change.run?.state ?? 'gone'}`)
      })().catch((error: unknown) => error)
      await expect.poll(() => refusals.length).toBeGreaterThan(1)
      await run('ends', 'exit 4')
      await expect.poll(() => seen).toContain('ends exited')
      await engine.remove('ends')
      await expect.poll(() => seen.at(-1)).toBe('ends gone')
      const before = refusals.length
      await expect.poll(() => refusals.length).toBeGreaterThan(before)
      expect(seen).not.toContain('stays gone')
      await engine.stop('stays', { signal: 'SIGKILL', timeoutMs: 30_000 })
      expect((await waiting)?.exit).toMatchObject({ signal: 'SIGKILL' })
      abort.abort(new Error('enough'))
      expect(await following).toMatchObject({ message: 'enough' })
    }, 300_000)
  },
)
