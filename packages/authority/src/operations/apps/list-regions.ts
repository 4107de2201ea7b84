// region.list: the regions of machines. Where machines have one place, or none, there is one region: that place.
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

  async run({ environment }) {
    const [first, ...others] = environment.machines?.regions() ?? []
    if (first === undefined) return [{ code: localRegion, name: 'Local' }]
    return [regionOf(first), ...others.map(regionOf)]
  },
}

function regionOf(code: string): Region {
  return { code, name: code }
}
