// Decides whether a request was made by one of our own pages. Only this protects the cookie against other sites.
import { isIP } from 'node:net'

/** The parts of a request that matter. */
export interface Asked {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The host from the request, with its port. */
  readonly host: string
  readonly protocol: string
  /** Whether it came through a trusted proxy, which may use its own name for us. */
  readonly throughProxy: boolean
}

/**
 * The origin of our pages for this request; undefined if it names a foreign host.
 *
 * Anybody can make a name resolve to our address (DNS rebinding), and a browser then treats their pages as our origin.
 * So only the public name counts. An IP address cannot be rebound.
 */
export function originOf(
  { host, protocol, throughProxy }: Asked,
  publicOrigin: string | undefined,
): string | undefined {
  const scheme = publicOrigin?.startsWith('https:') === true || protocol === 'https' ? 'https' : 'http'
  const named = parseOrigin(`${scheme}://${host}`)
  if (named === undefined) return undefined
  const isAddress = isIP(named.hostname.replace(/^\[(.*)\]$/, '$1')) > 0 || named.hostname === 'localhost'
  if (publicOrigin === undefined) return isAddress ? named.origin : undefined
  return throughProxy || isAddress || named.origin === publicOrigin ? publicOrigin : undefined
}

/**
 * Whether the request comes from a page of our origin, by headers that browsers set and pages cannot forge:
 * Sec-Fetch-Site; from a browser that sends none (as to an address without TLS) Origin, or else Referer.
 */
export function isSameOrigin(asked: Asked, publicOrigin: string | undefined): boolean {
  const own = originOf(asked, publicOrigin)
  const { origin, referer, 'sec-fetch-site': site } = asked.headers
  if (own === undefined || (origin !== undefined && origin !== own)) return false
  if (site !== undefined) return site === 'same-origin'
  return origin !== undefined || (typeof referer === 'string' && parseOrigin(referer)?.origin === own)
}

/** The error for a request from a foreign page. It names the setting that is missing, if one is. */
export function describeForeign(asked: Asked, publicOrigin: string | undefined): string {
  if (publicOrigin === undefined) {
    return 'only a page of this authority may ask for this: if it is reached through a proxy or by a name, set --public-url to that address'
  }
  const only = `only a page at ${publicOrigin} may ask for this`
  if (originOf(asked, publicOrigin) !== undefined) return only
  return `${only}, and the request names another host: let the proxy pass on the original host, or name the proxy in --trusted-proxies`
}

function parseOrigin(url: string): URL | undefined {
  const parsed = URL.parse(url)
  // A host must be only a host: no credentials, and no path.
  return parsed === null || parsed.username !== '' || parsed.password !== '' ? undefined : parsed
}
