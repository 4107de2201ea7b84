// The request that a proxy holds, from the headers with which it asks or from its own line.
import { readPath, type Segment } from './path.ts'

/** A request, as far as rules are about it. */
export interface ForwardedRequest {
  readonly method: string
  /** In lower case and without a port; undefined where the proxy does not say. */
  readonly host: string | undefined
  readonly path: readonly Segment[]
  /** As it was sent, without the query. */
  readonly sentPath: string
}

/** Why there is no such request: a sentence that repeats nothing of it. */
export class ForwardedError extends Error {
  /** `unclear`: two programs may read it differently, so it is refused. `missing`: the proxy does not say what it holds. */
  readonly reason: 'unclear' | 'missing'

  constructor(reason: ForwardedError['reason'], sentence: string) {
    super(sentence)
    this.name = 'ForwardedError'
    this.reason = reason
  }
}

/** What the question itself says of the request, where a proxy asks with the client's own method, path and host, as Envoy does. */
export interface OwnLine {
  readonly method: string
  /** Without the prefix that the proxy puts before it. */
  readonly target: string
  readonly host: string | undefined
}

const headersOf = {
  method: ['x-forwarded-method', 'x-original-method'],
  target: ['x-forwarded-uri', 'x-original-uri'],
  host: ['x-forwarded-host', 'x-original-host'],
} as const

/** With these a client tells some services another method or path than the proxy has seen. */
const overriding: ReadonlySet<string> = new Set([
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
])

/**
 * Reads what the proxy says: in `X-Forwarded-Method`, `-Uri` and `-Host` (Traefik, Caddy, nginx as it is told), in `X-Original-Method`,
 * `-URI` and `-Host`, or in its own line. What is said twice must be the same.
 * @param headers names and values, alternating, as they were sent; values as Latin-1
 * @throws ForwardedError
 */
export function readForwarded(headers: readonly string[], own?: OwnLine): ForwardedRequest {
  expectNoDisguise(headers)
  const said = collect(headers)
  const method = agreed('method', said.method, own?.method)
  const target = agreed('target', said.target, own?.target)
  if (method === undefined || target === undefined) {
    throw new ForwardedError(
      'missing',
      `the proxy does not say which request it holds: ${headersOf.method[0]} and ${headersOf.target[0]} are needed`,
    )
  }
  if (!/^[A-Z]{1,20}$/.test(method)) throw unclear('its method')
  const path = readPath(target)
  if (path === undefined) throw unclear('its path')
  const host = agreed('host', said.host, own?.host)
  const [sentPath = ''] = target.split('?', 1)
  return { method, host: host === undefined ? undefined : readHost(host), path, sentPath }
}

/**
 * Refuses headers with which a client speaks as the proxy to some services: those that override, and those that services read as a header of
 * ours, because they take every sign in a name for the same one (RFC 3875 §4.1.18).
 * @throws ForwardedError
 */
export function expectNoDisguise(headers: readonly string[]): void {
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]?.toLowerCase() ?? ''
    const read = name.replaceAll(/[^a-z0-9]/g, '-')
    if (overriding.has(read)) {
      throw new ForwardedError(
        'unclear',
        `the request has a header that some services read as ${read}: it would be another request`,
      )
    }
    // The proxy replaces the one with this very name.
    if (read.startsWith('hallpass-') && read !== name) {
      throw new ForwardedError('unclear', 'the request has a header that some services read as one of the authority')
    }
  }
}

type Part = keyof typeof headersOf

function collect(headers: readonly string[]): Readonly<Record<Part, ReadonlyMap<string, string>>> {
  const said = { method: new Map<string, string>(), target: new Map<string, string>(), host: new Map<string, string>() }
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]?.toLowerCase() ?? ''
    for (const part of parts) {
      if (!headersOf[part].some((known) => known === name)) continue
      if (said[part].has(name)) throw new ForwardedError('unclear', `the header ${name} appears twice`)
      said[part].set(name, headers[at + 1] ?? '')
    }
  }
  return said
}

const parts = Object.keys(headersOf) as readonly Part[]

/** The one value; undefined where nothing says it. */
function agreed(part: Part, said: ReadonlyMap<string, string>, own: string | undefined): string | undefined {
  const values = [...said.values(), ...(own === undefined ? [] : [own])]
  const [first, ...others] = part === 'host' ? values.map((value) => value.toLowerCase()) : values
  if (others.every((other) => other === first)) return first
  throw new ForwardedError(
    'unclear',
    `what is said of the ${part} of the request differs: ${[...said.keys()].join(', ')}`,
  )
}

/** A name of RFC 1123 without a dot at the end, or an address, perhaps with a port. */
function readHost(text: string): string {
  const [, name, address] = /^(?:([a-z0-9-]+(?:\.[a-z0-9-]+)*)|(\[[0-9a-f:.]+\]))(?::\d{1,5})?$/.exec(text) ?? []
  const host = name ?? address
  if (host === undefined || host.length > 253) throw unclear('its host')
  return host
}

function unclear(what: string): ForwardedError {
  return new ForwardedError('unclear', `the request is not clear: programs may read ${what} in several ways`)
}
