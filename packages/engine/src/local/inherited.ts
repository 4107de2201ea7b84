// Files that this process inherited open: a program that it starts would inherit them, and so would a machine.
import { openSync, readdirSync, readFileSync } from 'node:fs'

type Stream = 'ignore' | 'pipe' | number

export interface Inherited {
  /** The same for `spawn`, with /dev/null for each file that the program must not inherit. */
  cover(stdio: readonly Stream[]): Stream[]
}

/** Node opens all of its own files with O_CLOEXEC, so the result does not change. */
export function findInherited(): Inherited {
  const found = readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => fd > 2 && isPassedOn(fd))
  const nothing = found.length === 0 ? undefined : openSync('/dev/null', 'r')
  return {
    cover: (stdio) =>
      Array.from({ length: Math.max(stdio.length, ...found.map((fd) => fd + 1)) }, (_, fd) => {
        const given = stdio[fd] ?? 'ignore'
        return given === 'ignore' && nothing !== undefined && found.includes(fd) ? nothing : given
      }),
  }
}

function isPassedOn(fd: number): boolean {
  try {
    const [, flags = ''] = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? []
    return (Number.parseInt(flags, 8) & closeOnExec) === 0
  } catch {
    // The list of them was one of them.
    return false
  }
}

/** O_CLOEXEC, on x86-64 and arm64. */
const closeOnExec = 0o2_000_000
