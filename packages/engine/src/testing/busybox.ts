// An image for tests without a registry: busybox of this machine, and nothing else.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'

/** Why this machine has none; undefined where it has. */
export function reasonWithoutBusybox(): string | undefined {
  return find() === undefined ? 'there is no static busybox (Debian: busybox-static)' : undefined
}

/** Makes the root filesystem in a directory, and says it as a tar archive. */
export async function packBusybox(directory: string): Promise<Buffer> {
  const program = find()
  if (program === undefined) throw new Error(reasonWithoutBusybox())
  const bin = join(directory, 'bin')
  await mkdir(bin, { recursive: true })
  await mkdir(join(directory, 'tmp'))
  await copyFile(program, join(bin, 'busybox'))
  for (const name of execFileSync(program, ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
    if (name !== 'busybox') await symlink('busybox', join(bin, name))
  }
  return execFileSync('tar', ['--directory', directory, '--create', '.'], { maxBuffer: 2 ** 26 })
}

function find(): string | undefined {
  return ['/bin/busybox', '/usr/bin/busybox'].find(
    // A file that needs libraries has an interpreter, which a static one lacks.
    (file) => existsSync(file) && spawnSync('grep', ['-q', '/ld-linux', file]).status === 1,
  )
}
