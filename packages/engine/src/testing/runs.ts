// The life of a run, and repeated calls.
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import type { RunSpec } from '../engine.ts'
import type { World } from './world.ts'

export function testRuns(get: () => World): void {
  describe('a run', () => {
    test('is made, starts once, ends, stays until it is removed', async () => {
      const { engine, specOf } = get()
      const labels = { organization: 'acme', machine: '148e21ea7e46e8' }
      const spec = specOf({ command: ['sh', '-c', 'echo hi; exit 7'], labels })
      const { runId } = spec
      expect(await engine.create(spec)).toMatchObject({ runId, labels, state: 'created', startedAt: undefined })
      expect(await engine.stop(runId, { signal: 'SIGTERM', timeoutMs: 10 })).toMatchObject({ state: 'created' })
      expect((await engine.start(runId)).startedAt).toBeInstanceOf(Date)
      const ended = await engine.wait(runId)
      expect(ended).toMatchObject({ state: 'exited', address: undefined })
      expect(ended?.exit).toEqual({
        code: 7,
        signal: undefined,
        oomKilled: false,
        at: expect.any(Date),
        problem: undefined,
      })

      expect(await engine.start(runId)).toEqual(ended)
      expect(await engine.create(spec)).toEqual(ended)
      expect(await engine.stop(runId, { signal: 'SIGTERM', timeoutMs: 10 })).toEqual(ended)
      expect(await engine.list()).toContainEqual(ended)
      await engine.remove(runId)
      await engine.remove(runId)
      expect([await engine.inspect(runId), await engine.wait(runId)]).toEqual([undefined, undefined])
      await expect(engine.start(runId)).rejects.toMatchObject({ code: 'run_not_found' })
    })

    test('is one, even if several calls make it at once, and refuses another spec', async () => {
      const { engine, place, specOf } = get()
      const spec = specOf({ command: ['true'], network: 'crowd', names: ['web'], labels: { app: 'web', version: '1' } })
      const other = place.open()
      const made = await Promise.all([engine, other, engine, other, engine].map((one) => one.create(spec)))
      expect(new Set(made.map(({ createdAt }) => createdAt.getTime())).size).toBe(1)
      const again: RunSpec = { ...spec, labels: { version: '1', app: 'web' } }
      expect(await engine.create(again)).toEqual(made[0])
      await expect(engine.create({ ...spec, command: ['false'] })).rejects.toMatchObject({ code: 'run_exists' })
      expect((await engine.list()).filter(({ runId }) => runId === spec.runId)).toHaveLength(1)
      expect(await engine.removeNetwork('crowd')).toBe(false)
      await engine.remove(spec.runId)
      expect([await engine.removeNetwork('crowd'), await engine.removeNetwork('crowd')]).toEqual([true, true])
    })

    test('is its owner’s alone', async () => {
      const { engine, place, specOf } = get()
      const [spec, stranger] = [specOf(), place.open('other')]
      await engine.create(spec)
      expect([await stranger.inspect(spec.runId), await stranger.list()]).toEqual([undefined, []])
      await stranger.remove(spec.runId)
      await expect(stranger.start(spec.runId)).rejects.toMatchObject({ code: 'run_not_found' })
      const theirs = await stranger.create({ ...spec, labels: { owner: 'other' } })
      expect(await place.open('other').list()).toEqual([theirs])
      await stranger.remove(spec.runId)
      expect(await engine.inspect(spec.runId)).toMatchObject({ state: 'created', labels: {} })
    })

    test('has the files, the variables, the names and the place that it is given, on a fresh root filesystem', async () => {
      const { engine, specOf } = get()
      const script =
        'cat /etc/acme/key; stat -c "%a %u" /etc/acme/key; echo "$GREETING $1 $0"; id -u; pwd; hostname; ls /new 2>/dev/null'
      const content = Buffer.from('secret\n')
      const spec: Partial<RunSpec> = {
        entrypoint: ['sh', '-c', `${script}; touch /tmp/new /new; exit 0`],
        command: ['zero', 'first'],
        env: { GREETING: 'good = "day"' },
        user: '0:0',
        workingDirectory: '/tmp',
        hostname: 'web-1',
        files: [
          { path: '/etc/acme/key', content, mode: 0o440 },
          { path: `/${'deep/'.repeat(30)}file`, content },
        ],
      }
      for (const attempt of [1, 2]) {
        const { runId } = await engine.create(specOf(spec))
        await engine.start(runId)
        await engine.wait(runId)
        const lines: string[] = []
        for await (const { stream, text } of engine.logs(runId)) if (stream === 'stdout') lines.push(text)
        const wanted = ['secret', '440 0', 'good = "day" first zero', '0', '/tmp', 'web-1']
        expect([attempt, ...lines]).toEqual([attempt, ...wanted])
        await engine.remove(runId)
      }
    })

    test('sees the folder that it is shown, as it changes, and cannot write to it', async () => {
      const { engine, run, say, specOf } = get()
      const folder = await mkdtemp('/dev/shm/hallpass-shared-')
      const server = createServer((socket) => socket.end('hello\n'))
      try {
        // Other users of this machine cannot enter the folder, but the run can.
        const shared = join(folder, 'run')
        await mkdir(shared)
        if (!(await engine.sharesFolder(folder))) {
          const refused = engine.create(specOf({ sharedFolder: { folder: shared, path: '/.fly' } }))
          return await expect(refused).rejects.toMatchObject({ code: 'unsupported', field: 'sharedFolder' })
        }
        expect(await readdir(folder)).toEqual(['run'])
        await writeFile(join(shared, 'note'), 'first\n')
        const files = [{ path: '/etc/beside', content: Buffer.from('beside\n') }]
        const spec = { sharedFolder: { folder: shared, path: '/.fly' }, user: '1000', files }
        const runId = await run('exec sleep 1000', spec)
        server.listen(join(shared, 'socket'))
        await once(server, 'listening')
        await writeFile(join(shared, 'new'), 'second\n')
        await rename(join(shared, 'new'), join(shared, 'note'))
        expect(await say(runId, 'sh', '-c', 'cat /.fly/note; echo more > /.fly/note || echo refused')).toBe(
          'second\nrefused\n',
        )
        expect(await say(runId, 'sh', '-c', 'test -S /.fly/socket && cat /etc/beside')).toBe('beside\n')
        await engine.remove(runId)
        expect(await readFile(join(shared, 'note'), 'utf8')).toBe('second\n')
      } finally {
        server.close()
        await rm(folder, { recursive: true })
      }
    })

    test('ends by the signal, and by force where it does not listen', async () => {
      const { engine, run } = get()
      const stop = { signal: 'SIGTERM', timeoutMs: 60_000 } as const
      const polite = await run('trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done')
      const deaf = await run('trap "" TERM INT; echo ready; while :; do sleep 0.05; done')
      const plain = await run('echo ready; exec sleep 1000')
      const paused = await run('echo ready; exec sleep 1000')
      for (const runId of [polite, deaf, plain, paused]) {
        for await (const { text } of engine.logs(runId, { follow: true })) if (text === 'ready') break
      }
      expect((await engine.stop(polite, stop)).exit).toMatchObject({ code: 3, signal: undefined })
      expect((await engine.stop(deaf, { ...stop, timeoutMs: 200 })).exit).toMatchObject({
        code: 137,
        signal: 'SIGKILL',
      })
      expect((await engine.stop(plain, stop)).exit).toMatchObject({ code: 143, signal: 'SIGTERM', oomKilled: false })
      if ((await engine.capabilities()).pause) {
        expect(await engine.pause(paused)).toMatchObject({ state: 'paused' })
        expect(await engine.pause(paused)).toMatchObject({ state: 'paused' })
      } else await expect(engine.pause(paused)).rejects.toMatchObject({ code: 'unsupported' })
      expect((await engine.stop(paused, stop)).exit).toMatchObject({ code: 143 })
      await expect(engine.signal(plain, 'SIGHUP')).rejects.toMatchObject({ code: 'not_running' })
      await expect(engine.pause(plain)).rejects.toMatchObject({ code: 'not_running' })
      await expect(engine.signal(plain, 'SIGNOT' as NodeJS.Signals)).rejects.toMatchObject({
        code: 'bad_spec',
        field: 'signal',
      })
    })

    test('gets signals, and goes on after a pause', async () => {
      const { engine, run } = get()
      const runId = await run('trap "echo heard" USR1; echo ready; while :; do sleep 0.05; done')
      const heard: string[] = []
      for await (const { text } of engine.logs(runId, { follow: true })) {
        heard.push(text)
        if (text === 'ready') {
          if ((await engine.capabilities()).pause) {
            await engine.pause(runId)
            expect(await engine.resume(runId)).toMatchObject({ state: 'running' })
          }
          await engine.signal(runId, 'SIGUSR1')
        } else if (text === 'heard') break
      }
      expect(heard).toEqual(['ready', 'heard'])
      await engine.remove(runId)
    })

    test('says what is wrong with what it is given', async () => {
      const { engine, run, specOf } = get()
      const missing = specOf({ image: 'registry.invalid/acme/nothing:1' })
      await expect(engine.create(missing)).rejects.toMatchObject({ code: 'image_not_found' })
      expect(await engine.inspect(missing.runId)).toBeUndefined()
      await expect(engine.create(specOf({ image: 'Not/An image' }))).rejects.toMatchObject({ code: 'image_unusable' })

      const endOf = async (spec: Partial<RunSpec>) => {
        const { runId } = await engine.create(specOf(spec))
        await engine.start(runId).catch(() => {})
        return (await engine.wait(runId))?.exit
      }
      const why = (words: string) => expect.stringMatching(new RegExp(`^The command .*cannot be run: .*(?:${words})`))
      for (const program of ['no-such-program', '/no/such/program', '']) {
        const exit = await endOf({ command: [program] })
        expect(exit, program).toMatchObject({ code: 127, problem: why('No such file|not found') })
      }
      for (const program of ['/tmp', '/bin/busybox/x']) {
        expect(await endOf({ command: [program] })).toMatchObject({ code: 126, problem: why('denied|directory') })
      }
      // The program's own exit code, not a problem of the command.
      const own = await run('exit 127')
      expect((await engine.wait(own))?.exit).toMatchObject({ code: 127, problem: undefined })

      const limits = { memoryMb: 64, cpus: 1, processes: 64 }
      const wrong: readonly (readonly [string, Partial<RunSpec>])[] = [
        ['runId', { runId: '../etc' }],
        ['network', { network: 'a b' }],
        ['names', { names: ['web'] }],
        ['env', { env: { 'A=B': 'c' } }],
        ['command', { command: ['a\0b'] }],
        ['workingDirectory', { workingDirectory: '/a\0--bind\0/\0/host' }],
        ['hostname', { hostname: 'a --bind / /host' }],
        ['limits.memoryMb', { limits: { ...limits, memoryMb: 0 } }],
        ['limits.cpus', { limits: { ...limits, cpus: Number.NaN } }],
        ['limits.processes', { limits: { ...limits, processes: -1 } }],
        ['sharedFolder', { sharedFolder: { folder: '/dev/shm', path: '/etc/../..' } }],
        ['files', { files: [{ path: '/etc/../shadow', content: Buffer.alloc(0) }] }],
        ['files', { files: [{ path: '/large', content: Buffer.alloc(2 ** 20 + 1) }] }],
      ]
      for (const [field, part] of wrong) {
        await expect(engine.create(specOf(part))).rejects.toMatchObject({ code: 'bad_spec', field })
      }
    })
  })
}
