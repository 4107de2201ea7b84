/** IsUser: a note of whose token it was, which FlyioUserID has replaced. It forbids nothing, as in Go. */

import type { IsUser } from '../caveat.ts'
import type { CaveatCodec, CaveatJson } from '../codec.ts'
import { expectInteger, expectObject } from '../json.ts'
import { expectId, maxUint64 } from './mask.ts'

export const isUser: CaveatCodec<IsUser> = {
  type: 'IsUser',
  number: 10n,
  decode(reader) {
    reader.expectArray(1, 'an IsUser')
    return { type: 'IsUser', id: reader.readUint() }
  },
  encode(writer, caveat) {
    writer.writeArrayLength(1)
    writer.writeUint(expectId(caveat.id))
  },
  prohibits: () => undefined,
  prohibitsDischarge: () => undefined,
}

export const isUserJson: CaveatJson<IsUser> = {
  // Go's library calls the field after its type.
  toJson: (caveat) => new Map([['uint64', caveat.id]]),
  fromJson(value, path) {
    const id = expectObject(value, path, ['uint64']).get('uint64')
    return { type: 'IsUser', id: expectInteger(id, `${path}.uint64`, 0n, maxUint64) }
  },
}
