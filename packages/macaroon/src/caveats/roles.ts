/** IsMember and AllowedRoles: what roles the holder may act in. */

import { type Access, roleFor, roles } from '../access.ts'
import type { AllowedRoles, IsMember } from '../caveat.ts'
import type { CaveatCodec, CaveatJson, Refusal } from '../codec.ts'
import { MacaroonError } from '../errors.ts'
import { expectInteger, expectObject, quoteShortly } from '../json.ts'

export const isMember: CaveatCodec<IsMember> = {
  type: 'IsMember',
  number: 22n,
  aliases: ['NoAdminFeatures'],
  decode(reader) {
    reader.expectArray(0, 'an IsMember')
    return { type: 'IsMember' }
  },
  encode: (writer) => writer.writeArrayLength(0),
  prohibits: (_, access) => refuse('IsMember', roles.member, access),
}

export const isMemberJson: CaveatJson<IsMember> = {
  toJson: () => new Map(),
  fromJson(value, path) {
    expectObject(value, path, [])
    return { type: 'IsMember' }
  },
}

export const allowedRoles: CaveatCodec<AllowedRoles> = {
  type: 'AllowedRoles',
  number: 30n,
  decode: (reader) => ({ type: 'AllowedRoles', roles: reader.readSmallUint(0xffffffff) }),
  encode(writer, caveat) {
    if (caveat.roles !== caveat.roles >>> 0) throw new MacaroonError('bad-caveat', 'The value is not a mask of 32 bits')
    writer.writeUint(caveat.roles)
  },
  prohibits: (caveat, access) => refuse('AllowedRoles', caveat.roles, access),
}

export const allowedRolesJson: CaveatJson<AllowedRoles> = {
  toJson: (caveat) => BigInt(caveat.roles),
  fromJson: (value, path) => ({
    type: 'AllowedRoles',
    roles: Number(expectInteger(value, path, 0n, 0xffffffffn)),
  }),
}

function refuse(type: string, allowed: number, access: Access): Refusal | undefined {
  const needed = roleFor(access.feature, access.action)
  if ((allowed & needed) >>> 0 === needed) return undefined
  const what = access.feature === undefined ? 'this' : `this on the feature ${quoteShortly(access.feature)}`
  return {
    kind: 'role',
    reason: `${type} allows ${describeRoles(allowed)}, and ${what} takes ${describeRoles(needed)}`,
  }
}

function describeRoles(mask: number): string {
  if (mask >>> 0 === roles.admin) return 'the role admin'
  const names = []
  if ((mask & roles.member) !== 0) names.push('member')
  if ((mask & roles.billingManager) !== 0) names.push('billing_manager')
  if ((mask & ~(roles.member | roles.billingManager)) !== 0) names.push('others without a name')
  return names.length === 0 ? 'no role' : `the role ${names.join(' and ')}`
}
