// Explains why no answer came, or not an authority's, and says what to do.
import type { ConnectionDetails, ConnectionError } from '@hallpass/client'

import type { Environment } from './environment.ts'
import { proxyVariable, tlsProxyVariable } from './proxies.ts'

/** A sentence about a request to `server`. */
export function describeConnection(error: ConnectionError, server: string, environment: Environment): string {
  const { code, message, cause, details } = error
  const isDone = isReading(details) ? '' : `; ${mayBeDone}`
  const { codes, words } = signsOf(cause)
  const broken = [...codes].find(isBroken)
  if (code === 'timeout') return message + isDone
  if (code === 'cut_off') return message + (broken === undefined ? '' : ` (${broken})`) + isDone
  if (code === 'unreachable') {
    const isOpen = !words.includes('before secure TLS connection was established')
    const wasSent = broken !== undefined || (isOpen && closed.some((each) => codes.has(each)))
    return (describeUnreachable(cause, server, environment) ?? message) + (wasSent ? isDone : '')
  }
  if (code !== 'not_an_authority') return message
  if (details.status === 407) return describeRefusal(407, server, environment)
  const isDamaged = (details.problem ?? '') !== ''
  return describeStranger(error, server) + (isPassedOn(details.status ?? 0) && !isDamaged ? isDone : '')
}

const mayBeDone = 'it may have been done all the same: look before you try it again'

/** Whether the sender of this answer may have passed the request on. */
function isPassedOn(status: number): boolean {
  return status < 200 || status > 599 || [304, 500, 502, 504].includes(status) || (status >= 520 && status < 530)
}

function isReading({ method }: ConnectionDetails): boolean {
  return method === 'GET'
}

/** Why an address gave no answer; undefined if unknown. */
export function describeUnreachable(cause: unknown, address: string, environment: Environment): string | undefined {
  const url = new URL(address)
  const signs = signsOf(cause)
  const is = (...codes: readonly string[]) => codes.find((code) => signs.codes.has(code))
  if (is('ERR_PROXY_TUNNEL') !== undefined) return describeRefusal(signs.status, address, environment)
  const proxy = signs.isElsewhere(url) ? proxyVariable(environment, address) : undefined
  if (proxy !== undefined) {
    const code = is(...refused, ...unknownName, ...noRoute, ...closed)
    if (code !== undefined) return `the proxy that ${proxy} names cannot be reached (${code})`
  }
  if (is('ENOTFOUND') !== undefined) return `the name ${url.hostname} is not known: is the address right?`
  if (is(...unknownName) !== undefined) return `no name server answers for ${url.hostname}: is this machine online?`
  if (is(...refused) !== undefined) return `nothing listens at ${address}: does the authority run, and at this address?`
  const gone = is(...noRoute)
  if (gone !== undefined) {
    return `${address} cannot be reached (${gone}): is this machine online, and does a firewall stand between?`
  }
  return describeTls(signs, url, environment) ?? describeClosed(signs, url)
}

/** The answer of a proxy that does not connect; undefined if it makes no sense. */
function describeRefusal(status: number | undefined, address: string, environment: Environment): string {
  const named = proxyVariable(environment, address)
  const why = status === 407 ? ', for it wants a name and a password' : ''
  const answer = status === undefined ? 'it does not answer as a proxy does' : `it answered ${status}${why}`
  return `the proxy ${named === undefined ? 'on the way' : `that ${named} names`} does not lead to ${address}: ${answer}`
}

const refused = ['ECONNREFUSED']
const unknownName = ['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA']
const noRoute = ['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'EADDRNOTAVAIL']
const closed = ['ECONNRESET', 'EPIPE']
const untrusted = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_UNTRUSTED',
]

function describeTls({ codes, words }: Signs, url: URL, environment: Environment): string | undefined {
  const { hostname } = url
  const origin = nameTls(url, environment)
  if (untrusted.some((code) => codes.has(code))) {
    const file = (environment['NODE_EXTRA_CA_CERTS'] ?? '') === '' ? '' : ', which is not in the file that it names now'
    return (
      `nobody whom this machine trusts has signed the certificate of ${origin}: where it is right all the same, let ` +
      `NODE_EXTRA_CA_CERTS name a PEM file with the certificate of who signed it${file}`
    )
  }
  if (codes.has('CERT_HAS_EXPIRED')) return `the certificate of ${origin} has ended`
  if (codes.has('CERT_NOT_YET_VALID')) {
    return `the certificate of ${origin} is not valid yet: is the clock of this machine right?`
  }
  if (codes.has('ERR_TLS_CERT_ALTNAME_INVALID')) {
    return `the certificate of ${origin} is for other names than ${hostname}: is the address right?`
  }
  const failed = [...codes].find((code) => /^(?:ERR_SSL_|ERR_TLS_|EPROTO|CERT_)/.test(code))
  if (failed === undefined) return undefined
  if (/WRONG.VERSION.NUMBER|PACKET.LENGTH.TOO.LONG|HTTP.REQUEST/i.test(words)) {
    return `${origin} does not speak TLS: is the port right? An address of plain HTTP begins with http://`
  }
  if (/ALERT.PROTOCOL.VERSION|UNSUPPORTED.PROTOCOL/i.test(words)) {
    return `${origin} does not speak TLS 1.2 or a newer one, and older ones are not safe`
  }
  if (/CERTIFICATE.REQUIRED/i.test(words)) {
    return `${origin} wants a certificate of who asks, and this command line has none: let it take tokens alone`
  }
  const reason = /:SSL routines:[^:]*:([^:]+)/.exec(words)?.[1] ?? failed
  return `no TLS connection with ${origin} can be made (${reason})`
}

