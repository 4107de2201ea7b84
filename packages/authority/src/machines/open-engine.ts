// Chooses the engine that runs machines: the one that the operator names, or one that answers here.
import { existsSync } from 'node:fs'

import type { Capabilities, Engine } from '@hallpass/engine'
import { createDockerEngine } from '@hallpass/engine/docker'
import type { PodSecurity, TenantLimits } from '@hallpass/engine/kubernetes'
import { createLocalEngine, reasonWithoutLocal } from '@hallpass/engine/local'

import { StartupError } from '../domain/errors.ts'
import type { Store } from '../domain/store.ts'

/** `auto`, `none`, `local`, `docker`, `kubernetes`, `kubernetes:` and a kubeconfig, or the address of a Docker Engine or Podman. */
export type EngineSetting = string

/** Checks the operator's setting of the engine. @throws StartupError `configuration_invalid` */
export function checkEngine(given: string): EngineSetting {
  if (/^(?:auto|none|local|docker|kubernetes(?::\/.+)?|unix:\/\/\/.+|tcp:\/\/.+)$/.test(given) && !/[\s\0]/.test(given))
    return given
  throw new StartupError(
    'configuration_invalid',
    '--engine is auto, none, local, docker, kubernetes, kubernetes:/PATH, unix:///PATH or tcp://HOST:PORT.',
  )
}

/** Checks how much a cluster lets machines do. @throws StartupError `configuration_invalid` */
export function checkPodSecurity(given: string): PodSecurity {
  if (given === 'restricted' || given === 'baseline') return given
  throw new StartupError('configuration_invalid', '--pod-security is restricted or baseline.')
}

/**
 * Whether machines run in a cluster whose network lets those of all organizations reach each other.
 * @throws StartupError `configuration_invalid`
 */
export function checkPodNetwork(given: string): 'isolated' | 'shared' {
  if (given === 'isolated' || given === 'shared') return given
  throw new StartupError('configuration_invalid', '--pod-network is isolated or shared.')
}

export interface OpenedEngine {
  readonly engine: Engine
  /** Undefined if it does not answer yet. */
  readonly capabilities: Capabilities | undefined
}

type Variables = Readonly<Record<string, string | undefined>>

/** Where engines listen: Docker, Podman of root, and Podman of a person. */
function usualSockets(env: Variables): readonly string[] {
  const own = env['XDG_RUNTIME_DIR'] ?? ''
  const personal = own === '' ? [] : [`${own}/podman/podman.sock`]
  return ['/var/run/docker.sock', '/run/podman/podman.sock', ...personal]
}

function isThere(path: string): boolean {
  try {
    return existsSync(path)
  } catch {
    return false
  }
}

interface Surroundings {
  readonly owner: string
  readonly env: Variables
  readonly directory: string
  /** The kind of engine that ran machines before, if one did. */
  readonly last: string | undefined
  /** For clusters; what an organization may have is limited there too. */
  readonly podSecurity: PodSecurity
  readonly podNetwork: 'isolated' | 'shared'
  readonly limits: TenantLimits
}

/** How long the first answer may take while the server starts. */
const patience = 3000

/**
 * The engine of this setting; undefined if there is none. A named one may be away: it is waited for later. The local one
 * keeps its images and runs in `directory`.
 * @throws StartupError `configuration_invalid`
 */
export async function openEngine(
  setting: EngineSetting,
  surroundings: Surroundings,
): Promise<OpenedEngine | undefined> {
  const { owner, env, directory, last } = surroundings
  if (setting === 'none') return undefined
  if (setting.startsWith('kubernetes')) {
    const engine = await openCluster(setting.slice('kubernetes:'.length), surroundings)
    // It tries the network of the cluster for seconds.
    return { engine, capabilities: undefined }
  }
  if (setting === 'local') {
    const reason = await reasonWithoutLocal()
    if (reason !== undefined) throw new StartupError('configuration_invalid', `--engine local: ${reason}.`)
    const engine = createLocalEngine({ owner, directory, env })
    return { engine, capabilities: await ask(engine) }
  }
  if (setting !== 'auto') {
    const engine = openAt(setting === 'docker' ? env : { ...env, DOCKER_HOST: setting }, owner)
    return { engine, capabilities: await ask(engine) }
  }
  const named = env['DOCKER_HOST'] ?? ''
  const addresses =
    named === ''
      ? usualSockets(env)
          .filter(isThere)
          .map((path) => `unix://${path}`)
      : [named]
  for (const address of addresses) {
    const engine = openAt({ ...env, DOCKER_HOST: address }, owner)
    const capabilities = await ask(engine)
    if (capabilities !== undefined) return { engine, capabilities }
  }
  // If an engine is away for a while, its machines must not run a second time here.
  if (named !== '' || last === 'docker' || last === 'kubernetes') return undefined
  // It examines only this machine, so it needs no patience. Node's permission model may forbid it.
  const engine = createLocalEngine({ owner, directory, env })
  const capabilities = await engine.capabilities().catch(() => undefined)
  return capabilities === undefined ? undefined : { engine, capabilities }
}

/**
 * The owner that labels everything of this installation in an engine, the same after every restart.
 */
export async function findOwner(store: Store, randomBytes: (length: number) => Uint8Array): Promise<string> {
  const known = await store.read((tx) => tx.settings.get(ownerName))
  if (known !== undefined) return known
  return store.write(async (tx) => {
    const found = await tx.settings.get(ownerName)
    const owner = found ?? Buffer.from(randomBytes(8)).toString('hex')
    if (found === undefined) await tx.settings.set(ownerName, owner)
    return owner
  })
}

/** The kind of engine that ran machines last. */
export async function findLast(store: Store): Promise<string | undefined> {
  return store.read((tx) => tx.settings.get(lastName))
}

export async function rememberLast(store: Store, kind: string): Promise<void> {
  if ((await findLast(store)) !== kind) await store.write((tx) => tx.settings.set(lastName, kind))
}

const ownerName = 'engine_owner'
const lastName = 'engine_last'

/** @param kubeconfig empty for that of kubectl, or the account of this Pod */
async function openCluster(kubeconfig: string, surroundings: Surroundings): Promise<Engine> {
  const { owner, env, podSecurity, podNetwork, limits } = surroundings
  // Most installations have no cluster.
  const { createKubernetesEngine, findAccess } = await import('@hallpass/engine/kubernetes')
  try {
    const access = findAccess(env, kubeconfig === '' ? undefined : kubeconfig)
    const allowSharedNetworks = podNetwork === 'shared'
    return createKubernetesEngine({ owner, access, env, security: podSecurity, allowSharedNetworks, limits })
  } catch (error) {
    throw refusal(error)
  }
}

function refusal(error: unknown): StartupError {
  const why = error instanceof Error ? error.message : 'it cannot be used'
  return new StartupError('configuration_invalid', `--engine: ${why}.`, { cause: error })
}

function openAt(env: Variables, owner: string): Engine {
  try {
    return createDockerEngine({ owner, env })
  } catch (error) {
    throw refusal(error)
  }
}

async function ask(engine: Engine): Promise<Capabilities | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patience)
  })
  try {
    return await Promise.race([engine.capabilities().catch(() => undefined), late])
  } finally {
    clearTimeout(timer)
  }
}
