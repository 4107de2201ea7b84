// The limits of a run: control groups of the kernel, version 1 or 2, whichever this machine has.
import { access, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import type { Limits } from '../engine.ts'

export interface ControlGroups {
  /** Makes the parent of all groups. Call it before making or entering a group. @throws what the kernel said */
  prepare(): Promise<void>
  /** Makes the group of a run, with room for one process more: the one that watches over it is in it at first. */
  make(name: string, limits: Limits): Promise<void>
  /** Files into which a process writes its number to enter; with a command, a group within that is killed by itself. */
  entrances(name: string, command?: string): Promise<readonly string[]>
  /** Moves a process into the group of those that watch over runs, so that it outlives the process that started it. */
  enterMonitors(pid: number): Promise<void>
  /** Takes the process that watches over the run out of its group, and limits the rest to their number. */
  release(name: string, pid: number, processes: number): Promise<void>
  /** Whether the group has this process. */
  has(name: string, pid: number): Promise<boolean>
  /** All that is in the group, and in those of its commands. */
  numbers(name: string): Promise<readonly number[]>
  freeze(name: string, frozen: boolean): Promise<void>
  isFrozen(name: string): Promise<boolean>
  /** Kills all that is in the group, or in that of a command, until nothing is. A frozen group goes on to die, but not for a command. */
  kill(name: string, command?: string): Promise<void>
  /** Whether the kernel killed something in it because its memory was used up. */
  ranOut(name: string): Promise<boolean>
  remove(name: string): Promise<void>
  /** Whether the group of a command is gone: it goes if nothing is in it. */
  removeCommand(name: string, command: string): Promise<boolean>
  /** Removes everything if there is no run; the calling process leaves the group of those that watch. */
  disband(): Promise<void>
  /** What a run sees of its own group: folders of the machine, and their places below /sys/fs/cgroup. */
  views(name: string): readonly (readonly [source: string, place: string])[]
}

/**
 * Makes nothing yet.
 * @param mark tells the groups of one engine from those of another
 * @param needed the controllers without which there are none; version 1 has all of them or is not taken
 */
export async function openControlGroups(
  mark: string,
  root = '/sys/fs/cgroup',
  needed: readonly string[] = ['memory', 'cpu', 'pids'],
): Promise<ControlGroups | undefined> {
  const there = await readFile(join(root, 'cgroup.controllers'), 'utf8').catch(() => undefined)
  const words = there?.trim().split(' ') ?? []
  try {
    if (there === undefined) return await openFirst(mark, root)
    return needed.every((one) => words.includes(one)) ? openSecond(mark, root, needed) : undefined
  } catch {
    return undefined
  }
}

/** One folder for a run. Its processes are in it, so the processes that watch over runs have a separate group. */
function openSecond(mark: string, root: string, needed: readonly string[]): ControlGroups {
  const base = join(root, mark)
  const monitors = join(base, 'monitors')
  const at = (name: string, command?: string): string => join(base, name, command ?? '')
  const all = needed.map((controller) => `+${controller}`).join(' ')
  async function prepare(): Promise<void> {
    await writeFile(join(root, 'cgroup.subtree_control'), all)
    await mkdir(monitors, { recursive: true })
    await writeFile(join(base, 'cgroup.subtree_control'), all)
  }
  async function limit(name: string, file: string, value: string): Promise<void> {
    if (needed.includes(file.slice(0, file.indexOf('.')))) await writeFile(join(at(name), file), value)
  }
  const enterMonitors = (pid: number): Promise<void> => writeFile(join(monitors, 'cgroup.procs'), `${pid}`)
  return {
    prepare,
    async make(name, { memoryMb, cpus, processes }) {
      await prepare()
      await mkdir(at(name), { recursive: true })
      await limit(name, 'memory.max', `${memoryMb * 2 ** 20}`)
      // Where there is no swap there is nothing to limit.
      await limit(name, 'memory.swap.max', '0').catch(() => {})
      await limit(name, 'cpu.max', `${quotaOf(cpus)} ${period}`)
      await limit(name, 'pids.max', `${processes + 1}`)
    },
    async entrances(name, command) {
      if (command !== undefined) await mkdir(at(name, command))
      return [join(at(name, command), 'cgroup.procs')]
    },
    enterMonitors,
    async release(name, pid, processes) {
      await enterMonitors(pid)
      await limit(name, 'pids.max', `${processes}`)
    },
    has: async (name, pid) => (await numbersIn(at(name))).includes(pid),
    numbers: (name) => numbersBelow(at(name)),
    freeze: (name, frozen) => writeFile(join(at(name), 'cgroup.freeze'), frozen ? '1' : '0'),
    isFrozen: async (name) => (await read(join(at(name), 'cgroup.freeze'))).trim() === '1',
    async kill(name, command) {
      if (command === undefined) await writeFile(join(at(name), 'cgroup.freeze'), '0').catch(() => {})
      await killAll(at(name, command))
    },
    ranOut: async (name) => /^oom_kill [1-9]/m.test(await read(join(at(name), 'memory.events'))),
    remove: (name) => removeFolder(at(name)),
    removeCommand: (name, command) => isRemoved(at(name, command)),
    async disband() {
      await leave(monitors, root)
      await removeFolder(base)
    },
    views: (name) => [[at(name), '/']],
  }
}

/** A folder for a run with each controller. Commands have a group within that of the number of processes. */
async function openFirst(mark: string, root: string): Promise<ControlGroups> {
  const at = (controller: string, name: string, command?: string): string =>
    join(root, controller, mark, name, command ?? '')
  for (const controller of controllers) {
    // An ordinary folder of that name would accept the files and limit nothing.
    await access(join(root, controller, 'cgroup.procs'))
  }
  async function prepare(): Promise<void> {
    for (const one of controllers) await mkdir(at(one, 'monitors'), { recursive: true })
  }
  const freeze = (name: string, frozen: boolean): Promise<void> =>
    writeFile(join(at('freezer', name), 'freezer.state'), frozen ? 'FROZEN' : 'THAWED')
  const isFrozen = async (name: string): Promise<boolean> =>
    (await read(join(at('freezer', name), 'freezer.state'))).startsWith('FR')
  async function enterMonitors(pid: number): Promise<void> {
    for (const one of controllers) await writeFile(join(at(one, 'monitors'), 'cgroup.procs'), `${pid}`)
  }
  return {
    prepare,
    async make(name, { memoryMb, cpus, processes }) {
      await prepare()
      for (const controller of controllers) await mkdir(at(controller, name), { recursive: true })
      const memory = `${memoryMb * 2 ** 20}`
      await writeFile(join(at('memory', name), 'memory.limit_in_bytes'), memory)
      // Where swap is not counted it is kept off.
      await writeFile(join(at('memory', name), 'memory.memsw.limit_in_bytes'), memory).catch(() =>
        writeFile(join(at('memory', name), 'memory.swappiness'), '0'),
      )
      await writeFile(join(at('cpu', name), 'cpu.cfs_period_us'), `${period}`)
      await writeFile(join(at('cpu', name), 'cpu.cfs_quota_us'), `${quotaOf(cpus)}`)
      await writeFile(join(at('pids', name), 'pids.max'), `${processes + 1}`)
    },
    async entrances(name, command) {
      if (command !== undefined) await mkdir(at('pids', name, command))
      return controllers.map((one) => join(at(one, name, one === 'pids' ? command : undefined), 'cgroup.procs'))
    },
    enterMonitors,
    async release(name, pid, processes) {
      await enterMonitors(pid)
      await writeFile(join(at('pids', name), 'pids.max'), `${processes}`)
    },
    has: async (name, pid) => (await numbersIn(at('pids', name))).includes(pid),
    numbers: (name) => numbersBelow(at('pids', name)),
    freeze,
    isFrozen,
    removeCommand: (name, command) => isRemoved(at('pids', name, command)),
    async kill(name, command) {
      // Here a frozen process dies only when it goes on.
      const wasFrozen = command !== undefined && (await isFrozen(name))
      await freeze(name, false).catch(() => {})
      await killAll(at('pids', name, command))
      if (wasFrozen) await freeze(name, true).catch(() => {})
    },
    ranOut: async (name) => /^oom_kill [1-9]/m.test(await read(join(at('memory', name), 'memory.oom_control'))),
    async remove(name) {
      for (const controller of controllers) await removeFolder(at(controller, name))
    },
    async disband() {
      for (const controller of controllers) {
        await leave(at(controller, 'monitors'), join(root, controller))
        await removeFolder(join(root, controller, mark))
      }
    },
    views: (name) => ['memory', 'cpu', 'pids'].map((controller) => [at(controller, name), `/${controller}`]),
  }
}

async function read(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '')
}

