// Fetches JSON from addresses that tenants chose: never from a private network, bounded in time and size, without redirects.
import type { LookupAddress } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import * as http from 'node:http'
import * as https from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { callbackify } from 'node:util'

/** Milliseconds for one document. */
const patience = 5000
/** Bytes. */
const longest = 256 * 1024

/** The address is in a private network, or of this machine. */
export class PrivateAddressError extends Error {}

/**
 * The JSON at `url`. Every address of the host must be a public one, unless `mayBePrivate`; the connection goes to an
 * address that was checked, so that no second answer of DNS can change it. `servers`: the DNS servers that are asked; those
 * of the system if there are none.
 * @throws PrivateAddressError, or an Error that says what went wrong
 */
export async function fetchDocument(
  url: URL,
  mayBePrivate: boolean,
  servers: readonly string[] = [],
): Promise<unknown> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // A host that is an address is connected to without a look-up, and this machine is in no DNS (RFC 6761 §6.3).
  const isHidden = isIP(host) === 0 ? /(?:^|\.)localhost\.?$/.test(host) : !isPublic(host)
  if (!mayBePrivate && isHidden) throw new PrivateAddressError(host)
  const signal = AbortSignal.timeout(patience)
  // Not the system's look-up: it holds one of a few threads for up to a minute, and every other name waits behind it.
  const resolver = new Resolver({ timeout: patience / 2, tries: 2 })
  if (servers.length > 0) resolver.setServers(servers)
  try {
    return JSON.parse(await fetchText(url, signal, mayBePrivate ? undefined : lookUpPublic(resolver))) as unknown
  } catch (error) {
    // The parser's message quotes the document.
    if (error instanceof SyntaxError) throw new Error('what it answers is not JSON', { cause: error })
    if (signal.aborted) throw new Error(`it does not answer within ${patience / 1000} seconds`, { cause: error })
    throw error
  } finally {
    resolver.cancel()
  }
}

function fetchText(url: URL, signal: AbortSignal, lookup: LookupFunction | undefined): Promise<string> {
  const { request } = url.protocol === 'https:' ? https : http
  const headers = { accept: 'application/json', 'user-agent': 'hallpass' }
  return new Promise((done, fail) => {
    // Without an agent, no connection outlives its request, and none goes to an address that was checked for another name.
    const asked = request(url, { agent: false, headers, signal, ...(lookup === undefined ? {} : { lookup }) })
    asked.on('error', fail)
    // Whatever it answers: a switch to another protocol, for one, destroys the request without an error.
    signal.addEventListener('abort', () => fail(signal.reason as Error), { once: true })
    asked.on('upgrade', (_response, socket) => {
      socket.destroy()
      fail(new Error('it answers with status 101'))
    })
    asked.on('response', (response) => {
      if (response.statusCode !== 200) {
        asked.destroy()
        fail(new Error(`it answers with status ${response.statusCode}`))
        return
      }
      const pieces: Buffer[] = []
      let length = 0
      response.on('error', fail)
      response.on('data', (piece: Buffer) => {
        length += piece.length
        pieces.push(piece)
        if (length <= longest) return
        asked.destroy()
        fail(new Error(`what it answers is longer than ${longest / 1024} KiB`))
      })
      response.on('end', () => done(Buffer.concat(pieces).toString()))
    })
    asked.end()
  })
}

/** Fails where any address of the name is not public: which one is used, nobody would know. */
function lookUpPublic(resolver: Resolver): LookupFunction {
  const resolve = callbackify((name: string) => resolvePublic(resolver, name))
  return (name, options, done) => {
    resolve(name, (error, addresses) => {
      // The types say that there is always a result.
      if ((error as Error | null) !== null) return done(error, '')
      const [first] = addresses
      return options.all === true ? done(null, addresses) : done(null, first.address, first.family)
    })
  }
}

async function resolvePublic(resolver: Resolver, name: string): Promise<[LookupAddress, ...LookupAddress[]]> {
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  const hidden = found.find((address) => !isPublic(address))
  if (hidden !== undefined) throw new PrivateAddressError(hidden)
  const [first, ...more] = found.map((address) => ({ address, family: isIP(address) }))
  if (first !== undefined) return [first, ...more]
  throw new Error('its name has no address', { cause: answers.find((answer) => answer.status === 'rejected')?.reason })
}

/** Whether an address is one of the public internet (IANA special-purpose address registries). */
export function isPublic(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !notPublic.check(address)
  // Of IPv6, global unicast alone: IPv4 in any disguise is outside of it, or among the exceptions.
  return family === 6 && globalUnicast.check(address, 'ipv6') && !notPublic.check(address, 'ipv6')
}

const globalUnicast = new BlockList()
globalUnicast.addSubnet('2000::', 3, 'ipv6')

const notPublic = new BlockList()
for (const [network, length] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  notPublic.addSubnet(network, length)
}
for (const [network, length] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  notPublic.addSubnet(network, length, 'ipv6')
}
