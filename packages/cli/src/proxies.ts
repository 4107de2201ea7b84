// The proxies that a person's environment names, as curl and Go read it: HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
import { BlockList, isIP } from 'node:net'

import type { Environment } from './environment.ts'
import { CommandError } from './errors.ts'

/**
 * The proxy for an address, as variables for an agent of Node.js; undefined without a proxy.
 * @throws CommandError `misused` if a variable's value is no address
 */
export function readProxies(environment: Environment): (url: URL) => NodeJS.ProcessEnv | undefined {
  const HTTPS_PROXY = readProxy(environment, httpsNames)
  const HTTP_PROXY = readProxy(environment, httpNames)
  const exceptions = readExceptions(environment)
  return (url) =>
    isHere(url) || exceptions.some((each) => isWithin(url, each))
      ? undefined
      : { HTTPS_PROXY, HTTP_PROXY, NO_PROXY: exceptions.join(',') }
}

/** The variable that names the proxy for this address; undefined where there is none, and for this machine itself. */
export function proxyVariable(environment: Environment, address: string): string | undefined {
  const url = new URL(address)
  return isHere(url) ? undefined : findSet(environment, url.protocol === 'https:' ? httpsNames : httpNames)
}

/** The same, if the proxy itself speaks TLS. */
export function tlsProxyVariable(environment: Environment, address: string): string | undefined {
  const name = proxyVariable(environment, address)
  const isMeant = name !== undefined && /^https:/i.test((environment[name] ?? '').trim())
  return isMeant && readProxies(environment)(new URL(address)) !== undefined ? name : undefined
}

const httpsNames = ['https_proxy', 'HTTPS_PROXY'] as const
const httpNames = ['http_proxy', 'HTTP_PROXY'] as const

function findSet(environment: Environment, names: readonly string[]): string | undefined {
  return names.find((name) => (environment[name] ?? '').trim() !== '')
}

function readProxy(environment: Environment, names: readonly string[]): string | undefined {
  const name = findSet(environment, names)
  if (name === undefined) return undefined
  const given = environment[name]?.trim() ?? ''
  // Many people leave the scheme out.
  const url = /^[a-z][a-z\d+.-]*:\/\//i.test(given) ? given : `http://${given}`
  try {
    const { href, protocol, username, password } = new URL(url)
    decodeURIComponent(username + password)
    if (['http:', 'https:'].includes(protocol) && !/["'`\s]/.test(given)) return href
  } catch {
    // Said below.
  }
  // It is not repeated: it may hold a password.
  throw new CommandError(
    'misused',
    `${name} is not the address of an HTTP proxy: write it like http://proxy.example:3128`,
  )
}

function readExceptions(environment: Environment): readonly string[] {
  const name = findSet(environment, ['no_proxy', 'NO_PROXY'])
  return name === undefined ? [] : (environment[name] ?? '').split(/[\s,]+/).filter((each) => each !== '')
}

/** Whether NO_PROXY names it in a form that Node.js does not know: a domain, a network, an IPv6 address, `*` in a list. */
function isWithin(url: URL, given: string): boolean {
  const [, exception = '', port = portOf(url)] = /^(\[.*\]|[^:]*):(\d+)$/.exec(given) ?? ['', given]
  if (port !== portOf(url)) return false
  const host = plainHost(url.hostname)
  const name = plainHost(exception)
  if (name === '*') return true
  return isIP(host) === 0 ? `.${host}`.endsWith(`.${name.replace(/^\*?\./, '')}`) : isInNetwork(host, name)
}

/** @param network with or without the length of its prefix */
function isInNetwork(host: string, network: string): boolean {
  const [address = '', bits] = network.split('/')
  const family = isIP(address)
  const most = family === 4 ? 32 : 128
  if (isIP(host) === 0 || family === 0 || !/^\d{1,3}$/.test(bits ?? '0') || Number(bits ?? most) > most) return false
  const block = new BlockList()
  block.addSubnet(address, Number(bits ?? most), family === 4 ? 'ipv4' : 'ipv6')
  return block.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6')
}

function portOf({ protocol, port }: URL): string {
  return port === '' ? (protocol === 'https:' ? '443' : '80') : port
}

/** Without brackets, and without the dot of a name that is written to its end. */
function plainHost(host: string): string {
  return host.toLowerCase().replaceAll(/[[\]]|\.$/g, '')
}

function isHere({ hostname }: URL): boolean {
  const host = plainHost(hostname)
  return /^(?:.*\.)?localhost$/.test(host) || isInNetwork(host, '127.0.0.0/8') || isInNetwork(host, '::1')
}
