// Runs machines as containers of a Docker Engine, or of Podman's service that speaks its API.
import { randomUUID } from 'node:crypto'

import type { Engine } from '../engine.ts'
import { credentialsOfDocker, type FindCredentials } from '../credentials.ts'
import { runCommand } from '../run-command.ts'
import { watchRuns } from './changes.ts'
import { createClient } from './client.ts'
import { createDaemon, type Daemon } from './daemon.ts'
import { endpointOfEnvironment, type Endpoint } from './endpoint.ts'
import { openExec } from './exec.ts'
import { pullImage } from './images.ts'
import { readLog } from './logs.ts'
import { namesOf } from './names.ts'
import { listProcesses } from './processes.ts'
import { createRuns } from './runs.ts'
import { sharesFolder } from './shares-folder.ts'

export type { Endpoint, TcpEndpoint } from './endpoint.ts'
export type { Credentials, FindCredentials } from '../credentials.ts'
export { endpointOfEnvironment } from './endpoint.ts'
export { credentialsOfDocker } from '../credentials.ts'

export interface DockerOptions {
  /** Whose machines these are, the same after every restart: 1 to 32 of a-z and 0-9. */
  readonly owner: string
  /** The address of the engine; by default as DOCKER_HOST and the other variables say. */
  readonly endpoint?: Endpoint
  /** Of registries. Left out, those that `docker login` has kept. */
  readonly credentials?: FindCredentials
  /** How long the engine may take to answer, except for pulls and streams; 60 s by default. */
  readonly timeoutMs?: number
  /** How long a pull may make no progress; 120 s by default. */
  readonly pullSilenceMs?: number
  /** Gives runs a network even if runs of different organizations reach each other: only for a single organization. */
  readonly allowSharedNetworks?: boolean
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly random?: () => string
}

/** Connects to nothing yet. @throws EngineError `bad_spec` that names the option or the variable */
export function createDockerEngine(options: DockerOptions): Engine {
  const { env = process.env, random = randomUUID, timeoutMs = 60_000, pullSilenceMs = 120_000 } = options
  const { endpoint = endpointOfEnvironment(env), credentials = credentialsOfDocker(env) } = options
  const daemon: Daemon = createDaemon({
    client: createClient({ endpoint, timeoutMs, onLost: () => daemon.forget() }),
    names: namesOf(options.owner),
    timeoutMs,
    allowSharedNetworks: options.allowSharedNetworks ?? false,
    random,
  })
  const runs = createRuns(daemon)
  return {
    kind: 'docker',
    ...runs,
    capabilities: () => daemon.capabilities(),
    pullImage: (reference, pull = {}) => pullImage(daemon, reference, pull, credentials, pullSilenceMs),
    watch: (watch = {}) => watchRuns(daemon, runs, watch),
    exec: (runId, command) => runCommand((one) => openExec(daemon, runId, one, random), command),
    openExec: (runId, command) => openExec(daemon, runId, command, random),
    processes: (runId) => listProcesses(daemon, runId),
    logs: (runId, log) => readLog(daemon, runId, log),
    sharesFolder: (folder) => sharesFolder(daemon.client, folder, random),
    removeNetwork: (network) => daemon.networks.remove(network),
    createVolume: (volumeId, sizeMb) => daemon.volumes.create(volumeId, sizeMb),
    extendVolume: (volumeId, sizeMb) => daemon.volumes.extend(volumeId, sizeMb),
    removeVolume: (volumeId) => daemon.volumes.remove(volumeId),
    listVolumes: () => daemon.volumes.list(),
    regions: async () => [],
  }
}
