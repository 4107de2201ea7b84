// Volumes in a Docker Engine: named ones of its local driver, which enforces no size.
import { checkSize } from '../check-spec.ts'
import { EngineError, noVolume } from '../engine-error.ts'
import type { DockerClient } from './client.ts'
import type { Names } from './names.ts'

export interface Volumes {
  create(volumeId: string, sizeMb: number): Promise<void>
  extend(volumeId: string, sizeMb: number): Promise<void>
  remove(volumeId: string): Promise<void>
  list(): Promise<readonly string[]>
  /** @throws EngineError `volume_not_found`, also where it is somebody else's */
  demand(volumeId: string): Promise<void>
}

export function createVolumes(client: DockerClient, names: Names): Volumes {
  async function isThere(volumeId: string): Promise<boolean> {
    const { status, value } = await client.ask<Volume>({ path: ['volumes', names.volume(volumeId)] }, { also: [404] })
    return status === 200 && names.isOwn(value.Labels ?? {})
  }

  async function demand(volumeId: string): Promise<void> {
    if (!(await isThere(volumeId))) throw noVolume(volumeId)
  }

  return {
    demand,

    async create(volumeId, sizeMb) {
      checkSize(sizeMb)
      const name = names.volume(volumeId)
      const json = { Name: name, Driver: 'local', Labels: names.volumeLabels(volumeId) }
      // Docker does not say whether one of this name existed, nor whose it is, and Podman not always.
      await client.ask({ method: 'POST', path: ['volumes', 'create'], json }).catch((error: unknown) => {
        if (!(error instanceof EngineError && error.code === 'name_taken')) throw error
      })
      if (await isThere(volumeId)) return
      throw new EngineError('name_taken', `The engine has a volume ${name} that is somebody else's`, {
        field: 'volumeId',
      })
    },

    async extend(volumeId, sizeMb) {
      checkSize(sizeMb)
      await demand(volumeId)
    },

    async remove(volumeId) {
      if (!(await isThere(volumeId))) return
      await client.ask({ method: 'DELETE', path: ['volumes', names.volume(volumeId)] }, { also: [404] })
    },

    async list() {
      const query = { filters: JSON.stringify({ label: [names.filter] }) }
      const { value } = await client.ask<{ readonly Volumes: readonly Volume[] | null }>(
        { path: ['volumes'], query },
        { maxBytes: 2 ** 26 },
      )
      return (value.Volumes ?? []).flatMap(({ Labels: labels }) => names.volumeOf(labels ?? {}) ?? [])
    },
  }
}

interface Volume {
  readonly Labels: Readonly<Record<string, string>> | null
}
