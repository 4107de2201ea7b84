// region.list: the regions of apps. An authority without machines has one region: the place where it runs.
import { localRegion } from '../../domain/machine.ts'
import type { ReadOperation } from '../perform/operation.ts'

export interface Region {
  readonly code: string
  readonly name: string
}

export const listRegions: ReadOperation<undefined, undefined, readonly [Region, ...Region[]]> = {
  name: 'region.list',
  mode: 'read',

  async access() {
    return { subject: undefined, requirement: { kind: 'credential' }, target: 'regions', organisationId: null }
  },

  async run() {
    return [{ code: localRegion, name: 'Local' }]
  },
}
