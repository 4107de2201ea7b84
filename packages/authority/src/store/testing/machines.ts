// Conformance: machines with their versions and events, and the secrets of apps.
import { randomBytes } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import type { App } from '../../domain/app.ts'
import { createUlid, type Machine, type MachineEvent } from '../../domain/machine.ts'
import type { ReadTransaction, Store, Transaction } from '../../domain/store.ts'
import { plain } from './people.ts'
import { createToken, insertApp, insertMachine, insertOrganisation, uniqueBytes } from './seed.ts'

export function describeMachines(getStore: () => Store): void {
  const read = <T>(work: (tx: ReadTransaction) => Promise<T>) => getStore().read(work)
  const write = <T>(work: (tx: Transaction) => Promise<T>) => getStore().write(work)
  const makeApp = (): Promise<App> => write(async (tx) => insertApp(tx, (await insertOrganisation(tx)).id))

  describe('machines', () => {
    test('keeps everything of a machine', async () => {
      const app = await makeApp()
      const machine = await write((tx) => insertMachine(tx, app))
      expect(await read((tx) => tx.machines.byId(machine.id))).toEqual(machine)
      expect(await read((tx) => tx.machines.byId('0'.repeat(14)))).toBeUndefined()
      const changed: Machine = {
        ...machine,
        state: 'started',
        version: createUlid(2000, randomBytes),
        config: '{"image":"other"}',
        metadata: '{"a":"b"}',
        isCordoned: true,
        hasSecrets: false,
        launches: false,
        stopSignal: 'SIGTERM',
        stopTimeout: 5000,
        image: '{}',
        runId: `${machine.id}.x.1`,
        runs: 1,
        startedAt: 2000,
        address: '10.0.0.1',
        restarts: 2,
        tries: 3,
        dueAt: null,
        lastEventId: createUlid(2000, randomBytes),
        lease: { nonce: 'abc', owner: 'ada', description: 'mine', expiresAt: 3000, version: machine.version },
        updatedAt: 2000,
      }
      await write((tx) => tx.machines.save(changed, []))
      expect(await read((tx) => tx.machines.byId(machine.id))).toEqual(changed)
    })

    test('has one own token, which ends with it', async () => {
      const app = await makeApp()
      const machine = await write((tx) => insertMachine(tx, app))
      const [first, second] = [1, 2].map(() => createToken(app.organisationId, { machineId: machine.id }))
      if (first === undefined || second === undefined) throw new Error('too few')
      const sealed = uniqueBytes()
      await write(async (tx) => {
        for (const token of [first, second]) await tx.tokens.insert(token)
        await tx.machineTokens.set(machine.id, { tokenId: first.id, sealed: uniqueBytes() })
        await tx.machineTokens.set(machine.id, { tokenId: second.id, sealed })
      })
      const kept = await read((tx) => tx.machineTokens.of(machine.id))
      expect([kept?.tokenId, plain(kept)]).toEqual([second.id, plain({ tokenId: second.id, sealed })])
      expect(await read((tx) => tx.machineTokens.machines(1, machine.id.slice(0, -1)))).toEqual([machine.id])
      expect(await read((tx) => tx.tokens.byIdWithNames(second.id))).toMatchObject({ machineId: machine.id })
      await write((tx) => tx.machines.save({ ...machine, state: 'stopped' }, []))
      expect(await read((tx) => tx.tokens.byId(second.id))).toMatchObject({ revokedAt: null })
      await write((tx) => tx.machines.save({ ...machine, state: 'destroying', updatedAt: 3000 }, []))
      const revokedBy = `the end of machine ${machine.id}`
      expect(await read((tx) => tx.tokens.byId(second.id))).toMatchObject({ revokedAt: 3000, revokedBy })
      expect(await read((tx) => tx.machineTokens.of(machine.id))).toBeUndefined()
    })

    test('has each name once in an app among those that are not destroyed', async () => {
      const [app, other] = [await makeApp(), await makeApp()]
      const machine = await write((tx) => insertMachine(tx, app, { name: 'web' }))
      await write((tx) => insertMachine(tx, other, { name: 'web' }))
      const again = () => write((tx) => insertMachine(tx, app, { name: 'web' }))
      await expect(again()).rejects.toMatchObject({ code: 'name_taken', field: 'name' })
      await write((tx) => tx.machines.save({ ...machine, state: 'destroyed' }, []))
      await again()
    })

    test('lists those of an app or an organization by id, in pages', async () => {
      const app = await makeApp()
      const sibling = await write((tx) => insertApp(tx, app.organisationId))
      const made = await write((tx) => Promise.all([1, 2, 3, 4].map(() => insertMachine(tx, app))))
      const elsewhere = await write((tx) => insertMachine(tx, sibling, { updatedAt: 5000 }))
      const [a, b, c, d] = made.toSorted((one, other) => byText(one.id, other.id))
      if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error('too few')
      await write((tx) => tx.machines.save({ ...b, state: 'destroyed' }, []))
      const ids = async (found: Promise<readonly Machine[]>) => (await found).map(({ id }) => id)
      expect(await read((tx) => ids(tx.machines.ofApp(app.id, { limit: 2 })))).toEqual([a.id, c.id])
      expect(await read((tx) => ids(tx.machines.ofApp(app.id, { limit: 2, after: c.id })))).toEqual([d.id])
      const all = { limit: 2, withDestroyed: true }
      expect(await read((tx) => ids(tx.machines.ofApp(app.id, all)))).toEqual([a.id, b.id])
      const ofAll = await read((tx) => ids(tx.machines.ofOrganisation(app.organisationId, { limit: 10 })))
      expect(ofAll).toEqual([a.id, c.id, d.id, elsewhere.id].toSorted(byText))
      const lately = { limit: 10, updatedAfter: 4999 }
      expect(await read((tx) => ids(tx.machines.ofOrganisation(app.organisationId, lately)))).toEqual([elsewhere.id])
      expect(await read((tx) => tx.apps.counts(app.id))).toEqual({ machineCount: 3, volumeCount: 0 })
      const apps = await read((tx) => tx.apps.page(app.organisationId, { limit: 9 }))
      expect(apps.find(({ id }) => id === app.id)?.machineCount).toBe(3)
      expect(await read((tx) => tx.organisations.countUpTo(app.organisationId, 'machines', 9, 0))).toBe(4)
      expect(await read((tx) => tx.organisations.countUpTo(app.organisationId, 'machines', 3, 0))).toBe(3)
      const before = String.fromCharCode((a.id.codePointAt(0) ?? 0) - 1)
      expect(await read((tx) => ids(tx.machines.page({ limit: 1000, after: before })))).toEqual(
        expect.arrayContaining([a.id, c.id, d.id]),
      )
    })

    test('says which are due, and when the next will be', async () => {
      const app = await makeApp()
      const [late, early] = await write(async (tx) => [
        await insertMachine(tx, app, { dueAt: 20, image: '{}' }),
        await insertMachine(tx, app, { dueAt: 10, state: 'destroying' }),
      ])
      await write((tx) => insertMachine(tx, app, { dueAt: null }))
      await write((tx) => insertMachine(tx, app, { dueAt: 15 }))
      const { organisationId } = app
      const due = (now: number, limit = 9) => read((tx) => tx.machines.due(organisationId, now, limit))
      const other = await makeApp()
      await write((tx) => insertMachine(tx, other, { dueAt: 20, state: 'stopping' }))
      const organisations = (now: number, limit = 9, after = organisationId - 1) =>
        read((tx) => tx.machines.organisationsDue(after, now, limit))
      expect(await organisations(9)).toEqual([])
      expect(await organisations(15)).toEqual([organisationId])
      expect(await organisations(20)).toEqual([organisationId, other.organisationId])
      expect(await organisations(20, 1)).toEqual([organisationId])
      expect(await organisations(20, 9, organisationId)).toEqual([other.organisationId])
      expect(await due(9)).toEqual([])
      expect(await due(10)).toEqual([early.id])
      expect(await due(20)).toEqual([early.id, late.id])
      expect(await due(20, 1)).toEqual([early.id])
      expect(await read((tx) => tx.machines.nextDue(9))).toBe(10)
      expect(await read((tx) => tx.machines.nextDue(10))).toBe(15)
      expect(await read((tx) => tx.machines.nextDue(15))).toBe(20)
    })

    test('says which images are waited for, by whom, and since when', async () => {
      const [app, other] = [await makeApp(), await makeApp()]
      const waits = (of: App, image: string, changes: Partial<Machine>) =>
        write((tx) => insertMachine(tx, of, { config: JSON.stringify({ image }), ...changes }))
      const second = await waits(app, 'b', { dueAt: 20 })
      const first = await waits(app, 'b', { dueAt: 10, state: 'starting' })
      await waits(app, 'a', { dueAt: 30, state: 'replacing', startedAt: 5 })
      const started = await waits(app, 'c', { state: 'restarting' })
      await waits(other, 'a', {})
      for (const changes of [{ dueAt: null }, { image: '{}' }, { startedAt: 5, state: 'starting' }] as const) {
        await waits(app, 'd', changes)
      }
      const { organisationId } = app
      const images = (after = '', limit = 9) => read((tx) => tx.machines.imagesAwaited(organisationId, after, limit))
      expect(await images()).toEqual([
        { reference: 'a', dueAt: 30 },
        { reference: 'b', dueAt: 10 },
        { reference: 'c', dueAt: 1000 },
      ])
      expect((await images('a', 1)).map(({ reference }) => reference)).toEqual(['b'])
      const organisations = (after: number, limit = 9) => read((tx) => tx.machines.organisationsAwaiting(after, limit))
      expect(await organisations(organisationId - 1)).toEqual([organisationId, other.organisationId])
      expect(await organisations(organisationId - 1, 1)).toEqual([organisationId])
      expect(await organisations(other.organisationId)).toEqual([])
      const image = { organisationId, reference: 'b' }
      const due = (now: number, limit = 9) => read((tx) => tx.machines.dueForImage(image, now, limit))
      expect(await due(15)).toEqual([first.id])
      expect(await due(20)).toEqual([first.id, second.id])
      expect(await due(20, 1)).toEqual([first.id])
      await write(async (tx) => {
        await tx.machines.save({ ...started, state: 'stopping' }, [])
        await tx.machines.save({ ...first, image: '{}' }, [])
      })
      expect((await images()).map(({ reference }) => reference)).toEqual(['a', 'b'])
      expect(await due(20)).toEqual([second.id])
      await write((tx) => tx.machines.destroyOfApp(app.id, 500))
      await write((tx) => tx.machines.destroyOfOrganisation(other.organisationId, 500))
      expect(await organisations(organisationId - 1)).toEqual([])
    })

    test('keeps the newest hundred versions and events, newest first', async () => {
      const app = await makeApp()
      const machine = await write((tx) => insertMachine(tx, app))
      expect(await read((tx) => tx.machines.versions(machine.id, 10))).toEqual([
        { version: machine.version, config: machine.config, createdAt: machine.createdAt },
      ])
      const made: MachineEvent[] = []
      await write(async (tx) => {
        for (let at = 1; at <= 103; at += 1) {
          const id = createUlid(at, randomBytes, made.at(-1)?.id)
          const event = { id, type: 'start', status: 'started', source: 'flyd', at, request: null } as const
          made.push({ ...event, ...(at === 103 ? { request: '{"x":1}' } : {}) })
          await tx.machines.save(machine, made.slice(-1))
          await tx.machines.addVersion(machine.id, {
            version: createUlid(9000 + at, randomBytes),
            config: '{}',
            createdAt: at,
          })
        }
      })
      expect(await read((tx) => tx.machines.events(machine.id, 2))).toEqual(made.slice(-2).toReversed())
      const events = await read((tx) => tx.machines.events(machine.id, 1000))
      expect(events.map(({ at }) => at)).toEqual(Array.from({ length: 100 }, (_, at) => 103 - at))
      const versions = await read((tx) => tx.machines.versions(machine.id, 1000))
      expect(versions.map(({ createdAt }) => createdAt)).toEqual(Array.from({ length: 100 }, (_, at) => 103 - at))
    })

    test('destroys those of an app, and deletes them later', async () => {
      const [app, other] = [await makeApp(), await makeApp()]
      const [one, gone, stays] = await write(async (tx) => [
        await insertMachine(tx, app, { state: 'started', dueAt: null }),
        await insertMachine(tx, app, { state: 'destroyed', dueAt: null, updatedAt: 10 }),
        await insertMachine(tx, other, { state: 'started', dueAt: null }),
      ])
      const event = { id: '1', type: 'start', status: 'started', source: 'flyd', at: 1, request: null } as const
      await write((tx) => tx.machines.save(gone, [event]))
      await write((tx) => tx.machines.destroyOfApp(app.id, 500))
      expect(await read((tx) => tx.machines.byId(one.id))).toMatchObject({ state: 'destroying', dueAt: 500 })
      expect(await read((tx) => tx.machines.byId(stays.id))).toMatchObject({ state: 'started', dueAt: null })
      await write((tx) => tx.machines.destroyOfOrganisation(other.organisationId, 600))
      expect(await read((tx) => tx.machines.byId(stays.id))).toMatchObject({ state: 'destroying', dueAt: 600 })
      expect(await read((tx) => tx.machines.hasDestroyed(10))).toBe(false)
      expect(await read((tx) => tx.machines.hasDestroyed(11))).toBe(true)
      expect(await write((tx) => tx.machines.deleteDestroyed(10))).toBe(false)
      expect(await read((tx) => tx.machines.byId(gone.id))).toBeDefined()
      await write((tx) => tx.machines.deleteDestroyed(11))
      expect(await read((tx) => tx.machines.byId(gone.id))).toBeUndefined()
      expect(await read((tx) => tx.machines.events(gone.id, 9))).toEqual([])
      expect(await read((tx) => tx.machines.versions(gone.id, 9))).toEqual([])
    })

    test('lets only one of many who change a machine at once succeed', async () => {
      const app = await makeApp()
      const machine = await write((tx) => insertMachine(tx, app))
      const taken = await Promise.all(
        Array.from({ length: 8 }, (_, at) =>
          write(async (tx) => {
            const found = await tx.machines.byId(machine.id)
            if (found === undefined || found.lease !== null) return false
            const lease = { nonce: String(at), owner: '', description: '', expiresAt: 1, version: found.version }
            await tx.machines.save({ ...found, lease }, [])
            return true
          }),
        ),
      )
      expect(taken.filter(Boolean)).toHaveLength(1)
    })
  })

  describe('secrets of apps', () => {
    test('keeps each by name until it or its app is deleted', async () => {
      const [app, other] = [await makeApp(), await makeApp()]
      const secret = { name: 'B', digest: 'd', sealed: uniqueBytes(), createdAt: 1, updatedAt: 1 }
      const later = { ...secret, digest: 'e', sealed: uniqueBytes(), createdAt: 2, updatedAt: 2 }
      await write(async (tx) => {
        await tx.appSecrets.set(app.id, secret)
        await tx.appSecrets.set(app.id, { ...secret, name: 'A' })
        await tx.appSecrets.set(other.id, secret)
        await tx.appSecrets.set(app.id, later)
      })
      const found = await read((tx) => tx.appSecrets.ofApp(app.id))
      expect(found.map(plain)).toEqual(
        [
          { ...secret, name: 'A' },
          { ...later, createdAt: 1 },
        ].map(plain),
      )
      expect(await write((tx) => tx.appSecrets.delete(app.id, 'B'))).toBe(true)
      expect(await write((tx) => tx.appSecrets.delete(app.id, 'B'))).toBe(false)
      expect(await read((tx) => tx.appSecrets.byName(app.id, 'B'))).toBeUndefined()
      expect(await read((tx) => tx.appSecrets.byName(other.id, 'B'))).toMatchObject({ digest: 'd' })
      await write((tx) => tx.apps.delete(other.id))
      expect(await read((tx) => tx.appSecrets.ofApp(other.id))).toEqual([])
    })

    test('counts the changes of each app', async () => {
      const [app, other] = [await makeApp(), await makeApp()]
      expect(await read((tx) => tx.appSecrets.version(app.id))).toBe(0)
      expect(await write((tx) => tx.appSecrets.countChange(app.id))).toBe(1)
      expect(await write((tx) => tx.appSecrets.countChange(app.id))).toBe(2)
      expect(await write((tx) => tx.appSecrets.countChange(other.id))).toBe(1)
      expect(await read((tx) => tx.appSecrets.version(app.id))).toBe(2)
    })
  })
}

function byText(one: string, other: string): number {
  return one < other ? -1 : 1
}
