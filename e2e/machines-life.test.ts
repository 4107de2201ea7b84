// The life of machines: real containers of a real Docker Engine, driven from a real store.
import { randomBytes } from 'node:crypto'

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import type { Engine } from '@hallpass/engine'

import { reasonWithoutDockerd, startDockerd, type Dockerd } from '../packages/engine/src/testing/dockerd.ts'
import type { Machine, MachineEvent } from '../packages/authority/src/domain/machine.ts'
import { runMachines, type RunningMachines } from '../packages/authority/src/machines/runner.ts'
import { removeDestroyed } from '../packages/authority/src/machines/volumes.ts'
import { noSockets } from '../packages/authority/src/machines/testing/no-sockets.ts'
import {
  destroyMachine,
  restartMachine,
  startMachine,
  stopMachine,
  suspendMachine,
} from '../packages/authority/src/operations/machines/change-state.ts'
import { signalMachine } from '../packages/authority/src/operations/machines/control-machine.ts'
import { createApp } from '../packages/authority/src/operations/apps/create-app.ts'
import { deleteApp } from '../packages/authority/src/operations/apps/delete-app.ts'
import { destroyVolume, extendVolume } from '../packages/authority/src/operations/volumes/change-volume.ts'
import { createVolume } from '../packages/authority/src/operations/volumes/create-volume.ts'
import type { Volume } from '../packages/authority/src/domain/volume.ts'
import { openMachineWorld, type MachineWorld } from '../packages/authority/src/operations/machines/testing/world.ts'
import { updateMachine } from '../packages/authority/src/operations/machines/update-machine.ts'
import { waitForMachine } from '../packages/authority/src/operations/machines/wait-for-machine.ts'

const sleeps = { init: { exec: ['sleep', '1000'] } }
const runs = (script: string) => ({ init: { exec: ['sh', '-c', script] } })
const gently = { signal: undefined, timeout: undefined }

