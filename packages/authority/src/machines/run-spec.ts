// Makes the run spec of a machine: command, environment, files, limits.
import type { Capabilities, FileSpec, RunSpec, SharedFolder, VolumeMount } from '@hallpass/engine'

import { localRegion, type Machine } from '../domain/machine.ts'
import { readConfig, readMetadata, type MachineConfig } from '../domain/machine-config.ts'
import type { Secret } from '../domain/secret.ts'

/** An image, as the store keeps it with the machine. */
export interface StoredImage {
  readonly id: string
  readonly registry: string
  readonly repository: string
  readonly tag: string | undefined
  readonly digest: string | undefined
  readonly labels: Readonly<Record<string, string>>
}

export interface RunContext {
  readonly appName: string
  /** By name; empty if the machine gets none. */
  readonly secrets: ReadonlyMap<string, Secret>
  readonly capabilities: Capabilities
  /** Where the machine's own token is, if it has one. */
  readonly sharedFolder: SharedFolder | undefined
}

/** The machine can never run here. The message is for people. */
export class CannotRun extends Error {}

/** The engine made the run but could not start it. Another run may succeed. The message is for people. */
export class NotStarted extends Error {}

const mostProcesses = 1024
const diskMb = 8192

/** @throws CannotRun */
export function specOf(machine: Machine, { appName, secrets, capabilities, sharedFolder }: RunContext): RunSpec {
  const { id, runId, version, image } = machine
  if (runId === null || image === null) throw new Error(`machine ${id} has no run or no image yet`)
  const config = readConfig(machine.config)
  const isIsolated = capabilities.networks === 'isolated'
  return {
    runId,
    image: (JSON.parse(image) as StoredImage).id,
    ...commandOf(config),
    env: environmentOf(machine, config, appName, secrets),
    labels: { organization: String(machine.organisationId), app: String(machine.appId), machine: id, version },
    hostname: id,
    tenant: networkOf(machine),
    ...(machine.region === localRegion ? {} : { region: machine.region }),
    limits: limitsOf(config, capabilities),
    ...(isIsolated ? { network: networkOf(machine), names: namesOf(machine) } : {}),
    volumes: volumesOf(config),
    ...(sharedFolder === undefined ? {} : { sharedFolder }),
    files: (config.files ?? []).map((file) => fileOf(file, secrets)),
  }
}

/** One private network for each organisation. */
export function networkOf({ organisationId }: { readonly organisationId: number }): string {
  return `org-${organisationId}`
}

/** A stored configuration has the volume's id, and the door has checked the path. */
export function volumesOf({ mounts = [] }: MachineConfig): readonly VolumeMount[] {
  return mounts.map(({ volume = '', path = '' }) => ({ volumeId: volume, path }))
}

function namesOf({ id, name }: Machine): readonly string[] {
  return /^[a-z0-9][a-z0-9._-]{0,62}$/.test(name) && name !== id ? [id, name] : [id]
}

function commandOf({ init = {} }: MachineConfig): Pick<RunSpec, 'entrypoint' | 'command'> {
  const { exec, entrypoint, cmd } = init
  if (exec !== undefined && exec.length > 0) return { entrypoint: exec, command: [] }
  return {
    ...(entrypoint === undefined || entrypoint.length === 0 ? {} : { entrypoint }),
    ...(cmd === undefined || cmd.length === 0 ? {} : { command: cmd }),
  }
}

function environmentOf(
  machine: Machine,
  config: MachineConfig,
  appName: string,
  secrets: RunContext['secrets'],
): Readonly<Record<string, string>> {
  const { id, region, version } = machine
  const env = new Map(Object.entries(config.env ?? {}))
  for (const [name, value] of secrets) env.set(name, value.reveal())
  const own = {
    FLY_APP_NAME: appName,
    FLY_MACHINE_ID: id,
    FLY_ALLOC_ID: id,
    FLY_REGION: region,
    FLY_IMAGE_REF: config.image,
    FLY_MACHINE_VERSION: version,
    FLY_PROCESS_GROUP: readMetadata(machine.metadata)['fly_process_group'] ?? 'app',
    FLY_VM_MEMORY_MB: String(memoryOf(config)),
    PRIMARY_REGION: env.get('PRIMARY_REGION') ?? region,
  }
  for (const [name, value] of Object.entries(own)) env.set(name, value)
  return Object.fromEntries(env)
}

function memoryOf({ guest }: MachineConfig): number {
  return guest?.memory_mb || 256
}

/** Shared processors are for all machines, and a sixteenth of each is kept free; others must be whole ones. */
function limitsOf(config: MachineConfig, { host, diskLimit }: Capabilities): RunSpec['limits'] {
  const cpus = config.guest?.cpus || 1
  const memoryMb = memoryOf(config)
  const isWhole = config.guest?.cpu_kind === 'performance'
  if (isWhole && cpus > host.cpus) throw insufficient('CPUs')
  if (memoryMb > host.memoryMb) throw insufficient('memory')
  const given = Math.min(cpus, host.cpus)
  const limits = { memoryMb, cpus: given, reservedCpus: isWhole ? given : given / 16, processes: mostProcesses }
  return diskLimit ? { ...limits, diskMb } : limits
}

function insufficient(what: string): CannotRun {
  return new CannotRun(
    `could not reserve resource for machine: insufficient ${what} available to fulfill request on the current host`,
  )
}

type ConfigFile = NonNullable<MachineConfig['files']>[number]

function fileOf(
  { guest_path: path = '', raw_value, secret_name, mode }: ConfigFile,
  secrets: RunContext['secrets'],
): FileSpec {
  const value = secret_name === undefined ? raw_value : secrets.get(secret_name)?.reveal()
  if (value === undefined) throw new CannotRun(`the file ${path} is of a secret that this app does not have`)
  return { path, content: new Uint8Array(Buffer.from(value, 'base64')), ...(mode === undefined ? {} : { mode }) }
}

/** How a machine is stopped: as requested, or as its configuration says. `timeout` in milliseconds. */
export function stopOf({ config, stopSignal, stopTimeout }: Machine): {
  readonly signal: NodeJS.Signals
  readonly timeout: number
} {
  const { signal, timeout } = readConfig(config).stop_config ?? {}
  return {
    signal: (stopSignal ?? signal ?? 'SIGINT') as NodeJS.Signals,
    timeout: stopTimeout ?? (timeout === undefined ? usualTimeout : Math.min(parseTimeout(timeout), longestTimeout)),
  }
}

const usualTimeout = 5000
const longestTimeout = 300_000

const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

/** Milliseconds of a Go duration, which the door has checked. */
function parseTimeout(text: string): number {
  let sum = 0
  for (const [, count = '0', unit = 's'] of text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) {
    sum += Number(count) * (units[unit] ?? 0)
  }
  return Math.round(sum)
}
