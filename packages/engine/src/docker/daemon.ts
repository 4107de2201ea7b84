// A Docker Engine for one owner: the owner's containers, and what the engine can enforce.
import { setTimeout as pause } from 'node:timers/promises'

import { EngineError, noRun } from '../engine-error.ts'
import type { Capabilities, RunSpec } from '../engine.ts'
import { readAbilities, tryAbilities, type Said } from './abilities.ts'
import type { DockerClient } from './client.ts'
import type { Container } from './container.ts'
import type { Names } from './names.ts'
import { createNetworks, type Networks } from './networks.ts'
import { createVolumes, type Volumes } from './volumes.ts'

export interface Daemon {
  readonly client: DockerClient
  readonly names: Names
  readonly networks: Networks
  readonly volumes: Volumes
  /** How long it may take to answer. */
  readonly timeoutMs: number
  /** Undefined where there is none, or it is not the owner's. */
  look(runId: string): Promise<Container | undefined>
  /** By its id in the engine. */
  lookAt(id: string): Promise<Container | undefined>
  /** @throws EngineError `run_not_found` */
  demand(runId: string): Promise<Container>
  /** One that was just made: its name is taken before it can be seen. @throws EngineError `name_taken` */
  lookForNew(runId: string): Promise<Container>
  capabilities(): Promise<Capabilities>
  /** Forgets what was found out: the engine may have another configuration when it is back. */
  forget(): void
  /** @throws EngineError `unsupported` or `not_isolated` for what cannot be enforced */
  checkAbilities(spec: RunSpec): Promise<void>
}

export interface DaemonOptions {
  readonly client: DockerClient
  readonly names: Names
  readonly timeoutMs: number
  /** Whether runs may have a network where networks are not known to be kept apart. */
  readonly allowSharedNetworks: boolean
  readonly random: () => string
}

export function createDaemon(options: DaemonOptions): Daemon {
  const { client, names, timeoutMs } = options
  let said: Promise<Said> | undefined
  let tried: Promise<Capabilities> | undefined

  function read(): Promise<Said> {
    said ??= readAbilities(client).catch((error: unknown) => {
      said = undefined
      throw error
    })
    return said
  }

  function capabilities(): Promise<Capabilities> {
    tried ??= read()
      .then((known) => tryAbilities(client, known, options.random))
      .catch((error: unknown) => {
        tried = undefined
        throw error
      })
    return tried
  }

  async function find(id: string): Promise<Container | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return (await client.ask<Container>({ path: ['containers', id, 'json'] })).value
      } catch (error) {
        if (!(error instanceof EngineError)) throw error
        if (error.code === 'run_not_found') return undefined
        // Podman fails if a process of the container ends meanwhile.
        if (!/\/proc\/\d+\//.test(error.message) || attempt === 10) throw error
        await pause(20)
      }
    }
  }

  const isOwn = (container: Container): boolean => names.isOwn(container.Config.Labels ?? {})

  async function lookAt(id: string): Promise<Container | undefined> {
    const container = await find(id)
    return container !== undefined && isOwn(container) ? container : undefined
  }

  const look = (runId: string): Promise<Container | undefined> => lookAt(names.container(runId))

  return {
    client,
    names,
    timeoutMs,
    networks: createNetworks(client, names, timeoutMs),
    volumes: createVolumes(client, names),
    look,
    lookAt,
    capabilities,
    forget: () => {
      said = undefined
      tried = undefined
    },

    async demand(runId) {
      const container = await look(runId)
      if (container === undefined) throw noRun(runId)
      return container
    },

    async lookForNew(runId) {
      const end = Date.now() + timeoutMs
      for (;;) {
        const container = await find(names.container(runId))
        if (container !== undefined && isOwn(container)) return container
        if (container !== undefined) {
          const sentence = `The engine has a container ${names.container(runId)} that is somebody else's`
          throw new EngineError('name_taken', sentence, { field: 'runId' })
        }
        if (Date.now() > end) throw new EngineError('unavailable', `The run ${runId} was removed while it was made`)
        await pause(20)
      }
    },

    async checkAbilities({ limits, network }) {
      const able = await read()
      // Only what the spec needs is tested.
      const { diskLimit, networks } =
        network === undefined && limits.diskMb === undefined
          ? { diskLimit: true, networks: 'isolated' }
          : await capabilities()
      const lacking =
        (able.memoryLimit ? undefined : 'limits.memoryMb') ??
        (able.cpuLimit ? undefined : 'limits.cpus') ??
        (able.processLimit ? undefined : 'limits.processes') ??
        (diskLimit || limits.diskMb === undefined ? undefined : 'limits.diskMb')
      if (lacking !== undefined) {
        throw new EngineError('unsupported', `This engine cannot enforce ${lacking}`, { field: lacking })
      }
      if (network !== undefined && networks !== 'isolated' && !options.allowSharedNetworks) {
        const why = networks === 'shared' ? 'does not keep networks apart' : 'is not known to keep networks apart'
        const sentence = `This engine ${why}, so runs of different organizations would reach each other`
        throw new EngineError('not_isolated', sentence, { field: 'network' })
      }
    },
  }
}
