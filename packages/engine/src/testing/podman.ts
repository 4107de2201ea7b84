// Podman's service, which speaks Docker's API: its data in a temporary directory, its network apart.
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { podmanRule } from '../docker/abilities.ts'
import { createClient } from '../docker/client.ts'
import { createDockerEngine } from '../docker/docker.ts'
import { hasProgram } from '../local/programs.ts'
import { packBusybox, reasonWithoutBusybox } from './busybox.ts'
import { holdNetwork, reasonWithoutNetworks } from './hold-network.ts'
import type { Place } from './place.ts'
import { sweep } from './sweep.ts'

export interface PodmanService extends Place {
  readonly socketPath: string
}

/** Why this machine cannot run one; undefined where it may be tried. */
export function reasonWithoutPodman(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it takes root, on Linux'
  for (const program of ['podman', 'runc', 'catatonit', 'unshare', 'nsenter', 'tar']) {
    if (!hasProgram(program)) return `there is no ${program}`
  }
  return reasonWithoutNetworks() ?? reasonWithoutBusybox()
}

/**
 * @param options.rule whether the machine has the rule that keeps networks apart: yes, unless a test is about that
 * @throws Error with the last line of what it said where it does not start
 */
export async function startPodman({ rule = true } = {}): Promise<PodmanService> {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-engine-'))
  const at = (name: string): string => join(directory, name)
  const socketPath = at('socket')
  await writeFile(
    at('containers.conf'),
    settings(execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim()),
  )
  // It leaves a file where it stands when memory runs out.
  const all = { cwd: directory, env: { ...env, CONTAINERS_CONF: at('containers.conf') } }
  const places = [
    '--root',
    at('root'),
    '--runroot',
    at('run'),
    '--tmpdir',
    at('tmp'),
    '--network-config-dir',
    at('net'),
  ]
  const holder = await holdNetwork()
  const network = `--net=/proc/${holder.pid}/ns/net`
  if (rule) execFileSync('nsenter', [network, ...podmanRule.split(' ')], all)
  const inside = [network, 'podman', ...places]
  const client = createClient({ endpoint: { socketPath }, timeoutMs: 60_000 })

  async function begin(): Promise<ChildProcess> {
    await rm(socketPath, { force: true })
    const words = [...inside, 'system', 'service', '--time=0', `unix://${socketPath}`]
    const started = spawn('nsenter', words, { ...all, stdio: ['ignore', 'ignore', 'pipe'] })
    let log = ''
    started.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      log = (log + chunk).slice(-10_000)
    })
    const isUp = (): Promise<boolean> =>
      client.ask({ path: ['_ping'] }).then(
        () => true,
        () => false,
      )
    while (!(await isUp())) {
      if (started.exitCode !== null) throw new Error(`podman does not start: ${log.trim().split('\n').at(-1)}`)
      await pause(20)
    }
    return started
  }

  async function end(): Promise<void> {
    const ended = once(service, 'exit')
    service.kill('SIGKILL')
    await ended
  }

  async function stop(): Promise<void> {
    spawnSync('nsenter', [...inside, 'rm', '--all', '--force', '--time', '0'], { ...all, stdio: 'ignore' })
    await end()
    holder.kill('SIGKILL')
    await sweep(directory)
  }

  let service = await begin().catch(async (error: unknown) => {
    holder.kill('SIGKILL')
    await rm(directory, { recursive: true, force: true })
    throw error
  })
  const image = 'localhost/test/busybox:1'
  const input = await packBusybox()
  execFileSync('nsenter', [...inside, 'import', '--quiet', '--change', 'ENV PATH=/bin', '-', image], { ...all, input })
  return {
    socketPath,
    open: (owner = 'acme') => createDockerEngine({ owner, endpoint: { socketPath }, env: {} }),
    image,
    // It takes 400 times as long as a Docker Engine for it.
    flood: 3_000_000,
    async kill() {
      await end()
      return async () => {
        service = await begin()
      }
    },
    stop,
  }
}

/** It would ask for more open files than it may have where it is not allowed to raise them. */
function settings(files: string): string {
  return `[containers]
default_ulimits = ["nofile=${files}:${files}", "nproc=32768:32768"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
`
}

// It starts itself anew several times for each container, and spends a third of that on collecting garbage.
const env = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, GOGC: '400' }
