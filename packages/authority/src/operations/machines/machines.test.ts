// Operations on machines: what is decided, stored and refused. No machine runs here.
import { randomBytes } from 'node:crypto'

import { actions } from '@hallpass/macaroon'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { Machine } from '../../domain/machine.ts'
import { readConfig, readMetadata } from '../../domain/machine-config.ts'
import { changeMachine } from '../../domain/machine-change.ts'
import type { MachineCause } from '../../domain/machine-states.ts'
import { pagesOf } from '../../domain/page.ts'
import { overEachEngine } from '../../store/testing/engines.ts'
import { deleteApp } from '../apps/delete-app.ts'
import { showApp } from '../apps/show-app.ts'
import { createMachine } from './create-machine.ts'
import { destroyMachine, restartMachine, startMachine, stopMachine, suspendMachine } from './change-state.ts'
import { cordonMachine, signalMachine } from './control-machine.ts'
import type { ShownMachine } from './find-machine.ts'
import { acquireLease, releaseLease, showLease } from './leases.ts'
import { listMachines, pageMachines } from './list-machines.ts'
import { changeMachineMetadata, showMachineMetadata } from './metadata.ts'
import { listMachineEvents, listMachineVersions, showMachine } from './show-machine.ts'
import { testOwnTokens } from './testing/own-tokens.ts'
import { idle, openMachineWorld, type MachineWorld } from './testing/world.ts'
import { updateMachine } from './update-machine.ts'
import { waitForMachine } from './wait-for-machine.ts'

