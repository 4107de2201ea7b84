// Where tests keep data that nobody needs after a loss of power.
import { existsSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'

/** A folder in memory, where neither a commit nor a new file waits for a disk; the usual one if there is little room. */
export const quickPlace = hasRoom('/dev/shm') ? '/dev/shm' : tmpdir()

/** Whether it is there and takes 2 GiB more. */
function hasRoom(path: string): boolean {
  if (!existsSync(path)) return false
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize > 2 ** 31
}
