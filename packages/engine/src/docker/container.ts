// A run as a container: the request that creates one, and how to read the engine's answer.
import { signalOfCode } from '../check-spec.ts'
import { digestOf } from '../digest-spec.ts'
import type { Exit, RunSpec, RunState, RunStatus, SharedFolder } from '../engine.ts'
import type { Names } from './names.ts'

/** The parts of `GET /containers/{id}/json` that we read. */
export interface Container {
  readonly Id: string
  readonly Name: string
  readonly Created: string
  readonly Image: string
  readonly Config: { readonly Labels: Readonly<Record<string, string>> | null }
  readonly State: {
    readonly Status: string
    readonly ExitCode: number
    readonly OOMKilled: boolean
    readonly Error?: string
    readonly StartedAt: string
    readonly FinishedAt: string
  }
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { readonly IPAddress: string } | null>> | null
  }
}

/** The body of `POST /containers/create`. */
export function containerOf(spec: RunSpec, names: Names): object {
  const network = spec.network === undefined ? undefined : names.network(spec.network)
  const memory = spec.limits.memoryMb * 2 ** 20
  return {
    Image: spec.image,
    ...(spec.entrypoint === undefined ? {} : { Entrypoint: spec.entrypoint }),
    ...(spec.command === undefined ? {} : { Cmd: spec.command }),
    ...(spec.user === undefined ? {} : { User: spec.user }),
    ...(spec.workingDirectory === undefined ? {} : { WorkingDir: spec.workingDirectory }),
    ...(spec.hostname === undefined ? {} : { Hostname: spec.hostname }),
    Env: variables(spec.env),
    Labels: names.labelsOf(spec, digestOf(spec)),
    // The image's own health check must not run.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      // The first process of a container has no default actions of signals, so another one must be it.
      Init: true,
      Memory: memory,
      // No swap in addition.
      MemorySwap: memory,
      NanoCpus: Math.round(spec.limits.cpus * 1e9),
      PidsLimit: spec.limits.processes,
      ...(spec.limits.diskMb === undefined ? {} : { StorageOpt: { size: `${spec.limits.diskMb}M` } }),
      // With raw sockets a machine could impersonate another one of its network; devices belong to the host.
      CapDrop: ['NET_RAW', 'MKNOD'],
      SecurityOpt: ['no-new-privileges'],
      RestartPolicy: { Name: 'no' },
      Mounts: mountsOf(spec, names),
      LogConfig: { Type: 'json-file', Config: { 'max-size': '16m', 'max-file': '2' } },
      NetworkMode: network ?? 'none',
      IpcMode: 'private',
    },
    ...(network === undefined
      ? {}
      : { NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: spec.names ?? [] } } } }),
  }
}

/** As `Mounts`, because the engine creates missing folders of `Binds`. */
export function mountOf({ folder, path }: SharedFolder): object {
  return { Type: 'bind', Source: folder, Target: path, ReadOnly: true, BindOptions: { Propagation: 'rprivate' } }
}

function mountsOf({ volumes = [], sharedFolder }: RunSpec, names: Names): readonly object[] {
  const ofVolumes = volumes.map(({ volumeId, path }) => ({
    Type: 'volume',
    Source: names.volume(volumeId),
    Target: path,
    // The content of a volume comes from its users.
    VolumeOptions: { NoCopy: true },
  }))
  return sharedFolder === undefined ? ofVolumes : [...ofVolumes, mountOf(sharedFolder)]
}

/** Undefined while it is being removed. */
export function statusOf(container: Container, names: Names): RunStatus | undefined {
  const { State: state } = container
  if (state.Status === 'removing') return undefined
  const labels = container.Config.Labels ?? {}
  const networks = Object.values(container.NetworkSettings.Networks ?? {})
  return {
    runId: names.runOf(labels) ?? '',
    state: stateOf(state),
    labels: names.ownLabelsOf(labels),
    network: names.networkOf(labels),
    address: networks[0]?.IPAddress || undefined,
    image: container.Image,
    createdAt: new Date(container.Created),
    startedAt: timeOf(state.StartedAt),
    exit: exitOf(state),
  }
}

export function variables(env: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`)
}

function stateOf(state: Container['State']): RunState {
  if (['running', 'restarting', 'stopping'].includes(state.Status)) return 'running'
  if (state.Status === 'paused') return 'paused'
  return isBegun(state) ? 'exited' : 'created'
}

/** A container that could not be started says "created" still, with a code and the reason. */
function isBegun({ Status: status, ExitCode: code, Error: error = '' }: Container['State']): boolean {
  return !['created', 'configured', 'initialized'].includes(status) || (error !== '' && code !== 0)
}

function exitOf(state: Container['State']): Exit | undefined {
  if (stateOf(state) !== 'exited') return undefined
  return {
    code: state.ExitCode,
    signal: signalOfCode(state.ExitCode),
    oomKilled: state.OOMKilled,
    at: timeOf(state.FinishedAt),
    problem: undefined,
  }
}

/** Docker writes the year 1 for what has not been. */
function timeOf(text: string): Date | undefined {
  const date = new Date(text)
  return date.getTime() > 0 ? date : undefined
}
