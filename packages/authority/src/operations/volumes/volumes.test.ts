// Operations on volumes: what is decided, stored and refused. No machine runs here.
import { actions } from '@hallpass/macaroon'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { readConfig, type MachineMount } from '../../domain/machine-config.ts'
import { createQuotas, defaultQuotas } from '../perform/quotas.ts'
import { isUsable, volumeStates, volumeTransitions, type Volume } from '../../domain/volume.ts'
import { overEachEngine } from '../../store/testing/engines.ts'
import { createApp } from '../apps/create-app.ts'
import { deleteApp } from '../apps/delete-app.ts'
import { showApp } from '../apps/show-app.ts'
import { idle, openMachineWorld, type MachineWorld } from '../machines/testing/world.ts'
import { updateMachine } from '../machines/update-machine.ts'
import { destroyVolume, extendVolume, updateVolume } from './change-volume.ts'
import { createVolume, type CreateVolume } from './create-volume.ts'
import { listVolumes, pageVolumes, showVolume } from './read-volumes.ts'

test('a destroyed volume stays destroyed, and any other can be destroyed', () => {
  for (const state of volumeStates) {
    expect(volumeTransitions.destroy[state]).toBe(state === 'destroyed' ? 'destroyed' : 'destroying')
    expect(volumeTransitions.make[state]).toBe(state === 'creating' ? 'created' : undefined)
    expect(volumeTransitions.remove[state]).toBe(state === 'destroying' ? 'destroyed' : undefined)
  }
})

