// What a test cluster leaves when its processes have ended: its directory, and control groups.
import { existsSync, globSync } from 'node:fs'
import { mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** Of a new cluster of this process. */
export async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(prefix)
  await writeFile(join(directory, 'owner'), String(process.pid))
  return directory
}

/** Removes what clusters have left whose process was killed. */
export async function removeForgotten(): Promise<void> {
  for (const directory of globSync(`${prefix}*`)) {
    const owner = await readFile(join(directory, 'owner'), 'utf8').catch(() => '')
    if (owner !== '' && !existsSync(`/proc/${owner}`)) await removeLeft(directory)
  }
}

/** @param directory of a cluster that has ended */
export async function removeLeft(directory: string): Promise<void> {
  // Nobody removes the groups of containers that ended with their machine, or were just being made. containerd makes the folder of
  // one before its group, and removes it after it.
  const containers = globSync(`${directory}/*/state/io.containerd.runtime.v2.task/k8s.io/*`)
  await removeGroups([`${basename(directory)}/**`, ...containers.map((path) => `k8s.io/${basename(path)}`)])
  await rm(directory, { recursive: true, force: true })
}

/** They can be removed when the last process of them has ended. `groups` are patterns below the root of each hierarchy. */
async function removeGroups(groups: readonly string[]): Promise<void> {
  const found = globSync(groups.flatMap((group) => [`/sys/fs/cgroup/${group}/`, `/sys/fs/cgroup/*/${group}/`]))
  // The deepest first.
  for (const group of found.toSorted((a, b) => b.length - a.length)) {
    const isGone = (): Promise<boolean> =>
      rmdir(group).then(
        () => true,
        (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
      )
    for (let tries = 0; tries < 100 && !(await isGone()); tries += 1) await pause(50)
  }
}

const prefix = join(tmpdir(), 'hallpass-kubernetes-')