overEachEngine((postgres) => {
  describe('machines', () => {
    let world: MachineWorld
    let trouble: string | undefined
    beforeAll(async () => {
      world = await openMachineWorld(() => ({ ...idle, tokenTrouble: async () => trouble }), { url: postgres()?.url })
    })
    afterAll(() => world.close())

    const named = ({ id }: Machine) => ({ appName: world.app.name, machineId: id, nonce: undefined })
    const gently = { signal: undefined, timeout: undefined }
    const update = {
      config: { image: 'other:2', metadata: { a: 'c' } },
      currentVersion: undefined,
      leaseTtl: undefined,
      skipLaunch: false,
      skipSecrets: false,
      minSecretsVersion: 0,
    }
    /** As the driver does when it has brought the machine there. */
    async function bring(machine: Machine, ...causes: readonly MachineCause[]): Promise<Machine> {
      return world.store.write(async (tx) => {
        let found = await world.find(machine.id)
        for (const cause of causes) {
          const change = changeMachine(found, cause, { now: Date.now(), randomBytes }, { dueAt: null }, [
            { type: 'start', status: cause, source: 'flyd' },
          ])
          if (change === undefined) throw new Error(`${cause} cannot happen when ${found.state}`)
          found = change.machine
          await tx.machines.save(found, change.events)
        }
        return found
      })
    }

    test('a machine keeps the run labels of the token that created it, whoever changes it', async () => {
      const label = { agent: 'ci', run: '42', onBehalfOf: '' }
      const { app } = world
      const header = await world.mint([{ type: 'RunLabel', ...label }])
      const asked = { appName: app.name, name: undefined, region: undefined, config: { image: 'busybox' } }
      const flags = { leaseTtl: undefined, skipLaunch: false, skipSecrets: false, minSecretsVersion: 0 }
      const { machine } = await world.ask(createMachine, { ...asked, ...flags }, header)
      expect(machine.runLabels).toEqual({ first: [label], more: 0 })
      const other = await world.mint([{ type: 'RunLabel', ...label, agent: 'other' }])
      await world.ask(updateMachine, { ...named(machine), ...update }, other)
      expect((await world.find(machine.id)).runLabels).toEqual(machine.runLabels)
      expect((await world.create()).runLabels).toBeNull()
    })

    test('a machine is created with its version and its first event, and shown', async () => {
      const config = { env: { A: 'b' }, metadata: { role: 'web' }, strange: [1] }
      const machine = await world.create(config, { name: 'web' })
      expect(machine).toMatchObject({
        state: 'created',
        name: 'web',
        region: 'local',
        launches: true,
        hasSecrets: true,
      })
      expect(machine.id).toMatch(/^[0-9a-f]{14}$/)
      expect(readConfig(machine.config)).toMatchObject({ env: { A: 'b' }, strange: [1] })
      expect(readMetadata(machine.metadata)).toEqual({ role: 'web' })
      const shown = await world.ask(showMachine, named(machine))
      expect(shown.machine).toEqual(machine)
      expect(shown.events).toMatchObject([{ type: 'launch', status: 'created', source: 'user' }])
      expect(await world.ask(listMachineVersions, named(machine))).toMatchObject([{ version: machine.version }])
      await expect(world.create({}, { name: 'web' })).rejects.toMatchObject({ code: 'name_taken' })
      await expect(world.create({}, { region: 'mars' })).rejects.toMatchObject({ code: 'invalid', field: 'region' })
      expect((await world.create({}, { region: 'mars,eu' })).region).toBe('local')
      await expect(world.create({}, { minSecretsVersion: 1 })).rejects.toMatchObject({ code: 'failed_precondition' })
    })

    test('a request that the state does not allow is refused in the words that clients match', async () => {
      const machine = await world.create()
      const refusal = (text: string) => ({ code: 'failed_precondition', message: `failed_precondition: ${text}` })
      await expect(world.ask(startMachine, named(machine))).rejects.toMatchObject(
        refusal(`unable to start machine from current state: 'created'`),
      )
      await bring(machine, 'launch', 'run')
      await expect(world.ask(destroyMachine, { ...named(machine), force: false })).rejects.toMatchObject(
        refusal('unable to destroy machine, not currently stopped, suspended, failed or created'),
      )
      expect(await world.ask(startMachine, named(machine))).toMatchObject({ previousState: 'started' })
      await world.ask(stopMachine, { ...named(machine), ...gently })
      await expect(world.ask(startMachine, named(machine))).rejects.toMatchObject(
        refusal('machine still active, refusing to start'),
      )
      const killed = await world.ask(stopMachine, { ...named(machine), signal: 'SIGKILL', timeout: 5 })
      expect(killed.machine).toMatchObject({ state: 'stopping', stopSignal: 'SIGKILL', stopTimeout: 5 })
      await bring(machine, 'exit')
      await world.ask(updateMachine, { ...named(machine), ...update })
      await expect(world.ask(startMachine, named(machine))).rejects.toMatchObject(
        refusal('machine getting replaced, refusing to start'),
      )
      await bring(machine, 'launch', 'run')
      await expect(world.ask(restartMachine, { ...named(await world.create()), ...gently })).rejects.toMatchObject({
        code: 'failed_precondition',
      })
      await world.ask(suspendMachine, named(machine))
      await expect(world.ask(signalMachine, { ...named(machine), signal: 'SIGUSR1' })).rejects.toMatchObject({
        code: 'failed_precondition',
      })
      await world.ask(destroyMachine, { ...named(machine), force: true })
      expect(await world.find(machine.id)).toMatchObject({ state: 'destroying' })
      expect(await world.ask(cordonMachine, { ...named(machine), isCordoned: true })).toMatchObject({
        isCordoned: true,
      })
      const events = await world.ask(listMachineEvents, { ...named(machine), limit: 3 })
      expect(events.map(({ type, status }) => `${type} ${status}`)).toEqual([
        'destroy destroying',
        'suspend suspending',
        'start run',
      ])
    })

    test('an update replaces the whole configuration, once for each current version', async () => {
      const machine = await world.create({ env: { A: 'b' }, metadata: { a: 'b', b: 'c' } })
      const current = { ...named(machine), ...update, currentVersion: machine.version }
      const tried = await Promise.allSettled([1, 2, 3, 4].map(() => world.ask(updateMachine, current)))
      const done = tried.flatMap((one) => (one.status === 'fulfilled' ? [one.value.machine] : []))
      expect(done).toHaveLength(1)
      expect(tried.filter((one) => one.status === 'rejected' && one.reason.code === 'conflict')).toHaveLength(3)
      expect(done[0]).toMatchObject({ state: 'replacing', metadata: '{"a":"c"}', config: '{"image":"other:2"}' })
      expect((done[0]?.version ?? '') > machine.version).toBe(true)
      expect(await world.ask(listMachineVersions, named(machine))).toHaveLength(2)
    })

    test('only the holder of the nonce can change a leased machine, until the lease ends', async () => {
      const machine = await world.create({}, { skipLaunch: true })
      const asked = { ...named(machine), ttl: 60_000, description: 'deploy' }
      const taken = await Promise.allSettled([1, 2, 3].map(() => world.ask(acquireLease, asked)))
      const [lease] = taken.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect(lease).toMatchObject({ description: 'deploy', version: machine.version })
      const { nonce } = lease ?? { nonce: '' }
      expect(nonce).toMatch(/^[0-9a-f]{12}$/)
      const held = {
        code: 'conflict',
        message: expect.stringMatching(/^machine ID \w+ lease currently held by .*, expires at \S+Z$/),
      }
      await expect(world.ask(stopMachine, { ...named(machine), ...gently })).rejects.toMatchObject(held)
      await expect(world.ask(updateMachine, { ...named(machine), ...update })).rejects.toMatchObject(held)
      await expect(
        world.ask(destroyMachine, { ...named(machine), nonce: 'f'.repeat(12), force: true }),
      ).rejects.toMatchObject(held)
      await expect(world.ask(cordonMachine, { ...named(machine), isCordoned: true })).rejects.toMatchObject(held)
      // A signal does not change the machine. This one is refused because nothing runs.
      await expect(world.ask(signalMachine, { ...named(machine), signal: 'SIGUSR1' })).rejects.toMatchObject({
        code: 'failed_precondition',
      })
      expect(await world.ask(showLease, named(machine))).toMatchObject({ nonce: '', description: 'deploy' })
      expect(await world.ask(acquireLease, { ...asked, nonce, description: undefined })).toMatchObject({
        nonce,
        description: 'deploy',
      })
      await world.ask(stopMachine, { ...named(machine), nonce, ...gently })
      await expect(world.ask(releaseLease, named(machine))).rejects.toMatchObject(held)
      await world.ask(releaseLease, { ...named(machine), nonce })
      await expect(world.ask(showLease, named(machine))).rejects.toMatchObject({
        code: 'not_found',
        message: 'lease not found',
      })
      await world.ask(acquireLease, { ...asked, ttl: 0 })
      await world.ask(cordonMachine, { ...named(machine), isCordoned: true })
    })

    test('metadata change without a new version', async () => {
      const machine = await world.create({ metadata: { a: '1', b: '2' } })
      const change = { ...named(machine), machineVersion: machine.version }
      await world.ask(changeMachineMetadata, { ...change, replaces: false, values: { a: null, c: '3' } })
      expect(await world.ask(showMachineMetadata, named(machine))).toEqual({ b: '2', c: '3' })
      await world.ask(changeMachineMetadata, { ...change, replaces: true, values: { d: '4', e: '' } })
      expect(await world.ask(showMachineMetadata, named(machine))).toEqual({ d: '4' })
      const stale = world.ask(changeMachineMetadata, { ...change, machineVersion: 'x', replaces: true, values: {} })
      await expect(stale).rejects.toMatchObject({ code: 'failed_precondition' })
      expect((await world.find(machine.id)).version).toBe(machine.version)
    })

    test('machines are listed by metadata and state, in pages', async () => {
      const made: Machine[] = []
      const create = () => world.create({ metadata: { of: 'list' } })
      // A few at once: a busy machine may refuse some of hundreds, because they have waited for long.
      while (made.length < 203) made.push(...(await Promise.all(Array.from({ length: 7 }, create))))
      const all = { withDestroyed: false, states: [], regions: [] }
      const asked = { ...all, appName: world.app.name, metadata: [['of', 'list']], withEvents: true } as const
      const machines: ShownMachine[] = []
      for await (const { items } of pagesOf<ShownMachine, string>((after) =>
        world.ask(listMachines, { ...asked, after }),
      ))
        machines.push(...items)
      expect(machines.map(({ machine }) => machine.id)).toEqual(
        made.map(({ id }) => id).toSorted((a, b) => (a < b ? -1 : 1)),
      )
      expect(machines[0]?.events).toHaveLength(1)
      const started = { ...asked, states: ['started'], after: undefined }
      expect((await world.ask(listMachines, started)).items).toEqual([])
      let after: string | undefined
      const seen = new Set<string>()
      do {
        const page = { ...all, slug: world.organisation.slug, limit: 100, after, updatedAfter: undefined }
        const { items, next } = await world.ask(pageMachines, page)
        for (const { machine, appName } of items) {
          expect(appName).toBe(world.app.name)
          seen.add(machine.id)
        }
        after = next
      } while (after !== undefined)
      expect(made.every(({ id }) => seen.has(id))).toBe(true)
    })

    test('a wait is answered when the machine is in the state, or at once if it was, and otherwise with its present state', async () => {
      const machine = await world.create()
      const wait = { ...named(machine), states: ['started'], timeout: 1, version: undefined, fromEventId: undefined }
      await expect(world.ask(waitForMachine, wait)).rejects.toMatchObject({
        code: 'deadline_exceeded',
        message: 'deadline_exceeded: machine failed to reach desired state, started, currently created',
      })
      const started = await bring(machine, 'launch', 'run')
      const result = async (changes: Partial<typeof wait> | object = {}) =>
        (await world.ask(waitForMachine, { ...wait, ...changes })).result
      expect(await result()).toEqual({ state: 'started', version: machine.version, eventId: started.lastEventId })
      expect(await result({ states: ['settled'] })).toMatchObject({ state: 'started' })
      expect(await result({ version: 'x' })).toMatchObject({ state: 'replaced', version: machine.version })
      await expect(result({ fromEventId: started.lastEventId })).rejects.toMatchObject({ code: 'deadline_exceeded' })
      await world.ask(destroyMachine, { ...named(machine), force: true })
      await bring(machine, 'remove')
      expect(await result({ states: ['destroyed'] })).toMatchObject({ state: 'destroyed' })
      const none = { machineId: '0'.repeat(14) }
      expect(await result({ ...none, states: ['destroyed'] })).toMatchObject({ state: 'destroyed' })
      await expect(result(none)).rejects.toMatchObject({ code: 'not_found', message: 'machine not found' })
    })

    test('a token does what its caveats allow, and nothing else', async () => {
      const [machine, sibling] = [await world.create(), await world.create()]
      const mine = await world.mint([{ type: 'Machines', machines: new Map([[machine.id, actions.any]]) }])
      await world.ask(showMachine, named(machine), mine)
      await expect(world.ask(showMachine, named(sibling), mine)).rejects.toMatchObject({ code: 'forbidden' })
      await expect(
        world.ask(
          listMachines,
          {
            appName: world.app.name,
            withDestroyed: false,
            states: [],
            regions: [],
            metadata: [],
            withEvents: false,
            after: undefined,
          },
          mine,
        ),
      ).rejects.toMatchObject({ code: 'forbidden' })
      const controls = await world.mint([{ type: 'Action', mask: actions.read | actions.control }])
      await world.ask(stopMachine, { ...named(machine), ...gently }, controls)
      const changed = world.ask(updateMachine, { ...named(sibling), ...update }, controls)
      await expect(changed).rejects.toMatchObject({ code: 'forbidden' })
      const destroyed = world.ask(destroyMachine, { ...named(sibling), force: true }, controls)
      await expect(destroyed).rejects.toMatchObject({ code: 'forbidden' })
      const reads = await world.mint([{ type: 'Action', mask: actions.read }])
      await expect(
        world.ask(acquireLease, { ...named(machine), ttl: 1, description: '' }, reads),
      ).rejects.toMatchObject({ code: 'forbidden' })
      // A caller who may not do it does not learn whether there is such a machine.
      const none = { ...named(machine), machineId: '0'.repeat(14) }
      await expect(world.ask(showMachine, none, mine)).rejects.toMatchObject({ code: 'forbidden' })
      await expect(world.ask(showMachine, none)).rejects.toMatchObject({
        code: 'not_found',
        message: 'machine not found',
      })
    })

    testOwnTokens(
      () => world,
      (given) => void (trouble = given),
    )

    test('an app says how many machines it has, and with some stays or takes them with it', async () => {
      const { app } = world
      const machines = await world.store.read((tx) => tx.machines.ofApp(app.id, { limit: 1000 }))
      expect(machines.length).toBeGreaterThan(0)
      expect(await world.ask(showApp, { name: app.name })).toMatchObject({ machineCount: machines.length })
      await expect(world.ask(deleteApp, { name: app.name })).rejects.toMatchObject({ code: 'conflict' })
      const [machine] = await world.store.read((tx) => tx.machines.ofApp(app.id, { limit: 1 }))
      await world.ask(deleteApp, { name: app.name, force: true })
      expect(await world.find(machine?.id ?? '')).toMatchObject({ state: 'destroying', dueAt: expect.any(Number) })
    })
  })
})
