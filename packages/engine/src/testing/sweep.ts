// Removes all that an engine of a test leaves behind: processes that outlive it, mounts, and its directory.
import { spawnSync } from 'node:child_process'
import { readdir, readFile, rm } from 'node:fs/promises'

export async function sweep(directory: string): Promise<void> {
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || pid === String(process.pid)) continue
    // Those that watch over containers name the directory in their arguments.
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (command.includes(`${directory}/`)) spawnSync('kill', ['-KILL', pid], { stdio: 'ignore' })
  }
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' ')[4] ?? '')
  for (const mount of mounts.filter((name) => name.startsWith(`${directory}/`)).toReversed())
    spawnSync('umount', ['--lazy', mount])
  await rm(directory, { recursive: true, force: true })
}
