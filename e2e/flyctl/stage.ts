// A fresh authority, a real flyctl that knows nothing else, and all that they say to each other.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect } from 'vitest'

import { founder, startAuthority, type Overrides } from '../authority.ts'
import { createAsk, type Ask } from '../http.ts'
import { createFlyctl, type Outcome } from './client.ts'
import { startProxy, type Exchange } from './proxy.ts'
import { startSink } from './sink.ts'
import { createRecorder, type RecordedStep, type Recording } from './recording.ts'

/** Where the credential comes from that flyctl uses. */
export type Credential = 'environment' | 'stored' | 'bundle'

const bob = { email: 'bob@example.com', password: 'bob-s long password' } as const

/** Of the people in the scenes, by the names that recordings have for them. */
export const passwords = { 'password-of-ada': founder.password, 'password-of-bob': bob.password } as const

interface Expected {
  /** Instead of the credential of the scene; null for none at all. */
  readonly token?: string | null
  readonly code?: number
  /** In what it prints, on either stream. */
  readonly says?: RegExp
  /** Whether the authority says no to any of it; else it must not. */
  readonly refused?: boolean
  readonly stdin?: string
}

export interface Stage {
  /** Asks the authority beside flyctl, and is recorded too. */
  readonly ask: Ask
  /** Asks beside the recording. */
  readonly askUnrecorded: Ask
  /** Auth tokens. */
  readonly ada: string
  readonly bob: string
  /** Runs flyctl with the credential of the scene, and hands back what it printed on stdout. */
  readonly fly: (args: readonly string[], expected?: Expected) => Promise<string>
  /** Runs it in a terminal, with no credential; `said` may act on what it prints. */
  readonly flyInTerminal: (args: readonly string[], said: (output: string) => void) => Promise<Outcome>
  /** What was said since the last step, which may be said again and again. */
  settle(did: string): readonly Exchange[]
  /** Puts a token where a login would have put it. */
  store(token: string): void
  recording(): Recording
  close(): Promise<void>
}

export interface StageOptions {
  readonly credential: Credential
  readonly rewrite?: (path: string, body: string) => string
  /** Of the authority. */
  readonly overrides?: Overrides
}

/** Opens it, with an account for Ada, an account for Bob, and Bob's organisation `other` with the app `bobs-app`. */
export async function openStage(binary: string, options: StageOptions): Promise<Stage> {
  let target = ''
  const proxy = await startProxy(() => target, options.rewrite)
  // What it hands out leads back through the proxy.
  const authority = await startAuthority({ publicUrl: proxy.url, ...options.overrides })
  target = authority.url()
  const ask = createAsk(() => proxy.url)
  const sink = await startSink()
  const flyctl = createFlyctl(binary, join(authority.directory, 'home'), proxy.url, sink.url)
  const recorder = createRecorder(passwords)
  const steps: RecordedStep[] = []
  let seen = 0

  function settle(did: string): readonly Exchange[] {
    const said = proxy.exchanges.slice(seen)
    seen = proxy.exchanges.length
    const exchanges = said
      .map((exchange) => recorder.record(exchange))
      .filter((one, at, all) => !isSame(one, all[at - 1]))
    if (exchanges.length > 0) steps.push({ did: recorder.hide(did), exchanges })
    return said
  }

  function store(token: string): void {
    const login = new Date().toISOString()
    mkdirSync(join(flyctl.configFile, '..'), { recursive: true })
    writeFileSync(flyctl.configFile, `access_token: ${token.replace(/^FlyV1 /, '')}\nlast_login: ${login}\n`)
  }

  const people = await populate(ask)
  settle('the test')
  if (options.credential === 'stored') store(people.ada)
  if (options.credential === 'bundle') {
    const { token } = await asking(ask, people.ada, 'POST', '/v1/orgs/base/tokens', {})
    store(`${token ?? ''},${people.ada}`)
  }
  const version = await flyctl.run(['version'])

  return {
    ask,
    askUnrecorded: createAsk(authority.url),
    ...people,
    store,
    settle,
    async fly(args, { token, code = 0, says, refused = false, stdin = '' } = {}) {
      settle('the test')
      const given = token === undefined && options.credential === 'environment' ? people.ada : (token ?? undefined)
      const outcome = await flyctl.run(args, { ...(given === undefined ? {} : { token: given }), stdin })
      const did = `fly ${args.map(shorten).join(' ')}`
      const what = `${did}\n${outcome.stdout}\n${outcome.stderr}`
      expect(outcome.code, what).toBe(code)
      expect(what).not.toMatch(/panic|goroutine \d/)
      if (says !== undefined) expect(outcome.stdout + outcome.stderr).toMatch(says)
      expectManners(settle(did), refused, what)
      return outcome.stdout
    },
    async flyInTerminal(args, said) {
      settle('the test')
      return flyctl.runInTerminal(args, said)
    },
    recording: () => ({ flyctl: /v\S+/.exec(version.stdout)?.[0] ?? 'unknown', steps }),
    async close() {
      await proxy.close()
      await authority.close()
      await sink.close()
      // Flags of features, before an image is looked up: there is no variable for it, and nothing secret in it.
      expect(sink.heard().filter((host) => host !== 'clientsdk.launchdarkly.com:443')).toEqual([])
    },
  }
}

/** Nothing that was not meant to be is refused, nothing fails, and nothing that changes something is asked twice. */
function expectManners(said: readonly Exchange[], refused: boolean, what: string): void {
  const refusals = said.filter(({ status, answer }) => status >= 400 || /"errors":\[/.test(answer))
  for (const { status, answer } of said) expect(status, `${what}\n${answer}`).toBeLessThan(500)
  if (refused) expect(refusals.length, what).toBeGreaterThan(0)
  else expect(refusals, what).toEqual([])
  // A ticket may be asked about again: first without a person, then with one.
  const changes = said.filter(({ method, path, body }) =>
    path === '/graphql' ? /"query":"(?:\\n|\s)*mutation/.test(body) : method !== 'GET' && !path.endsWith('/macfly/3p'),
  )
  const different = new Set(changes.map(({ method, path, body }) => `${method} ${path} ${body}`))
  expect(changes.length, `${what}\nit asked twice`).toBe(different.size)
}

/** Ada has the organisation `base`; Bob has `other`, and an app in it. */
async function populate(ask: Ask): Promise<{ readonly ada: string; readonly bob: string }> {
  const ada = (await asking(ask, undefined, 'POST', '/v1/sessions', founder)).access_token ?? ''
  await asking(ask, ada, 'POST', '/v1/orgs', { name: 'Base' })
  const { code } = await asking(ask, ada, 'POST', '/v1/orgs/base/invitations', { email: bob.email })
  const joined = await asking(ask, undefined, 'POST', '/v1/users', { ...bob, invitation: code })
  const token = joined.access_token ?? ''
  await asking(ask, token, 'POST', '/v1/orgs', { name: 'Other' })
  await asking(ask, token, 'POST', '/v1/apps', { name: 'bobs-app', org_slug: 'other' })
  return { ada, bob: token }
}

async function asking(ask: Ask, token: string | undefined, method: string, path: string, body: unknown) {
  const answer = await ask(method, path, { token, body })
  expect(answer.status, answer.text).toBeLessThan(300)
  return answer.body as { readonly access_token?: string; readonly token?: string; readonly code?: string }
}

/** Waiting asks the same again and again. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function shorten(word: string): string {
  return /fm2_|fo1_|password/.test(word) ? '…' : word
}
