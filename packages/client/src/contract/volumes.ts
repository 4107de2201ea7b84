// Volumes of apps: disks that outlive machines, one machine at a time.
import { z } from 'zod'

import { appParams } from './apps.ts'
import { notServed } from './machine-guest.ts'
import { organisationParams } from './organisations.ts'
import { routesOf } from './route.ts'
import { cursor, flag, pageLimit, part, pathName, timestamp } from './text.ts'
import { volumeName } from './volume-names.ts'

const volumeParams = appParams.extend({ volume_id: pathName })

const volume = z
  .object({
    id: z.string(),
    name: z.string(),
    state: z.enum(['creating', 'created', 'destroying', 'destroyed']),
    size_gb: z.number().int(),
    size_enforced: z
      .boolean()
      .nullable()
      .describe(
        'Whether the engine holds it to its size; null before it is made. Where not, its disk is what ends it.',
      ),
    region: z.string(),
    zone: z.string().describe('Empty: there is one.'),
    encrypted: z.boolean().describe('False: what encrypts it is below, as the disk of the engine.'),
    fstype: z.string(),
    attached_machine_id: z.string().nullable(),
    attached_alloc_id: z.string().nullable().describe('The same as attached_machine_id.'),
    created_at: timestamp,
    auto_backup_enabled: z.boolean().describe('False: nothing makes snapshots.'),
    host_status: z.enum(['ok', 'unreachable']).describe('Whether what keeps it answers.'),
    problem: z.string().optional().describe('Why the engine has not done yet what is to be done.'),
  })
  .meta({ id: 'Volume' })
export type Volume = z.infer<typeof volume>

/** Whole GB, as clients of the Machines API may ask for. */
const size = z.number().int().min(1).max(500)
const noSnapshots = notServed('nothing makes snapshots of volumes here')

const createBody = z
  .object({
    name: volumeName,
    region: part(128).nullish().describe('One region, or several with commas.'),
    size_gb: size
      .or(z.literal(0).transform(() => undefined))
      .nullish()
      .describe('1 if it is left out.'),
    encrypted: z.boolean().nullish().describe('Changes nothing: the answer says whether it is.'),
    fstype: z.literal('ext4', { error: 'is not served: a volume has an ext4 filesystem' }).or(z.literal('')).nullish(),
    snapshot_id: noSnapshots.optional(),
    source_volume_id: notServed('a volume begins empty').optional(),
    auto_backup_enabled: noSnapshots.optional(),
    snapshot_retention: z.number().int().min(0).max(60).nullish().describe('Changes nothing: there are no snapshots.'),
  })
  .meta({ id: 'CreateVolumeRequest' })

export const volumeRoutes = routesOf('machines', {
  listVolumes: {
    summary: 'The volumes of an app, by id',
    params: appParams,
    query: z.object({ summary: flag.optional().describe('Changes nothing: all is shown.') }),
    answer: z.array(volume),
  },
  createVolume: { summary: 'Create a volume', params: appParams, body: createBody, answer: volume },
  showVolume: { summary: 'One volume', params: volumeParams, answer: volume },
  updateVolume: {
    summary: 'What else there is to change of volumes, which is nothing: snapshots are refused',
    params: volumeParams,
    body: z.object({ auto_backup_enabled: noSnapshots.optional(), snapshot_retention: noSnapshots.optional() }),
    answer: volume,
  },
  deleteVolume: {
    summary: 'Destroy a volume, with all that is in it, that no machine has',
    params: volumeParams,
    answer: volume,
  },
  extendVolume: {
    summary: 'Make a volume larger',
    params: volumeParams,
    body: z.object({ size_gb: size }),
    answer: z.object({
      volume,
      needs_restart: z.boolean().describe('Whether it is larger only once the machine that has it starts again.'),
    }),
  },
  listOrganisationVolumes: {
    summary: 'The volumes of an organization, by id',
    params: organisationParams,
    query: z.object({ cursor: cursor.or(z.literal('')).optional(), limit: pageLimit.default(200) }),
    answer: z.object({
      volumes: z.array(volume.extend({ app_name: z.string() })),
      next_cursor: z.string().describe('Where the next page starts; empty after the last.'),
    }),
  },
})
