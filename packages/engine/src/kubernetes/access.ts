// How a Kubernetes API server is reached, and as whom: a kubeconfig, or the account of the Pod that we run in.
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { createSecureContext } from 'node:tls'

import { parse } from 'yaml'

import { EngineError } from '../engine-error.ts'

export interface Access {
  /** `https:`; or `http:` on loopback, as of `kubectl proxy`. */
  readonly server: URL
  /** PEM. */
  readonly ca?: string | Buffer | undefined
  readonly cert?: string | Buffer | undefined
  readonly key?: string | Buffer | undefined
  /** The name in the server's certificate, if it is not that of the address. */
  readonly serverName?: string | undefined
  /** A token, or the file that has one, which is read again as it is renewed. */
  readonly token?: string | { readonly file: string } | undefined
}

type Variables = Readonly<Record<string, string | undefined>>

/**
 * As kubectl finds it: `file`, or the one that KUBECONFIG names, or the account of this Pod, or ~/.kube/config.
 * @throws EngineError `bad_spec` that names the file or the variable, and nothing that is in it
 */
export function findAccess(env: Variables, file?: string): Access {
  const named = file ?? env['KUBECONFIG'] ?? ''
  if (named !== '') return readKubeconfig(named)
  const host = env['KUBERNETES_SERVICE_HOST'] ?? ''
  if (host !== '') return accessOfPod(host, env['KUBERNETES_SERVICE_PORT'] ?? '443')
  return readKubeconfig(join(env['HOME'] ?? homedir(), '.kube', 'config'))
}

/** @param account the folder that a kubelet mounts into Pods with a service account */
export function accessOfPod(host: string, port: string, account = accountFolder): Access {
  const name = host.includes(':') ? `[${host}]` : host
  return checkAccess({
    server: addressOf(`https://${name}:${port}`, 'KUBERNETES_SERVICE_HOST'),
    ca: read(join(account, 'ca.crt'), 'The account of this Pod'),
    token: { file: join(account, 'token') },
  })
}

/** The current context of a kubeconfig. Programs that it names are not run. */
function readKubeconfig(file: string): Access {
  const refuse = (why: string): never => {
    throw new EngineError('bad_spec', `The kubeconfig ${file} ${why}`, { field: 'kubeconfig' })
  }
  const config = parseConfig(String(read(file, 'The kubeconfig')), refuse)
  const current = config['current-context']
  const context = find(config.contexts, current)?.context ?? refuse('has no current context')
  const cluster = find(config.clusters, context.cluster)?.cluster ?? refuse('does not have the cluster of its context')
  const user = find(config.users, context.user)?.user ?? {}
  if (cluster['insecure-skip-tls-verify'] === true) {
    refuse('turns the check of certificates off: give it the certificate-authority instead')
  }
  for (const way of ['exec', 'auth-provider', 'username', 'as'] as const) {
    if (user[way] !== undefined)
      refuse(`lets the user log in by "${way}": give it a token, a tokenFile or a certificate`)
  }
  if (cluster['proxy-url'] !== undefined) refuse('names a proxy, which is not supported')
  const pem = (source: Readonly<Record<string, unknown>>, name: string): string | Buffer | undefined => {
    const [data, path] = [source[`${name}-data`], source[name]]
    if (typeof data === 'string') return Buffer.from(data, 'base64')
    return typeof path === 'string' ? read(resolve(dirname(file), path), `The ${name} of the kubeconfig`) : undefined
  }
  // A number, for example, would be left out, and a line break cannot be sent.
  if (!isToken(user.token ?? 'none')) refuse('has a token that is no word of visible letters: put it between quotes')
  const tokenFile = user.tokenFile === undefined ? undefined : { file: resolve(dirname(file), user.tokenFile) }
  return checkAccess({
    server: addressOf(cluster.server ?? '', 'kubeconfig'),
    ca: pem(cluster, 'certificate-authority'),
    cert: pem(user, 'client-certificate'),
    key: pem(user, 'client-key'),
    serverName: cluster['tls-server-name'],
    token: tokenFile ?? user.token,
  })
}

/**
 * A token on a plain connection is anybody's, so plain HTTP is for loopback alone. Certificates and keys must be such.
 * @throws EngineError `bad_spec`
 */
export function checkAccess(access: Access): Access {
  const { protocol, hostname } = access.server
  try {
    createSecureContext({ ca: access.ca, cert: access.cert, key: access.key })
  } catch (cause) {
    throw new EngineError(
      'bad_spec',
      'A certificate or key of the Kubernetes API server is not PEM, or they do not belong together',
      {
        field: 'kubeconfig',
        cause,
      },
    )
  }
  const isLoopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)
  if (protocol === 'https:' || (protocol === 'http:' && isLoopback)) return access
  throw new EngineError('bad_spec', 'A Kubernetes API server must be reached by https', { field: 'kubeconfig' })
}

function addressOf(text: string, field: string): URL {
  const url = URL.parse(text)
  if (url !== null) return url
  throw new EngineError('bad_spec', `${field} has no address of an API server`, { field })
}

function parseConfig(text: string, refuse: (why: string) => never): Kubeconfig {
  try {
    const config: unknown = parse(text, { maxAliasCount: 0, logLevel: 'error' })
    if (typeof config === 'object' && config !== null) return config
  } catch {
    // The parser's message would quote the file.
  }
  return refuse('is no YAML of a kubeconfig')
}

function read(file: string, what: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new EngineError('bad_spec', `${what} cannot be read from ${file}`, { field: 'kubeconfig', cause })
  }
}

function find<T extends { readonly name?: unknown }>(list: readonly T[] | undefined, name: unknown): T | undefined {
  return Array.isArray(list) ? list.find((one: T | null) => one?.name === name) : undefined
}

function isToken(token: unknown): boolean {
  return typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)
}

const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount'

interface Kubeconfig {
  readonly 'current-context'?: string
  readonly contexts?: readonly { readonly name: string; readonly context?: { cluster: string; user: string } }[]
  readonly clusters?: readonly { readonly name: string; readonly cluster?: Cluster }[]
  readonly users?: readonly { readonly name: string; readonly user?: User | null }[]
}

interface Cluster extends Readonly<Record<string, unknown>> {
  readonly server?: string
  readonly 'tls-server-name'?: string
  readonly 'insecure-skip-tls-verify'?: boolean
}

interface User extends Readonly<Record<string, unknown>> {
  readonly token?: string
  readonly tokenFile?: string
}
