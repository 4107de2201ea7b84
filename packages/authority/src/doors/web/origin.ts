// Whether a request was made by a page of the authority's own: the one thing that stands between a cookie and everyone
// who can make a browser send it.
import { isIP } from 'node:net'

/** What is looked at of a request. */
export interface Asked {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The host that the client named, with its port. */
  readonly host: string
  readonly protocol: string
  /** Whether it came through a proxy that is trusted: then the host may be the one that the proxy knows us by. */
  readonly throughProxy: boolean
}

/**
 * The origin of our pages, as far as this request can be about them; undefined where it names a host that is not ours.
 *
 * A name that somebody else registered can be made to point here (DNS rebinding), and for the browser its pages are then
 * of one origin with us. Hence a name is only believed where it is the public one; an address cannot be rebound.
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
 * Whether the request comes from a page of our origin, by what browsers say and pages cannot forge: Sec-Fetch-Site; from
 * a browser that sends none (as all do to an address without TLS), Origin, or else Referer.
 */
export function isSameOrigin(asked: Asked, publicOrigin: string | undefined): boolean {
  const own = originOf(asked, publicOrigin)
  const { origin, referer, 'sec-fetch-site': site } = asked.headers
  if (own === undefined || (origin !== undefined && origin !== own)) return false
  if (site !== undefined) return site === 'same-origin'
  return origin !== undefined || (typeof referer === 'string' && parseOrigin(referer)?.origin === own)
}

/** What to tell whoever asks from a page that is not of our origin: which setting is missing, where one is. */
export function describeForeign(asked: Asked, publicOrigin: string | undefined): string {
  if (publicOrigin === undefined) {
    return 'only a page of this authority may ask for this: the address by which a proxy or a name leads to it is told to it with --public-url'
  }
  const only = `only a page at ${publicOrigin} may ask for this`
  if (originOf(asked, publicOrigin) !== undefined) return only
  return `${only}, and the request names another host: a proxy passes on the one that was asked for, or is named in --trusted-proxies`
}

function parseOrigin(url: string): URL | undefined {
  const parsed = URL.parse(url)
  // A host is nothing but a host: no credentials, and no path that was smuggled into it.
  return parsed === null || parsed.username !== '' || parsed.password !== '' ? undefined : parsed
}