/** Who may have failed at TLS: the proxy or the server, because no error says which of the two. */
function nameTls({ origin, protocol, href }: URL, environment: Environment): string {
  const named = tlsProxyVariable(environment, href)
  if (named === undefined) return origin
  const proxy = `the proxy that ${named} names`
  return protocol === 'https:' ? `${origin} or ${proxy}` : proxy
}

function describeClosed({ codes }: Signs, { origin, protocol }: URL): string | undefined {
  const tls = protocol === 'http:' ? ': where it speaks TLS, begin the address with https://' : ''
  if (codes.has('HPE_HEADER_OVERFLOW')) return `what answers at ${origin} sends more headers than is taken`
  const broken = [...codes].find(isBroken)
  if (broken !== undefined) return `what answers at ${origin} does not speak HTTP (${broken})${tls}`
  return closed.some((code) => codes.has(code)) ? `${origin} closed the connection without an answer${tls}` : undefined
}

/** Node's codes for HTTP errors. */
function isBroken(code: string): boolean {
  return code.startsWith('HPE_')
}

/** What a cause and its own causes say. */
interface Signs {
  readonly codes: ReadonlySet<string>
  /** The codes and the messages. */
  readonly words: string
  /** What a proxy answered. */
  readonly status: number | undefined
  /** Whether it was another host or port that could not be reached. */
  isElsewhere(url: URL): boolean
}

function signsOf(cause: unknown): Signs {
  const found: unknown[] = []
  const queue = [cause]
  // Causes have causes, and several addresses of one name an error each.
  for (let next = queue.shift(); next instanceof Error && found.length < 20; next = queue.shift()) {
    found.push(next)
    queue.push(
      ...(next instanceof AggregateError ? next.errors : []),
      ...(next.cause === undefined ? [] : [next.cause]),
    )
  }
  const texts = (field: string) => found.flatMap((each) => [Reflect.get(Object(each), field)].filter(isText))
  return {
    codes: new Set(texts('code')),
    words: [...texts('code'), ...texts('message')].join(' '),
    status: found.map((each) => Reflect.get(Object(each), 'statusCode')).find(Number.isInteger),
    isElsewhere({ hostname, port, protocol }) {
      const expected = Number(port === '' ? (protocol === 'https:' ? 443 : 80) : port)
      const ports = found.map((each) => Reflect.get(Object(each), 'port')).filter((each) => typeof each === 'number')
      return ports.some((each) => each !== expected) || texts('hostname').some((each) => each !== hostname)
    },
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

/** Explains who answered instead of the authority. */
function describeStranger({ details, message }: ConnectionError, server: string): string {
  const { status = 0, location, problem, text = '' } = details
  if ([301, 302, 303, 307, 308].includes(status)) return describeRedirect(server, details.path ?? '', location)
  if (problem !== undefined && problem !== '') {
    const asked = `${details.method ?? ''} ${details.path ?? ''}`
    const advice = isReading(details) ? 'is the address right?' : mayBeDone
    return `what ${server} answered to ${asked} ${problem}: no Hallpass authority of this version answers so; ${advice}`
  }
  if (status === 400 && /HTTP request (?:was sent )?to (?:an? )?HTTPS (?:port|server)/i.test(text)) {
    return `${server} speaks TLS: begin the address with https://`
  }
  if (status === 404 && text.trim() === '404 page not found') {
    return `the authority at ${server} does not know ${details.method ?? ''} ${details.path ?? ''}: it is older than this hallpass; upgrade it`
  }
  // The answers of nginx and HAProxy to a header that is too long.
  const isLong = status === 400 && /header or cookie too large|browser sent an invalid request/i.test(text)
  const words = wordsOf(isLong ? 431 : status, details.retryAfter)
  return words === undefined ? message : `${server} answered ${status} in an authority's place: ${words}`
}

function wordsOf(status: number, retryAfter: string | undefined): string | undefined {
  if (status === 304) return 'a proxy before it serves answers from its cache, which others must not see'
  if (status === 401) return 'a proxy before it wants a login of its own'
  if (status === 403 || status === 451) return 'a proxy before it does not let this through'
  if (status === 511) return 'the network that this machine is in wants a login first: open any page in a browser'
  if (status === 408) return 'a proxy before it waited too long for the request; try again'
  if (status === 413) return 'what was sent is longer than a proxy before it lets through'
  if (status === 431 || status === 494) {
    return (
      'the token is longer than a proxy before it lets through in a header; there, that limit can be raised ' +
      '(large_client_header_buffers of nginx, tune.bufsize of HAProxy)'
    )
  }
  if (status === 429) {
    const seconds = /^\d{1,6}$/.test(retryAfter ?? '') ? `in ${retryAfter} seconds` : 'later'
    return `too many requests come from here; try again ${seconds}`
  }
  if ([500, 502, 503, 504].includes(status) || (status >= 520 && status <= 530)) {
    return 'a proxy before it gets no answer from the authority; does that run? Otherwise try again'
  }
  return undefined
}

function describeRedirect(server: string, path: string, location: string | undefined): string {
  const target = location === undefined ? null : URL.parse(location, server + path)
  if (target === null || !/^https?:$/.test(target.protocol)) {
    return `${server} answers with a redirect that leads nowhere: is the address right?`
  }
  const { origin, pathname } = target
  // The path of the request is no part of the address.
  return pathname === path && origin !== server
    ? `${server} redirects to ${origin}: where you trust that, give it as the address`
    : `${server} redirects to ${origin}${pathname}, and not to an authority: is the address right?`
}
