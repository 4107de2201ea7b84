// Checks the public URL and the trusted proxies of the configuration.
import { readProxies, type Trusts } from '@hallpass/guard/forwarded'

import { StartupError } from './domain/errors.ts'

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
  const trusts = readProxies(proxies)
  if (trusts !== undefined) return trusts
  throw invalid('--trusted-proxies lists addresses and networks, separated by commas, for example 10.0.0.0/8,192.0.2.7')
}

function invalid(sentence: string): StartupError {
  return new StartupError('configuration_invalid', sentence)
}
