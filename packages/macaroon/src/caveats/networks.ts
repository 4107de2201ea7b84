/** Networks: from which addresses a token may be used. A caveat of ours, which Go does not know. */

import type { Network, Networks } from '../caveat.ts'
import type { CaveatCodec, CaveatJson } from '../codec.ts'
import { MacaroonError } from '../errors.ts'
import { expectArray, expectObject, expectString, jsonError } from '../json.ts'
import { isBytes } from '../boundary.ts'
import type { MsgpackReader } from '../msgpack-reader.ts'
import {
  arrange,
  follows,
  formatAddress,
  formatNetwork,
  holds,
  isNetwork,
  parseAddress,
  parseNetwork,
} from '../network.ts'

export const networks: CaveatCodec<Networks> = {
  type: 'Networks',
  // The one behind RunLabel's.
  number: 0x1_0000_6861_6c6dn,
  decode(reader) {
    reader.expectArray(1, 'a Networks')
    const list: Network[] = []
    for (let left = readLength(reader); left > 0; left -= 1) list.push(readNetwork(reader, list.at(-1)))
    return { type: 'Networks', networks: list }
  },
  encode(writer, { networks: list }) {
    if (!list.every(({ address, bits }) => isBytes(address) && isNetwork({ address, bits }))) throw bad('not a network')
    const arranged = arrange(list)
    if (arranged.length > most) throw bad(tooMany)
    writer.writeArrayLength(1)
    writer.writeArrayLength(arranged.length)
    for (const { address, bits } of arranged) writer.writeBytes(Uint8Array.of(...address, bits))
  },
  prohibits({ networks: list }, { sourceAddress }) {
    const said: unknown = typeof sourceAddress === 'function' ? sourceAddress() : sourceAddress
    const from = typeof said === 'string' ? parseAddress(said) : undefined
    if (from !== undefined && list.some((network) => holds(network, from))) return undefined
    const shown =
      list.length > mostShown ? [...list.slice(0, mostShown).map(formatNetwork), '…'] : list.map(formatNetwork)
    const demand = `Networks allows only what comes from ${shown.length === 0 ? 'nowhere' : shown.join(' or ')}`
    if (from !== undefined) return { kind: 'source', reason: `${demand}, and this comes from ${formatAddress(from)}` }
    return { kind: 'invalid-access', reason: `${demand}, and the address that this comes from is not said` }
  },
}

export const networksJson: CaveatJson<Networks> = {
  toJson: ({ networks: list }) => new Map([['networks', list.map(formatNetwork)]]),
  fromJson(value, path) {
    const body = expectObject(value, path, ['networks'])
    const texts = expectArray(body.get('networks'), `${path}.networks`)
    const list = texts.map((text, at) =>
      readText(expectString(text, `${path}.networks[${at}]`), `${path}.networks[${at}]`),
    )
    const arranged = arrange(list)
    if (arranged.length > most) throw jsonError(`${path}.networks`, tooMany)
    return { type: 'Networks', networks: arranged }
  },
}

/** A request is held against each of them. */
const most = 128
const tooMany = `more than ${most} networks`
const mostShown = 8

function readLength(reader: MsgpackReader): number {
  const start = reader.offset
  const length = reader.readArrayLength()
  if (length > most) throw new MacaroonError('too-many', `Byte ${start}: ${tooMany}`)
  return length
}

/** In the one spelling that `encode` writes: the address, and behind it the number of bits that count. */
function readNetwork(reader: MsgpackReader, previous: Network | undefined): Network {
  const start = reader.offset
  const bytes = reader.readBytes()
  const network = { address: bytes.slice(0, -1), bits: bytes.at(-1) ?? 0 }
  if (!isNetwork(network)) throw new MacaroonError('malformed', `Byte ${start}: not a network`)
  if (previous === undefined || follows(network, previous)) return network
  throw new MacaroonError('not-canonical', `Byte ${start}: networks are not in their order, or one lies in another`)
}

function readText(text: string, path: string): Network {
  try {
    return parseNetwork(text)
  } catch (error) {
    throw jsonError(path, error instanceof MacaroonError ? error.message : 'not a network')
  }
}

function bad(message: string): MacaroonError {
  return new MacaroonError('bad-caveat', message)
}
