// The output of a run, as lines, with and without a reader.
import { describe, expect, test } from 'vitest'

import type { LogLine, LogOptions } from '../engine.ts'
import type { World } from './world.ts'

export function testLogs(get: () => World): void {
  describe('the log of a run', () => {
    async function read(runId: string, options?: LogOptions): Promise<LogLine[]> {
      const lines: LogLine[] = []
      for await (const line of get().engine.logs(runId, options)) lines.push(line)
      return lines
    }

    test('is read from its beginning, its end, or after a line, and followed until the run ends', async () => {
      const { engine, run } = get()
      const runId = await run('echo one; sleep 1.1; echo two >&2; sleep 1.1; printf "thr\\303\\274e\\n\\nend"')
      const followed = read(runId, { follow: true })
      await engine.wait(runId)
      const lines = await followed
      const texts = (given: readonly LogLine[]): string[] => given.map(({ stream, text }) => `${stream} ${text}`)
      const second = (await engine.capabilities()).logStreams ? 'stderr two' : 'stdout two'
      const all = ['stdout one', second, 'stdout thrüe', 'stdout ', 'stdout end']
      expect(texts(lines)).toEqual(all)
      expect(texts(await read(runId))).toEqual(all)
      expect(texts(await read(runId, { tail: 1 }))).toEqual(all.slice(-1))
      // Each line has a place of its own, also where many came at once.
      for (const [index, { at }] of lines.entries()) {
        expect(texts(await read(runId, { after: at }))).toEqual(all.slice(index + 1))
      }
      await expect(read(runId, { after: 'yesterday' })).rejects.toMatchObject({ code: 'bad_spec', field: 'after' })
      await expect(read('nothing')).rejects.toMatchObject({ code: 'run_not_found' })
    })

    test('has lines of any length, and returns a bounded part of each', async () => {
      const { engine, run } = get()
      const runId = await run(
        'head -c 40000 /dev/zero | tr "\\0" x; echo; head -c 500000 /dev/zero | tr "\\0" y; echo; echo z',
      )
      await engine.wait(runId)
      const lines = await read(runId)
      expect(lines.map(({ text, truncated }) => [text[0], text.length, truncated])).toEqual([
        ['x', 40_000, false],
        ['y', 65_536, true],
        ['z', 1, false],
      ])
    })

    test('holds up nobody: a run that writes much while nobody reads ends, and keeps the last of it', async () => {
      const { engine, place, run } = get()
      const abort = new AbortController()
      const runId = await run(`yes "$(head -c 4000 /dev/zero | tr "\\0" x)" | head -c ${place.flood}; echo; echo end`)
      // A follower that does not read.
      const idle = engine.logs(runId, { follow: true, abort: abort.signal })[Symbol.asyncIterator]()
      await idle.next()
      expect((await engine.wait(runId))?.exit).toMatchObject({ code: 0 })
      expect((await read(runId, { tail: 1 })).map(({ text }) => text)).toEqual(['end'])
      abort.abort(new Error('enough'))
      const drain = async (): Promise<void> => {
        while ((await idle.next()).done !== true);
      }
      await expect(drain()).rejects.toThrow('enough')
      await engine.remove(runId)
    })
  })
}
