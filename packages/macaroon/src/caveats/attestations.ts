/** Attestations: what a third party asserts about its user. They forbid nothing, and only proofs may carry them. */

import type { Caveat, FlyioUserId, GitHubUserId, GoogleUserId } from '../caveat.ts'
import type { CaveatCodec, CaveatJson, Refusal } from '../codec.ts'
import { MacaroonError } from '../errors.ts'
import { expectInteger } from '../json.ts'
import { expectId, maxUint64 } from './mask.ts'

export const flyioUserId: CaveatCodec<FlyioUserId> = {
  type: 'FlyioUserID',
  number: 23n,
  attestation: true,
  decode: (reader) => ({ type: 'FlyioUserID', id: reader.readUint() }),
  encode: (writer, caveat) => writer.writeUint(expectId(caveat.id)),
  prohibits: refuse,
  prohibitsDischarge: refuse,
}

export const flyioUserIdJson: CaveatJson<FlyioUserId> = {
  toJson: (caveat) => caveat.id,
  fromJson: (value, path) => ({ type: 'FlyioUserID', id: expectInteger(value, path, 0n, maxUint64) }),
}

export const gitHubUserId: CaveatCodec<GitHubUserId> = {
  type: 'GitHubUserID',
  number: 24n,
  attestation: true,
  decode: (reader) => ({ type: 'GitHubUserID', id: reader.readUint() }),
  encode: (writer, caveat) => writer.writeUint(expectId(caveat.id)),
  prohibits: refuse,
  prohibitsDischarge: refuse,
}

export const gitHubUserIdJson: CaveatJson<GitHubUserId> = {
  toJson: (caveat) => caveat.id,
  fromJson: (value, path) => ({ type: 'GitHubUserID', id: expectInteger(value, path, 0n, maxUint64) }),
}

export const googleUserId: CaveatCodec<GoogleUserId> = {
  type: 'GoogleUserID',
  number: 25n,
  attestation: true,
  decode(reader) {
    const start = reader.offset
    const bytes = reader.readBytes()
    if (bytes.length > maxIdBytes) {
      throw new MacaroonError('malformed', `Byte ${start}: a GoogleUserID has at most ${maxIdBytes} bytes`)
    }
    if (bytes[0] === 0) {
      throw new MacaroonError('not-canonical', `Byte ${start}: a GoogleUserID does not begin with a zero`)
    }
    return { type: 'GoogleUserID', id: bytes.reduce((id, byte) => id * 256n + BigInt(byte), 0n) }
  },
  encode(writer, caveat) {
    if (expectId(caveat.id) < 0n || caveat.id > maxId)
      throw new MacaroonError('bad-caveat', 'The value is not an unsigned integer of 256 bits')
    const hex = caveat.id === 0n ? '' : caveat.id.toString(16)
    const digits = hex.padStart(Math.ceil(hex.length / 2) * 2, '0')
    writer.writeBytes(
      Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16)),
    )
  },
  prohibits: refuse,
  prohibitsDischarge: refuse,
}

export const googleUserIdJson: CaveatJson<GoogleUserId> = {
  toJson: (caveat) => caveat.id,
  fromJson: (value, path) => ({ type: 'GoogleUserID', id: expectInteger(value, path, 0n, maxId) }),
}

const maxIdBytes = 32
const maxId = 256n ** BigInt(maxIdBytes) - 1n

function refuse({ type }: Caveat): Refusal {
  return { kind: 'bad-caveat', reason: `${type} is an attestation, which has no place inside another caveat` }
}
