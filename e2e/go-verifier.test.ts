// A service in Go that has its tokens verified by an authority, through superfly/macaroon's flyio/machinesapi client.
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import type { AskedAccess, CreatedApp, MintedToken } from '@hallpass/client'
import { actions } from '@hallpass/macaroon'
import { caveatsToJSON } from '@hallpass/macaroon/json'
import { parseNetwork } from '@hallpass/macaroon/narrow'
import { openSidecar, type RunningSidecar } from '@hallpass/guard/sidecar'

import { createVerifier } from '../packages/authority/src/main.ts'
import { startAuthority, type TestAuthority } from './authority.ts'
import { bundle, endingAt, forge, narrow, nowInSeconds, onlyFor, readMacaroon, readonlyOf } from './macaroons.ts'
import { createApp, createOrganisation, mint, revoke, signInFounder } from './people.ts'

const source = fileURLToPath(new URL('../interop/go-verifier', import.meta.url))
const missing = whatIsMissing()
if (missing !== undefined) console.warn(`The verifier in Go is skipped: ${missing}`)

describe.skipIf(missing !== undefined).each([['the authority'], ['a guard beside it']])(
  `a verifier in Go that asks %s${missing === undefined ? '' : `, skipped: ${missing}`}`,
  (whom) => {
    let folder = ''
    let authority: TestAuthority
    let admin = ''
    let slug = ''
    let orgId = 0
    let app: CreatedApp
    let org: MintedToken
    let service: Service
    let sidecar: RunningSidecar | undefined

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'hallpass-verifier-'))
      const program = join(folder, 'verifier')
      const build = spawnSync('go', ['build', '-o', program, '.'], { cwd: source, encoding: 'utf8' })
      if (build.status !== 0) throw new Error(`The Go program does not build:\n${build.stderr}`)
      authority = await startAuthority()
      const { ask } = authority
      admin = (await signInFounder(ask)).token
      const organisation = await createOrganisation(ask, admin, 'Acme')
      slug = organisation.slug
      orgId = organisation.internal_numeric_id
      app = await createApp(ask, admin, slug, 'web')
      org = await mint(ask, admin, slug)
      await createApp(ask, admin, (await createOrganisation(ask, admin, 'Elsewhere')).slug, 'elsewhere-app')
      if (whom !== 'the authority') {
        const made = await createVerifier({ dataDirectory: authority.directory, name: 'go', now: Date.now() })
        const credential = made.secret.reveal()
        // A server on SQLite sees within a second what another program wrote.
        const feed = () => ask('GET', '/v1/revocations', { token: credential })
        await vi.waitUntil(async () => (await feed()).status === 200, 10_000)
        sidecar = await openSidecar({
          authority: authority.url(),
          credential,
          report: (sentence) => console.warn(sentence),
          listen: { host: '127.0.0.1', port: 0 },
        })
      }
      service = new Service(program, sidecar?.url ?? authority.url())
    }, 240_000)

    afterAll(async () => {
      await service.end()
      await sidecar?.close()
      await authority.close()
      rmSync(folder, { recursive: true })
    })

    const read = () => ({ orgid: orgId, action: 'r' })

    test('knows the good ones among the tokens it is sent, byte for byte, with every caveat', async () => {
      const revoked = await mint(authority.ask, admin, slug)
      await revoke(authority.ask, admin, revoked.id)
      const narrowed = narrow(
        org.token,
        { type: 'Machines', machines: new Map([['148e21ea7e46e8', actions.read]]) },
        { type: 'Commands', commands: [{ args: ['ls', '-l'], exact: true }] },
        { type: 'ConfineUser', id: 2n ** 64n - 1n },
        { type: 'Unknown', number: 9999n, body: Uint8Array.of(0xc3) },
      )
      const sent = [
        org.token,
        revoked.token,
        forge(org.token),
        narrowed,
        endingAt(org.token, nowInSeconds() - 60),
        readonlyOf(org.token),
      ]
      const { verified, error, cleared } = await service.ask({
        do: 'authenticate',
        header: bundle(...sent),
        clear: { ...read(), action: 'rwcdC' },
      })
      expect(error).toBeUndefined()
      expect(verified.map((caveats) => caveats !== null)).toEqual([true, false, false, true, false, true])
      for (const at of [0, 5]) {
        const own = readMacaroon(sent[at] ?? '').unsafeCaveats
        expect(JSON.stringify(verified[at])).toBe(caveatsToJSON(own))
      }
      // Read as text: the numbers of Go have more digits than those of JavaScript.
      expect(service.last).toContain('18446744073709551615')
      expect(cleared).toBe('allowed')
    })

    test('learns why nothing in it counts', async () => {
      const revoked = await mint(authority.ask, admin, slug)
      await revoke(authority.ask, admin, revoked.id)
      const { verified, cleared } = await service.ask({ do: 'authenticate', header: revoked.token, clear: read() })
      expect(verified).toEqual([null])
      expect(cleared).not.toBe('allowed')
      const refused = await service.ask({
        do: 'authorize',
        header: revoked.token,
        access: { org_slug: slug, action: 'r' },
      })
      expect(refused).toMatchObject({ status: 401, error: expect.stringContaining(`${revoked.id} is revoked since`) })
    })

    test('clears by itself what it has had verified, as the authority would', async () => {
      const header = narrow(org.token, {
        type: 'Apps',
        apps: new Map([[BigInt(app.internal_numeric_id), actions.read]]),
      })
      const one = { orgid: orgId, appid: app.internal_numeric_id }
      const ask = (access: object) => service.ask({ do: 'authenticate', header, clear: access })
      expect((await ask({ ...one, action: 'r' })).cleared).toBe('allowed')
      expect((await ask({ ...one, action: 'w' })).cleared).toContain('not allowed')
      expect((await ask({ orgid: orgId, appid: 77, action: 'r' })).cleared).not.toBe('allowed')
      expect((await ask({ orgid: orgId + 1, appid: 77, action: 'r' })).cleared).not.toBe('allowed')
    })

    test('refuses a run label, which it does not know, where the authority allows it', async () => {
      const header = narrow(org.token, { type: 'RunLabel', agent: 'ci', run: '42', onBehalfOf: '' })
      const alone = await service.ask({ do: 'authenticate', header, clear: read() })
      expect(JSON.stringify(alone.verified)).toContain('{"agent":"ci","run":"42"}')
      expect(alone.cleared).toContain('unregistered')
      const { access } = await service.ask({ do: 'authorize', header, access: { org_slug: slug, action: 'r' } })
      expect(access).toEqual({ action: 'r', orgid: orgId })
    })

    test('refuses networks, which it does not know, where the authority judges the address that it reports', async () => {
      const header = narrow(org.token, { type: 'Networks', networks: [parseNetwork('10.0.0.0/8')] })
      const alone = await service.ask({ do: 'authenticate', header, clear: read() })
      expect(JSON.stringify(alone.verified)).toContain('{"networks":["10.0.0.0/8"]}')
      expect(alone.cleared).toContain('unregistered')
      // Its client has no field for an address.
      const asked = await service.ask({ do: 'authorize', header, access: { org_slug: slug, action: 'r' } })
      expect(asked).toMatchObject({ error: 'unauthorized', status: 403 })
      const access = { org_slug: slug, action: 'r', source_address: '10.0.0.1' }
      const answer = await authority.ask('POST', '/v1/tokens/authorize', { body: { header, access } })
      expect(answer.status).toBe(200)
    })

    test('remembers in its cache what was verified, for as long as that goes back', async () => {
      const { id, token: header } = await mint(authority.ask, admin, slug)
      const first = await service.ask({ do: 'authenticate', header, cached: true })
      expect(first.verified[0]).not.toBeNull()
      await revoke(authority.ask, admin, id)
      // The cache asks the authority even where there is nothing left to ask about.
      const second = await service.ask({ do: 'authenticate', header, cached: true, clear: read() })
      expect(second).toMatchObject({ verified: first.verified, cleared: 'allowed' })
      // A guard hears of it within a second.
      await expect.poll(async () => (await service.ask({ do: 'authenticate', header })).verified).toEqual([null])
    })

    test.each([
      ['an org by its slug', () => ({ org_slug: slug, action: 'rw' }), () => ({ action: 'rw', orgid: orgId })],
      [
        'an app by its name alone',
        () => ({ app_name: 'web', action: 'wC' }),
        () => ({ action: 'wC', orgid: orgId, appid: app.internal_numeric_id }),
      ],
      [
        'a feature of the org',
        () => ({ org_slug: slug, org_feature: 'wg', action: 'rwcd' }),
        () => ({ action: 'rwcd', orgid: orgId, feature: 'wg' }),
      ],
      [
        'a command on a machine, from another',
        () => ({
          org_slug: slug,
          app_name: 'web',
          machine_id: '148e21ea7e46e8',
          command: ['ls', '-l'],
          source_machine: 'm2',
          action: 'wC',
        }),
        () => ({
          action: 'wC',
          orgid: orgId,
          appid: app.internal_numeric_id,
          machine: '148e21ea7e46e8',
          command: ['ls', '-l'],
          sourceMachine: 'm2',
        }),
      ],
      [
        'a storage object',
        () => ({ org_slug: slug, storage_object: 'https://storage.fly/bucket/a', action: 'r' }),
        () => ({ action: 'r', orgid: orgId, storage_object: 'https://storage.fly/bucket/a' }),
      ],
      [
        'a volume',
        () => ({ app_name: 'web', volume_id: 'vol_1', action: 'd' }),
        () => ({ action: 'd', orgid: orgId, appid: app.internal_numeric_id, volume: 'vol_1' }),
      ],
      [
        'a mutation',
        () => ({ org_slug: slug, mutation: 'addWireGuardPeer', action: 'w' }),
        () => ({ action: 'w', orgid: orgId, mutation: 'addWireGuardPeer' }),
      ],
      // Go's ActionNone: whether the token is of the organisation at all.
      ['no action at all', () => ({ org_slug: slug }), () => ({ orgid: orgId })],
    ] as const)('learns that a token allows %s, and its numbers', async (_, access, resolved) => {
      const answer = await service.ask({ do: 'authorize', header: org.token, access: access() })
      expect(answer.error).toBeUndefined()
      expect(answer.access).toEqual(resolved())
      expect(JSON.stringify(answer.verified)).toBe(`[${caveatsToJSON(readMacaroon(org.token).unsafeCaveats)}]`)
    })

    test('learns which of several tokens allows it', async () => {
      const header = bundle(readonlyOf(org.token), onlyFor(org.token, app.internal_numeric_id))
      const { verified, access } = await service.ask({
        do: 'authorize',
        header,
        access: { app_name: 'web', action: 'w' },
      })
      expect(access?.['appid']).toBe(app.internal_numeric_id)
      expect(verified.map((caveats) => caveats !== null)).toEqual([false, true])
    })

    test.each([
      ['what a caveat forbids', () => readonlyOf(org.token), { app_name: 'web', action: 'w' }, 403],
      [
        'another command',
        () => commandOnly(org.token),
        { app_name: 'web', machine_id: 'm1', command: ['rm'], action: 'wC' },
        403,
      ],
      [
        'another mutation',
        () => narrow(org.token, { type: 'Mutations', mutations: ['addWireGuardPeer'] }),
        { org_slug: 'acme', mutation: 'deleteApp', action: 'w' },
        403,
      ],
      [
        'another machine that asks',
        () => narrow(org.token, { type: 'FromMachineSource', id: 'm1' }),
        { app_name: 'web', source_machine: 'm2', action: 'r' },
        403,
      ],
      ['what takes an admin', () => org.token, { org_slug: 'acme', org_feature: 'deletion', action: 'd' }, 403],
      ['an app of another organisation', () => org.token, { app_name: 'elsewhere-app', action: 'r' }, 403],
      [
        'an app under another organisation',
        () => org.token,
        { org_slug: 'acme', app_name: 'elsewhere-app', action: 'r' },
        403,
      ],
      ['another organisation', () => org.token, { org_slug: 'elsewhere', action: 'r' }, 403],
      ['an app that nobody has', () => org.token, { app_name: 'no-such-app', action: 'r' }, 404],
      ['an organisation that nobody has', () => org.token, { org_slug: 'nowhere', action: 'r' }, 404],
      ['nothing in particular', () => org.token, { action: 'r' }, 400],
      ['a machine of no app', () => org.token, { org_slug: 'acme', machine_id: 'm1', action: 'r' }, 400],
      ['a command on no machine', () => org.token, { app_name: 'web', command: ['ls'], action: 'r' }, 400],
      ['two resources', () => org.token, { app_name: 'web', machine_id: 'm1', volume_id: 'v1', action: 'r' }, 400],
      ['a feature of no organisation', () => org.token, { org_feature: 'wg', action: 'r' }, 400],
      ['a signature of somebody else', () => forge(org.token), { org_slug: 'acme', action: 'r' }, 401],
    ] satisfies readonly Refused[])('is refused %s', async (_, header, access, status) => {
      const answer = await service.ask({ do: 'authorize', header: header(), access })
      expect(answer.status, JSON.stringify(answer)).toBe(status)
      expect(answer.error).not.toBe('')
      expect(answer.access).toBeUndefined()
      expect(answer.verified).toEqual([null])
    })
  },
)

