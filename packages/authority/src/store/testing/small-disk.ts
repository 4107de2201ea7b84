// A small disk for a test, which can be filled: a tmpfs, which only root can mount.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SmallDisk {
  readonly directory: string
  /** Fills it to the last byte, with a file called `filler`. */
  fill(): void
  /** Removes that file. */
  makeRoom(): void
  remove(): void
}

/** Why this machine cannot have one; undefined if it can. */
export function reasonWithoutDisks(): string | undefined {
  try {
    mountDisk(1).remove()
    return undefined
  } catch {
    return 'nothing can be mounted here'
  }
}

/** @throws Error if {@link reasonWithoutDisks} gives a reason */
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

/** Appends blocks of this size until there is no room for another. */
function append(path: string, size: number): void {
  for (let count = 0; count < 10_000; count++) {
    try {
      writeFileSync(path, Buffer.alloc(size), { flag: 'a' })
    } catch {
      return
    }
  }
}
