// Starts what runs machines: the engine that the operator names or that is found, and its driver.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'

import type { Capabilities } from '@hallpass/engine'
import type { TenantLimits } from '@hallpass/engine/kubernetes'
import type { Logger } from 'pino'

import type { Config } from './config.ts'
import type { MachineServer } from './http/server.ts'
import { describeCause } from './domain/cause.ts'
import type { Keyring } from './domain/keyring.ts'
import type { Store } from './domain/store.ts'
import type { SayRarely } from './log.ts'
import { createApiSockets, foldersOfSockets } from './machines/api-sockets.ts'
import { findLast, findOwner, openEngine, rememberLast } from './machines/open-engine.ts'
import { runMachines, type RunningMachines } from './machines/runner.ts'
import { appOfMachine, sourceOf } from './operations/machines/app-of-machine.ts'
import { handedSeconds } from './domain/token-policy.ts'
import { ownTokenOf } from './operations/tokens/machine-token.ts'

interface Wiring {
  readonly store: Store
  readonly keyring: Keyring
  readonly log: Logger
  readonly sayRarely: SayRarely
  /** Resolves once the server listens. */
  readonly openSocket: Promise<MachineServer['openSocket']>
}

/** What runs machines, if there is something; `tell` logs what, or what is missing, once the server listens. */
export async function startMachines(
  { engine: setting, dataDirectory, podSecurity, podNetwork, quotas }: Config,
  { store, keyring, log, sayRarely, openSocket }: Wiring,
): Promise<{ readonly machines: RunningMachines | undefined; readonly tell: () => void }> {
  if (setting === 'none') return { machines: undefined, tell() {} }
  const [last, owner] = [await findLast(store), await findOwner(store, randomBytes)]
  const opened = await openEngine(setting, {
    owner,
    env: process.env,
    directory: join(dataDirectory, 'machines'),
    last,
    podSecurity,
    podNetwork,
    limits: limitsOf(quotas),
  })
  if (opened === undefined) {
    const sentence =
      last === 'docker'
        ? 'machines cannot run: the Docker Engine or Podman that ran them does not answer (--engine local runs them here instead)'
        : last === 'kubernetes'
          ? 'machines cannot run: a Kubernetes cluster ran them, which is named by --engine kubernetes alone'
          : 'machines cannot run: no Docker Engine and no Podman answers here, and the local engine lacks something (--engine local says what)'
    return { machines: undefined, tell: () => log.info(sentence) }
  }
  const { engine, capabilities } = opened
  await rememberLast(store, engine.kind)
  const hasMachines = (await store.read((tx) => tx.machines.page({ limit: 1, after: '' }))).length > 0
  const tellOf = ({ engine: name, remedies }: Capabilities) => {
    log.info({ engine: name }, 'machines run here')
    // An operator who runs no machines and asked for no engine needs no warning.
    const level = setting === 'auto' && !hasMachines ? 'info' : 'warn'
    for (const remedy of remedies) log[level](`machines: ${remedy}`)
  }
  const tell = () => {
    if (capabilities !== undefined) tellOf(capabilities)
    else engine.capabilities().then(tellOf, () => {})
  }
  const sockets = createApiSockets({
    store,
    engine,
    folders: foldersOfSockets(owner, process.env),
    tokenOf: (machine) => store.read((tx) => ownTokenOf(tx, keyring, machine, Date.now())),
    validity: handedSeconds * 1000,
    listen: async (path, machine, token) => {
      const source = await store.read((tx) => sourceOf(tx, machine))
      return (await openSocket)(path, source, token)
    },
    now: Date.now,
    report: (error) =>
      sayRarely('warn', { detail: describeCause({ cause: error }) }, 'the own token of a machine was not handed out'),
  })
  const machines = runMachines({
    store,
    engine,
    sockets,
    appOf: (machine) => store.read((tx) => appOfMachine(tx, keyring, machine)),
    id: randomBytes(9).toString('base64url'),
    now: Date.now,
    clock: () => performance.now(),
    randomBytes,
    report({ error }) {
      if (error === undefined) log.info('the engine of machines answers again')
      else sayRarely('warn', { detail: describeCause({ cause: error }) }, 'machines wait: the engine or a step failed')
    },
  })
  return { machines, tell }
}

/** In a cluster an organization is held to them once more. */
function limitsOf({ machines, volumes, volumeGb }: Config['quotas']): TenantLimits {
  return { runs: machines, volumes, volumeGb }
}
