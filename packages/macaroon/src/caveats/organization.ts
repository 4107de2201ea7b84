/** Organization: one organisation, and what may be done there. */

import { describeAction, allows } from '../action.ts'
import type { Organization } from '../caveat.ts'
import type { CaveatCodec, CaveatJson } from '../codec.ts'
import { expectInteger, expectObject, type JsonValue } from '../json.ts'
import { expectId, expectMask, maskFromJson, maskToJson, maxUint64, readMask } from './mask.ts'

export const organization: CaveatCodec<Organization> = {
  type: 'Organization',
  number: 0n,
  aliases: ['DeprecatedOrganization'],
  decode(reader) {
    reader.expectArray(2, 'an Organization')
    return { type: 'Organization', id: reader.readUint(), mask: readMask(reader) }
  },
  encode(writer, caveat) {
    writer.writeArrayLength(2)
    writer.writeUint(expectId(caveat.id))
    writer.writeUint(expectMask(caveat.mask))
  },
  prohibits(caveat, access) {
    const { id, mask } = caveat
    if (access.orgId === undefined) {
      return { kind: 'unspecified', reason: `Organization allows only ${scope(id)}, and this names no organization` }
    }
    if (id !== access.orgId && id !== 0n) {
      return {
        kind: 'resource',
        reason: `Organization allows only ${scope(id)}, and this is organization ${access.orgId}`,
      }
    }
    if (allows(mask, access.action)) return undefined
    return {
      kind: 'action',
      reason: `Organization allows ${describeAction(mask)} in ${scope(id)}, and this needs ${describeAction(access.action & ~mask)}`,
    }
  },
}

export const organizationJson: CaveatJson<Organization> = {
  toJson: (caveat) =>
    new Map<string, JsonValue>([
      ['id', caveat.id],
      ['mask', maskToJson(caveat.mask)],
    ]),
  fromJson(value, path) {
    const body = expectObject(value, path, ['id', 'mask'])
    return {
      type: 'Organization',
      id: expectInteger(body.get('id'), `${path}.id`, 0n, maxUint64),
      mask: maskFromJson(body.get('mask'), `${path}.mask`),
    }
  },
}

function scope(id: bigint): string {
  return id === 0n ? 'any organization' : `organization ${id}`
}
