// For tests: tokens of an authority whose key is known, and a command that holds one.
import { actions, formatAuthorization, mintMacaroon, tokenId, type Caveat, type Macaroon } from '@hallpass/macaroon'

import { acme, app } from './answers.ts'
import type { Answer, Outcome, TestPlace, TestServer } from './hallpass.ts'

export const permission = 'https://api.fly.io/v1'
export const auth = 'https://auth.example'
export const key = new Uint8Array(32).fill(7)
export const organisation = { type: 'Organization', id: 2n, mask: actions.any } as const
/** One that nobody understands. */
export const unknown: Caveat = { type: 'Unknown', number: 4242n, body: Uint8Array.of(0xc3) }

export function mint(caveats: readonly Caveat[], at = permission, rnd = 3): Macaroon {
  return mintMacaroon({ kid: Uint8Array.of(1), rnd: new Uint8Array(16).fill(rnd), location: at, key, caveats })
}

export function header(...macaroons: readonly Macaroon[]): string {
  return formatAuthorization(macaroons.map(({ bytes }) => bytes))
}

/** A token of the organisation acme, and a discharge that nothing asks for. */
export const org = mint([organisation])
export const stray = mint([{ type: 'IsMember' }], auth)
export const id = tokenId(org.nonce)

/** An authority with the organisation acme (2) and its apps web (7) and api (8), which takes every token. */
export const world: Answer = ({ line }) => {
  if (line === 'GET /v1/orgs') return [200, { orgs: [acme] }]
  if (line === 'GET /v1/apps?org_slug=acme') return [200, { total_apps: 2, apps: [app('web', 7), app('api', 8)] }]
  if (line === 'GET /v1/apps/web') return [200, app('web', 7)]
  if (line === 'GET /v1/apps/api') return [200, app('api', 8)]
  return line === 'GET /v1/tokens/current' ? [200, { tokens: [] }] : undefined
}

/** Runs `hallpass tokens …` with {@link org} as the credential, unless the environment says otherwise. */
export function tokensOf(place: TestPlace, server: TestServer) {
  return (words: readonly string[], input = '', environment: Readonly<Record<string, string>> = {}): Promise<Outcome> =>
    place.run(['tokens', ...words], {
      input,
      environment: { HALLPASS_API_URL: server.url, HALLPASS_API_TOKEN: header(org), ...environment },
    })
}
