/** Action: only these actions, whatever the resource. */

import { describeAction, allows } from '../action.ts'
import type { ActionCaveat } from '../caveat.ts'
import type { CaveatCodec, CaveatJson } from '../codec.ts'
import { expectMask, maskFromJson, maskToJson, readMask } from './mask.ts'

export const action: CaveatCodec<ActionCaveat> = {
  type: 'Action',
  number: 26n,
  decode: (reader) => ({ type: 'Action', mask: readMask(reader) }),
  encode: (writer, caveat) => writer.writeUint(expectMask(caveat.mask)),
  prohibits(caveat, access) {
    if (allows(caveat.mask, access.action)) return undefined
    return {
      kind: 'action',
      reason: `Action allows ${describeAction(caveat.mask)}, and this needs ${describeAction(access.action & ~caveat.mask)}`,
    }
  },
}

export const actionJson: CaveatJson<ActionCaveat> = {
  toJson: (caveat) => maskToJson(caveat.mask),
  fromJson: (value, path) => ({ type: 'Action', mask: maskFromJson(value, path) }),
}
