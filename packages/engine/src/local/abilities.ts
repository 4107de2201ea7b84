// Finds out whether this machine can run machines by itself, and what it can enforce, mostly by trying.
import { randomUUID } from 'node:crypto'
import { open, rm, truncate } from 'node:fs/promises'
import { cpus, hostname, machine, totalmem } from 'node:os'
import { join } from 'node:path'

import type { Capabilities } from '../engine.ts'
import { openControlGroups } from './control-groups.ts'
import type { Folders } from './folders.ts'
import { canConnect } from './networks.ts'
import { hasProgram, quote, run } from './programs.ts'
import { seccompFilter } from './seccomp.ts'

/** In one sentence, for people; undefined where it can. */
export async function reasonWithoutLocal(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'it needs Linux'
  if (process.getuid?.() !== 0) return 'it needs to run as root'
  const missing = programs.find(([program]) => !hasProgram(program))
  if (missing !== undefined) return `there is no ${missing[0]} (Debian: apt install ${missing[1]})`
  if (!(await hasControlGroups())) {
    return 'it cannot write to the control groups of memory, cpu and pids in /sys/fs/cgroup'
  }
  const tried = await run('unshare', ['--user', '--mount', '--net', '--pid', '--fork', 'true'])
  if (tried.code !== 0) return `the kernel makes no namespaces for it: ${tried.stderr.trim()}`
  return undefined
}

async function hasControlGroups(): Promise<boolean> {
  // Others may try at the same time.
  const groups = await openControlGroups(`hallpass-try-${randomUUID()}`)
  const isMade = await groups?.prepare().then(
    () => true,
    () => false,
  )
  await groups?.disband()
  return isMade === true
}

export async function findAbilities(folders: Folders): Promise<Capabilities> {
  const [version, diskLimit, isConnected] = await Promise.all([
    run('bwrap', ['--version']),
    findDiskLimit(folders),
    canConnect(),
  ])
  return {
    isolation: 'container',
    networks: isConnected ? 'isolated' : 'unknown',
    memoryLimit: true,
    cpuLimit: true,
    processLimit: true,
    diskLimit,
    volumes: diskLimit ? 'sized' : 'none',
    pause: true,
    commandUser: true,
    logStreams: true,
    oomReported: true,
    engine: { name: 'bubblewrap', version: version.stdout.replace(/^bubblewrap /, '').trim() },
    host: {
      name: hostname(),
      cpus: cpus().length,
      memoryMb: Math.floor(totalmem() / 2 ** 20),
      architecture: machine(),
    },
    remedies: [
      'Machines reach others of their private network and nothing else: use a Docker Engine where they need the internet.',
      ...(isConnected ? [] : ['There are no private networks: let the kernel have veth and bridge.']),
      ...(diskLimit
        ? []
        : [
            'There are no volumes, and the size of root filesystems is not limited: install e2fsprogs, and allow loop devices.',
          ]),
      ...(seccompFilter(process.arch) === undefined
        ? ['System calls are not filtered on this kind of processor.']
        : []),
    ],
  }
}

/** Whether a file can be mounted as a disk. */
async function findDiskLimit({ staging }: Folders): Promise<boolean> {
  const disk = join(staging, randomUUID())
  try {
    await (await open(disk, 'wx', 0o600)).close()
    await truncate(disk, 2 ** 23)
    if ((await run('mkfs.ext4', ['-q', '-F', '-O', '^has_journal', disk])).code !== 0) return false
    return (await run('unshare', ['--mount', 'sh', '-ec', `mount -o loop ${quote(disk)} /mnt`])).code === 0
  } finally {
    await rm(disk, { force: true })
  }
}

const programs = [
  ['bwrap', 'bubblewrap'],
  ['ip', 'iproute2'],
  ['unshare', 'util-linux'],
  ['nsenter', 'util-linux'],
  ['setpriv', 'util-linux'],
  ['flock', 'util-linux'],
  ['mount', 'mount'],
  ['tar', 'tar'],
] as const
