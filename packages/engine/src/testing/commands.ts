// Commands in a run: what they read, write and return, at a terminal too, and how they end.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { CommandOutput } from '../engine.ts'
import type { World } from './world.ts'

export function testCommands(get: () => World): void {
  describe('a command', () => {
    let runId = ''
    beforeAll(async () => {
      runId = await get().run('exec sleep 1000')
    })
    afterAll(() => get().engine.remove(runId))

    const exec = (argv: readonly string[], options: Partial<CommandOutput> = {}) =>
      get().engine.exec(runId, { argv, timeoutMs: 60_000, maxBytes: 1000, ...options })
    const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
    const countOf = async (marker: string): Promise<number> =>
      text((await exec(['ps', '-o', 'args'], { maxBytes: 100_000 })).stdout)
        .split('\n')
        .filter((line) => line.endsWith(marker)).length

    test('has input, output, errors, a code, an environment of its own', async () => {
      const script = 'cat; echo "$WORD $(id -u) $(pwd)"; echo wrong >&2; exit 9'
      const { commandUser } = await get().engine.capabilities()
      const user = commandUser ? { user: '123' } : {}
      const options = { input: Buffer.from('in\n'), env: { WORD: 'a b' }, ...user, workingDirectory: '/tmp' }
      const result = await exec(['sh', '-c', script], options)
      expect({ ...result, stdout: text(result.stdout), stderr: text(result.stderr) }).toEqual({
        exitCode: 9,
        signal: undefined,
        stdout: `in\na b ${commandUser ? '123' : '0'} /tmp\n`,
        stderr: 'wrong\n',
        truncated: false,
      })
      expect(await exec(['sh', '-c', 'kill -9 $$'])).toMatchObject({ exitCode: 137, signal: 'SIGKILL' })
    })

    test('may write without end: what is kept is bounded', async () => {
      const { stdout, exitCode, truncated } = await exec(['sh', '-c', 'head -c 5000000 /dev/zero; exit 4'])
      expect([stdout.length, exitCode, truncated]).toEqual([1000, 4, true])
      const large = await exec(['wc', '-c'], { input: Buffer.alloc(1_000_000) })
      expect(text(large.stdout)).toBe('1000000\n')
      // Unread input is no error.
      const deaf = await exec(['sh', '-c', 'sleep 0.3; exit 5'], { input: Buffer.alloc(5_000_000) })
      expect(deaf.exitCode).toBe(5)
      // What has ended takes no memory, and the run itself stays, with the init process of its engine.
      const rest = async () =>
        (await get().engine.processes(runId)).filter(
          ({ memory, command }) => memory > 0 && !command.endsWith('sleep 1000'),
        )
      await expect.poll(rest).toEqual([])
    })

    test('that cannot be run says so', async () => {
      await expect(exec(['no-such-program'])).rejects.toMatchObject({ code: 'command_not_found' })
      await expect(exec(['', 'word'])).rejects.toMatchObject({ code: 'command_not_found' })
      await expect(exec(['/tmp/none'])).rejects.toMatchObject({ code: 'command_not_found' })
      await expect(exec(['/tmp'])).rejects.toMatchObject({ code: 'command_not_runnable' })
      await exec(['sh', '-c', 'echo "#!/nope" >/script; echo junk >/junk; chmod 755 /script /junk'])
      await expect(exec(['/script'])).rejects.toMatchObject({ code: 'command_not_found' })
      // Without a format it is a program of the shell where the engine runs it as execvp does.
      const junk = exec(['/junk']).then(
        ({ exitCode }): unknown => exitCode,
        ({ code }: { readonly code: unknown }) => code,
      )
      expect(['command_not_runnable', 127]).toContain(await junk)
      await expect(exec(['/junk/x'])).rejects.toMatchObject({ code: expect.stringMatching(/^command_not_/) })
      await expect(exec(['/tmp\n'])).rejects.toMatchObject({ code: 'command_not_found' })
      await expect(exec(['x'.repeat(5000)])).rejects.toMatchObject({ code: 'command_not_runnable' })
      for (const terminal of [{}, { terminal: { rows: 24, columns: 80 } }]) {
        const session = await get().engine.openExec(runId, { argv: ['no-such-program'], ...terminal })
        for await (const { bytes } of session.output) expect(text(bytes)).toBe('')
        await expect(session.exitCode()).rejects.toMatchObject({ code: 'command_not_found' })
        await session.close()
      }
      // It may say the same words itself.
      for (const words of ['OCI runtime', 'bwrap: it']) {
        expect(text((await exec(['sh', '-c', `echo ${words}; exit 3`])).stdout)).toBe(`${words}\n`)
      }
      await expect(exec([])).rejects.toMatchObject({ code: 'bad_spec', field: 'argv' })
      const { commandUser } = await get().engine.capabilities()
      await expect(exec(['true'], { user: 'nobody-of-here' })).rejects.toMatchObject({
        code: commandUser ? 'bad_spec' : 'unsupported',
      })
      expect(await exec(['sh', '-c', 'exit 127'])).toMatchObject({ exitCode: 127 })
      const { engine, run } = get()
      const over = await run('true')
      await engine.wait(over)
      const command = { argv: ['true'], timeoutMs: 1000, maxBytes: 1 }
      await expect(engine.exec(over, command)).rejects.toMatchObject({ code: 'not_running' })
      await expect(engine.exec('nothing', command)).rejects.toMatchObject({ code: 'run_not_found' })
    })

    test('that takes too long, or is aborted, is killed with what it started', async () => {
      const endless = ['sh', '-c', 'env -i sleep 7771 & sleep 7771; true']
      await expect(exec(endless, { timeoutMs: 1000 })).rejects.toMatchObject({ code: 'timeout' })
      await expect.poll(() => countOf('sleep 7771')).toBe(0)

      const session = await get().engine.openExec(runId, { argv: endless })
      await expect.poll(() => countOf('sleep 7771')).toBe(2)
      await session.close()
      expect(await countOf('sleep 7771')).toBe(0)

      // Also one that has just started.
      for (let count = 0; count < 3; count += 1) {
        const early = await get().engine.openExec(runId, { argv: endless })
        await early.close()
        expect(await countOf('sleep 7771')).toBe(0)
      }

      const controller = new AbortController()
      const aborted = exec(endless, { abort: controller.signal })
      await expect.poll(() => countOf('sleep 7771')).toBe(2)
      controller.abort(new Error('revoked'))
      await expect(aborted).rejects.toThrow('revoked')
      await expect.poll(() => countOf('sleep 7771')).toBe(0)
    })

    test('that fills the limit of processes is killed too, and the limit stays', async () => {
      const { engine, run, specOf } = get()
      // Podman may refuse to change the limit for that moment.
      const able = await engine.capabilities()
      if (able.engine.name === 'Podman' || !able.processLimit) return
      const { processes } = specOf().limits
      const full = await run('exec sleep 1000')
      const count = async () => (await engine.processes(full)).filter((one) => one.command === 'sleep 7773').length
      const filling = `sh -c 'while sleep 7773 & do :; done'; exec sleep 7773`
      const session = await engine.openExec(full, { argv: ['sh', '-c', filling] })
      await expect.poll(count).toBeGreaterThan(processes - 10)
      await session.close()
      await expect.poll(count).toBe(0)
      const look = 'cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null'
      expect(await get().say(full, 'sh', '-c', look)).toBe(`${processes}\n`)
      await engine.remove(full)
    })

    test('is among the processes of its run, and ends with them', async () => {
      const { engine, run } = get()
      const session = await engine.openExec(runId, { argv: ['sleep', '7772'], workingDirectory: '/tmp' })
      const find = async () => (await engine.processes(runId)).find(({ command }) => command === 'sleep 7772')
      await expect.poll(find).toBeDefined()
      const found = await find()
      expect(found).toMatchObject({ pid: expect.any(Number) as number, cpu: expect.any(Number) as number })
      expect(found?.memory).toBeGreaterThan(0)
      expect(Math.abs(Date.now() - (found?.startedAt.getTime() ?? 0))).toBeLessThan(60_000)
      // Not every engine knows it.
      expect(['', '/tmp']).toContain(found?.directory)
      expect((await engine.processes(runId)).map(({ command }) => command)).toContain('sleep 1000')
      await session.close()
      expect(await find()).toBeUndefined()
      const over = await run('true')
      await engine.wait(over)
      await expect(engine.processes(over)).rejects.toMatchObject({ code: 'not_running' })
      await expect(engine.processes('nothing')).rejects.toMatchObject({ code: 'run_not_found' })
    })

    test('has a terminal of the given size', async () => {
      const size = 'until stty size 2>/dev/null | grep "^30 100"; do sleep 0.05; done'
      // A new size and typed text may come in either order.
      const next = size.replace('30 100', '50 132')
      const argv = ['sh', '-c', `${size}; read line; ${next}; echo "got $line"; test -t 0 && exit 6`]
      const session = await get().engine.openExec(runId, { argv, terminal: { rows: 30, columns: 100 } })
      let seen = ''
      for await (const { stream, bytes } of session.output) {
        expect(stream).toBe('stdout')
        const before = seen
        seen += text(bytes)
        if (!before.includes('\n') && seen.includes('\n')) {
          await session.resize({ rows: 50, columns: 132 })
          await session.write(Buffer.from('word\n'))
        }
      }
      expect([seen.match(/\d+ \d+|got word/g)?.slice(1), await session.exitCode()]).toEqual([['50 132', 'got word'], 6])
      // Typed text is echoed.
      expect(seen.match(/word/g)).toHaveLength(2)
      await session.close()
    })
  })
}
