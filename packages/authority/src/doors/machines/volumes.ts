// The handlers for volumes of apps.
import type { Volume as VolumeAnswer } from '@hallpass/client'

import type { Volume } from '../../domain/volume.ts'
import { destroyVolume, extendVolume, updateVolume } from '../../operations/volumes/change-volume.ts'
import { createVolume } from '../../operations/volumes/create-volume.ts'
import { listVolumes, pageVolumes, showVolume } from '../../operations/volumes/read-volumes.ts'
import type { Handlers } from '../http/handler.ts'
import { encodeAll } from '../http/pieces.ts'
import { decodeVolumeCursor, encodeVolumeCursor } from './read.ts'

type Names =
  | 'listVolumes'
  | 'createVolume'
  | 'showVolume'
  | 'updateVolume'
  | 'deleteVolume'
  | 'extendVolume'
  | 'listOrganisationVolumes'

const usualGb = 1

export const volumeHandlers: Handlers<Names> = {
  async listVolumes({ params }, { perform, pause, engineAnswers }) {
    const { volumes } = await perform(listVolumes, { appName: params.app_name })
    const answers = engineAnswers()
    return encodeAll(
      volumes,
      (volume) => encodeVolume(volume, answers),
      pause,
      () => 5,
    )
  },

  async createVolume({ params, body }, { perform, engineAnswers }) {
    const { name, region, size_gb } = body
    const asked = { name, region: region || undefined, sizeGb: size_gb ?? usualGb }
    const { volume } = await perform(createVolume, { appName: params.app_name, ...asked })
    return encodeVolume(volume, engineAnswers())
  },

  showVolume: async ({ params }, { perform, engineAnswers }) =>
    encodeVolume(await perform(showVolume, nameOf(params)), engineAnswers()),

  updateVolume: async ({ params }, { perform, engineAnswers }) =>
    encodeVolume(await perform(updateVolume, nameOf(params)), engineAnswers()),

  deleteVolume: async ({ params }, { perform, engineAnswers }) =>
    encodeVolume(await perform(destroyVolume, nameOf(params)), engineAnswers()),

  async extendVolume({ params, body }, { perform, engineAnswers }) {
    const asked = { ...nameOf(params), sizeGb: body.size_gb }
    const { volume, needsRestart } = await perform(extendVolume, asked)
    return { volume: encodeVolume(volume, engineAnswers()), needs_restart: needsRestart }
  },

  async listOrganisationVolumes({ params, query }, { perform, pause, engineAnswers }) {
    const after = decodeVolumeCursor(query.cursor)
    const { items, next } = await perform(pageVolumes, { slug: params.org_slug, limit: query.limit, after })
    const answers = engineAnswers()
    const volumes = await encodeAll(
      items,
      ({ volume, appName = '' }) => ({ ...encodeVolume(volume, answers), app_name: appName }),
      pause,
      () => 5,
    )
    return { volumes, next_cursor: next === undefined ? '' : encodeVolumeCursor(next) }
  },
}

function nameOf({ app_name, volume_id }: { readonly app_name: string; readonly volume_id: string }) {
  return { appName: app_name, volumeId: volume_id }
}

function encodeVolume(volume: Volume, engineAnswers: boolean): VolumeAnswer {
  const { id, name, state, sizeGb, isSized, region, machineId, createdAt, problem } = volume
  return {
    id,
    name,
    state,
    size_gb: sizeGb,
    size_enforced: isSized,
    region,
    zone: '',
    encrypted: false,
    fstype: 'ext4',
    attached_machine_id: machineId,
    attached_alloc_id: machineId,
    created_at: new Date(createdAt).toISOString(),
    auto_backup_enabled: false,
    host_status: engineAnswers ? 'ok' : 'unreachable',
    ...(problem === null ? {} : { problem }),
  }
}