overEachEngine((postgres) => {
  describe('volumes', () => {
    let world: MachineWorld
    beforeAll(async () => {
      world = await openMachineWorld(() => idle, { url: postgres()?.url })
    })
    afterAll(() => world.close())

    const create = async (changes: Partial<CreateVolume> = {}, header?: string): Promise<Volume> => {
      const asked = { appName: world.app.name, name: 'data', region: undefined, sizeGb: 1, ...changes }
      return (await world.ask(createVolume, asked, header)).volume
    }
    const named = ({ id }: Pick<Volume, 'id'>) => ({ appName: world.app.name, volumeId: id })
    const find = (volume: Volume) => world.ask(showVolume, named(volume))
    const mountOf = (volume: Volume): readonly MachineMount[] => [{ volume: volume.id, path: '/data' }]
    const refusal = (text: string) => ({ code: 'failed_precondition', message: `failed_precondition: ${text}` })

    test('a volume is created, shown, listed, extended and destroyed', async () => {
      const volume = await create({ sizeGb: 2 })
      expect(volume).toMatchObject({ state: 'creating', name: 'data', region: 'local', sizeGb: 2, machineId: null })
      expect(volume.id).toMatch(/^vol_[a-z0-9]{16}$/)
      expect(await find(volume)).toEqual(volume)
      expect((await world.ask(listVolumes, { appName: world.app.name })).volumes).toContainEqual(volume)
      const page = await world.ask(pageVolumes, { slug: world.organisation.slug, limit: 9, after: undefined })
      expect(page.items).toContainEqual({ volume, appName: world.app.name })
      const extended = await world.ask(extendVolume, { ...named(volume), sizeGb: 3 })
      expect(extended).toMatchObject({ volume: { sizeGb: 3, dueAt: expect.any(Number) }, needsRestart: false })
      const smaller = world.ask(extendVolume, { ...named(volume), sizeGb: 2 })
      await expect(smaller).rejects.toMatchObject({ code: 'invalid', field: 'size_gb' })
      expect(await world.ask(updateVolume, named(volume))).toMatchObject({ id: volume.id })
      expect(await world.ask(destroyVolume, named(volume))).toMatchObject({ state: 'destroying' })
      expect(await world.ask(destroyVolume, named(volume))).toMatchObject({ state: 'destroying' })
      await expect(world.ask(extendVolume, { ...named(volume), sizeGb: 4 })).rejects.toMatchObject(
        refusal('unable to extend a volume that is destroying'),
      )
      const none = world.ask(showVolume, named({ id: 'vol_none' }))
      await expect(none).rejects.toMatchObject({ code: 'not_found', message: 'volume not found' })
      await expect(create({ region: 'mars' })).rejects.toMatchObject({ code: 'invalid', field: 'region' })
    })

    test('a machine has a volume, by its id or its name, and no other machine has it until nothing is left of this one', async () => {
      const volume = await create({ name: 'logs', sizeGb: 4 })
      await expect(
        world.create({ mounts: [{ volume: volume.id, name: 'data', path: '/data' }] }),
      ).rejects.toMatchObject({
        code: 'invalid',
        message: `config.mounts names the volume ${volume.id}, whose name is logs, and not data`,
      })
      const machine = await world.create({ mounts: [{ name: 'logs', path: '/data', encrypted: true }] })
      const mount = { volume: volume.id, name: 'logs', path: '/data', size_gb: 4, encrypted: false }
      expect(readConfig(machine.config).mounts).toEqual([mount])
      expect(await find(volume)).toMatchObject({ machineId: machine.id })
      await expect(world.create({ mounts: mountOf(volume) })).rejects.toMatchObject(
        refusal(`volume already claimed by machine ${machine.id}`),
      )
      await expect(world.create({ mounts: [{ name: 'logs', path: '/data' }] })).rejects.toMatchObject(
        refusal('no volume of this name is free: create another'),
      )
      await expect(world.ask(destroyVolume, named(volume))).rejects.toMatchObject(
        refusal(`volume is currently bound to machine: ${machine.id}`),
      )
      await world.store.write((tx) => tx.machines.save({ ...machine, startedAt: 1 }, []))
      const extended = await world.ask(extendVolume, { ...named(volume), sizeGb: 5 })
      expect(extended).toMatchObject({ needsRestart: true })
      for (const mounts of [[{ volume: 'vol_none', path: '/data' }], mountOf(await create({ sizeGb: 1 }))]) {
        const other = mounts[0]?.volume === 'vol_none' ? {} : { appName: await makeApp() }
        await expect(world.create({ mounts }, other)).rejects.toMatchObject({ code: 'invalid', field: 'config.mounts' })
      }
    })

    test('an update keeps the volume, and may move it', async () => {
      const [volume, other] = [await create(), await create()]
      const machine = await world.create({ mounts: mountOf(volume) })
      const update = async (mounts?: readonly MachineMount[]) => {
        const config = { image: 'other:2', ...(mounts === undefined ? {} : { mounts }) }
        const options = { skipLaunch: false, skipSecrets: false, minSecretsVersion: 0 }
        const asked = { appName: world.app.name, machineId: machine.id, nonce: undefined, config, ...options }
        const { machine: updated } = await world.ask(updateMachine, {
          ...asked,
          currentVersion: undefined,
          leaseTtl: undefined,
        })
        return readConfig(updated.config).mounts
      }
      expect(await update([{ volume: volume.id, path: '/moved' }])).toMatchObject([{ path: '/moved', name: 'data' }])
      const misnamed = [{ volume: volume.id, name: 'other', path: '/data' }]
      for (const mounts of [undefined, [], mountOf(other), [{ name: 'other', path: '/data' }], misnamed]) {
        await expect(update(mounts)).rejects.toMatchObject({ code: 'invalid', field: 'config.mounts' })
      }
      expect(await update([{ name: 'data', path: '/data' }])).toMatchObject([{ volume: volume.id }])
    })

    test('a token has the volumes that its caveats allow, and a machine only one that it may write', async () => {
      const [volume, sibling] = [await create(), await create()]
      const mine = await world.mint([{ type: 'Volumes', volumes: new Map([[volume.id, actions.any]]) }])
      expect(await world.ask(showVolume, named(volume), mine)).toMatchObject({ id: volume.id })
      const refused = { code: 'forbidden' }
      await expect(world.ask(showVolume, named(sibling), mine)).rejects.toMatchObject(refused)
      await expect(world.ask(showVolume, named({ id: 'vol_none' }), mine)).rejects.toMatchObject(refused)
      await expect(world.ask(listVolumes, { appName: world.app.name }, mine)).rejects.toMatchObject(refused)
      await expect(create({}, mine)).rejects.toMatchObject(refused)
      // It may read only this volume; the rest is as for the organization.
      const reads = await world.mint([
        {
          type: 'IfPresent',
          ifs: [{ type: 'Volumes', volumes: new Map([[volume.id, actions.read]]) }],
          else: actions.any,
        },
      ])
      const page = await world.ask(pageVolumes, { slug: world.organisation.slug, limit: 99, after: undefined }, reads)
      expect(page.items.map((item) => item.volume.id)).toEqual([volume.id])
      for (const one of [volume, sibling]) {
        const made = world.create({ mounts: mountOf(one) }, {}, reads)
        await expect(made).rejects.toMatchObject(refused)
      }
      await expect(world.create({ mounts: [{ name: 'data', path: '/data' }] }, {}, reads)).rejects.toMatchObject(
        refused,
      )
      await world.create({}, {}, reads)
      const readonly = await world.mint([{ type: 'Action', mask: actions.read }])
      await expect(world.ask(destroyVolume, named(volume), readonly)).rejects.toMatchObject(refused)
      await expect(world.ask(extendVolume, { ...named(volume), sizeGb: 2 }, readonly)).rejects.toMatchObject(refused)
      expect((await find(volume)).machineId).toBeNull()
    })

    test('an organization has as many volumes, and GB of them, as the operator allows', async () => {
      const { quotas } = world.environment
      const has = (await world.ask(pageVolumes, { slug: world.organisation.slug, limit: 99, after: undefined })).items
      const sum = has.reduce((total, { volume }) => total + volume.sizeGb, 0)
      try {
        Object.assign(world.environment, { quotas: createQuotas({ ...defaultQuotas, volumeGb: sum + 10 }) })
        await expect(create({ sizeGb: 11 })).rejects.toMatchObject({ code: 'conflict' })
        const volume = await create({ sizeGb: 9 })
        await expect(world.ask(extendVolume, { ...named(volume), sizeGb: 11 })).rejects.toMatchObject({
          message: `the volumes of organization ${world.organisation.slug} may have ${sum + 10} GB in all, and this would be more`,
        })
        await world.ask(extendVolume, { ...named(volume), sizeGb: 10 })
        Object.assign(world.environment, { quotas: createQuotas({ ...defaultQuotas, volumes: has.length + 1 }) })
        await expect(create()).rejects.toMatchObject({ code: 'conflict' })
      } finally {
        Object.assign(world.environment, { quotas })
      }
    })

    test('an app with volumes stays, or takes them with it', async () => {
      const name = await makeApp()
      const volume = await create({ appName: name })
      expect(await world.ask(showApp, { name })).toMatchObject({ volumeCount: 1, machineCount: 0 })
      await expect(world.ask(deleteApp, { name })).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining('still has a volume: destroy it first'),
      })
      await world.create({ mounts: mountOf(volume) }, { appName: name })
      await world.ask(deleteApp, { name, force: true })
      const found = await world.store.read((tx) => tx.volumes.byId(volume.id))
      // It waits for its machine.
      expect(found).toMatchObject({ state: 'destroying', machineId: expect.any(String) })
      expect(isUsable(found ?? volume)).toBe(false)
    })

    async function makeApp(): Promise<string> {
      const name = `app-${Math.random().toString(36).slice(2, 10)}`
      const asked = { slug: world.organisation.slug, name, network: 'default', idempotencyKey: undefined }
      await world.ask(createApp, asked)
      return name
    }
  })
})
