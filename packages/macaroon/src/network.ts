/** Networks of IPv4 and IPv6, and the addresses in them: as text and as bytes. An address of IPv6 that maps one of IPv4 is that one. */

import { expectText } from './boundary.ts'
import type { Network } from './caveat.ts'
import { MacaroonError } from './errors.ts'

/** The bytes of an address, 4 or 16; undefined for text that is none. An address with a zone (`fe80::1%eth0`) is none. */
export function parseAddress(text: string): Uint8Array | undefined {
  const bytes = expectText(text, 'text').includes(':') ? readGroups(text) : readOctets(text)
  if (bytes === undefined) return undefined
  return Uint8Array.from(isMapped(bytes) ? bytes.slice(mapping.length) : bytes)
}

/** `203.0.113.7`, or as RFC 5952 §4 writes it: `2001:db8::7`. */
export function formatAddress(address: Uint8Array): string {
  if (address.length === 4) return address.join('.')
  const groups = Array.from({ length: 8 }, (_, at) => ((address[2 * at] ?? 0) << 8) | (address[2 * at + 1] ?? 0))
  const { start, length } = longestZeros(groups)
  const hex = (some: readonly number[]) => some.map((group) => group.toString(16)).join(':')
  return length < 2 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`
}

/**
 * Reads a network as CIDR writes it, `10.0.0.0/8` or `2001:db8::/32`, or an address, which is a network of one.
 *
 * Throws MacaroonError `bad-argument` with what is wrong with the text, for behind its name.
 */
export function parseNetwork(text: string): Network {
  const [, name = '', length] = /^([^/]*)(?:\/(0|[1-9]\d{0,2}))?$/.exec(expectText(text, 'text')) ?? []
  const isFour = !name.includes(':')
  const address = parseAddress(name)
  const width = isFour ? 32 : 128
  const given = length === undefined ? width : Number(length)
  // What a mapped address is written with counts the bits before it too.
  const bits = address !== undefined && !isFour && address.length === 4 ? given - 96 : given
  if (address === undefined || given > width || bits < 0) {
    throw wrong('is not a network: write it like 10.0.0.0/8, 2001:db8::/32 or 203.0.113.7')
  }
  const network = { address: masked(address, bits), bits }
  if (holds({ address, bits: address.length * 8 }, network.address)) return network
  throw wrong(`has bits beyond its length: write ${formatNetwork(network)}`)
}

export function formatNetwork({ address, bits }: Network): string {
  return `${formatAddress(address)}/${bits}`
}

/** Whether the address is in the network. */
export function holds({ address: start, bits }: Network, address: Uint8Array): boolean {
  if (start.length !== address.length) return false
  const whole = bits >> 3
  for (let at = 0; at < whole; at += 1) if (start[at] !== address[at]) return false
  const rest = 8 - (bits & 7)
  return rest === 8 || ((start[whole] ?? 0) ^ (address[whole] ?? 0)) >> rest === 0
}

/** The same networks in their order, without those that lie in another one of them. */
export function arrange(networks: readonly Network[]): readonly Network[] {
  const arranged: Network[] = []
  for (const network of [...networks].sort(compare)) {
    const last = arranged.at(-1)
    if (last === undefined || !holds(last, network.address)) arranged.push(network)
  }
  return arranged
}

/** Whether it stands behind the other in a list that is arranged. */
export function follows(network: Network, previous: Network): boolean {
  return compare(previous, network) < 0 && !holds(previous, network.address)
}

/** Whether it has a length that there is, no bits beyond that, and no other spelling. */
export function isNetwork({ address, bits }: Network): boolean {
  const isFour = address.length === 4
  if (!(isFour || address.length === 16) || !(Number.isInteger(bits) && bits >= 0 && bits <= address.length * 8))
    return false
  if (!holds({ address, bits: address.length * 8 }, masked(address, bits))) return false
  return isFour || !isMapped([...address])
}

/** What lies in both of two lists that are arranged. */
export function intersect(some: readonly Network[], others: readonly Network[]): readonly Network[] {
  const common: Network[] = []
  for (let [at, other] = [0, 0]; ;) {
    const [one, two] = [some[at], others[other]]
    if (one === undefined || two === undefined) return common
    if (holds(one, two.address) && one.bits <= two.bits) {
      common.push(two)
      other += 1
    } else if (holds(two, one.address)) {
      common.push(one)
      at += 1
    } else if (compare(one, two) < 0) at += 1
    else other += 1
  }
}

const mapping: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

function isMapped(bytes: readonly number[]): boolean {
  return bytes.length === 16 && mapping.every((byte, at) => bytes[at] === byte)
}

/** IPv4 before IPv6, then by their beginning, the larger ones first. */
function compare(a: Network, b: Network): number {
  const difference = a.address.findIndex((byte, at) => byte !== b.address[at])
  return (
    a.address.length - b.address.length ||
    (difference < 0 ? a.bits - b.bits : (a.address[difference] ?? 0) - (b.address[difference] ?? 0))
  )
}

function masked(address: Uint8Array, bits: number): Uint8Array {
  return address.map((byte, at) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * at))))
}

function readOctets(text: string): number[] | undefined {
  const parts = text.split('.')
  const isOne = parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)
  return isOne ? parts.map(Number) : undefined
}

function readGroups(text: string): number[] | undefined {
  const [head = '', tail, ...more] = text.split('::')
  const before = readHexadecimal(head, tail === undefined)
  const after = tail === undefined ? [] : readHexadecimal(tail, true)
  if (before === undefined || after === undefined || more.length > 0) return undefined
  const missing = 16 - before.length - after.length
  if (tail === undefined ? missing !== 0 : missing < 2) return undefined
  return [...before, ...Array<number>(missing).fill(0), ...after]
}

/** Groups of 16 bits with colons between; the last two may be written as an address of IPv4. */
function readHexadecimal(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const parts = text.split(':')
  for (const [at, part] of parts.entries()) {
    const octets = isEnd && at === parts.length - 1 && part.includes('.') ? readOctets(part) : undefined
    if (octets === undefined && !/^[\da-f]{1,4}$/i.test(part)) return undefined
    const group = Number.parseInt(part, 16)
    bytes.push(...(octets ?? [group >> 8, group & 0xff]))
  }
  return bytes
}

/** The first of the longest runs of zeros. */
function longestZeros(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 }
  let length = 0
  for (const [at, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0
    if (length > best.length) best = { start: at + 1 - length, length }
  }
  return best
}

function wrong(predicate: string): MacaroonError {
  return new MacaroonError('bad-argument', predicate)
}
