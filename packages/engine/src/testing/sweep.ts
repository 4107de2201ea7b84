// Removes all that an engine of a test leaves behind: processes that outlive it, mounts, and its directory.
import { spawnSync } from 'node:child_process'
import { readdir, readFile, rm } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

export async function sweep(directory: string): Promise<void> {
  const commandOf = (pid: string): Promise<string> => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  const killed: string[] = []
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || pid === String(process.pid)) continue
    // Those that watch over containers name the directory in their arguments.
    if (!(await commandOf(pid)).includes(`${directory}/`)) continue
    spawnSync('kill', ['-KILL', pid], { stdio: 'ignore' })
    killed.push(pid)
  }
  // Their control groups cannot be removed before.
  for (const pid of killed) while ((await commandOf(pid)).includes(`${directory}/`)) await pause(5)
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' ')[4] ?? '')
  for (const mount of mounts.filter((name) => name.startsWith(`${directory}/`)).toReversed())
    spawnSync('umount', ['--lazy', mount])
  await rm(directory, { recursive: true, force: true })
}
