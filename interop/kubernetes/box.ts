// A machine for a test: a process tree with network, mounts and process numbers of its own. All ends with its first process.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync, closeSync } from 'node:fs'
import { join } from 'node:path'

export interface Box {
  readonly name: string
  /** Runs a command to its end in it, and returns what it wrote. @throws Error with what it wrote to standard error */
  readonly run: (command: string, ...words: readonly string[]) => string
  /** Starts a program in it that goes on; what it writes is kept in `logs/`. */
  readonly start: (name: string, command: string, words: readonly string[]) => Part
  /** The process that all others in it descend from. */
  readonly pid: number
  /** The words before a command that make it run in its network, and with all else of ours. */
  readonly network: readonly [string, ...string[]]
  readonly end: () => Promise<void>
}

/** A program that runs in a box. */
export interface Part {
  /** @throws Error with the end of its log where it has ended */
  readonly check: () => void
  readonly signal: (signal: NodeJS.Signals) => void
  /** Ends it and waits until it has ended. */
  readonly end: (signal: NodeJS.Signals) => Promise<void>
}

/** Where the directory of a box's cluster is seen inside of it, as paths of sockets must be short. */
export const inside = '/mnt'

/** @param directory of the cluster */
export async function makeBox(name: string, directory: string): Promise<Box> {
  const preparation = [
    // What runs in it mounts for itself, and tells nobody outside.
    'mount --make-rshared /',
    `mount --bind ${directory} ${inside}`,
    'mount -t tmpfs run /run',
    `cd ${inside}/${name}`,
    'mkdir -p log tmp sysctl',
    'mount --bind log /var/log',
    'mount --bind ../tmp /tmp',
    ...Object.entries(settings).flatMap(([file, value]) => [
      `echo ${value} > sysctl/${file.replaceAll('/', '-')}`,
      `mount --bind sysctl/${file.replaceAll('/', '-')} /proc/sys/${file}`,
    ]),
    `hostname ${name}`,
    'ip link set lo up',
    'echo 1 > /proc/sys/net/ipv4/ip_forward',
    'echo up',
    'exec catatonit -P',
  ].join(' && ')
  const apart = ['--net', '--mount', '--pid', '--uts', '--ipc', '--fork', '--kill-child', '--mount-proc']
  const words = ['--pdeathsig', 'KILL', 'unshare', ...apart, 'sh', '-c', preparation]
  const outer = spawn('setpriv', words, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let trouble = ''
  outer.stderr.setEncoding('utf8').on('data', (chunk: string) => (trouble += chunk))
  await Promise.race([once(outer.stdout, 'data'), once(outer, 'close')])
  if (outer.exitCode !== null) throw new Error(`the machine ${name} cannot be made: ${trouble}`)
  const first = childOf(outer)
  const network = ['nsenter', '--target', String(first), '--net'] as const
  const [enter, ...how] = [...network, '--mount', '--pid', '--uts', '--ipc'] as const

  const entered: ChildProcess[] = []
  return {
    name,
    pid: first,
    network,
    run(command, ...rest) {
      return execFileSync(enter, [...how, command, ...rest], {
        env,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      })
    },
    start(part, command, rest) {
      const log = join(directory, 'logs', `${name}-${part}.log`)
      const file = openSync(log, 'a')
      const started = spawn(enter, [...how, command, ...rest], { env, stdio: ['ignore', file, file] })
      closeSync(file)
      entered.push(started)
      const hasEnded = (): boolean => started.exitCode !== null || started.signalCode !== null
      const signal = (which: NodeJS.Signals): void => {
        if (hasEnded()) return
        // nsenter passes no signal on. It stops with what it began, and goes on only when it is told to, too.
        process.kill(childOf(started), which)
        if (which === 'SIGCONT') started.kill(which)
      }
      return {
        check() {
          if (!hasEnded()) return
          throw new Error(`${part} on ${name} has ended:\n${readFileSync(log, 'utf8').slice(-4000)}`)
        },
        signal,
        async end(which) {
          if (hasEnded()) return
          const ended = once(started, 'exit')
          signal(which)
          await ended
        },
      }
    },
    async end() {
      if (outer.exitCode !== null || outer.signalCode !== null) return
      const ended = once(outer, 'exit')
      process.kill(first, 'SIGKILL')
      // One that is stopped would not see that what it began has ended.
      for (const one of entered) one.kill('SIGCONT')
      await ended
    },
  }
}

function childOf({ pid }: ChildProcess): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ', 1)[0])
}

/** What a kubelet wants of the kernel: it finds it written down, and does not change this machine. */
const settings = {
  'vm/overcommit_memory': 1,
  'vm/panic_on_oom': 0,
  'kernel/panic': 10,
  'kernel/panic_on_oops': 1,
  'kernel/keys/root_maxkeys': 1_000_000,
  'kernel/keys/root_maxbytes': 25_000_000,
}

export const env = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, HOME: '/root' }
