// volume.show, volume.list, volume.list_all: one volume, those of an app, or of an organisation, by id.
import { actions } from '@hallpass/macaroon'

import type { Organisation } from '../../domain/organisation.ts'
import { pageOf, type Page } from '../../domain/page.ts'
import type { Volume } from '../../domain/volume.ts'
import { accessApp, type FoundApp } from '../apps/find-app.ts'
import { judgeOf } from '../machines/list-machines.ts'
import { accessOrganisation } from '../organisations/find-organisation.ts'
import type { ReadOperation } from '../perform/operation.ts'
import { accessVolume, expectVolume, type SoughtVolume, type VolumeName } from './find-volume.ts'

export const showVolume: ReadOperation<VolumeName, SoughtVolume, Volume> = {
  name: 'volume.show',
  mode: 'read',

  access: (context, input) => accessVolume(context, input, actions.read),

  run: async (_context, { subject }) => expectVolume(subject),
}

interface ListVolumes {
  readonly appName: string
  /** The part of the answer that was found before. */
  readonly begun?: BegunList
}

interface BegunList {
  readonly after: string
  readonly found: readonly Volume[]
}

interface ListedVolumes {
  readonly volumes: readonly Volume[]
  /** Present if the answer is not whole yet. */
  readonly begun?: BegunList
}

/** In one snapshot, so that it takes a few milliseconds. */
const rowsOfPiece = 500

export const listVolumes: ReadOperation<ListVolumes, FoundApp, ListedVolumes> = {
  name: 'volume.list',
  mode: 'read',

  access: (context, { appName }) => accessApp(context, appName, actions.read),

  async run({ tx }, { input: { begun }, subject }) {
    const rows = await tx.volumes.ofApp(subject.app.id, { limit: rowsOfPiece, after: begun?.after ?? '' })
    const volumes = [...(begun?.found ?? []), ...rows]
    const last = rows.at(-1)
    if (rows.length < rowsOfPiece || last === undefined) return { volumes }
    return { volumes: [], begun: { after: last.id, found: volumes } }
  },

  rest: (input, { begun }) => (begun === undefined ? undefined : { ...input, begun }),
}

interface PageVolumes {
  readonly slug: string
  readonly limit: number
  /** The id of the last volume seen. */
  readonly after: string | undefined
}

interface OrganisationVolume {
  readonly volume: Volume
  /** Undefined if the app is deleted. */
  readonly appName: string | undefined
}

export const pageVolumes: ReadOperation<PageVolumes, Organisation, Page<OrganisationVolume, string>> = {
  name: 'volume.list_all',
  mode: 'read',

  access: (context, { slug }) => accessOrganisation(context, slug, { action: actions.read }),

  async run({ tx, now, caller }, { input: { limit, after = '' }, subject: organisation, actor }) {
    const mayRead = judgeOf(actor, organisation, now, caller)
    const items: OrganisationVolume[] = []
    const rows = await tx.volumes.ofOrganisation(organisation.id, { limit: limit + 1, after })
    for (const volume of rows.slice(0, limit)) {
      if (!mayRead({ appId: BigInt(volume.appId), volume: volume.id })) continue
      items.push({ volume, appName: (await tx.apps.byId(volume.appId))?.name })
    }
    return pageOf(items, rows, limit)
  },
}