describe.skipIf(reasonWithoutDockerd() !== undefined)('machines on a Docker Engine', () => {
  let dockerd: Dockerd
  let world: MachineWorld
  let engine: Engine
  let machines: RunningMachines
  const troubles: unknown[] = []

  beforeAll(async () => {
    dockerd = await startDockerd('own')
    engine = dockerd.openWith({ owner: 'life', timeoutMs: 10_000 })
    world = await openMachineWorld((environment) => {
      machines = runMachines({
        ...environment,
        engine,
        sockets: noSockets,
        id: 'one',
        clock: () => performance.now(),
        appOf: async ({ appId }) => {
          const app = await environment.store.read((tx) => tx.apps.byId(appId))
          return app && { name: app.name, secrets: new Map() }
        },
        report: ({ error }) => void (error !== undefined && troubles.push(error)),
      })
      return machines
    })
  })
  afterAll(async () => {
    await machines.stop()
    await world.close()
    await dockerd.stop()
  })
  beforeEach(() => void troubles.splice(0))

  const named = ({ id }: Machine) => ({ appName: world.app.name, machineId: id, nonce: undefined })
  async function reach(machine: Machine, ...states: readonly string[]): Promise<Machine> {
    const asked = { ...named(machine), states, timeout: 30_000, version: undefined, fromEventId: undefined }
    await world.ask(waitForMachine, asked)
    return world.find(machine.id)
  }
  /** A program that says something is past its first lines, as its traps: one that has just started is not. */
  async function firstWords({ runId }: Machine): Promise<string | undefined> {
    for await (const { text } of machines.logs(runId ?? '', { follow: true })) return text
    return undefined
  }
  const eventsOf = ({ id }: Machine) => world.store.read((tx) => tx.machines.events(id, 50))
  const told = (events: readonly MachineEvent[]) => events.map(({ type, status }) => `${type} ${status}`).toReversed()
  const exitOf = (events: readonly MachineEvent[]) =>
    JSON.parse(events.find(({ type }) => type === 'exit')?.request ?? '{}') as Record<string, Record<string, unknown>>
  const destroy = async (machine: Machine) => {
    await world.ask(destroyMachine, { ...named(machine), force: true })
    return reach(machine, 'destroyed')
  }

  test('a volume is made, keeps what each machine that has it writes, and goes with its app', async () => {
    const appName = `app-${randomBytes(6).toString('hex')}`
    const asked = { slug: world.organisation.slug, name: appName, network: 'default', idempotencyKey: undefined }
    await world.ask(createApp, asked)
    const create = async () =>
      (await world.ask(createVolume, { appName, name: 'data', region: undefined, sizeGb: 1 })).volume
    const volumeOf = ({ id }: Volume) => world.store.read((tx) => tx.volumes.byId(id))
    const [volume, beside] = [await create(), await create()]
    await expect
      .poll(() => volumeOf(volume))
      .toMatchObject({ state: 'created', madeGb: 1, isSized: false, dueAt: null })
    const start = async (script: string) => {
      const mounts = [{ volume: volume.id, path: '/data' }]
      const machine = await world.create({ ...runs(script), mounts, restart: { policy: 'no' } }, { appName })
      const wait = { appName, machineId: machine.id, states: ['started', 'stopped'], timeout: 30_000 }
      await world.ask(waitForMachine, { ...wait, version: undefined, fromEventId: undefined })
      return machine
    }
    const writes = await start('echo kept > /data/file; exec sleep 1000')
    const name = { appName, volumeId: volume.id }
    // It is not held to a size, so it is larger at once.
    const extended = await world.ask(extendVolume, { ...name, sizeGb: 2 })
    expect(extended).toMatchObject({ volume: { sizeGb: 2 }, needsRestart: false })
    await expect.poll(() => volumeOf(volume)).toMatchObject({ madeGb: 2, dueAt: null, problem: null })
    await world.ask(destroyMachine, { appName, machineId: writes.id, nonce: undefined, force: true })
    await expect.poll(() => volumeOf(volume)).toMatchObject({ machineId: null })
    const reads = await start('grep -q kept /data/file && exec sleep 1000')
    expect(await world.find(reads.id)).toMatchObject({ state: 'started' })

    await world.ask(destroyVolume, { appName, volumeId: beside.id })
    await expect.poll(() => volumeOf(beside)).toMatchObject({ state: 'destroyed' })
    expect(await engine.listVolumes()).toEqual([volume.id])
    await world.ask(deleteApp, { name: appName, force: true })
    await expect
      .poll(() => volumeOf(volume), { timeout: 10_000 })
      .toMatchObject({ state: 'destroyed', machineId: null })
    // What is back although it is destroyed goes; what nobody knows may be somebody's data.
    for (const id of [volume.id, 'vol_unknown']) await engine.createVolume(id, 1024)
    await removeDestroyed(engine, world.store)
    expect(await engine.listVolumes()).toEqual(['vol_unknown'])
    await engine.removeVolume('vol_unknown')
    expect(troubles).toEqual([])
  })

  test('a machine whose volume the engine has lost says so, and gets no empty one', async () => {
    const asked = { appName: world.app.name, name: 'lost', region: undefined, sizeGb: 1 }
    const { volume } = await world.ask(createVolume, asked)
    // Before that it would be made again.
    await expect.poll(() => world.store.read((tx) => tx.volumes.byId(volume.id))).toMatchObject({ state: 'created' })
    await engine.removeVolume(volume.id)
    const machine = await reach(await world.create({ ...sleeps, mounts: [{ name: 'lost', path: '/data' }] }), 'failed')
    const [event] = await eventsOf(machine)
    expect(event?.request).toContain(`There is no volume ${volume.id} in the engine`)
    expect(await engine.listVolumes()).toEqual([])
    await destroy(machine)
    await world.ask(destroyVolume, { appName: world.app.name, volumeId: volume.id })
  })

  test('a machine is created, started, stopped, started again with a fresh root, and destroyed', async () => {
    const made = await world.create({
      ...runs('test -e /mark && exit 9; touch /mark; exec sleep 1000'),
      env: { A: 'b' },
    })
    const started = await reach(made, 'started')
    expect(started).toMatchObject({ state: 'started', restarts: 0, dueAt: null })
    expect(started.address).toMatch(/^\d+\./)
    const result = await machines.exec(started.runId ?? '', { argv: ['env'], timeout: 5000, maxBytes: 10_000 })
    const env = Buffer.from(result.stdout).toString().split('\n')
    expect(env).toEqual(expect.arrayContaining(['A=b', `FLY_MACHINE_ID=${made.id}`, `FLY_APP_NAME=${world.app.name}`]))
    await world.ask(stopMachine, { ...named(made), ...gently, signal: 'SIGTERM' })
    const stopped = await reach(made, 'stopped')
    expect(stopped).toMatchObject({ startedAt: null, address: null, dueAt: null, stopSignal: null })
    expect(exitOf(await eventsOf(made))['exit_event']).toMatchObject({
      exit_code: 143,
      signal: 15,
      requested_stop: true,
      restarting: false,
    })
    await world.ask(startMachine, named(made))
    const again = await reach(made, 'started')
    expect(again.runId).not.toBe(started.runId)
    expect(told(await eventsOf(made))).toEqual([
      'launch created',
      'start started',
      'stop stopping',
      'exit stopped',
      'start starting',
      'start started',
    ])
    expect(await engine.list()).toHaveLength(1)
    expect((await destroy(made)).runId).toBeNull()
    expect(await engine.list()).toEqual([])
    expect(troubles).toEqual([])
  })

  test('what is not to be launched is prepared, and starts when it is asked for', async () => {
    const made = await world.create(sleeps, { skipLaunch: true })
    expect(await reach(made, 'stopped')).toMatchObject({ runId: null, image: expect.stringContaining('busybox') })
    await world.ask(startMachine, named(made))
    await reach(made, 'started')
    await destroy(made)
  })

  test('a program that fails is started again, so often and no more, and one that ends well is not', async () => {
    const fails = await world.create({ ...runs('exit 7'), restart: { policy: 'on-failure', max_retries: 1 } })
    const well = await world.create(runs('exit 0'))
    const never = await world.create({ ...runs('exit 3'), restart: { policy: 'no' } })
    const gone = await world.create({ ...runs('exit 0'), auto_destroy: true })
    await reach(fails, 'stopped')
    expect(told(await eventsOf(fails))).toEqual([
      'launch created',
      'start started',
      'exit stopped',
      'start started',
      'exit stopped',
    ])
    const exits = (await eventsOf(fails))
      .filter(({ type }) => type === 'exit')
      .map(({ request }) => JSON.parse(request ?? ''))
    expect(exits).toMatchObject([
      { exit_event: { exit_code: 7, restarting: false, requested_stop: false, signal: -1 }, restart_count: 1 },
      { exit_event: { exit_code: 7, restarting: true }, restart_count: 1 },
    ])
    await reach(well, 'stopped')
    await reach(never, 'stopped')
    expect((await reach(gone, 'destroyed')).runId).toBeNull()
    expect(
      await world.ask(waitForMachine, {
        ...named(well),
        states: ['started'],
        timeout: 1,
        version: undefined,
        fromEventId: undefined,
      }),
    ).toMatchObject({ result: { state: 'started' } })
    for (const machine of [fails, well, never]) await destroy(machine)
  })

  test('one that ignores its signal is killed when its time is over, or sooner if somebody loses patience', async () => {
    const deaf = { ...runs('trap "" INT TERM; echo deaf; while true; do sleep 1; done'), restart: { policy: 'always' } }
    const [late, hurried] = [
      await world.create({ ...deaf, stop_config: { signal: 'SIGTERM', timeout: '300ms' } }),
      await world.create({ ...deaf, stop_config: { timeout: '5m' } }),
    ]
    for (const machine of [late, hurried]) {
      expect(await firstWords(await reach(machine, 'started'))).toBe('deaf')
    }
    await world.ask(stopMachine, { ...named(late), ...gently })
    await world.ask(stopMachine, { ...named(hurried), ...gently })
    await reach(late, 'stopped')
    expect(exitOf(await eventsOf(late))['exit_event']).toMatchObject({ exit_code: 137, requested_stop: true })
    await world.ask(stopMachine, { ...named(hurried), signal: 'SIGKILL', timeout: undefined })
    await reach(hurried, 'stopped')
    await destroy(late)
    await destroy(hurried)
  })

  test('a machine is updated: its whole configuration and its run, or only its version', async () => {
    const made = await world.create({ ...sleeps, env: { OLD: '1' } })
    const before = await reach(made, 'started')
    const config = { image: 'test/busybox:1', ...sleeps, env: { NEW: '1' } }
    const update = {
      ...named(made),
      config,
      currentVersion: undefined,
      leaseTtl: undefined,
      skipSecrets: false,
      minSecretsVersion: 0,
    }
    const { machine } = await world.ask(updateMachine, { ...update, skipLaunch: false })
    const wait = {
      ...named(made),
      states: ['started'],
      timeout: 30_000,
      version: machine.version,
      fromEventId: undefined,
    }
    await world.ask(waitForMachine, wait)
    const after = await world.find(made.id)
    expect(after.runId).not.toBe(before.runId)
    const { stdout } = await machines.exec(after.runId ?? '', { argv: ['env'], timeout: 5000, maxBytes: 10_000 })
    expect(Buffer.from(stdout).toString()).toMatch(/NEW=1/)
    expect(Buffer.from(stdout).toString()).not.toMatch(/OLD=1/)
    expect(await engine.list()).toHaveLength(1)
    await world.ask(updateMachine, { ...update, skipLaunch: true })
    await reach(made, 'stopped')
    expect(told(await eventsOf(made)).slice(-3)).toEqual(['update replacing', 'exit stopped', 'update replaced'])
    await destroy(made)
  })

  test('a machine is suspended with its memory, resumed, restarted and signalled', async () => {
    const made = await world.create(
      runs('trap "exit 5" USR1; n=0; while true; do n=$((n+1)); echo $n; sleep 0.2; done'),
    )
    const first = await reach(made, 'started')
    await world.ask(suspendMachine, named(made))
    await reach(made, 'suspended')
    expect((await engine.inspect(first.runId ?? ''))?.state).toBe('paused')
    await world.ask(startMachine, named(made))
    expect((await reach(made, 'started')).runId).toBe(first.runId)
    await world.ask(restartMachine, { ...named(made), ...gently, signal: 'SIGTERM' })
    const second = await reach(made, 'started')
    expect(second.runId).not.toBe(first.runId)
    expect(exitOf(await eventsOf(made))['exit_event']).toMatchObject({ requested_stop: true, restarting: true })
    expect(await firstWords(second)).toBe('1')
    await world.ask(signalMachine, { ...named(made), signal: 'SIGUSR1' })
    await reach(made, 'restarting')
    expect(exitOf(await eventsOf(made))['exit_event']).toMatchObject({ exit_code: 5, requested_stop: false })
    await reach(made, 'started')
    await world.ask(suspendMachine, named(made))
    await reach(made, 'suspended')
    await world.ask(stopMachine, { ...named(made), ...gently })
    await reach(made, 'stopped')
    await destroy(made)
  })

  test('what cannot run fails, says why, and can be tried again', async () => {
    const failing = async (config: object) => {
      const made = await world.create(config)
      const failed = await reach(made, 'failed')
      expect(failed).toMatchObject({ startedAt: null, dueAt: null })
      const [event] = await eventsOf(made)
      await destroy(made)
      return `${event?.status} ${event?.request}`
    }
    expect(await failing({ image: 'test/none:1' })).toMatch(/failed.*registry/)
    expect(await failing({ init: { exec: ['no-such-program'] } })).toMatch(/no-such-program/)
    const large = { guest: { cpus: 1, memory_mb: 4_000_000 } }
    expect(await failing(large)).toMatch(/insufficient memory available to fulfill request on the current host/)
    expect(troubles).toEqual([])
  })

  test('memory that runs out is reported', async () => {
    const made = await world.create({ ...runs('tail /dev/zero'), restart: { policy: 'no' } })
    await reach(made, 'stopped', 'failed')
    expect(exitOf(await eventsOf(made))['exit_event']).toMatchObject({ oom_killed: true, exit_code: 137 })
    await destroy(made)
  })

  test('many created at once are as many, and are gone when they are destroyed', async () => {
    const made = await Promise.all(Array.from({ length: 24 }, () => world.create(runs('exit 0'))))
    await Promise.all(made.map((machine) => reach(machine, 'stopped')))
    const list = await engine.list()
    expect(list).toHaveLength(24)
    expect(new Set(list.map(({ labels }) => labels['machine']))).toEqual(new Set(made.map(({ id }) => id)))
    await Promise.all(made.map(destroy))
    expect(await engine.list()).toEqual([])
    expect(troubles).toEqual([])
  })

  test('the engine is killed and started: what died with it is reported and started again, and all else goes on', async () => {
    const [stays, rests] = [await world.create(sleeps), await world.create(sleeps, { skipLaunch: true })]
    await reach(stays, 'started')
    await reach(rests, 'stopped')
    const start = await dockerd.kill()
    await world.ask(startMachine, named(rests))
    const meanwhile = await world.create(sleeps)
    await expect.poll(() => machines.answers(), { timeout: 10_000 }).toBe(false)
    await start()
    await reach(rests, 'started')
    await reach(meanwhile, 'started')
    await reach(stays, 'started')
    expect(machines.answers()).toBe(true)
    const list = await engine.list()
    expect(
      list
        .filter(({ state }) => state === 'running')
        .map(({ labels }) => labels['machine'])
        .toSorted(),
    ).toEqual([stays, rests, meanwhile].map(({ id }) => id).toSorted())
    for (const machine of [stays, rests, meanwhile]) await destroy(machine)
  })

  test('a run that nobody knows is removed when the engine is looked at again', async () => {
    const image = await engine.pullImage('test/busybox:1')
    const orphan = `${randomBytes(7).toString('hex')}.x.1`
    const limits = { memoryMb: 64, cpus: 1, processes: 10 }
    await engine.create({ runId: orphan, image: image.id, command: ['sleep', '100'], limits })
    await engine.start(orphan)
    const start = await dockerd.kill()
    await start()
    await expect.poll(() => engine.list(), { timeout: 20_000, interval: 50 }).toEqual([])
  })
})
