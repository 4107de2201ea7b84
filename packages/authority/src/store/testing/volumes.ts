// Conformance: volumes of apps.
import { describe, expect, test } from 'vitest'

import type { App } from '../../domain/app.ts'
import type { ReadTransaction, Store, Transaction } from '../../domain/store.ts'
import type { Volume } from '../../domain/volume.ts'
import { insertApp, insertOrganisation, insertVolume } from './seed.ts'

export function describeVolumes(getStore: () => Store): void {
  const read = <T>(work: (tx: ReadTransaction) => Promise<T>) => getStore().read(work)
  const write = <T>(work: (tx: Transaction) => Promise<T>) => getStore().write(work)
  const makeApp = (): Promise<App> => write(async (tx) => insertApp(tx, (await insertOrganisation(tx)).id))

  describe('volumes', () => {
    test('keeps everything of a volume', async () => {
      const app = await makeApp()
      const volume = await write((tx) => insertVolume(tx, app))
      expect(await read((tx) => tx.volumes.byId(volume.id))).toEqual(volume)
      expect(await read((tx) => tx.volumes.byId('vol_0'))).toBeUndefined()
      const changed: Volume = {
        ...volume,
        state: 'destroying',
        sizeGb: 3,
        madeGb: 2,
        isSized: null,
        machineId: 'machine',
        problem: 'no room',
        tries: 4,
        dueAt: 5,
        updatedAt: 6,
      }
      await write((tx) => tx.volumes.save(changed))
      expect(await read((tx) => tx.volumes.byId(volume.id))).toEqual(changed)
    })

    test('lists and counts those of an app or an organization that are not destroyed, and what they hold', async () => {
      const app = await makeApp()
      const [sibling, other] = [await write((tx) => insertApp(tx, app.organisationId)), await makeApp()]
      const made = await write((tx) => Promise.all([1, 2, 3].map((sizeGb) => insertVolume(tx, app, { sizeGb }))))
      const beside = await write((tx) => insertVolume(tx, sibling))
      await write((tx) => insertVolume(tx, other))
      await write((tx) => insertVolume(tx, app, { state: 'destroyed' }))
      const ids = (volumes: readonly Volume[]) => volumes.map(({ id }) => id)
      const sorted = ids(made).toSorted(byText)
      expect(ids(await read((tx) => tx.volumes.ofApp(app.id, { limit: 9 })))).toEqual(sorted)
      const second = { limit: 1, after: sorted[0] ?? '' }
      expect(ids(await read((tx) => tx.volumes.ofApp(app.id, second)))).toEqual(sorted.slice(1, 2))
      expect(ids(await read((tx) => tx.volumes.ofOrganisation(app.organisationId, { limit: 9 })))).toEqual(
        [...sorted, beside.id].toSorted(byText),
      )
      expect(await read((tx) => tx.apps.counts(app.id))).toMatchObject({ volumeCount: 3 })
      const apps = await read((tx) => tx.apps.page(app.organisationId, { limit: 9 }))
      expect(apps.find(({ id }) => id === app.id)?.volumeCount).toBe(3)
      const count = (quota: 'volumes' | 'volumeGb') =>
        read((tx) => tx.organisations.countUpTo(app.organisationId, quota, 100, 0))
      expect([await count('volumes'), await count('volumeGb')]).toEqual([4, 7])
    })

    test('finds the oldest of a name that no machine has', async () => {
      const app = await makeApp()
      const [eldest, later] = await write(async (tx) => [
        await insertVolume(tx, app, { createdAt: 1, machineId: 'machine' }),
        await insertVolume(tx, app, { createdAt: 3 }),
        await insertVolume(tx, app, { createdAt: 2, state: 'destroying' }),
        await insertVolume(tx, app, { createdAt: 1, name: 'logs' }),
        await insertVolume(tx, app, { createdAt: 4 }),
      ])
      const find = () => read((tx) => tx.volumes.freeOfName(app.id, 'data'))
      expect(await find()).toEqual(later)
      await write((tx) => tx.volumes.release('machine', 9))
      expect(await find()).toEqual({ ...eldest, machineId: null, dueAt: 9, updatedAt: 9 })
    })

    test('says which are due, destroys those of an app, and deletes them later', async () => {
      const [app, other] = [await makeApp(), await makeApp()]
      const [one, gone, stays] = await write(async (tx) => [
        await insertVolume(tx, app, { machineId: 'other-machine', tries: 3 }),
        await insertVolume(tx, app, { state: 'destroyed', updatedAt: 10 }),
        await insertVolume(tx, other),
      ])
      await write((tx) => tx.volumes.destroyOfApp(app.id, 500))
      const goes = { state: 'destroying', machineId: 'other-machine', tries: 0, dueAt: 500 }
      expect(await read((tx) => tx.volumes.byId(one.id))).toMatchObject(goes)
      expect(await read((tx) => tx.volumes.byId(gone.id))).toEqual(gone)
      await write((tx) => tx.volumes.destroyOfOrganisation(other.organisationId, 600))
      const ids = async (now: number) => (await read((tx) => tx.volumes.due(now, 99))).map(({ id }) => id)
      expect(await ids(599)).toContain(one.id)
      expect(await ids(599)).not.toContain(stays.id)
      expect(await ids(600)).toContain(stays.id)
      expect(await read((tx) => tx.volumes.nextDue(599))).toBe(600)
      expect(await read((tx) => tx.volumes.hasDestroyed(10))).toBe(false)
      expect(await read((tx) => tx.volumes.hasDestroyed(11))).toBe(true)
      await write((tx) => tx.volumes.deleteDestroyed(10))
      expect(await read((tx) => tx.volumes.byId(gone.id))).toBeDefined()
      await write((tx) => tx.volumes.deleteDestroyed(11))
      expect(await read((tx) => tx.volumes.byId(gone.id))).toBeUndefined()
    })
  })
}

function byText(one: string, other: string): number {
  return one < other ? -1 : 1
}
