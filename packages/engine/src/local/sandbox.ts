// The arguments of bubblewrap: the mounts of a run, its rights, its variables. A command in a run gets the same.
import { EngineError } from '../engine-error.ts'
import type { ControlGroups } from './control-groups.ts'
import { quote } from './programs.ts'
import type { User } from './users.ts'
import { firstUser } from './user-namespace.ts'

export interface Sandbox {
  readonly user: User
  readonly env: readonly string[]
  readonly workingDirectory: string
  readonly views: ReturnType<ControlGroups['views']>
  /** Namespaces of its own, for a run; a command enters those of its run. */
  readonly hostname: string | undefined
  /** Where the run sees the folder that is mounted at /mnt/shared, if there is one. */
  readonly sharedPath: string | undefined
}

/** For `--args`, because everybody on the machine can read a command line. */
export function argumentsOf({ user, env, workingDirectory, views, hostname, sharedPath }: Sandbox): Buffer {
  const isRoot = user.uid === 0
  const whole = views.some(([, place]) => place === '/')
  const own = '--unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup --hostname'.split(' ')
  const words = [
    ...(isRoot ? [] : `--userns 4 --uid ${user.uid} --gid ${user.gid}`.split(' ')),
    ...(hostname === undefined ? ['--pidns', '9'] : [...own, hostname]),
    ...'--bind /mnt/root / --ro-bind /mnt/sys /sys'.split(' '),
    ...(sharedPath === undefined ? [] : ['--ro-bind', '/mnt/shared', sharedPath]),
    ...(whole ? [] : ['--tmpfs', '/sys/fs/cgroup']),
    ...views.flatMap(([source, place]) => ['--ro-bind', source, `/sys/fs/cgroup${place === '/' ? '' : place}`]),
    ...(whole ? [] : ['--remount-ro', '/sys/fs/cgroup']),
    ...'--proc /proc --dev /dev --bind /mnt/shm /dev/shm --cap-drop ALL'.split(' '),
    ...(isRoot ? rights.flatMap((right) => ['--cap-add', `CAP_${right.toUpperCase()}`]) : []),
    ...'--seccomp 5 --clearenv'.split(' '),
    ...env.flatMap((variable) => {
      const at = variable.indexOf('=')
      return at < 1 ? [] : ['--setenv', variable.slice(0, at), variable.slice(at + 1)]
    }),
    '--chdir',
    workingDirectory,
  ]
  // A zero byte within a word would end it, and let its author add an argument.
  if (words.some((word) => word.includes('\0'))) {
    throw new EngineError('bad_spec', 'Neither the image nor the run may have zero bytes in what they say')
  }
  return Buffer.from(words.map((word) => `${word}\0`).join(''))
}

/**
 * The last line of a script: becomes bubblewrap as the user, in the user namespace that is file 4. Root takes the way
 * through nsenter, since bubblewrap changes to no user whose number is the one that it has.
 */
export function becomeSandbox({ uid, gid, groups }: User, command: readonly string[], status = ''): string {
  const bwrap = `bwrap --args 3 ${status}-- ${command.map(quote).join(' ')}`
  const bounds = ['-all', ...rights.map((right) => `+${right}`)].join(',')
  if (uid === 0) {
    const enter = `nsenter --user=/proc/self/fd/4 --setuid 0 --setgid ${gid}`
    return `exec ${enter} setpriv --inh-caps +all setpriv --bounding-set ${bounds} ${bwrap}`
  }
  const own = [gid, ...groups].map((group) => firstUser + group).join(',')
  return `exec setpriv --regid ${nobody} --groups ${own} ${bwrap}`
}

/** Default PATH and HOME, then the image's, the run's and the command's variables. */
export function variablesOf(user: User, ...given: readonly (readonly string[])[]): string[] {
  const found = new Map<string, string>()
  for (const variable of [`PATH=${usualPath}`, `HOME=${user.home}`, ...given.flat()]) {
    found.set(variable.slice(0, Math.max(variable.indexOf('='), 0)), variable)
  }
  return [...found.values()]
}

/** Docker's capabilities of root, without devices, raw sockets and those without effect in a user namespace. */
const rights = 'chown dac_override fowner fsetid kill setgid setuid setpcap setfcap'.split(' ')
const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** No group of a run, so that bubblewrap changes it. */
const nobody = 65_537
