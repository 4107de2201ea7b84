// An image for tests without a registry: busybox of this machine, and `ask`, where it can be compiled.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Why this machine has none; undefined where it has. */
export function reasonWithoutBusybox(): string | undefined {
  return find() === undefined ? 'there is no static busybox (Debian: busybox-static)' : undefined
}

/** Why the image has no `ask`, which asks at /.fly/api, as busybox cannot; undefined if it has. */
export function reasonWithoutAsk(): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'hallpass-ask-'))
  try {
    return compileAsk(join(directory, 'ask')) ? undefined : 'there is no C compiler with a static library'
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** The root filesystem as a tar archive. Made once for all tests of a process. */
export function packBusybox(): Promise<Buffer> {
  packed ??= pack()
  return packed
}

let packed: Promise<Buffer> | undefined

async function pack(): Promise<Buffer> {
  const program = find()
  if (program === undefined) throw new Error(reasonWithoutBusybox())
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-busybox-'))
  try {
    const bin = join(directory, 'bin')
    await mkdir(bin)
    await mkdir(join(directory, 'tmp'))
    await copyFile(program, join(bin, 'busybox'))
    for (const name of names) await symlink('busybox', join(bin, name))
    compileAsk(join(bin, 'ask'))
    return execFileSync('tar', ['--directory', directory, '--create', '.'], { maxBuffer: 2 ** 26 })
  } finally {
    await rm(directory, { recursive: true })
  }
}

// What tests run. All 269 names would be most of what unpacking an image costs.
const names = (
  'sh cat chmod chown cp cut date dd df du echo env expr false find grep head hostname httpd id ip kill ln ls mkdir mknod ' +
  'mount mv nc nproc nslookup nsenter od pidof ping printf ps pwd readlink rm rmdir seq sed sleep sort stat stty sync tail ' +
  'tar test timeout touch tr true umount uname unshare uptime usleep wc wget which whoami yes'
).split(' ')

function find(): string | undefined {
  return ['/bin/busybox', '/usr/bin/busybox'].find(
    // A file that needs libraries has an interpreter, which a static one lacks.
    (file) => existsSync(file) && spawnSync('grep', ['-q', '/ld-linux', file]).status === 1,
  )
}

function compileAsk(program: string): boolean {
  return spawnSync('cc', ['-static', '-x', 'c', '-o', program, '-'], { input: ask, stdio: 'pipe' }).status === 0
}

const ask = String.raw`
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int count, char **words) {
  struct sockaddr_un place = {AF_UNIX, "/.fly/api"};
  int api = socket(AF_UNIX, SOCK_STREAM, 0);
  char line[100] = "";
  if (count != 3 || connect(api, (struct sockaddr *)&place, sizeof place) != 0) return 1;
  dprintf(api, "%s %s HTTP/1.1\r\nHost: fly\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", words[1], words[2]);
  fgets(line, sizeof line, fdopen(api, "r"));
  fputs(line, stdout);
}
`