/** What is asked, the header sent, the access, and the status of the no. */
type Refused = readonly [string, () => string, AskedAccess, number]

function commandOnly(token: string): string {
  return narrow(token, { type: 'Commands', commands: [{ args: ['ls'], exact: true }] })
}

interface Question {
  readonly do: 'authenticate' | 'authorize'
  readonly header: string
  readonly access?: AskedAccess
  readonly clear?: object
  readonly cached?: boolean
}

interface Answer {
  readonly verified: readonly (readonly object[] | null)[]
  readonly access?: Readonly<Record<string, unknown>>
  readonly cleared?: string
  readonly error?: string
  readonly status?: number
}

/** The process of the service, asked one question at a time. */
class Service {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>
  /** The last answer as it stood in its line. */
  last = ''

  constructor(program: string, url: string) {
    this.#child = spawn(program, [url])
    this.#child.stderr.pipe(process.stderr)
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]()
  }

  async ask(question: Question): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify(question)}\n`)
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error('The service in Go has ended')
    this.last = value
    return JSON.parse(value) as Answer
  }

  async end(): Promise<void> {
    this.#child.stdin.end()
    if (this.#child.exitCode === null) await once(this.#child, 'exit')
  }
}

function whatIsMissing(): string | undefined {
  if (spawnSync('go', ['version']).status !== 0) return 'there is no go on the PATH'
  const modules = spawnSync('go', ['mod', 'download'], { cwd: source, timeout: 60_000 })
  return modules.status === 0 ? undefined : 'the modules that interop/go-verifier needs cannot be had'
}
