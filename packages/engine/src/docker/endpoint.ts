// Where a Docker Engine answers, and how it is reached: a unix socket, or TCP with TLS.
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

import { EngineError } from '../engine-error.ts'

export type Endpoint = { readonly socketPath: string } | TcpEndpoint

export interface TcpEndpoint {
  readonly host: string
  readonly port: number
  /** PEM: the CA of the engine's certificate, and our own certificate and key. */
  readonly tls?: { readonly ca: string | Buffer; readonly cert: string | Buffer; readonly key: string | Buffer }
}

/**
 * Reads the variables that Docker's own command line reads: DOCKER_HOST, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH.
 * @throws EngineError `bad_spec` that names the variable
 */
export function endpointOfEnvironment(env: Readonly<Record<string, string | undefined>>): Endpoint {
  const host = env['DOCKER_HOST'] ?? ''
  if (host === '') return { socketPath: '/var/run/docker.sock' }
  const url = URL.parse(host)
  if (url?.protocol === 'unix:') return { socketPath: host.slice('unix://'.length) }
  if (url?.protocol !== 'tcp:' || url.hostname === '') {
    throw new EngineError('bad_spec', 'DOCKER_HOST must be unix:///PATH or tcp://HOST:PORT', { field: 'DOCKER_HOST' })
  }
  const address = url.hostname.replace(/^\[(.*)\]$/, '$1')
  if ((env['DOCKER_TLS_VERIFY'] ?? '') === '') {
    return checkEndpoint({ host: address, port: Number(url.port || 2375) })
  }
  const directory = env['DOCKER_CERT_PATH'] ?? join(homedir(), '.docker')
  const read = (name: string): Buffer => {
    try {
      return readFileSync(join(directory, name))
    } catch (cause) {
      const sentence = `DOCKER_CERT_PATH: the file ${name} cannot be read in it`
      throw new EngineError('bad_spec', sentence, { field: 'DOCKER_CERT_PATH', cause })
    }
  }
  const tls = { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') }
  return { host: address, port: Number(url.port || 2376), tls }
}

/**
 * Access to an engine is root on its machine, so TCP without TLS is for loopback alone.
 * @throws EngineError `bad_spec`
 */
export function checkEndpoint(endpoint: Endpoint): Endpoint {
  if ('socketPath' in endpoint || endpoint.tls !== undefined || isLoopback(endpoint.host)) return endpoint
  const sentence =
    'A Docker Engine on another machine must be reached with TLS: set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH'
  throw new EngineError('bad_spec', sentence, { field: 'DOCKER_HOST' })
}

/** For sentences. */
export function nameOf(endpoint: Endpoint): string {
  return 'socketPath' in endpoint ? endpoint.socketPath : `${endpoint.host}:${endpoint.port}`
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}
