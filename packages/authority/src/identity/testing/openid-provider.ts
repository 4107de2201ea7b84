// A real OpenID provider in this process, whose people log in without typing, and a client that follows its redirects.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { Provider } from 'oidc-provider'
import { exportJWK, generateKeyPair } from 'jose'

export interface ProviderPerson {
  readonly sub: string
  readonly email?: string
  readonly email_verified?: boolean
}

export interface TestProvider {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** The person who logs in from now on; null for a person who cancels. */
  logIn(person: ProviderPerson | null): void
  /** The paths of the requests so far. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

/** Starts a provider with one client, which uses this redirect URI. */
export async function startProvider(redirectUri: string): Promise<TestProvider> {
  const asked: string[] = []
  let person: ProviderPerson | null = null
  const people = new Map<string, ProviderPerson>()
  let handle: ReturnType<Provider['callback']> | undefined
  const server = createServer((request, response) => {
    asked.push(new URL(request.url ?? '/', 'http://x').pathname)
    void handle?.(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const [clientId, clientSecret] = ['hallpass', 'a client secret of the test']
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'test' }] },
    cookies: { keys: ['a key for cookies of the test'] },
    features: { devInteractions: { enabled: false } },
    ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ ...people.get(sub), sub }) }),
  })
  provider.use(async (context, next) => {
    if (!context.path.startsWith('/interaction/')) return next()
    const { prompt, params, session } = await provider.interactionDetails(context.req, context.res)
    await provider.interactionFinished(context.req, context.res, await decide(prompt.name, params, session?.accountId))
    context.respond = false
    return undefined
  })

  async function decide(prompt: string, params: Readonly<Record<string, unknown>>, accountId: string | undefined) {
    if (person === null) return { error: 'access_denied', error_description: 'they pressed cancel' }
    if (prompt === 'login') {
      people.set(person.sub, person)
      return { login: { accountId: person.sub, remember: false } }
    }
    const grant = new provider.Grant({ clientId: String(params['client_id']), accountId: accountId ?? '' })
    grant.addOIDCScope(String(params['scope']))
    return { consent: { grantId: await grant.save() } }
  }

  handle = provider.callback()
  return {
    issuer,
    clientId,
    clientSecret,
    logIn(next) {
      person = next
    },
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

export interface Wanderer {
  /** Follows redirects up to the first answer without one, or to `until`; returns the last address. */
  follow(url: string, until: (url: URL) => boolean): Promise<URL>
  get(url: string): Promise<Response>
  /** The Cookie header for this host. */
  cookies(host: string): string
}

/** A browser, as far as redirects and cookies go. It keeps cookies by host. */
export function wander(): Wanderer {
  const jars = new Map<string, Map<string, string>>()
  const jarOf = (host: string) => {
    const jar = jars.get(host) ?? new Map<string, string>()
    jars.set(host, jar)
    return jar
  }
  const cookies = (host: string) => [...jarOf(host)].map(([name, value]) => `${name}=${value}`).join('; ')

  async function get(url: string): Promise<Response> {
    const { host } = new URL(url)
    const response = await fetch(url, { redirect: 'manual', headers: { cookie: cookies(host), accept: 'text/html' } })
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      const at = pair.indexOf('=')
      const gone = /max-age=0|expires=thu, 01 jan 1970/i.test(line)
      if (gone) jarOf(host).delete(pair.slice(0, at))
      else jarOf(host).set(pair.slice(0, at), pair.slice(at + 1))
    }
    return response
  }

  return {
    get,
    cookies,
    async follow(start, until) {
      let url = new URL(start)
      for (let hops = 0; hops < 20; hops += 1) {
        if (until(url)) return url
        const response = await get(url.href)
        await response.text()
        const next = response.headers.get('location')
        if (next === null) return url
        url = new URL(next, url)
      }
      throw new Error('too many redirects')
    },
  }
}
