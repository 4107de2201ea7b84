// Why nothing came back, or something else than an authority's answer, in a sentence that says what to do about it.
import type { ConnectionDetails, ConnectionError } from '@hallpass/client'

import type { Environment } from './environment.ts'
import { proxyVariable } from './proxies.ts'

/** A sentence for whoever asked `server`. */
export function describeConnection(error: ConnectionError, server: string, environment: Environment): string {
  const { code, message, cause, details } = error
  const isDone = isReading(details) ? '' : `; ${mayBeDone}`
  if (code === 'timeout' || code === 'cut_off') return message + isDone
  if (code === 'unreachable') {
    const wasSent = closed.some((each) => signsOf(cause).codes.has(each))
    return (describeUnreachable(cause, server, environment) ?? message) + (wasSent ? isDone : '')
  }
  const isDamaged = (details.problem ?? '') !== ''
  if ([500, 502, 504].includes(details.status ?? 0) && !isDamaged) return describeStranger(error, server) + isDone
  return code === 'not_an_authority' ? describeStranger(error, server) : message
}

const mayBeDone = 'it may have been done all the same: look before you try it again'

function isReading({ method }: ConnectionDetails): boolean {
  return method === 'GET'
}

/** Why nothing came back from an address; undefined where it is not known. */
export function describeUnreachable(cause: unknown, address: string, environment: Environment): string | undefined {
  const url = new URL(address)
  const signs = signsOf(cause)
  const is = (...codes: readonly string[]) => codes.find((code) => signs.codes.has(code))
  const told = /^Proxy [^(]*\((\d+)\)/.exec(signs.messages.find((text) => text.startsWith('Proxy')) ?? '')?.[1]
  // Of a 407 that no proxy of ours gave, fetch makes an error without a word.
  const status = told ?? (signs.messages.at(-1) === '' && signs.codes.size === 0 ? '407' : undefined)
  const proxy = signs.isElsewhere(url) ? proxyVariable(environment, address) : undefined
  const named = proxyVariable(environment, address)
  if (status !== undefined) {
    const why = status === '407' ? ', for it wants a name and a password' : ''
    return `the proxy ${named === undefined ? 'on the way' : `that ${named} names`} does not lead to ${address}: it answered ${status}${why}`
  }
  if (proxy !== undefined) {
    const code = is(...refused, ...unknownName, ...noRoute, ...closed)
    if (code !== undefined) return `the proxy that ${proxy} names cannot be reached (${code})`
  }
  if (signs.messages.includes('bad port')) {
    return `port ${url.port} is one that HTTP clients never ask: let the authority listen at another`
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

const refused = ['ECONNREFUSED']
const unknownName = ['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA']
const noRoute = ['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'EADDRNOTAVAIL']
const closed = ['ECONNRESET', 'UND_ERR_SOCKET', 'EPIPE']
const untrusted = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_UNTRUSTED',
]

function describeTls({ codes }: Signs, { origin, hostname }: URL, environment: Environment): string | undefined {
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
  return /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/.test(failed)
    ? `${origin} does not speak TLS: is the port right? An address of plain HTTP begins with http://`
    : `no connection by TLS comes about with ${origin} (${failed})`
}

function describeClosed({ codes, names, messages }: Signs, { origin, protocol }: URL): string | undefined {
  const tls = protocol === 'http:' ? ': where it speaks TLS, begin the address with https://' : ''
  if (codes.has('UND_ERR_HEADERS_OVERFLOW')) return `what answers at ${origin} sends more headers than is taken`
  if (messages.some((text) => text.startsWith('too many content-encodings'))) {
    return `what answers at ${origin} is packed in more ways, one in another, than is taken`
  }
  if (names.has('HTTPParserError')) return `what answers at ${origin} does not speak HTTP${tls}`
  return closed.some((code) => codes.has(code)) ? `${origin} closed the connection without an answer${tls}` : undefined
}

/** What a cause and its own causes say. */
interface Signs {
  readonly codes: ReadonlySet<string>
  readonly names: ReadonlySet<string>
  readonly messages: readonly string[]
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
    names: new Set(texts('name')),
    messages: texts('message'),
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

/** Who answered in the authority's place. */
function describeStranger({ details, message }: ConnectionError, server: string): string {
  const { status = 0, location, problem, text = '' } = details
  if (status >= 300 && status < 400) return describeRedirect(server, details.path ?? '', location)
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
  // What nginx and HAProxy say of a header that is too long for them.
  const isLong = status === 400 && /header or cookie too large|browser sent an invalid request/i.test(text)
  const words = wordsOf(isLong ? 431 : status, details.retryAfter)
  return words === undefined ? message : `${server} answered ${status} in an authority's place: ${words}`
}

function wordsOf(status: number, retryAfter: string | undefined): string | undefined {
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
  if ([500, 502, 503, 504].includes(status) || (status >= 520 && status < 530)) {
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
  // What is asked stands behind the address, and is no part of it.
  return pathname === path && origin !== server
    ? `${server} redirects to ${origin}: where you trust that, give it as the address`
    : `${server} redirects to ${origin}${pathname}, and not to an authority: is the address right?`
}
