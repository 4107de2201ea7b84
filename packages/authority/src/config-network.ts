// Checks the public URL and the trusted proxies of the configuration.
import { BlockList, isIP } from 'node:net'

import { StartupError } from './domain/errors.ts'
import { readAddress } from './doors/http/address.ts'

/** Whether this is the address, perhaps with a port, of a proxy whose X-Forwarded headers are believed. */
export type Trusts = (address: string) => boolean

/**
 * The origin of the URL, as browsers write it.
 * @throws StartupError `configuration_invalid`
 */
export function checkPublicUrl(text: string): string {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw invalid('--public-url begins with https:// or http:// and names a host')
  }
  if (url.username !== '' || url.password !== '') throw invalid('--public-url carries no user and no password')
  // Cookies and links are made for a host that is ours from its root.
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw invalid('--public-url is a scheme, a host and perhaps a port: no path, no query, no fragment')
  }
  return url.origin
}

/**
 * Undefined if nobody is trusted.
 * @throws StartupError `configuration_invalid`
 */
export function checkTrustedProxies(proxies: readonly string[]): Trusts | undefined {
  if (proxies.length === 0) return undefined
  const list = new BlockList()
  for (const proxy of proxies) {
    const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(proxy.trim()) ?? []
    const version = isIP(address)
    const width = version === 4 ? 32 : 128
    if (version === 0 || Number(bits ?? width) > width) {
      throw invalid(
        '--trusted-proxies lists addresses and networks, separated by commas, for example 10.0.0.0/8,192.0.2.7',
      )
    }
    list.addSubnet(address, Number(bits ?? width), familyOf(version))
  }
  return (text) => {
    const address = readAddress(text) ?? ''
    return isIP(address) !== 0 && list.check(address, familyOf(isIP(address)))
  }
}

function familyOf(version: number): 'ipv4' | 'ipv6' {
  return version === 4 ? 'ipv4' : 'ipv6'
}

function invalid(sentence: string): StartupError {
  return new StartupError('configuration_invalid', sentence)
}
