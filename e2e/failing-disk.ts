// A disk that fails on demand: what a server writes to its database is refused with an error of the system, and what it
// flushes, also where each write of a file does. The library that does it stands before the system's own, and is
// compiled when a test wants it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface FailingDisk {
  /** For the environment of the server. */
  readonly env: Readonly<Record<string, string>>
  /** From now on writes, or flushes to the disk, fail with this number of an error; in all files, or in the main one alone. */
  fail(what: 'write' | 'flush', errno: number, where?: 'everywhere' | 'main'): void
  mend(): void
  remove(): void
}

/** Why this machine cannot have one; undefined where it can. */
export function reasonWithoutFailingDisk(): string | undefined {
  if (process.platform !== 'linux') return 'there is no LD_PRELOAD'
  try {
    createFailingDisk().remove()
    return undefined
  } catch {
    return 'there is no C compiler'
  }
}

/** @throws Error where {@link reasonWithoutFailingDisk} says why */
export function createFailingDisk(): FailingDisk {
  const directory = mkdtempSync(join(tmpdir(), 'hallpass-failing-'))
  const [source, library, orders] = ['fail.c', 'fail.so', 'orders'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ]
  writeFileSync(source, program)
  writeFileSync(orders, '')
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl'], { stdio: 'ignore' })
  } catch (error) {
    rmSync(directory, { recursive: true })
    throw error
  }
  return {
    env: { LD_PRELOAD: library, FAILING_DISK: orders },
    fail: (what, errno, where = 'everywhere') => writeFileSync(orders, `${what} ${errno} ${where}`),
    mend: () => writeFileSync(orders, ''),
    remove: () => rmSync(directory, { recursive: true }),
  }
}

const program = String.raw`
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int ordered(const char *what, int fd) {
  char link[64], name[4096], order[64];
  const char *path = getenv("FAILING_DISK");
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, name, sizeof name - 1);
  if (path == NULL || length <= 0) return 0;
  name[length] = 0;
  if (strstr(name, "hallpass.db") == NULL) return 0;
  int file = open(path, O_RDONLY);
  if (file < 0) return 0;
  length = read(file, order, sizeof order - 1);
  close(file);
  if (length <= 0) return 0;
  order[length] = 0;
  if (strstr(order, " main") != NULL && strcmp(strrchr(name, '/'), "/hallpass.db") != 0) return 0;
  size_t word = strlen(what);
  return strncmp(order, what, word) == 0 ? atoi(order + word) : 0;
}

#define INSTEAD(what, type, call, parameters, arguments) \
  type call parameters { \
    int number = ordered(what, fd); \
    if (number == 0 && (fcntl(fd, F_GETFL) & O_DSYNC)) number = ordered("flush", fd); \
    if (number != 0) { errno = number; return -1; } \
    type (*real) parameters = dlsym(RTLD_NEXT, #call); \
    return real arguments; \
  }

INSTEAD("write", ssize_t, write, (int fd, const void *bytes, size_t count), (fd, bytes, count))
INSTEAD("write", ssize_t, pwrite, (int fd, const void *bytes, size_t count, off_t at), (fd, bytes, count, at))
INSTEAD("write", ssize_t, pwrite64, (int fd, const void *bytes, size_t count, off64_t at), (fd, bytes, count, at))
INSTEAD("flush", int, fsync, (int fd), (fd))
INSTEAD("flush", int, fdatasync, (int fd), (fd))
`
