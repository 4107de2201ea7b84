// An authority without doors for tests of machines: a real store and keyring, an organisation with an app, and callers.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { permissionLocation, type Caveat } from '@hallpass/macaroon'

import type { App } from '../../../domain/app.ts'
import type { MachineConfig } from '../../../domain/machine-config.ts'
import type { MachineRunner } from '../../../domain/machine-runner.ts'
import type { Machine } from '../../../domain/machine.ts'
import type { Organisation } from '../../../domain/organisation.ts'
import type { Store } from '../../../domain/store.ts'
import { createKeyring } from '../../../keyring/keyring.ts'
import { RootKey } from '../../../keyring/root-key.ts'
import { openStore } from '../../../store/open.ts'
import { createAccount } from '../../accounts/sign-up.ts'
import { createApp } from '../../apps/create-app.ts'
import { showApp } from '../../apps/show-app.ts'
import { createOrganisation } from '../../organisations/create-organisation.ts'
import { createAuthenticate } from '../../perform/authenticate.ts'
import type { Environment, Operation } from '../../perform/operation.ts'
import { perform } from '../../perform/perform.ts'
import { createEnvironment } from '../../perform/testing/environment.ts'
import { openSession } from '../../accounts/sign-in.ts'
import { mintToken } from '../../tokens/mint-token.ts'
import { createMachine, type CreateMachine } from '../create-machine.ts'

/** Runs an operation as a door does, for the holder of a header; the admin of the organisation if there is none. */
type Ask = <Input, Subject, Output, Prepared>(
  operation: Operation<Input, Subject, Output, Prepared>,
  input: NoInfer<Input>,
  header?: string,
) => Promise<Output>

export interface MachineWorld {
  readonly store: Store
  readonly environment: Environment
  readonly organisation: Organisation
  readonly app: App
  readonly ask: Ask
  /** Creates a machine of the app. */
  readonly create: (
    config?: Partial<MachineConfig>,
    changes?: Partial<CreateMachine>,
    header?: string,
  ) => Promise<Machine>
  readonly find: (id: string) => Promise<Machine>
  /** The header with an org token, narrowed by these caveats. */
  readonly mint: (caveats?: readonly Caveat[]) => Promise<string>
  readonly close: () => Promise<void>
}

/**
 * Opens a store of its own, over SQLite if there is no URL; in a directory that is given, the same world again. `start`
 * makes what runs machines.
 */
export async function openMachineWorld(
  start: (environment: Environment) => MachineRunner | undefined,
  { url, given }: { readonly url?: string | undefined; readonly given?: string } = {},
): Promise<MachineWorld> {
  const directory = given ?? (await mkdtemp(join(tmpdir(), 'hallpass-machines-')))
  const store = await openStore(url === undefined ? { directory: join(directory, 'data') } : { url })
  const keyring = createKeyring(new RootKey(new Uint8Array(32).fill(7)), permissionLocation)
  const environment = createEnvironment(store, keyring)
  environment.machines = start(environment)
  const { now } = environment
  const authenticate = createAuthenticate({ store, keyring, location: permissionLocation, now, clock: now })
  const known = join(directory, 'world.json')
  const made: { person: string; slug: string; appName: string } | undefined = existsSync(known)
    ? JSON.parse(await readFile(known, 'utf8'))
    : undefined
  const person =
    made?.person ??
    (await store.write(async (tx) => {
      const scene = { tx, environment, now: now() }
      const user = await createAccount(scene, `${randomBytes(8).toString('hex')}@example.com`, '', 'operator')
      const { authToken } = await openSession(scene, user, { kind: 'cli', label: 'test' })
      return `Bearer ${authToken.reveal()}`
    }))
  const caller = { requestId: 'test', remoteAddress: '127.0.0.1', sourceAddress: '127.0.0.1', spend() {} }
  const ask: Ask = async (operation, input, header = person) =>
    perform(environment, caller, operation, await authenticate(header), input)
  const slug = made?.slug ?? `org-${randomBytes(6).toString('hex')}`
  const appName = made?.appName ?? `app-${randomBytes(6).toString('hex')}`
  if (made === undefined) {
    await ask(createOrganisation, { name: slug, slug })
    await ask(createApp, { slug, name: appName, network: 'default', idempotencyKey: undefined })
    await writeFile(known, JSON.stringify({ person, slug, appName }))
  }
  const { app, organisation } = await ask(showApp, { name: appName })
  const creation = {
    appName,
    name: undefined,
    region: undefined,
    leaseTtl: undefined,
    skipLaunch: false,
    skipSecrets: false,
    minSecretsVersion: 0,
  }
  return {
    store,
    environment,
    organisation,
    app,
    ask,
    async create(config, changes, header) {
      const whole = { image: 'test/busybox:1', guest: { cpus: 1, memory_mb: 256 }, ...config }
      return (await ask(createMachine, { ...creation, config: whole, ...changes }, header)).machine
    },
    async find(id) {
      const machine = await store.read((tx) => tx.machines.byId(id))
      if (machine === undefined) throw new Error(`there is no machine ${id}`)
      return machine
    },
    async mint(caveats = []) {
      const token = { slug, profile: 'deploy_organization', lifetime: 3600, caveats } as const
      const minted = await ask(mintToken, { ...token, appName: undefined, cluster: undefined, name: undefined })
      return minted.token.reveal()
    },
    async close() {
      environment.ongoing.close()
      await store.close()
      if (given === undefined) await rm(directory, { recursive: true })
    },
  }
}

/** Stands for what runs machines in tests where nothing runs. */
export const idle: MachineRunner = {
  wake() {},
  answers: () => true,
  regions: () => [],
  tokenTrouble: async () => undefined,
  changed: (_machine, signal) =>
    new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
  exec: () => Promise.reject(new Error('nothing runs here')),
  pulling: () => undefined,
  processes: () => Promise.reject(new Error('nothing runs here')),
  openCommand: () => Promise.reject(new Error('nothing runs here')),
  signal: () => Promise.reject(new Error('nothing runs here')),
  async *logs() {},
}
