// Volumes: their content outlives runs, and is removed only with them.
import { describe, expect, test } from 'vitest'

import type { World } from './world.ts'

export function testVolumes(get: () => World): void {
  describe('a volume', () => {
    const sizeMb = 16
    const volumesAt = (path: string) => ({ volumes: [{ volumeId: 'vol_data', path }] })

    test('keeps what runs write, at any path, until it is removed', async () => {
      const { engine, place, run, say, specOf } = get()
      await Promise.all([engine, place.open()].map((one) => one.createVolume('vol_data', sizeMb)))
      await engine.createVolume('vol_data', sizeMb)
      expect([await engine.listVolumes(), await place.open('other').listVolumes()]).toEqual([['vol_data'], []])
      const first = await run(
        'chown -R 0:0 /data && echo kept > /data/deep/file; id -u; stat -c %u /data/deep',
        volumesAt('/data/deep'),
      )
      await engine.wait(first)
      // Also one that has ended has it.
      await expect(engine.removeVolume('vol_data')).rejects.toMatchObject({ code: 'volume_in_use' })
      const lines: string[] = []
      for await (const { text } of engine.logs(first)) lines.push(text)
      expect(lines).toEqual(['0', '0'])
      await engine.remove(first)

      // In place of a folder of the image, which is hidden and not copied.
      const second = await run('exec sleep 1000', { ...volumesAt('/etc'), files: [] })
      expect(await say(second, 'cat', '/etc/file')).toBe('kept\n')
      expect(await say(second, 'sh', '-c', 'ls /etc | grep -c passwd')).toBe('0\n')
      await engine.stop(second, { signal: 'SIGKILL', timeoutMs: 1000 })
      await engine.remove(second)

      await place.open('other').removeVolume('vol_data')
      const stranger = place.open('other').create(specOf(volumesAt('/data')))
      await expect(stranger).rejects.toMatchObject({ code: 'volume_not_found' })
      await engine.removeVolume('vol_data')
      await engine.removeVolume('vol_data')
      expect(await engine.listVolumes()).toEqual([])
      await expect(engine.create(specOf(volumesAt('/data')))).rejects.toMatchObject({ code: 'volume_not_found' })
      // A new one of the same name is empty.
      await engine.createVolume('vol_data', sizeMb)
      const third = await run('exec sleep 1000', volumesAt('/data'))
      expect(await say(third, 'sh', '-c', 'ls /data | grep -c file')).toBe('0\n')
      await engine.remove(third)
      await engine.removeVolume('vol_data')
    })

    test('holds as much as its size says where that is enforced, and grows between runs', async () => {
      const { engine, run, say } = get()
      const { volumes } = await engine.capabilities()
      await engine.createVolume('vol_data', sizeMb)
      const fill = 'head -c 20000000 /dev/zero > /data/much 2>/dev/null; wc -c < /data/much'
      const runId = await run('echo kept > /data/file; exec sleep 1000', volumesAt('/data'))
      const written = Number(await say(runId, 'sh', '-c', fill))
      if (volumes === 'sized') {
        expect(written).toBeLessThan(sizeMb * 2 ** 20)
        await expect(engine.extendVolume('vol_data', 32)).rejects.toMatchObject({ code: 'volume_in_use' })
      } else expect(written).toBe(20_000_000)
      await engine.remove(runId)
      await engine.extendVolume('vol_data', 32)
      await engine.extendVolume('vol_data', sizeMb)
      const after = await run('exec sleep 1000', volumesAt('/data'))
      expect(await say(after, 'sh', '-c', `cat /data/file; ${fill}`)).toBe('kept\n20000000\n')
      await engine.remove(after)
      await engine.removeVolume('vol_data')
      await expect(engine.extendVolume('vol_data', 32)).rejects.toMatchObject({ code: 'volume_not_found' })
    })

    test('is refused where it has no place, no size or no name', async () => {
      const { engine, specOf } = get()
      for (const path of ['data', '/', '/a/../b', '/proc/1', '/dev']) {
        await expect(engine.create(specOf(volumesAt(path)))).rejects.toMatchObject({
          code: 'bad_spec',
          field: 'volumes',
        })
      }
      await engine.createVolume('vol_data', sizeMb)
      const over = await engine.create(specOf(volumesAt('/bin/busybox')))
      await expect(engine.start(over.runId)).rejects.toMatchObject({
        code: 'bad_spec',
        // It says nothing of where the engine keeps it.
        message: expect.not.stringMatching(/_data|hallpass-engine/) as string,
      })
      await engine.remove(over.runId)
      await engine.removeVolume('vol_data')
      await expect(engine.createVolume('../data', 1)).rejects.toMatchObject({ code: 'bad_spec', field: 'volumeId' })
      await expect(engine.createVolume('data', 0.5)).rejects.toMatchObject({ code: 'bad_spec', field: 'sizeMb' })
    })
  })
}
