// The Machines API against its own table: every route with every kind of token, about one machine and about another.
import { beforeAll, describe, expect, test } from 'vitest'

import { actions } from '@hallpass/macaroon'

import { narrow, readonlyOf } from './macaroons.ts'
import { createApp, createOrganisation, mint, revoke } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

const prepared = prepareAuthority({ machinesRate: Infinity })
const { ask, admin } = prepared
const slug = prepareOrganisation(prepared)

const holders = ['org', 'deploy', 'sibling', 'readonly', 'confined', 'exec', 'other', 'revoked', 'none'] as const
type Holder = (typeof holders)[number]
const tokens = new Map<Holder, string | undefined>()

// The one that `confined` is confined to, and another. Neither exists: those who may do it learn that, and nobody else.
const own = '/v1/apps/web/machines/0a0a0a0a0a0a0a'
const another = '/v1/apps/web/machines/0b0b0b0b0b0b0b'
const container = { config: { image: 'busybox' } }

beforeAll(async () => {
  await createApp(ask, admin.token, slug, 'web')
  await createApp(ask, admin.token, slug, 'sibling')
  const elsewhere = await createOrganisation(ask, admin.token)
  const [org, deploy, sibling, other, revoked] = await Promise.all([
    mint(ask, admin.token, slug),
    mint(ask, admin.token, slug, { profile: 'deploy', app: 'web' }),
    mint(ask, admin.token, slug, { profile: 'deploy', app: 'sibling' }),
    mint(ask, admin.token, elsewhere.slug),
    mint(ask, admin.token, slug),
  ])
  await revoke(ask, admin.token, revoked.id)
  const commands = [{ args: ['uptime'], exact: true }]
  tokens.set('org', org.token)
  tokens.set('deploy', deploy.token)
  tokens.set('sibling', sibling.token)
  tokens.set('readonly', readonlyOf(org.token))
  tokens.set('confined', narrow(org.token, { type: 'Machines', machines: new Map([['0a0a0a0a0a0a0a', actions.any]]) }))
  tokens.set(
    'exec',
    narrow(deploy.token, { type: 'IfPresent', ifs: [{ type: 'Commands', commands }], else: actions.read }),
  )
  tokens.set('other', other.token)
  tokens.set('revoked', revoked.token)
})

// Who may, of those whose token is good; all others are forbidden. Whoever may is past the decision: there it ends, because
// the machine is not there, or nothing runs machines here.
const writers: readonly Holder[] = ['org', 'deploy']
const readers: readonly Holder[] = ['org', 'deploy', 'readonly', 'exec']
const ownWriters: readonly Holder[] = [...writers, 'confined']
const ownReaders: readonly Holder[] = [...readers, 'confined']

type Asked = readonly [method: string, path: string, body?: object]
type Row = readonly [method: string, path: string, may: readonly Holder[], body: object | undefined]
const row = (method: string, path: string, may: readonly Holder[], body?: object): Row => [method, path, may, body]
const ofMachine = (machine: string, may: readonly Holder[], asked: readonly Asked[]) =>
  asked.map(([method, path, body]) => row(method, machine + path, may, body))

const readings: readonly Asked[] = [
  ['GET', ''],
  ['GET', '/events'],
  ['GET', '/versions'],
  ['GET', '/wait?state=settled&timeout=1'],
  ['GET', '/lease'],
  ['GET', '/metadata'],
  ['GET', '/ps'],
  ['GET', '/metadata/a'],
]
const changes: readonly Asked[] = [
  ['POST', '', container],
  ['POST', '', { ...container, skip_launch: true }],
  ['DELETE', ''],
  ['DELETE', '?force=true'],
  ['POST', '/start'],
  ['POST', '/stop'],
  ['POST', '/restart'],
  ['POST', '/suspend'],
  ['POST', '/signal', { signal: 'SIGHUP' }],
  ['POST', '/cordon'],
  ['POST', '/uncordon'],
  ['POST', '/lease', { ttl: 10 }],
  ['DELETE', '/lease'],
  ['PUT', '/metadata', { metadata: {} }],
  ['PATCH', '/metadata', { metadata: {} }],
  ['POST', '/metadata/a', { value: 'b' }],
  ['DELETE', '/metadata/a'],
  ['POST', '/exec', { command: ['sh', '-c', 'uptime'] }],
  ['POST', '/exec', { command: ['uptime', '-p'] }],
  ['POST', '/exec', { cmd: 'uptime; id' }],
]
const allowedCommands: readonly Asked[] = [
  ['POST', '/exec', { command: ['uptime'] }],
  ['POST', '/exec', { cmd: '  "upti"me # as a shell reads it' }],
]

const table: readonly Row[] = [
  row('GET', '/v1/apps/web/machines', readers),
  row('GET', '/v1/apps/web/machines?include_leases=true&summary=false', readers),
  row('POST', '/v1/apps/web/machines', writers, container),
  row('POST', '/v1/apps/web/machines', writers, { ...container, skip_launch: true }),
  row('GET', '/v1/orgs/acme/machines', ['org', 'deploy', 'sibling', 'readonly', 'exec']),
  row('GET', '/v1/apps/web/logs', readers),
  row('GET', '/v1/apps/web/logs?machine=0a0a0a0a0a0a0a', ownReaders),
  row('GET', '/v1/apps/web/logs?machine=0b0b0b0b0b0b0b', readers),
  row('GET', '/api/v1/apps/web/logs?next_token=', readers),
  row('GET', '/v1/apps/web/secrets', readers),
  row('GET', '/v1/apps/web/secrets?show_secrets=true', writers),
  row('POST', '/v1/apps/web/secrets', writers, { values: { A: 'b' } }),
  row('POST', '/v1/apps/web/secrets/A', writers, { value: 'b' }),
  row('GET', '/v1/apps/web/secrets/NONE', readers),
  row('DELETE', '/v1/apps/web/secrets/NONE', writers),
  row('POST', '/v1/apps/web/deploy_token', writers, { expiry: '1h' }),
  ...ofMachine(own, ownReaders, readings),
  ...ofMachine(another, readers, readings),
  ...ofMachine(own, ownWriters, changes),
  ...ofMachine(another, writers, changes),
  ...ofMachine(own, [...ownWriters, 'exec'], allowedCommands),
  ...ofMachine(another, [...writers, 'exec'], allowedCommands),
]

describe.each(table)('%s %s', (method, path, may, body) => {
  test(`${body === undefined ? 'it' : JSON.stringify(body)} is for ${may.join(', ')}`, async () => {
    const verdicts: Partial<Record<Holder, string>> = {}
    const wanted: typeof verdicts = {}
    for (const holder of holders) {
      const { status } = await ask(method, path, { token: tokens.get(holder), body })
      verdicts[holder] =
        status === 401 || status === 403 ? String(status) : status < 500 || status === 503 ? 'may' : 'fails'
      wanted[holder] = holder === 'revoked' || holder === 'none' ? '401' : may.includes(holder) ? 'may' : '403'
    }
    expect(verdicts).toEqual(wanted)
  })
})
