// A small disk of its own for a test, which can be filled: a tmpfs, which root alone can mount.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SmallDisk {
  readonly directory: string
  /** To the last byte, with a file that is called `filler`. */
  fill(): void
  /** Removes that file. */
  makeRoom(): void
  remove(): void
}

/** Why this machine cannot have one; undefined where it can. */
export function reasonWithoutDisks(): string | undefined {
  try {
    mountDisk(1).remove()
    return undefined
  } catch {
    return 'nothing can be mounted here'
  }
}

/** @throws Error where {@link reasonWithoutDisks} tells why */
export function mountDisk(mebibytes: number): SmallDisk {
  const directory = mkdtempSync(join(tmpdir(), 'hallpass-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=700`, 'tmpfs', directory], { stdio: 'ignore' })
  } catch (error) {
    rmSync(directory, { recursive: true })
    throw error
  }
  const filler = join(directory, 'filler')
  return {
    directory,
    fill() {
      for (const size of [2 ** 18, 2 ** 12, 1]) append(filler, size)
    },
    makeRoom: () => rmSync(filler, { force: true }),
    remove() {
      execFileSync('umount', ['-l', directory])
      rmSync(directory, { recursive: true })
    },
  }
}

/** So much after so much, until there is no room for more. */
function append(path: string, size: number): void {
  for (let count = 0; count < 10_000; count++) {
    try {
      writeFileSync(path, Buffer.alloc(size), { flag: 'a' })
    } catch {
      return
    }
  }
}
