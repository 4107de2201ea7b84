// A Docker Engine of a test's own: its data in a temporary directory, its network apart or this machine's, no registry.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { createClient, type DockerClient } from '../docker/client.ts'
import { createDockerEngine, type DockerOptions } from '../docker/docker.ts'
import { hasProgram } from '../local/programs.ts'
import { packBusybox, reasonWithoutBusybox } from './busybox.ts'
import { holdNetwork, reasonWithoutNetworks } from './hold-network.ts'
import type { Place } from './place.ts'
import { sweep } from './sweep.ts'

export interface Dockerd extends Required<Place> {
  readonly socketPath: string
  readonly client: DockerClient
  /** The archive that the image was made of. */
  readonly layer: Buffer
  /** It accepts connections and answers nothing, until the returned function is called. */
  readonly hang: () => () => void
  readonly openWith: (options: Partial<DockerOptions>) => ReturnType<Place['open']>
}

/** Why this machine cannot run one; undefined where it may be tried. */
export function reasonWithoutDockerd(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it takes root, on Linux'
  for (const program of ['dockerd', 'unshare', 'nsenter', 'tar']) {
    if (!hasProgram(program)) return `there is no ${program}`
  }
  return reasonWithoutNetworks() ?? reasonWithoutBusybox()
}

/**
 * @param network `own`: in a network of its own, with iptables, so that it keeps networks apart. `host`: in this
 * machine's, unchanged: it reaches our loopback, and does not separate networks.
 * @throws Error with the last line of its log where it does not start
 */
export async function startDockerd(network: 'own' | 'host'): Promise<Dockerd> {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-engine-'))
  const at = (name: string): string => join(directory, name)
  await writeFile(at('daemon.json'), '{}')
  const socketPath = at('socket')
  const places = ['--config-file', at('daemon.json'), '--data-root', at('data'), '--exec-root', at('exec')]
  const untouched = network === 'host' ? ['--bridge=none', '--iptables=false', '--ip6tables=false'] : []
  const words = [...places, ...untouched, '--pidfile', at('pid'), '--host', `unix://${socketPath}`]
  const holder = network === 'own' ? await holdNetwork() : undefined
  const inside = holder === undefined ? [] : [`--net=/proc/${holder.pid}/ns/net`]
  const client = createClient({ endpoint: { socketPath }, timeoutMs: 60_000 })

  async function begin(): Promise<ChildProcess> {
    const started = spawn('nsenter', [...inside, 'dockerd', ...words], { env, stdio: ['ignore', 'ignore', 'pipe'] })
    let log = ''
    started.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      log = (log + chunk).slice(-10_000)
    })
    while (!(await answers(client))) {
      if (started.exitCode !== null) throw new Error(`dockerd does not start: ${log.trim().split('\n').at(-1)}`)
      await pause(20)
    }
    return started
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (daemon.exitCode !== null || daemon.signalCode !== null) return
    const ended = once(daemon, 'exit')
    daemon.kill(signal)
    await ended
  }

  async function stop(): Promise<void> {
    await end('SIGTERM')
    // One that an earlier dockerd began outlives the next.
    await endByFile(at('exec/containerd/containerd.pid'))
    holder?.kill('SIGKILL')
    await sweep(directory)
  }

  let daemon = await begin().catch(async (error: unknown) => {
    holder?.kill('SIGKILL')
    await rm(directory, { recursive: true, force: true })
    throw error
  })
  try {
    const layer = await packBusybox()
    const query = { fromSrc: '-', repo: 'test/busybox', tag: '1', changes: 'ENV PATH=/bin' }
    const body = { type: 'application/x-tar', bytes: layer }
    await client.ask({ method: 'POST', path: ['images', 'create'], query, body })
    const openWith: Dockerd['openWith'] = (options) =>
      createDockerEngine({ owner: 'acme', endpoint: { socketPath }, env: {}, ...options })
    return {
      socketPath,
      client,
      layer,
      openWith,
      open: (owner = 'acme') => openWith({ owner }),
      image: 'test/busybox:1',
      networks: network === 'own' ? 'isolated' : 'shared',
      flood: 48_000_000,
      hang() {
        daemon.kill('SIGSTOP')
        return () => void daemon.kill('SIGCONT')
      },
      async kill() {
        await end('SIGKILL')
        // It ends with its dockerd, and its id may then belong to another process.
        await endByFile(at('exec/containerd/containerd.pid'))
        return async () => {
          daemon = await begin()
        }
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function endByFile(file: string): Promise<void> {
  if (!existsSync(file)) return
  const pid = Number(await readFile(file, 'utf8'))
  // The id may belong to another process now.
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  if (pid > 1 && command.includes('containerd')) process.kill(pid, 'SIGKILL')
  await rm(file)
}

async function answers(client: DockerClient): Promise<boolean> {
  return client.ask({ path: ['info'] }).then(
    () => true,
    () => false,
  )
}

// It starts itself anew several times for each container, and spends a third of that on collecting garbage.
const env = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, GOGC: '400' }
