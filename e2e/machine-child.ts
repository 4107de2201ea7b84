// A process of its own that drives machines, does what it reads line by line, and kills or stops itself at the call to
// the engine that is given. Arguments: the engine's socket; `directory` or `url`, and which.
import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'

import { createDockerEngine } from '../packages/engine/src/docker/docker.ts'
import { runMachines } from '../packages/authority/src/machines/runner.ts'
import { noSockets } from '../packages/authority/src/machines/testing/no-sockets.ts'
import { appOfMachine } from '../packages/authority/src/operations/machines/app-of-machine.ts'
import {
  destroyMachine,
  restartMachine,
  startMachine,
  stopMachine,
  suspendMachine,
} from '../packages/authority/src/operations/machines/change-state.ts'
import { destroyVolume } from '../packages/authority/src/operations/volumes/change-volume.ts'
import { createVolume } from '../packages/authority/src/operations/volumes/create-volume.ts'
import { openMachineWorld } from '../packages/authority/src/operations/machines/testing/world.ts'
import { updateMachine } from '../packages/authority/src/operations/machines/update-machine.ts'
import { waitForMachine } from '../packages/authority/src/operations/machines/wait-for-machine.ts'

const [socketPath = '', kind, place = ''] = process.argv.slice(2)
let [call, when, signal] = ['', '', 'SIGKILL']
let done: Promise<unknown> = Promise.resolve()
const real = createDockerEngine({ owner: 'child', endpoint: { socketPath }, env: {} })
const engine = new Proxy(real, {
  get(target, name, receiver) {
    const method: unknown = Reflect.get(target, name, receiver)
    if (typeof method !== 'function') return method
    return (...given: readonly unknown[]): unknown => {
      const isThis = name === call
      if (isThis) call = ''
      if (isThis && when === 'before') process.kill(process.pid, signal)
      const result: unknown = Reflect.apply(method, target, given)
      if (!isThis) return result
      const ended = Promise.resolve(result).finally(() => when === 'after' && process.kill(process.pid, signal))
      done = ended.catch(() => {})
      return ended
    }
  },
})

const world = await openMachineWorld(
  ({ store, keyring }) =>
    runMachines({
      store,
      engine,
      sockets: noSockets,
      appOf: (machine) => store.read((tx) => appOfMachine(tx, keyring, machine)),
      id: randomBytes(6).toString('hex'),
      now: Date.now,
      clock: () => performance.now(),
      randomBytes,
      report() {},
    }),
  kind === 'url' ? { url: place } : { given: place },
)

const config = { image: 'test/busybox:1', guest: { cpus: 1, memory_mb: 256 }, init: { exec: ['sleep', '1000'] } }
const named = (id: string) => ({ appName: world.app.name, machineId: id, nonce: undefined })
const gently = { signal: 'SIGTERM', timeout: undefined }
const update = {
  config,
  currentVersion: undefined,
  leaseTtl: undefined,
  skipLaunch: false,
  skipSecrets: false,
  minSecretsVersion: 0,
}

const volumes = () => world.store.read((tx) => tx.volumes.ofApp(world.app.id, { limit: 9 }))

const verbs: Readonly<Record<string, (id: string, state: string) => Promise<unknown>>> = {
  create: async () => (await world.create(config)).id,
  createVolume: () => world.ask(createVolume, { appName: world.app.name, name: 'data', region: undefined, sizeGb: 1 }),
  destroyVolume: async () => {
    for (const { id } of await volumes()) await world.ask(destroyVolume, { appName: world.app.name, volumeId: id })
  },
  volumes: async () => (await volumes()).map(({ id, state }) => [id, state]),
  start: (id) => world.ask(startMachine, named(id)),
  stop: (id) => world.ask(stopMachine, { ...named(id), ...gently }),
  restart: (id) => world.ask(restartMachine, { ...named(id), ...gently }),
  suspend: (id) => world.ask(suspendMachine, named(id)),
  update: (id) => world.ask(updateMachine, { ...named(id), ...update }),
  destroy: (id) => world.ask(destroyMachine, { ...named(id), force: true }),
  wait: (id, state) =>
    world.ask(waitForMachine, {
      ...named(id),
      states: [state],
      timeout: 60_000,
      version: undefined,
      fromEventId: undefined,
    }),
  die: async (method, moment) => {
    ;[call, when] = [method, moment]
  },
  pause: async (method, moment) => {
    ;[call, when, signal] = [method, moment, 'SIGSTOP']
  },
  /** When the call at which it stopped itself has ended. */
  done: () => done.then(() => null),
  events: (id) => world.store.read((tx) => tx.machines.events(id, 100)),
}

process.stdout.write('ready\n')
for await (const line of createInterface({ input: process.stdin })) {
  const [verb = '', id = '', state = ''] = line.split(' ')
  const result = await verbs[verb]?.(id, state)
  process.stdout.write(`${JSON.stringify(result ?? null)}\n`)
}
