// Finds the processes of a run: the first one within, which is bubblewrap's, the run's own, and the one that watches outside.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import type { ControlGroups } from './control-groups.ts'

/** Its process id on this machine; undefined if it does not run, even if another process has the id now. */
export async function firstProcessOf(
  folder: string,
  groups: ControlGroups,
  group: string,
): Promise<number | undefined> {
  const status = await readFile(join(folder, 'status'), 'utf8').catch(() => '')
  const [, text] = /"child-pid": (\d+)/.exec(status) ?? []
  const pid = Number(text ?? 0)
  return pid > 1 && (await groups.has(group, pid)) ? pid : undefined
}

/** The main process: the first child of the first one. */
export async function mainProcessOf(folder: string, groups: ControlGroups, group: string): Promise<number | undefined> {
  for (;;) {
    const first = await firstProcessOf(folder, groups, group)
    if (first === undefined) return undefined
    const children = await readFile(`/proc/${first}/task/${first}/children`, 'utf8').catch(() => '')
    const [pid = 0] = children.trim().split(' ').map(Number)
    if (pid > 1) return pid
    // It is still starting.
    await pause(2)
  }
}

/** Lives in the mount namespace in which the root filesystem of the run is mounted for us. */
export async function watcherOf(first: number): Promise<number | undefined> {
  const words = await readFile(`/proc/${first}/stat`, 'utf8').catch(() => '')
  // The name before it may have any letters.
  const parent = Number(words.slice(words.lastIndexOf(')') + 2).split(' ')[1] ?? 0)
  return parent > 1 ? parent : undefined
}
