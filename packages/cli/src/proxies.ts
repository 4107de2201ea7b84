// The proxies that a person's environment names, as curl and Go read it: HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
import type { Environment } from './context.ts'
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
  const named = environment['no_proxy'] ?? environment['NO_PROXY'] ?? ''
  setGlobalProxyFromEnv({
    ...(http === undefined ? {} : { HTTP_PROXY: http }),
    ...(https === undefined ? {} : { HTTPS_PROXY: https }),
    NO_PROXY: [named, 'localhost', '127.0.0.1', '::1', '[::1]', ...(isHere(hostname) ? [hostname] : [])].join(','),
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

function isHere(hostname: string): boolean {
  return /^(?:.*\.)?localhost$|^127\.\d+\.\d+\.\d+$|^\[::1\]$/.test(hostname)
}
