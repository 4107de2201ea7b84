// Starts a run: mounts its root filesystem, plugs in its network, limits it, and lets bubblewrap begin its command.
import { spawn, type ChildProcess } from 'node:child_process'
import { lchown, mkdir, open, readFile, rm } from 'node:fs/promises'
import { once } from 'node:events'
import { join, relative } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'

import { EngineError } from '../engine-error.ts'
import type { FileSpec } from '../engine.ts'
import type { ControlGroups } from './control-groups.ts'
import { makeDisk } from './disks.ts'
import { makeFolder, readInside, writeInside } from './files.ts'
import type { Folders } from './folders.ts'
import type { Inherited } from './inherited.ts'
import type { Place } from './networks.ts'
import { env, errorOfProgram, quote, run } from './programs.ts'
import type { RunRecord } from './records.ts'
import { argumentsOf, becomeSandbox, variablesOf } from './sandbox.ts'
import { seccompFilter } from './seccomp.ts'
import { firstUser, holdUserNamespace } from './user-namespace.ts'
import { findUser } from './users.ts'
import type { Volumes } from './volumes.ts'

export interface Launch {
  readonly folders: Folders
  readonly folder: string
  readonly groups: ControlGroups
  readonly group: string
  readonly inherited: Inherited
  readonly record: RunRecord
  readonly files: readonly FileSpec[]
  readonly place: Place | undefined
  readonly volumes: Pick<Volumes, 'mount'>
}

/** What the keeper watches. The run holds its two pipes to read and to write, so that it never writes to nobody. */
export async function makePipes(folder: string) {
  await (await open(join(folder, 'status'), 'a', 0o600)).close()
  const paths = [join(folder, 'stdout'), join(folder, 'stderr')] as const
  await run('mkfifo', ['--mode=600', ...paths])
  return [await open(paths[0], 'r+'), await open(paths[1], 'r+')] as const
}

/** Once it has resolved, the run goes on without us. @throws EngineError */
export async function launch(
  { folders, folder, groups, group, inherited, record, files, place, volumes }: Launch,
  pipes: Awaited<ReturnType<typeof makePipes>>,
): Promise<void> {
  await groups.make(group, record.limits)
  const { diskMb } = record.limits
  if (diskMb !== undefined) await makeRootDisk(folder, diskMb)
  const status = await open(join(folder, 'status'), 'a')
  const holder = await holdUserNamespace()
  let child: ChildProcess | undefined
  try {
    const script = scriptOf(folders, folder, record, place, await groups.entrances(group))
    const [stdout, stderr] = pipes.map(({ fd }) => fd)
    child = spawn('unshare', ['--mount', '--net', 'sh', '-ec', script], {
      env,
      cwd: folders.root,
      detached: true,
      // 3: arguments, 4: none, 5: seccomp, 6: status, 7: none, 8: the script's output, 9: its input.
      stdio: inherited.cover([
        'ignore',
        stdout ?? 1,
        stderr ?? 2,
        'pipe',
        'ignore',
        'pipe',
        status.fd,
        'ignore',
        'pipe',
        'pipe',
      ]),
    })
    const failed = failureOf(child)
    const [args, seccomp, said, told] = [3, 5, 8, 9].map((index) => child?.stdio[index]) as [
      Writable,
      Writable,
      Readable,
      Writable,
    ]
    for (const stream of [args, seccomp, told]) stream.on('error', () => {})
    await Promise.race([once(said, 'data'), failed])
    const root = `/proc/${child.pid}/root/mnt/root`
    const passwd = [await readInside(root, '/etc/passwd'), await readInside(root, '/etc/group')] as const
    const user = findUser(record.user, ...passwd)
    for (const [path, content] of [...namesOf(record, place), ...saved(passwd)]) {
      await (path.startsWith('/') ? writeInside(root, { path, content }) : keepFile(join(folder, path), content))
    }
    for (const { volumeId, path } of record.volumes ?? []) {
      await volumes.mount(volumeId, child.pid ?? 0, await makeFolder(root, path, 'volumes'))
    }
    for (const file of files) await writeInside(root, file)
    // The run's user may open them by /dev/stdout and /dev/stderr.
    for (const pipe of pipes) await pipe.chown(firstUser + user.uid, firstUser + user.gid)
    await makeFolder(root, record.workingDirectory, 'workingDirectory')
    const { workingDirectory, hostname, sharedFolder } = record
    const sharedPath = sharedFolder?.path
    // Bubblewrap would follow a link out of the root filesystem.
    if (sharedPath !== undefined && (await makeFolder(root, sharedPath, 'sharedFolder')) !== sharedPath) {
      throw new EngineError('bad_spec', 'sharedFolder must not lead through links of the image', {
        field: 'sharedFolder',
      })
    }
    seccomp.end(seccompFilter(process.arch) ?? '')
    const variables = variablesOf(user, [`HOSTNAME=${hostname}`], record.env)
    args.end(argumentsOf({ user, env: variables, workingDirectory, views: groups.views(group), hostname, sharedPath }))
    const become = becomeSandbox(user, record.command, '--json-status-fd 6 ')
    told.end(`exec 4</proc/${holder.pid}/ns/user 8>&- 9<&-\n${become}\n`)
    // It writes to a file and not to us: if we were gone, the write would kill it, and the run would hang.
    const isBegun = async (): Promise<boolean> => (await readFile(join(folder, 'status'), 'utf8')) !== ''
    while (!(await isBegun())) {
      await Promise.race([pause(2), failed]).catch(async (error: unknown) => {
        // A short run may have started and ended meanwhile.
        if (!(await isBegun())) throw error
      })
    }
    // A process that has ended has left its group.
    await groups.release(group, child.pid ?? 0, record.limits.processes).catch(() => {})
  } catch (error) {
    child?.kill('SIGKILL')
    // Its children may wait for it for ever.
    await groups.kill(group)
    throw error
  } finally {
    holder.release()
    await status.close()
    for (const stream of child?.stdio ?? []) stream?.destroy()
    child?.unref()
  }
}

