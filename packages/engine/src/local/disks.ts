// Files that are disks of a fixed size, so that one cannot fill another.
import { open, truncate } from 'node:fs/promises'

import { EngineError } from '../engine-error.ts'
import { errorOfProgram, run } from './programs.ts'

/** @param words for mkfs.ext4. @throws EngineError `no_space`, or `bad_spec` where it is too small */
export async function makeDisk(disk: string, sizeMb: number, words: readonly string[]): Promise<void> {
  await (await open(disk, 'w', 0o600)).close()
  await truncate(disk, sizeMb * 2 ** 20)
  const { code, stderr } = await run('mkfs.ext4', ['-q', '-F', '-m', '0', ...words, disk])
  if (code === 0) return
  const error = errorOfProgram('mkfs.ext4', stderr)
  if (error.code === 'no_space') throw error
  throw new EngineError('bad_spec', `A disk of ${sizeMb} MiB cannot be made`, { field: 'sizeMb', cause: error })
}

/** Grows a disk, and keeps others from mounting it meanwhile; it never shrinks. False if it is mounted. */
export async function extendDisk(disk: string, sizeMb: number): Promise<boolean> {
  const { code, stderr } = await run('flock', [disk, 'sh', '-ec', extending, 'sh', disk, `${sizeMb}M`])
  if (code === 0) return true
  if (code === mounted) return false
  throw errorOfProgram('The extension', stderr)
}

/** In the namespace of mounts of a process. */
export async function mountDisk(disk: string, pid: number, target: string): Promise<void> {
  const words = ['flock', disk, 'mount', '-o', 'loop,nosuid,nodev', disk, target]
  const { code, stderr } = await run('nsenter', [`--mount=/proc/${pid}/ns/mnt`, ...words])
  if (code !== 0) throw errorOfProgram('mount', stderr)
}

const mounted = 75
// A run's mounts go a moment after it. A filesystem is checked before it grows; 1 says that it was repaired.
const extending = `
for try in 1 2 3 4 5; do
  [ -n "$(losetup --associated "$1")" ] || break
  [ $try -lt 5 ] || exit ${mounted}
  sleep 0.2
done
e2fsck -f -p "$1" >&2 || [ $? -le 1 ]
truncate --size ">$2" "$1"
resize2fs "$1" >&2`
