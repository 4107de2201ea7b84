// A network namespace for an engine that a test starts: its bridges and rules do not affect this machine.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** A process that only keeps a network namespace alive, with its loopback up. */
export async function holdNetwork(): Promise<ChildProcess> {
  const holder = spawn(
    'unshare',
    ['--net', 'sh', '-c', 'busybox ip link set lo up && echo up && exec sleep infinity'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')])
  if (holder.exitCode !== null) throw new Error('no network of its own can be made')
  return holder
}

/** Why this machine cannot make one; undefined where it can. */
export function reasonWithoutNetworks(): string | undefined {
  const { status } = spawnSync('unshare', ['--net', 'true'], { stdio: 'ignore' })
  return status === 0 ? undefined : 'it takes the right to make a network namespace'
}