function scriptOf(
  { root }: Folders,
  folder: string,
  { layers, limits, sharedFolder }: RunRecord,
  place: Place | undefined,
  entrances: readonly string[],
): string {
  const own = relative(root, folder)
  // Paths that reveal nothing of this machine in the run's list of mounts.
  const changed = limits.diskMb === undefined ? own : '/mnt/disk'
  const lower = layers.toReversed().map((layer) => `layers/${layer}`)
  const overlay = `nosuid,nodev,lowerdir=${lower.join(':')},upperdir=${changed}/upper,workdir=${changed}/work`
  // Hidden in sysfs: loop devices would reveal the paths of all disks.
  return `{
mount -t tmpfs -o mode=0755 tmpfs /mnt
mkdir /mnt/root /mnt/sys /mnt/shm
${limits.diskMb === undefined ? '' : `mkdir /mnt/disk; mount -o loop,nosuid,nodev ${quote(`${own}/disk`)} /mnt/disk`}
mount -t overlay -o ${quote(overlay)} overlay /mnt/root
${sharedFolder === undefined ? '' : `mkdir /mnt/shared; mount --bind ${quote(sharedFolder.folder)} /mnt/shared`}
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs /mnt/sys
[ ! -d /mnt/sys/devices/virtual/block ] || mount -t tmpfs -o ro,size=4k tmpfs /mnt/sys/devices/virtual/block
mount -t tmpfs -o mode=1777,size=64m,nosuid,nodev,noexec tmpfs /mnt/shm
ip link set lo up
echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start
echo '0 2147483647' > /proc/sys/net/ipv4/ping_group_range
${place?.script ?? ''}
echo ready >&8
rest=$(cat <&9)
[ -n "$rest" ]
${entrances.map((file) => `echo $$ > ${quote(file)}`).join('\n')}
} 2>&8
eval "$rest"`
}

/** If the engine ends before it has sent the rest, the script ends too. */
async function failureOf(child: ChildProcess): Promise<never> {
  let words = ''
  const said = (child.stdio as readonly (Readable | Writable | null | undefined)[])[8]
  said?.on('data', (part: Buffer) => {
    if (words.length < 10_000) words += part.toString()
  })
  const [code] = (await Promise.race([once(child, 'close'), once(child, 'error')])) as [unknown]
  if (code instanceof Error) throw errorOfProgram('unshare', code.message)
  throw errorOfProgram('The start', words.replace('ready\n', '') || 'nothing was said')
}

/** A file that is a disk of the size that the run may fill. */
async function makeRootDisk(folder: string, sizeMb: number): Promise<void> {
  const content = join(folder, 'disk.new')
  for (const name of ['upper', 'work']) await mkdir(join(content, name), { recursive: true })
  await lchown(join(content, 'upper'), firstUser, firstUser)
  await makeDisk(join(folder, 'disk'), sizeMb, ['-O', '^has_journal', '-d', content])
  await rm(content, { recursive: true })
}

/** The files for name resolution, and for the run's own name. */
function namesOf({ hostname, network, names }: RunRecord, place: Place | undefined): [string, Buffer][] {
  const own = [hostname, ...names].join(' ')
  const hosts = `127.0.0.1 localhost\n::1 localhost ip6-localhost\n${place?.address ?? '127.0.1.1'} ${own}\n`
  return [
    ['/etc/hostname', Buffer.from(`${hostname}\n`)],
    ['/etc/hosts', Buffer.from(hosts)],
    ['/etc/resolv.conf', Buffer.from(network === undefined ? '' : `nameserver ${place?.gateway}\n`)],
  ]
}

/** Users and groups for commands, kept outside because the run may change its own files. */
function saved([passwd, group]: readonly [string, string]): [string, Buffer][] {
  return [
    ['passwd', Buffer.from(passwd)],
    ['group', Buffer.from(group)],
  ]
}

async function keepFile(path: string, content: Buffer): Promise<void> {
  const file = await open(path, 'w', 0o600)
  await file.writeFile(content)
  await file.close()
}
