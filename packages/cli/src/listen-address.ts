// Where a server listens: `127.0.0.1:4280`, `[::1]:4280`, `localhost:0`.
import { isIPv6 } from 'node:net'
import type { NetworkInterfaceInfo } from 'node:os'

import { CommandError } from './errors.ts'

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

const defaultPort = 4280

/**
 * Reads `host:port`; an IPv6 address stands in brackets, and port 0 means any free one. An address may stand alone.
 * @throws CommandError where the text is anything else
 */
export function parseListenAddress(text: string): ListenAddress {
  const isAlone = /^(?:\[[^\]]*\]|[\d.]+\.[\d.]+)$/.test(text)
  const whole = isAlone ? `${text}:${defaultPort}` : text
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(whole) ?? []
  const host = bracketed ?? plain
  const port = Number(digits)
  if (host === undefined || host === '' || digits === undefined) {
    if (isIPv6(text)) throw refused(text, `write [${text}]:${defaultPort}`)
    if (/^[a-z][\w.-]*:?$/i.test(text)) {
      throw refused(text, `it has no port: write ${text.replace(':', '')}:${defaultPort}`)
    }
    if (/^:?\d+$/.test(text)) throw refused(text, `it has no host: write 127.0.0.1:${text.replace(':', '')}`)
    throw refused(text, 'write a host and a port, like 127.0.0.1:4280 or [::1]:4280')
  }
  if (bracketed !== undefined && !isIPv6(bracketed)) throw refused(text, 'there is no IPv6 address in the brackets')
  if (bracketed === undefined && !isHostName(host)) throw refused(text, 'the host is not a name or an IPv4 address')
  if (port > 65_535) throw refused(text, 'a port is at most 65535')
  return { host, port }
}

/**
 * The URL at which it listens. If it listens at every address, it also lists them, because nobody can open `http://0.0.0.0`.
 * @param url as the server says it, with the port that it has
 */
export function describeListening(
  { host }: ListenAddress,
  url: string,
  interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>,
): string {
  if (host !== '0.0.0.0' && host !== '::') return url
  const { port } = new URL(url)
  const at = (address: string) => `http://${isIPv6(address) ? `[${address}]` : address}:${port}`
  const others = Object.values(interfaces)
    .flatMap((infos) => infos ?? [])
    .filter(
      ({ internal, family, address }) => !internal && (family === 'IPv4' || host === '::') && !/^fe80:/i.test(address),
    )
    .map(({ address }) => at(address))
    .slice(0, 4)
  const elsewhere = others.length === 0 ? '' : `, ${others.join(' or ')} from elsewhere`
  return `${at(host)} (${at(host === '::' ? '::1' : '127.0.0.1')} on this machine${elsewhere})`
}

function isHostName(text: string): boolean {
  if (/^[\d.]+$/.test(text)) return text.split('.').length === 4 && text.split('.').every(isByte)
  return text.length <= 253 && text.split('.').every((label) => /^[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?$/i.test(label))
}

function isByte(text: string): boolean {
  return /^(?:0|[1-9]\d{0,2})$/.test(text) && Number(text) <= 255
}

function refused(text: string, why: string): CommandError {
  return new CommandError('misused', `${JSON.stringify(text)} is not an address to listen at: ${why}`)
}
