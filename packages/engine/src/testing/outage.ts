// An engine that is killed in the middle of calls, and starts again.
import { describe, expect, test } from 'vitest'

import type { Change } from '../engine.ts'
import type { World } from './world.ts'

export function testOutage(get: () => World): void {
  describe('an engine that is killed', () => {
    test('fails every running call, and still has everything after a restart', async () => {
      const { engine, place, run, specOf } = get()
      if (place.kill === undefined) throw new Error('nothing can be killed')
      const labels = { machine: 'one' }
      const runId = await run('echo ready; exec sleep 1000', { labels })
      const created = await engine.create(specOf({ labels }))
      const watching = engine.watch()[Symbol.asyncIterator]()
      expect((await watching.next()).value).toMatchObject({ kind: 'all' })
      const log = engine.logs(runId, { follow: true })[Symbol.asyncIterator]()
      expect((await log.next()).value).toMatchObject({ text: 'ready' })
      const session = await engine.openExec(runId, { argv: ['sh', '-c', 'echo in; sleep 1000'] })
      const output = session.output[Symbol.asyncIterator]()
      await output.next()
      const readOn = async (): Promise<number> => {
        while ((await output.next()).done !== true);
        return session.exitCode()
      }
      const drain = async (lines: AsyncIterator<unknown>): Promise<void> => {
        while ((await lines.next()).done !== true);
        throw new Error('it ended without an error')
      }
      const spec = specOf({ command: ['true'], network: 'acme' })
      const pending = [engine.wait(runId), drain(watching), readOn()]
      const results = Promise.allSettled(pending)
      const followed = drain(log)
      const begin = await Promise.all([place.kill(), engine.create(spec).catch(() => {}), followed.catch(() => {})])
      for (const result of await results) expect(result).toMatchObject({ reason: { code: 'unavailable' } })
      await session.close()

      for (const call of [
        () => engine.list(),
        () => engine.inspect(runId),
        () => engine.create(specOf()),
        () => engine.stop(runId, { signal: 'SIGTERM', timeoutMs: 1 }),
        () => engine.pullImage('registry.invalid/nothing:1'),
        () => place.open().capabilities(),
        () => engine.sharesFolder('/dev/shm'),
      ]) {
        await expect(call()).rejects.toMatchObject({
          code: 'unavailable',
          message: expect.stringContaining('No engine answers'),
        })
      }

      await begin[0]()
      // The next driver knows only the owner.
      const successor = place.open()
      await successor.create(spec)
      await successor.start(spec.runId)
      expect((await successor.wait(spec.runId))?.exit?.code).toBe(0)
      const first = (await successor.watch()[Symbol.asyncIterator]().next()).value as Change
      const runs = first.kind === 'all' ? first.runs : []
      const states = runs.filter((one) => one.labels['machine'] === 'one').map((one) => [one.runId, one.state])
      expect(Object.fromEntries(states)).toEqual({
        [created.runId]: 'created',
        [runId]: expect.stringMatching(/^(?:running|exited)$/),
      })
      expect(runs.filter((one) => one.runId === spec.runId)).toHaveLength(1)
      await successor.stop(runId, { signal: 'SIGKILL', timeoutMs: 1000 })
      for (const one of runs) await successor.remove(one.runId)
      expect(await successor.list()).toEqual([])
    })
  })
}
