// The processes of a run of the local engine, as the kernel has them: those in its control group and its namespace.
import { readFile, readlink } from 'node:fs/promises'

import { noRun, notRunning } from '../engine-error.ts'
import { mostProcesses, type RunProcess } from '../engine.ts'
import type { LocalPlace } from './local-place.ts'
import { firstProcessOf } from './processes.ts'
import { readRecord } from './records.ts'

export async function listProcesses(place: LocalPlace, runId: string): Promise<readonly RunProcess[]> {
  const { groups } = await place.open()
  const [folder, group] = [place.folders.run(place.owner, runId), `${place.owner}.${runId}`]
  if ((await readRecord(folder, 'run.json')) === undefined) throw noRun(runId)
  const first = await firstProcessOf(folder, groups, group)
  if (first === undefined) throw notRunning(runId)
  const namespace = await readlink(`/proc/${first}/ns/pid`).catch(() => '')
  const [, bootedAt = 0] = (/^btime (\d+)/m.exec(await readFile('/proc/stat', 'utf8')) ?? []).map(Number)
  // The first is bubblewrap's.
  const numbers = (await groups.numbers(group)).filter((pid) => pid !== first).slice(0, mostProcesses)
  const found = await Promise.all(
    // A process may end meanwhile.
    numbers.map((pid) => look(pid, namespace, bootedAt).catch(() => undefined)),
  )
  return found.filter((each) => each !== undefined)
}

/** Undefined for a process that only enters the run. */
async function look(pid: number, namespace: string, bootedAt: number): Promise<RunProcess | undefined> {
  const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8')
  if ((await readlink(`/proc/${pid}/ns/pid`)) !== namespace) return undefined
  const [stat, status, words, directory] = await Promise.all([
    read('stat'),
    read('status'),
    read('cmdline'),
    readlink(`/proc/${pid}/cwd`).catch(() => ''),
  ])
  // The name, in parentheses, may have any letters.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [inUser = 0, inKernel = 0, began = 0] = [fields[11], fields[12], fields[19]]
  const startedAt = bootedAt + began / ticks
  const seconds = Math.max(1 / ticks, Date.now() / 1000 - startedAt)
  const [, name = ''] = /^Name:\s*(.*)$/m.exec(status) ?? []
  return {
    pid: Number(/^NSpid:.*?(\d+)$/m.exec(status)?.[1] ?? pid),
    startedAt: new Date(startedAt * 1000),
    // A zombie has no command line.
    command: (words.replace(/\0+$/, '').replaceAll('\0', ' ') || `[${name}]`).slice(0, 4096),
    directory: directory.slice(0, 4096),
    cpu: ((inUser + inKernel) / ticks / seconds) * 100,
    memory: Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? 0) * 1024,
  }
}

/** Of the kernel's clock in a second, as Linux counts for programs. */
const ticks = 100
