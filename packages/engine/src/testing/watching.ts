// Changes of runs, as they happen.
import { describe, expect, test } from 'vitest'

import type { World } from './world.ts'

export function testWatching(get: () => World): void {
  describe('watching', () => {
    test('begins with all runs, then gives each that changes in its newest state', async () => {
      const { engine, place, specOf } = get()
      const before = await engine.create(specOf({ command: ['true'] }))
      const spec = specOf({ command: ['sh', '-c', 'exit 5'] })
      const abort = new AbortController()
      const seen: string[] = []
      const watch = async (): Promise<void> => {
        for await (const change of engine.watch({ abort: abort.signal })) {
          if (change.kind === 'all') {
            expect(change.runs).toContainEqual(before)
            expect(change.runs.map(({ runId }) => runId)).not.toContain(spec.runId)
            seen.push('all')
          } else if (change.runId === spec.runId) {
            seen.push(change.run === undefined ? 'gone' : `${change.run.state} ${change.run.exit?.code ?? ''}`.trim())
          } else expect(change.runId).not.toMatch(/^theirs/)
        }
      }
      const watching = watch()
      await expect.poll(() => seen).toContain('all')
      const stranger = place.open('other')
      await stranger.create(specOf({ runId: 'theirs' }))
      await engine.create(spec)
      await expect.poll(() => seen).toContain('created')
      await engine.start(spec.runId)
      await expect.poll(() => seen).toContain('exited 5')
      await engine.remove(spec.runId)
      await expect.poll(() => seen).toContain('gone')
      expect(seen.filter((one, index) => one !== seen[index - 1] && one !== 'running')).toEqual([
        'all',
        'created',
        'exited 5',
        'gone',
      ])
      await stranger.remove('theirs')
      abort.abort(new Error('enough'))
      await expect(watching).rejects.toThrow('enough')
    })

    test('waits for the end of a run: before its start, while it runs, until somebody else removes it', async () => {
      const { engine, run, specOf } = get()
      const { runId } = await engine.create(specOf({ command: ['sh', '-c', 'exit 8'] }))
      const waiting = engine.wait(runId)
      await engine.start(runId)
      expect((await waiting)?.exit?.code).toBe(8)
      const endless = await run('exec sleep 1000')
      const abort = new AbortController()
      const [removed, given] = [engine.wait(endless), engine.wait(endless, { abort: abort.signal })]
      abort.abort(new Error('enough'))
      await expect(given).rejects.toThrow('enough')
      await engine.remove(endless)
      // How it ended, or that it is gone: either may be true.
      expect((await removed)?.state ?? 'gone').toMatch(/^(?:exited|gone)$/)
    })
  })
}
