// Volumes of the local engine: disks of a size, each a file in a folder of its own.
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { lchown, mkdir, readdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { checkSize } from '../check-spec.ts'
import { EngineError, noVolume } from '../engine-error.ts'
import { extendDisk, makeDisk, mountDisk } from './disks.ts'
import type { Folders } from './folders.ts'
import { run } from './programs.ts'
import { readRecord } from './records.ts'
import { firstUser } from './user-namespace.ts'

export interface Volumes {
  create(volumeId: string, sizeMb: number): Promise<void>
  extend(volumeId: string, sizeMb: number): Promise<void>
  remove(volumeId: string): Promise<void>
  list(): Promise<readonly string[]>
  /** @throws EngineError `volume_not_found` */
  demand(volumeId: string): Promise<void>
  /** @param target below the root filesystem that a process has mounted */
  mount(volumeId: string, pid: number, target: string): Promise<void>
}

export function createVolumes(folders: Folders, owner: string): Volumes {
  const diskOf = (volumeId: string): string => join(folders.volume(owner, volumeId), 'disk')

  async function demand(volumeId: string): Promise<void> {
    if (existsSync(diskOf(volumeId))) return
    throw noVolume(volumeId)
  }

  async function isUsed(volumeId: string): Promise<boolean> {
    for (const runId of await readdir(folders.runsOf(owner)).catch(() => [])) {
      const { volumes = [] } = (await readRecord(folders.run(owner, runId), 'run.json')) ?? {}
      if (volumes.some((volume) => volume.volumeId === volumeId)) return true
    }
    return false
  }

  return {
    demand,

    async create(volumeId, sizeMb) {
      checkSize(sizeMb)
      const folder = folders.volume(owner, volumeId)
      if (existsSync(folder)) return
      const staged = join(folders.staging, randomUUID())
      await mkdir(staged, { recursive: true })
      await mkdir(dirname(folder), { recursive: true })
      try {
        await makeDisk(join(staged, 'disk'), sizeMb, ['-E', `root_owner=${firstUser}:${firstUser}`])
        await run('sync', [join(staged, 'disk')])
        // A concurrent call may have made it.
        await rename(staged, folder).catch((error: unknown) => {
          if (!['ENOTEMPTY', 'EEXIST'].includes(String(Reflect.get(Object(error), 'code')))) throw error
        })
      } finally {
        await run('rm', ['-rf', staged])
      }
    },

    async extend(volumeId, sizeMb) {
      checkSize(sizeMb)
      await demand(volumeId)
      if (!(await extendDisk(diskOf(volumeId), sizeMb))) throw inUse(volumeId)
    },

    async remove(volumeId) {
      const folder = folders.volume(owner, volumeId)
      if (await isUsed(volumeId)) throw inUse(volumeId)
      await mkdir(folders.trash, { recursive: true })
      const trash = join(folders.trash, randomUUID())
      await rename(folder, trash).catch((error: unknown) => {
        if (Reflect.get(Object(error), 'code') !== 'ENOENT') throw error
      })
      await run('rm', ['-rf', trash])
    },

    list: () => readdir(folders.volumesOf(owner)).catch(() => []),

    async mount(volumeId, pid, target) {
      await demand(volumeId)
      await mountDisk(diskOf(volumeId), pid, `/mnt/root${target}`)
      // The only thing in it that mkfs and fsck make, owned by the machine's root: a run could not change owners in it.
      const found = `/proc/${pid}/root/mnt/root${target}/lost+found`
      await lchown(found, firstUser, firstUser).catch(() => {})
    },
  }
}

function inUse(volumeId: string): EngineError {
  return new EngineError('volume_in_use', `A run has the volume ${volumeId}`)
}
