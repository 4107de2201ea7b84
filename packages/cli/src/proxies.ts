// The proxies that a person's environment names, as curl and Go read it: HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
import { BlockList, isIP } from 'node:net'

import type { Environment } from './environment.ts'
import { CommandError } from './errors.ts'

/**
 * What leads to an address, as variables for an agent of Node.js; undefined where no proxy does.
 * @throws CommandError `misused` where what names one is no address
 */
export function readProxies(environment: Environment): (url: URL) => NodeJS.ProcessEnv | undefined {
  const HTTPS_PROXY = readProxy(environment, httpsNames)
  const HTTP_PROXY = readProxy(environment, httpNames)
  const exceptions = readExceptions(environment)
  return ({ hostname }) =>
    isHere(hostname) || exceptions.some((each) => isWithin(hostname, each))
      ? undefined
      : { HTTPS_PROXY, HTTP_PROXY, NO_PROXY: exceptions.join(',') }
}

/** The variable that names the proxy for this address; undefined where there is none, and for this machine itself. */
export function proxyVariable(environment: Environment, address: string): string | undefined {
  const { protocol, hostname } = new URL(address)
  return isHere(hostname) ? undefined : findSet(environment, protocol === 'https:' ? httpsNames : httpNames)
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
  // Many leave the scheme away.
  const url = /^[a-z][a-z\d+.-]*:\/\//i.test(given) ? given : `http://${given}`
  try {
    const { href, protocol, username, password } = new URL(url)
    decodeURIComponent(username + password)
    if (['http:', 'https:'].includes(protocol)) return href
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

/** Whether it is meant in a way that Node.js does not know: as `*` beside others, `10.0.0.0/8`, or the domain that it is in. */
function isWithin(hostname: string, exception: string): boolean {
  if (exception === '*' || hostname.endsWith(`.${exception}`)) return true
  const address = hostname.replaceAll(/[[\]]/g, '')
  const [network = '', bits = ''] = exception.split('/')
  const family = isIP(network)
  if (family === 0 || isIP(address) !== family || !/^\d{1,3}$/.test(bits)) return false
  if (Number(bits) > (family === 4 ? 32 : 128)) return false
  const kind = family === 4 ? 'ipv4' : 'ipv6'
  const block = new BlockList()
  block.addSubnet(network, Number(bits), kind)
  return block.check(address, kind)
}

function isHere(hostname: string): boolean {
  return /^(?:.*\.)?localhost$|^127\.\d+\.\d+\.\d+$|^\[::1\]$/.test(hostname)
}
