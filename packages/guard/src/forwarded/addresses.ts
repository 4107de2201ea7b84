// The addresses of clients and of proxies, as sockets and `X-Forwarded-For` spell them.
import { isInNetwork, parseAddress, writeAddress } from '@hallpass/macaroon/internal'

/** Whether this is the address, perhaps with a port, of a proxy whose X-Forwarded headers are believed. */
export type Trusts = (address: string) => boolean

/**
 * Reads an address from `X-Forwarded-For`: bare, with a port (`203.0.113.1:5001`), in brackets (`[2001:db8::1]:5001`)
 * or in quotation marks, as in RFC 7239 §6.
 * @returns its shortest form without port and zone, and mapped IPv4 as IPv4; undefined if it is not an address
 */
export function readAddress(text: string): string | undefined {
  // Every request asks, and nearly all addresses of sockets are these.
  const short = text.startsWith(mapped) ? text.slice(mapped.length) : text
  if (shortestIpv4.test(short)) return short
  const address = readBytes(text)
  return address && writeAddress(address)
}

const mapped = '::ffff:'
const shortestIpv4 = /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/

/**
 * Who is one of these proxies: addresses and networks, as `10.0.0.0/8`.
 * @returns undefined if one of them is neither
 */
export function readProxies(proxies: readonly string[]): Trusts | undefined {
  const networks = proxies.map(readProxy)
  if (!networks.every((network) => network !== undefined)) return undefined
  // Nearly all requests come from one proxy.
  let last = { text: '', isTrusted: false }
  return (text) => {
    if (text === last.text) return last.isTrusted
    const address = readBytes(text)
    const isTrusted = address !== undefined && networks.some((network) => isInNetwork(address, network))
    last = { text, isTrusted }
    return isTrusted
  }
}

/** The address of a client, and whether a trusted proxy has reported it. */
export interface ClientAddress {
  /** Undefined if it is not known: nothing that depends on it is allowed. */
  readonly address: string | undefined
  readonly isReported: boolean
}

/**
 * Whose request came over a connection from `socket`: of all addresses that are reported, the nearest that is not one of a trusted
 * proxy, or the farthest.
 * @param reported the header `X-Forwarded-For`
 */
export function findClient(socket: string, reported: string | undefined, trusts: Trusts | undefined): ClientAddress {
  // RFC 9110 §5.6.1: empty elements do not count.
  const addresses = (reported ?? '').split(',').filter((each) => each.trim() !== '')
  if (trusts?.(socket) !== true || addresses.length === 0) return { address: readAddress(socket), isReported: false }
  const address = readAddress(addresses.findLast((each) => !trusts(each)) ?? addresses[0] ?? '')
  return { address, isReported: address !== undefined }
}

/** Whom an address is counted for: an IPv4 address, or the /48 of an IPv6 address, because one holder has all in it. Undefined if it is none. */
export function siteOf(address: string): string | undefined {
  return readBytes(address)?.subarray(0, 6).join('.')
}

function readBytes(text: string): Uint8Array | undefined {
  const unquoted = text.trim().replace(/^"([^"]*)"$/, '$1')
  const [, bracketed, plain = unquoted] = /^\[([^\]]*)\](?::\d{1,5})?$|^([\d.]+):\d{1,5}$/.exec(unquoted) ?? []
  // A zone names a network of another machine.
  return parseAddress((bracketed ?? plain).replace(/%.*$/s, ''))
}

function readProxy(text: string): { readonly address: Uint8Array; readonly bits: number } | undefined {
  const [, name = '', length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text.trim()) ?? []
  const address = parseAddress(name)
  if (address === undefined) return undefined
  const width = name.includes(':') ? 128 : 32
  const given = Number(length ?? width)
  // What a mapped address is written with counts the bits before it too.
  const bits = given - (width - address.length * 8)
  if (given > width || bits < 0) return undefined
  const maskOf = (at: number) => 0xff00 >> Math.min(8, Math.max(0, bits - 8 * at))
  return { address: address.map((byte, at) => byte & maskOf(at)), bits }
}