async function numbersIn(folder: string): Promise<number[]> {
  return (await read(join(folder, 'cgroup.procs'))).split('\n').filter(Boolean).map(Number)
}

async function numbersBelow(folder: string): Promise<number[]> {
  return (await Promise.all([folder, ...(await foldersIn(folder))].map(numbersIn))).flat()
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name))
}

/** New forks are found in the next round. */
async function killAll(folder: string): Promise<void> {
  for (let wait = 1; ; wait = Math.min(wait * 2, 50)) {
    const numbers = await numbersBelow(folder)
    if (numbers.length === 0) return
    for (const pid of numbers) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It ended by itself.
      }
    }
    await pause(wait)
  }
}

/** For the process that is in it, and is about to end. */
async function leave(monitors: string, root: string): Promise<void> {
  if (!(await numbersIn(monitors)).includes(process.pid)) return
  await writeFile(join(root, 'cgroup.procs'), `${process.pid}`).catch(() => {})
}

async function removeFolder(folder: string): Promise<void> {
  for (const inner of await foldersIn(folder)) await rmdir(inner).catch(() => {})
  await rmdir(folder).catch(() => {})
}

async function isRemoved(folder: string): Promise<boolean> {
  return rmdir(folder).then(
    () => true,
    (error: unknown) => Reflect.get(Object(error), 'code') === 'ENOENT',
  )
}

function quotaOf(cpus: number): number {
  return Math.max(1000, Math.round(cpus * period))
}

const period = 100_000
const controllers = ['memory', 'cpu', 'pids', 'freezer'] as const
