/** ConfineUser, ConfineOrganization, ConfineGoogleHD, ConfineGitHubOrg: for whom a third party may discharge a ticket. */

import type { Caveat, ConfineGitHubOrg, ConfineGoogleHd, ConfineOrganization, ConfineUser } from '../caveat.ts'
import type { CaveatCodec, CaveatJson, Refusal } from '../codec.ts'
import { expectInteger, expectObject, expectString, quoteShortly } from '../json.ts'
import { expectId, maxUint64 } from './mask.ts'

export const confineUser: CaveatCodec<ConfineUser> = {
  type: 'ConfineUser',
  number: 8n,
  decode(reader) {
    reader.expectArray(1, 'a ConfineUser')
    return { type: 'ConfineUser', id: reader.readUint() }
  },
  encode(writer, caveat) {
    writer.writeArrayLength(1)
    writer.writeUint(expectId(caveat.id))
  },
  prohibits: onlyForDischarges,
  prohibitsDischarge: (caveat, access) =>
    refuse(
      `ConfineUser takes the account ${caveat.id}`,
      (access.flyio ?? []).some(({ userId }) => userId === caveat.id),
    ),
}

export const confineUserJson: CaveatJson<ConfineUser> = {
  toJson: (caveat) => new Map([['id', caveat.id]]),
  fromJson(value, path) {
    const id = expectObject(value, path, ['id']).get('id')
    return { type: 'ConfineUser', id: expectInteger(id, `${path}.id`, 0n, maxUint64) }
  },
}

export const confineOrganization: CaveatCodec<ConfineOrganization> = {
  type: 'ConfineOrganization',
  number: 9n,
  decode(reader) {
    reader.expectArray(1, 'a ConfineOrganization')
    return { type: 'ConfineOrganization', id: reader.readUint() }
  },
  encode(writer, caveat) {
    writer.writeArrayLength(1)
    writer.writeUint(expectId(caveat.id))
  },
  prohibits: onlyForDischarges,
  prohibitsDischarge: (caveat, access) =>
    refuse(
      `ConfineOrganization takes an account of organization ${caveat.id}`,
      (access.flyio ?? []).some(({ organizationIds }) => organizationIds.includes(caveat.id)),
    ),
}

export const confineOrganizationJson: CaveatJson<ConfineOrganization> = {
  toJson: (caveat) => new Map([['id', caveat.id]]),
  fromJson(value, path) {
    const id = expectObject(value, path, ['id']).get('id')
    return { type: 'ConfineOrganization', id: expectInteger(id, `${path}.id`, 0n, maxUint64) }
  },
}

export const confineGoogleHd: CaveatCodec<ConfineGoogleHd> = {
  type: 'ConfineGoogleHD',
  number: 19n,
  decode: (reader) => ({ type: 'ConfineGoogleHD', hd: reader.readString() }),
  encode: (writer, caveat) => writer.writeString(caveat.hd),
  prohibits: onlyForDischarges,
  prohibitsDischarge: (caveat, access) =>
    refuse(
      `ConfineGoogleHD takes a Google account of ${quoteShortly(caveat.hd)}`,
      (access.google ?? []).some(({ hd }) => hd === caveat.hd),
    ),
}

export const confineGoogleHdJson: CaveatJson<ConfineGoogleHd> = {
  toJson: (caveat) => caveat.hd,
  fromJson: (value, path) => ({ type: 'ConfineGoogleHD', hd: expectString(value, path) }),
}

export const confineGitHubOrg: CaveatCodec<ConfineGitHubOrg> = {
  type: 'ConfineGitHubOrg',
  number: 20n,
  decode: (reader) => ({ type: 'ConfineGitHubOrg', id: reader.readUint() }),
  encode: (writer, caveat) => writer.writeUint(expectId(caveat.id)),
  prohibits: onlyForDischarges,
  prohibitsDischarge: (caveat, access) =>
    refuse(
      `ConfineGitHubOrg takes a GitHub account of organization ${caveat.id}`,
      (access.gitHub ?? []).some(({ orgIds }) => orgIds.includes(caveat.id)),
    ),
}

export const confineGitHubOrgJson: CaveatJson<ConfineGitHubOrg> = {
  toJson: (caveat) => caveat.id,
  fromJson: (value, path) => ({ type: 'ConfineGitHubOrg', id: expectInteger(value, path, 0n, maxUint64) }),
}

/** The refusal of a caveat that only a third party can judge, as Go's `ErrInvalidAccess`. */
export function onlyForDischarges({ type }: Caveat): Refusal {
  return { kind: 'invalid-access', reason: `${type} is for third parties to judge, and this is no discharge` }
}

function refuse(demand: string, met: boolean): Refusal | undefined {
  return met ? undefined : { kind: 'identity', reason: `${demand}, and none was seen` }
}
