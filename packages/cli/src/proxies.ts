// The proxies that a person's environment names, as curl and Go read it: HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
import { BlockList, isIP } from 'node:net'

import type { Environment } from './environment.ts'
import { CommandError } from './errors.ts'

/**
 * Lets every request of this process from now on go by the proxies that are named, but for those to this machine itself.
 * @param address who is asked first
 * @returns what to tell where this Node.js cannot
 * @throws CommandError `misused` where what names one is no address
 */
export function useProxies(environment: Environment, address: string): string | undefined {
  const https = readProxy(environment, httpsNames)
  const http = readProxy(environment, httpNames)
  if (https === undefined && http === undefined) return undefined
  const { setGlobalProxyFromEnv } = process.getBuiltinModule('node:http')
  if (setGlobalProxyFromEnv === undefined) {
    const variable = proxyVariable(environment, address)
    if (variable === undefined || environment['NODE_USE_ENV_PROXY'] === '1') return undefined
    return `${variable} is not used: set NODE_USE_ENV_PROXY=1 as well, or use Node.js 24.14 or newer`
  }
  const { hostname } = new URL(address)
  const named = readExceptions(environment)
  // Node.js knows it only where it stands alone.
  if (named.includes('*')) return undefined
  const isExcepted = isHere(hostname) || isWithin(hostname, named)
  setGlobalProxyFromEnv({
    ...(http === undefined ? {} : { HTTP_PROXY: http }),
    ...(https === undefined ? {} : { HTTPS_PROXY: https }),
    NO_PROXY: [...named, 'localhost', '127.0.0.1', '::1', '[::1]', ...(isExcepted ? [hostname] : [])].join(','),
  })
  return undefined
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
  if (URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol)) return url
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

/** Whether it is an address in one of the networks among these, as `10.0.0.0/8`, which Node.js does not know. */
function isWithin(hostname: string, exceptions: readonly string[]): boolean {
  const address = hostname.replaceAll(/[[\]]/g, '')
  return exceptions.some((each) => {
    const [network = '', bits = ''] = each.split('/')
    const family = isIP(network)
    if (family === 0 || isIP(address) !== family || !/^\d{1,3}$/.test(bits)) return false
    if (Number(bits) > (family === 4 ? 32 : 128)) return false
    const kind = family === 4 ? 'ipv4' : 'ipv6'
    const block = new BlockList()
    block.addSubnet(network, Number(bits), kind)
    return block.check(address, kind)
  })
}

function isHere(hostname: string): boolean {
  return /^(?:.*\.)?localhost$|^127\.\d+\.\d+\.\d+$|^\[::1\]$/.test(hostname)
}
