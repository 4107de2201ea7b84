// Runs of a local engine outlive its driver, and their keeper; they are isolated from the machine, and from each other.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { open, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { reasonWithoutLocalEngine, startLocal, type LocalWorld } from '../testing/local.ts'
import { createWorld, type World } from '../testing/world.ts'
import { foldersOf } from './folders.ts'
import { makePipes } from './launch.ts'
import { writeRecord } from './records.ts'

const missing = await reasonWithoutLocalEngine()

describe.skipIf(missing !== undefined)(`a local engine${missing === undefined ? '' : `, skipped: ${missing}`}`, () => {
  let local: LocalWorld
  let world: World

  beforeAll(async () => {
    local = await startLocal()
    world = createWorld(local)
  })
  afterAll(() => local?.stop())

  async function textOf(runId: string): Promise<string[]> {
    const lines: string[] = []
    for await (const { text } of world.engine.logs(runId)) lines.push(text)
    return lines
  }

  test('keeps what a killed program has started', async () => {
    const driver = `
      import { createLocalEngine } from ${JSON.stringify(new URL('local.ts', import.meta.url).href)}
      const engine = createLocalEngine({ owner: 'acme', directory: ${JSON.stringify(join(local.directory, 'engine'))}, env: {} })
      const spec = { image: 'test/busybox:1', limits: { memoryMb: 64, cpus: 1, processes: 16 } }
      const command = ['sh', '-c', 'echo begun; while [ ! -e /go ]; do sleep 0.02; done; echo over; exit 9']
      await engine.create({ ...spec, runId: 'made', command })
      await engine.create({ ...spec, runId: 'begun', command })
      await engine.start('begun')
      console.log('begun')
      for (let index = 0; ; index += 1) {
        await engine.create({ ...spec, runId: 'many-' + index, command: ['true'] })
        await engine.start('many-' + index)
      }`
    const program = spawn(process.execPath, ['--input-type=module', '--eval', driver], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(program.stdout, 'data')
    const { engine } = world
    // In the middle of a start.
    await expect.poll(async () => (await engine.list()).length).toBeGreaterThan(4)
    program.kill('SIGKILL')
    await once(program, 'exit')

    const states = Object.fromEntries((await engine.list()).map(({ runId, state }) => [runId, state]))
    expect(states).toMatchObject({ made: 'created', begun: 'running' })
    expect(await world.say('begun', 'touch', '/go')).toBe('')
    expect((await engine.wait('begun'))?.exit).toMatchObject({ code: 9, signal: undefined })
    expect(await textOf('begun')).toEqual(['begun', 'over'])
    // Each run that was starting has an end: none was started twice, and none is left half started.
    for (const runId of Object.keys(states).filter((name) => name.startsWith('many-'))) {
      await engine.start(runId)
      expect((await engine.wait(runId))?.state).toBe('exited')
    }
  })

  test('keeps the log and the end of a run whose keeper was killed', async () => {
    const { engine, run } = world
    const runId = await run('echo one; while [ ! -e /go ]; do sleep 0.02; done; echo two; sleep 1000 & exit 4')
    await expect.poll(() => textOf(runId)).toEqual(['one'])
    process.kill(await keeperOf(local), 'SIGKILL')
    await world.say(runId, 'touch', '/go')
    // Nobody reads its output until somebody asks.
    expect((await engine.wait(runId))?.exit).toMatchObject({ code: 4 })
    expect(await textOf(runId)).toEqual(['one', 'two'])
    // A waiting caller starts it again.
    const other = await run('echo three; while [ ! -e /go ]; do sleep 0.02; done; exit 5')
    await expect.poll(() => textOf(other)).toEqual(['three'])
    const ended = engine.wait(other)
    const before = await keeperOf(local)
    process.kill(before, 'SIGKILL')
    await world.say(other, 'touch', '/go')
    expect((await ended)?.exit).toMatchObject({ code: 5 })
    expect(await textOf(other)).toEqual(['three'])
  })

  test('ends a run whose starter was killed before it could tell the keeper', async () => {
    const { engine, run, specOf } = world
    // A keeper runs, and has no reason to look.
    await engine.wait(await run('exit 0'))
    const { runId } = await engine.create(specOf())
    const folder = join(local.directory, 'engine', 'runs', 'acme', runId)
    for (const pipe of await makePipes(folder)) await pipe.close()
    await writeRecord(folder, 'start.json', { at: new Date().toISOString(), address: undefined })
    expect((await engine.wait(runId))?.exit).toMatchObject({ code: 137, problem: expect.stringContaining('lost') })
  })

  test.each([
    ['by its pipes', undefined],
    ['at a terminal', { rows: 24, columns: 80 }],
  ])('ends a command %s, with all that it began, if the program that runs it is killed', async (_, terminal) => {
    const { engine, run } = world
    const runId = await run('exec sleep 1000')
    const script = 'sleep 1001 & trap "" HUP; echo begun; sleep 1002'
    const driver = `
      import { createLocalEngine } from ${JSON.stringify(new URL('local.ts', import.meta.url).href)}
      const engine = createLocalEngine({ owner: 'acme', directory: ${JSON.stringify(join(local.directory, 'engine'))}, env: {} })
      const command = ${JSON.stringify({ argv: ['sh', '-c', script], terminal })}
      const { output } = await engine.openExec(${JSON.stringify(runId)}, command)
      for await (const { bytes } of output) process.stdout.write(bytes)`
    const program = spawn(process.execPath, ['--input-type=module', '--eval', driver], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const sleeping = async () =>
      (await engine.processes(runId)).flatMap(({ command }) => (command.includes('sleep') ? [command] : []))
    await once(program.stdout, 'data')
    await expect.poll(async () => (await sleeping()).join()).toContain('sleep 1002')
    program.kill('SIGKILL')
    await expect.poll(sleeping).toEqual(['sleep 1000'])
  })

  test('kills a command in a paused run, which stays paused', async () => {
    const { engine, run } = world
    const runId = await run('exec sleep 1000')
    const session = await engine.openExec(runId, { argv: ['sleep', '1004'] })
    const commands = async () => (await engine.processes(runId)).map(({ command }) => command)
    await expect.poll(commands).toContain('sleep 1004')
    await engine.pause(runId)
    await session.close()
    expect([await commands(), (await engine.inspect(runId))?.state]).toEqual([['sleep 1000'], 'paused'])
  })

  test('keeps no group of a command that has ended', async () => {
    const { engine, run } = world
    const runId = await run('exec sleep 1000')
    const command = { timeoutMs: 10_000, maxBytes: 1000 }
    for (const argv of [['true'], ['no-such-program'], ['sh', '-c', 'exit 3']])
      await engine.exec(runId, { ...command, argv }).catch(() => {})
    const group = join(`hallpass-${foldersOf(join(local.directory, 'engine')).mark}`, `acme.${runId}`)
    const groups = ['/sys/fs/cgroup', '/sys/fs/cgroup/pids'].map((root) => join(root, group)).filter(existsSync)
    expect(groups).toHaveLength(1)
    expect((await readdir(groups[0] ?? '')).filter((name) => name.startsWith('command-'))).toEqual([])
    // What a command leaves behind goes on.
    await engine.exec(runId, { ...command, argv: ['sh', '-c', 'sleep 1003 >&- 2>&- &'] })
    expect((await engine.processes(runId)).map((each) => each.command)).toContain('sleep 1003')
  })

  test('reports runs that ended with the machine as lost', async () => {
    const { engine, run } = world
    const runId = await run('exec sleep 1000', { network: 'acme' })
    const status = await readFile(join(local.directory, 'engine', 'runs', 'acme', runId, 'status'), 'utf8')
    const first = Number(/"child-pid": (\d+)/.exec(status)?.[1])
    const watcher = Number((await readFile(`/proc/${first}/stat`, 'utf8')).split(' ')[3])
    for (const pid of [await keeperOf(local), watcher, first]) process.kill(pid, 'SIGKILL')
    // The next driver knows only the owner and the directory.
    const successor = local.open()
    const { exit } = (await successor.wait(runId)) ?? {}
    expect(exit).toMatchObject({ code: 137, problem: expect.stringContaining('lost') })
    await engine.remove(runId)
  })

  test('shows a run nothing of the machine, and no way to gain rights', async () => {
    const { engine, run, say } = world
    const runId = await run('exec sleep 1000', { limits: { memoryMb: 64, cpus: 1, processes: 64, diskMb: 16 } })
    const script = (text: string): Promise<string> => say(runId, 'sh', '-c', `{ ${text}; } 2>&1`)
    const processes = await script('ps -o args')
    expect(processes.split('\n').filter((line) => !/^(?:COMMAND|bwrap|sleep|sh|ps|\{ps\})|^$/.test(line))).toEqual([])
    expect(await script('cat /proc/self/uid_map')).toMatch(/^\s+0\s+19\d+\s+65536\n$/)
    expect(await script(`cat /proc/mounts | grep -c ${local.directory}`)).toBe('0\n')
    expect(await script('cat /sys/block/loop*/loop/backing_file')).toContain('No such file')
    expect(await script('mount -t tmpfs tmpfs /tmp')).toContain('denied')
    expect(await script('unshare -U true')).toContain('not permitted')
    expect(await script('mknod /tmp/disk b 8 0')).toContain('not permitted')
    // A process cannot trace others of the run, not even its own children.
    expect(await script('grep Seccomp: /proc/self/status /proc/1/status')).toMatch(/self.*\t2\n.*\/1\/.*\t2\n/)
    expect(await script('echo 1 > /proc/sys/kernel/panic')).toMatch(/Permission denied|Read-only/)
    expect(await script('chown 5:5 /tmp && chmod 700 /bin && echo fine')).toBe('fine\n')
    // All others are namespaces that it is in.
    const files = await script('cd /proc/self/fd; for f in *; do readlink $f; done')
    expect(
      files.split('\n').filter((file) => !/^(?:(?:pipe|socket|user|pid):\[\d+\]|\/dev\/null|)$/.test(file)),
    ).toEqual([])
    await engine.remove(runId)
  })

  test('gives a run no file that the program inherited', async () => {
    const driver = `
      import { createLocalEngine } from ${JSON.stringify(new URL('local.ts', import.meta.url).href)}
      const engine = createLocalEngine({ owner: 'acme', directory: ${JSON.stringify(join(local.directory, 'engine'))}, env: {} })
      const limits = { memoryMb: 64, cpus: 1, processes: 16 }
      await engine.create({ image: 'test/busybox:1', limits, runId: 'heir', command: ['sleep', '1000'] })
      await engine.start('heir')
      const argv = ['sh', '-c', 'for fd in /proc/[0-9]*/fd/30; do readlink $fd; done']
      const { stdout } = await engine.exec('heir', { argv, timeoutMs: 60_000, maxBytes: 1000 })
      process.stdout.write(stdout)`
    const secret = join(local.directory, 'secret')
    await writeFile(secret, 'key')
    const file = await open(secret)
    const words = ['--input-type=module', '--eval', driver]
    // Node itself closes only low file descriptors.
    const stdio = ['ignore', 'pipe', 'inherit', ...Array<'ignore'>(27).fill('ignore'), file.fd] as const
    const program = spawn(process.execPath, words, { stdio: [...stdio] })
    let said = ''
    program.stdout?.on('data', (bytes: Buffer) => (said += bytes.toString()))
    await once(program, 'close')
    await file.close()
    expect(new Set(said.trim().split('\n'))).toEqual(new Set(['/dev/null']))
    await world.engine.remove('heir')
  })

  test('lets a run fill its own disk and no other', async () => {
    const { engine, run } = world
    const limits = { memoryMb: 64, cpus: 1, processes: 8, diskMb: 16 }
    const runId = await run('dd if=/dev/zero of=/large bs=1M count=30 2>&1 | grep left; stat -c %s /large; exit 0', {
      limits,
    })
    expect((await engine.wait(runId))?.exit?.code).toBe(0)
    const lines = await textOf(runId)
    expect(lines[0]).toMatch(/No space left/)
    expect(Number(lines[1])).toBeLessThan(17 * 2 ** 20)
    await engine.remove(runId)
  })

  test('leaves nothing behind of a run that is removed', async () => {
    const { engine, run } = world
    const runId = await run('sleep 1000 & exec sleep 1000', { network: 'acme', names: ['web'] })
    const group = await readFile(`/proc/self/cgroup`, 'utf8')
    expect(group).not.toContain(runId)
    await engine.remove(runId)
    for (const { runId: one } of await engine.list()) await engine.remove(one)
    expect(await engine.removeNetwork('acme')).toBe(true)
    const at = (...parts: string[]): Promise<string[]> => readdir(join(local.directory, 'engine', ...parts))
    expect(await at('runs', 'acme')).toEqual([])
    expect(await at('trash')).toEqual([])
    expect([await at('subnets'), await at('addresses')]).toEqual([[], []])
  })

  test('shares nothing with the machine before the first run and after the last', async () => {
    const { mark, passing } = foldersOf(join(local.directory, 'engine'))
    const groups = ['', 'pids', 'unified'].map((folder) => join('/sys/fs/cgroup', folder, `hallpass-${mark}`))
    const isShared = async (): Promise<readonly boolean[]> => [
      existsSync(passing),
      groups.some((folder) => existsSync(folder)),
      (await readFile('/proc/self/mountinfo', 'utf8')).includes(`hallpass-${mark}`),
      await hasKeeper(local),
    ]
    for (const { runId } of await world.engine.list()) await world.engine.remove(runId)
    const nothing = [false, false, false, false]
    await expect.poll(isShared).toEqual(nothing)

    // As a driver does when a server starts.
    const engine = local.open()
    const ending = new AbortController()
    const statuses = engine.watch({ abort: ending.signal })[Symbol.asyncIterator]()
    expect((await engine.capabilities()).networks).toBe('isolated')
    expect((await statuses.next()).value).toEqual({ kind: 'all', runs: [] })
    expect(await isShared()).toEqual(nothing)

    const { runId } = await engine.create(world.specOf({ network: 'acme', command: ['sleep', '1000'] }))
    const following = (async () => {
      for (;;) if ((await statuses.next()).done === true) return
    })().catch(() => {})
    expect(await isShared()).toEqual(nothing)
    await engine.start(runId)
    expect(await isShared()).toEqual([true, true, true, true])
    await engine.stop(runId, { signal: 'SIGKILL', timeoutMs: 10_000 })
    await expect.poll(isShared).toEqual(nothing)
    await engine.remove(runId)
    // The next driver finds all that it needs.
    const next = await engine.create(world.specOf({ network: 'acme', command: ['true'] }))
    await engine.start(next.runId)
    expect((await engine.wait(next.runId))?.exit?.code).toBe(0)
    await engine.remove(next.runId)
    ending.abort()
    await following
  })
})

async function hasKeeper(local: LocalWorld): Promise<boolean> {
  return keeperOf(local).then(
    () => true,
    () => false,
  )
}

/** The process that listens there. */
async function keeperOf({ directory }: LocalWorld): Promise<number> {
  for (const name of await readdir('/proc')) {
    const command = /^\d+$/.test(name) ? await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '') : ''
    if (command.includes('keeper-main') && command.includes(`${directory}/`)) return Number(name)
  }
  throw new Error('there is no keeper')
}
