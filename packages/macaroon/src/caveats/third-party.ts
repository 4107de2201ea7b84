/** 3P and BindToParentToken: caveats that verification answers, and that no access can. */

import { decodeBase64, encodeBase64 } from '../base64.ts'
import type { BindToParentToken, ThirdParty } from '../caveat.ts'
import type { CaveatCodec, CaveatJson, Refusal } from '../codec.ts'
import { MacaroonError } from '../errors.ts'
import { expectObject, expectString, type JsonPath, jsonError, type JsonValue } from '../json.ts'

export const thirdPartyCaveat: CaveatCodec<ThirdParty> = {
  type: '3P',
  number: 11n,
  decode(reader) {
    reader.expectArray(3, 'a third-party caveat')
    return {
      type: '3P',
      location: reader.readString(),
      verifierKey: reader.readBytesOrNull(),
      ticket: reader.readBytesOrNull(),
    }
  },
  encode(writer, caveat) {
    writer.writeArrayLength(3)
    writer.writeString(caveat.location)
    writer.writeBytes(caveat.verifierKey)
    writer.writeBytes(caveat.ticket)
  },
  prohibits: refuseThirdParty,
  prohibitsDischarge: refuseThirdParty,
}

export const thirdPartyCaveatJson: CaveatJson<ThirdParty> = {
  toJson: (caveat) =>
    new Map<string, JsonValue>([
      ['Location', caveat.location],
      ['VerifierKey', bytesToJson(caveat.verifierKey)],
      ['Ticket', bytesToJson(caveat.ticket)],
    ]),
  fromJson(value, path) {
    const body = expectObject(value, path, ['Location', 'VerifierKey', 'Ticket'])
    return {
      type: '3P',
      location: expectString(body.get('Location'), `${path}.Location`),
      verifierKey: bytesFromJson(body.get('VerifierKey'), `${path}.VerifierKey`),
      ticket: bytesFromJson(body.get('Ticket'), `${path}.Ticket`),
    }
  },
}

export const bindToParentToken: CaveatCodec<BindToParentToken> = {
  type: 'BindToParentToken',
  number: 12n,
  decode: (reader) => ({ type: 'BindToParentToken', prefix: reader.readBytesOrNull() }),
  encode: (writer, caveat) => writer.writeBytes(caveat.prefix),
  prohibits: refuseBinding,
  prohibitsDischarge: refuseBinding,
}

export const bindToParentTokenJson: CaveatJson<BindToParentToken> = {
  toJson: (caveat) => bytesToJson(caveat.prefix),
  fromJson: (value, path) => ({ type: 'BindToParentToken', prefix: bytesFromJson(value, path) }),
}

function refuseThirdParty(): Refusal {
  return {
    kind: 'bad-caveat',
    reason: '3P is answered by a discharge when a token is verified; where it stands here, nothing can answer it',
  }
}

function refuseBinding(): Refusal {
  return {
    kind: 'bad-caveat',
    reason: 'BindToParentToken is checked when a discharge is verified; where it stands here, nothing can answer it',
  }
}

function bytesToJson(bytes: Uint8Array | null): JsonValue {
  return bytes === null ? null : encodeBase64(bytes)
}

function bytesFromJson(value: JsonValue | undefined, path: JsonPath): Uint8Array | null {
  if (value === null) return null
  const text = expectString(value, path)
  try {
    return decodeBase64(text, 0, text.length, 'the base64')
  } catch (error) {
    throw error instanceof MacaroonError ? jsonError(path, error.message) : error
  }
}
