// A real issuer of identity tokens on loopback, as GitHub Actions is one: it publishes its configuration and its keys over HTTP.
import { randomUUID } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'

export interface CiIssuer {
  /** Ends with `/_services/token`, as that of a GitHub Enterprise Server. */
  readonly issuer: string
  /** The paths of the requests so far. */
  readonly asked: string[]
  /** The keys that it publishes from now on. */
  keys: JWK[]
  /** Answers in its place; undefined for what an issuer answers. */
  misbehave: ((path: string, response: ServerResponse) => void) | undefined
  /** Signs claims as a job of {@link job} has them; one that is undefined is left out. */
  sign(claims?: Readonly<Record<string, unknown>>, how?: Signing): Promise<string>
  /** Another key, which it publishes only from the next {@link CiIssuer.keys} on. */
  newKey(algorithm?: string, kid?: string): Promise<KeyOfIssuer>
  close(): Promise<void>
}

interface KeyOfIssuer {
  readonly algorithm: string
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

interface Signing {
  readonly key?: KeyOfIssuer
  readonly header?: Readonly<Record<string, unknown>>
}

/** What GitHub says of a job (its documentation of OpenID Connect). */
export const job = {
  sub: 'repo:acme@11/web@22:ref:refs/heads/main',
  repository: 'acme/web',
  repository_id: '22',
  repository_owner: 'acme',
  repository_owner_id: '11',
  ref: 'refs/heads/main',
  event_name: 'push',
  run_id: '4711',
  sha: '0123456789abcdef0123456789abcdef01234567',
} as const

export async function startCiIssuer(): Promise<CiIssuer> {
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    issuer.asked.push(path)
    if (issuer.misbehave !== undefined) return issuer.misbehave(path, response)
    response.setHeader('content-type', 'application/json')
    const isKeys = path === '/_services/token/keys'
    const configuration = { issuer: issuer.issuer, jwks_uri: `${issuer.issuer}/keys` }
    response.end(JSON.stringify(isKeys ? { keys: issuer.keys } : configuration))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  async function newKey(algorithm = 'RS256', kid: string = randomUUID()): Promise<KeyOfIssuer> {
    const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
    return { algorithm, kid, privateKey, jwk: { ...(await exportJWK(publicKey)), alg: algorithm, use: 'sig', kid } }
  }

  const first = await newKey()
  const issuer: CiIssuer = {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}/_services/token`,
    asked: [],
    keys: [first.jwk],
    misbehave: undefined,
    newKey,
    sign(claims = {}, { key = first, header = {} } = {}) {
      const now = Math.floor(Date.now() / 1000)
      const usual = { ...job, iss: issuer.issuer, jti: randomUUID(), iat: now, nbf: now, exp: now + 300 }
      const all = Object.entries({ ...usual, ...claims }).filter(([, value]) => value !== undefined)
      return new SignJWT(Object.fromEntries(all))
        .setProtectedHeader({ alg: key.algorithm, kid: key.kid, typ: 'JWT', ...header })
        .sign(key.privateKey)
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return issuer
}
