// Control groups: folders that are none, and version 2 where this machine has it, without the controllers that it uses
// otherwise.
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { describe, expect, onTestFinished, test } from 'vitest'

import { openControlGroups } from './control-groups.ts'

const root = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((folder) => existsSync(`${folder}/cgroup.controllers`))
const groups =
  root === undefined || process.getuid?.() !== 0 ? undefined : await openControlGroups('hallpass-try2', root, [])
const isMade = await groups?.prepare().then(
  () => true,
  () => false,
)
await groups?.disband()

test('are recognized by their filesystem, not by their name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hallpass-engine-test-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const controller of ['memory', 'cpu', 'pids', 'freezer']) await mkdir(join(folder, controller))
  expect(await openControlGroups('hallpass-test', folder)).toBeUndefined()
  await writeFile(join(folder, 'cgroup.controllers'), 'cpu io pids')
  expect(await openControlGroups('hallpass-test', folder)).toBeUndefined()
})

describe.skipIf(isMade !== true)('control groups of version 2', () => {
  test('hold a run and its commands, stop and kill them, and release the process that watches', async () => {
    const mark = `hallpass-test-${process.pid}`
    const made = await openControlGroups(mark, root, [])
    if (made === undefined) throw new Error('there are none')
    onTestFinished(async () => {
      await made.kill('acme.one')
      await made.remove('acme.one')
      await made.disband()
      expect(existsSync(`${root}/${mark}`)).toBe(false)
    })
    await made.make('acme.one', { memoryMb: 64, cpus: 1, processes: 8 })

    async function enter(command?: string): Promise<ChildProcess> {
      const files = await made?.entrances('acme.one', command)
      const script = `${files?.map((file) => `echo $$ > ${file}`).join('; ')}; echo in; exec sleep 1000`
      const child = spawn('sh', ['-ec', script], { stdio: ['ignore', 'pipe', 'inherit'] })
      await once(child.stdout, 'data')
      return child
    }
    const [watcher, main, command] = [await enter(), await enter(), await enter('command-1')]
    const has = (child: ChildProcess): Promise<boolean> => made.has('acme.one', child.pid ?? 0)
    expect([await has(watcher), await has(main), await has(command)]).toEqual([true, true, false])
    await made.release('acme.one', watcher.pid ?? 0, 8)
    expect([await has(watcher), await has(main)]).toEqual([false, true])
    await made.freeze('acme.one', true)
    expect(await made.isFrozen('acme.one')).toBe(true)

    const ended = once(command, 'exit')
    await made.kill('acme.one', 'command-1')
    await ended
    expect([await has(main), main.exitCode, main.signalCode]).toEqual([true, null, null])
    await made.kill('acme.one')
    expect([await has(main), await readFile(`/proc/${watcher.pid}/comm`, 'utf8')]).toEqual([false, 'sleep\n'])
    watcher.kill('SIGKILL')
    await once(watcher, 'exit')
  })
})
