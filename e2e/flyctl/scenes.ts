// What people do with flyctl, command by command.
import { expect } from 'vitest'

import type { Stage } from './stage.ts'

type Scene = (stage: Stage) => Promise<void>

const tokenPattern = /^FlyV1 fm2_[\w+/=,]+\n$/

/** A token's id in a list, by its name. */
function idOf(list: string, name: string): string {
  const line = list.split('\n').find((row) => row.includes(` ${name} `))
  const [id] = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(line ?? '') ?? []
  if (id === undefined) throw new Error(`${name} is not listed`)
  return id
}

async function statusOf({ ask }: Stage, token: string, method: string, path: string, body?: unknown): Promise<number> {
  return (await ask(method, path, { token: token.trim(), body })).status
}

/** Organisations, apps and tokens, from the first to the last. */
export const commands: Scene = async (stage) => {
  const { fly } = stage
  await fly(['auth', 'whoami'], { says: /ada@example\.com/ })
  expect(JSON.parse(await fly(['auth', 'whoami', '--json']))).toEqual({ email: 'ada@example.com' })
  await fly(['auth', 'token'], { says: /fo1_/ })
  await fly(['orgs', 'create', 'Acme'], { says: /Acme \(acme\) was created/ })
  await fly(['orgs', 'list'], { says: /Acme +acme +SHARED/ })
  expect(JSON.parse(await fly(['orgs', 'list', '--json']))).toEqual({
    acme: 'Acme',
    base: 'Base',
    personal: 'Personal',
  })
  await fly(['orgs', 'show', 'acme'], { says: /You have admin permissions[\s\S]*ada@example\.com │ ADMIN/ })
  expect(JSON.parse(await fly(['orgs', 'show', 'personal', '--json']))).toMatchObject({ Type: 'PERSONAL' })

  await fly(['apps', 'create', 'web-1', '-o', 'acme'], { says: /New app created: web-1/ })
  expect(JSON.parse(await fly(['apps', 'create', 'web-2', '-o', 'acme', '--json']))).toMatchObject({ Name: 'web-2' })
  await fly(['apps', 'list'], { says: /web-1 +│ acme[\s\S]*web-2 +│ acme/ })
  expect(JSON.parse(await fly(['apps', 'list', '-o', 'acme', '--json']))).toMatchObject([
    { ID: 'web-1' },
    { ID: 'web-2' },
  ])
  await fly(['status', '-a', 'web-1'], { says: /Name +│ web-1[\s\S]*Owner +│ acme/ })
  expect(JSON.parse(await fly(['status', '-a', 'web-1', '--json']))).toMatchObject({ Name: 'web-1', Machines: [] })

  for (const args of [
    ['org', '-o', 'acme', '-n', 'of the org', '-x', '24h'],
    ['readonly', '-o', 'acme', '-n', 'to read'],
    ['wireguard', '-o', 'acme'],
    ['litefs-cloud', '-o', 'acme', '-c', 'main'],
    ['deploy', '-a', 'web-1', '-n', 'of the app'],
    ['ssh', '-a', 'web-1'],
    ['machine-exec', '-a', 'web-1', 'ls', '/'],
  ]) {
    expect(await fly(['tokens', 'create', ...args])).toMatch(tokenPattern)
  }
  expect(JSON.parse(await fly(['tokens', 'create', 'org', '-o', 'base', '-n', 'doomed', '-j']))).toMatchObject({
    token: expect.stringMatching(/^FlyV1 fm2_/),
  })
  await fly(['tokens', 'list', '-a', 'web-1'], { says: /of the app +│ ada@example\.com/ })
  const listed = await fly(['tokens', 'list', '-s', 'org', '-o', 'acme'])
  expect(listed).toMatch(/of the org[\s\S]*of the app|of the app[\s\S]*of the org/)
  const id = idOf(await fly(['tokens', 'list', '-s', 'org', '-o', 'base']), 'doomed')
  await fly(['tokens', 'revoke', id], { says: /1 tokens revoked/ })
  expect(await fly(['tokens', 'list', '-s', 'org', '-o', 'base'])).not.toContain('doomed')

  await fly(['orgs', 'invite', 'acme', 'carol@example.com'], { says: /acme +carol@example\.com +false/ })
  await fly(['orgs', 'remove', 'base', 'bob@example.com'], { says: /successfully removed user bob@example\.com/ })
  await fly(['apps', 'destroy', 'web-1', 'web-2', '-y'], { says: /Destroyed app web-1[\s\S]*Destroyed app web-2/ })
  await fly(['orgs', 'delete', 'acme', '-y'])
  expect(await fly(['orgs', 'list'])).not.toContain('acme')
}

/** What the authority says no to, and what a person reads of it. */
export const refusals: Scene = async (stage) => {
  const { fly, bob } = stage
  const no = { code: 1, refused: true }
  for (const args of [
    ['orgs', 'list'],
    ['apps', 'list'],
    ['tokens', 'create', 'org', 'base'],
    ['auth', 'token'],
  ]) {
    await fly(args, { token: null, code: 1, says: /Please login with 'flyctl auth login'/ })
  }
  await fly(['orgs', 'list'], { ...no, token: 'garbage', says: /starts with none of/ })

  await fly(['apps', 'create', 'web-1', '-o', 'base'])
  await fly(['apps', 'create', 'web-1', '-o', 'base'], { ...no, says: /web-1" is taken/ })
  await fly(['apps', 'create', 'bobs-app', '-o', 'base'], { ...no, says: /bobs-app" is taken/ })
  await fly(['apps', 'create', 'web-9', '-o', 'nosuch'], { code: 1, says: /organization nosuch not found/ })
  for (const args of [
    ['status', '-a', 'nosuch'],
    ['tokens', 'create', 'deploy', '-a', 'nosuch'],
    ['tokens', 'list', '-a', 'nosuch'],
    ['apps', 'destroy', 'nosuch', '-y'],
  ]) {
    await fly(args, { ...no, says: /Could not find App: there is no app nosuch/ })
  }
  for (const args of [
    ['status', '-a', 'bobs-app'],
    ['tokens', 'create', 'deploy', '-a', 'bobs-app'],
    ['tokens', 'list', '-s', 'org', '-o', 'other'],
    ['apps', 'destroy', 'bobs-app', '-y'],
    ['orgs', 'show', 'other'],
    ['orgs', 'delete', 'other', '-y'],
  ]) {
    await fly(args, { ...no, says: /you are not a member of the organization/ })
  }
  await fly(['orgs', 'show', 'nosuch'], { ...no, says: /Could not find Organization: there is no organization nosuch/ })
  await fly(['orgs', 'remove', 'base', 'ada@example.com'], { ...no, says: /is the last admin of organization base/ })
  await fly(['orgs', 'delete', 'base', '-y'], { ...no, says: /still has 1 app/ })
  await fly(['orgs', 'delete', 'personal', '-y'], { ...no, says: /a personal organization stays/ })
  await fly(['tokens', 'revoke', 'nosuch'], { refused: true, says: /0 tokens revoked[\s\S]*not the id of a token/ })

  await fly(['orgs', 'invite', 'base', 'x@example.com'], { ...no, token: bob, says: /takes an admin/ })
  await fly(['orgs', 'remove', 'base', 'ada@example.com'], { ...no, token: bob, says: /takes an admin/ })
  await fly(['orgs', 'delete', 'base', '-y'], { ...no, token: bob, says: /takes an admin/ })
}

/** What the tokens can do that it prints, and what they cannot. */
export const printedTokens: Scene = async (stage) => {
  const { fly, ask } = stage
  const no = { code: 1, refused: true }
  await fly(['apps', 'create', 'web-1', '-o', 'base'])
  await fly(['apps', 'create', 'web-2', '-o', 'base'])
  const org = (await fly(['tokens', 'create', 'org', '-o', 'base', '-n', 'org'])).trim()
  const readonly = (await fly(['tokens', 'create', 'readonly', '-o', 'base'])).trim()
  const deploy = (await fly(['tokens', 'create', 'deploy', '-a', 'web-1'])).trim()
  const exec = (await fly(['tokens', 'create', 'machine-exec', '-a', 'web-1', 'ls'])).trim()
  const ssh = (await fly(['tokens', 'create', 'ssh', '-a', 'web-1'])).trim()
  const wireguard = (await fly(['tokens', 'create', 'wireguard', '-o', 'base'])).trim()
  const litefs = (await fly(['tokens', 'create', 'litefs-cloud', '-o', 'base', '-c', 'main'])).trim()

  await fly(['auth', 'whoami'], { token: org, says: /^org \(token [0-9a-f-]{36}\)/ })
  await fly(['orgs', 'list'], { token: org, says: /base/ })
  await fly(['apps', 'create', 'made', '-o', 'base'], { token: org })
  await fly(['tokens', 'create', 'readonly', '--from-existing', '-o', 'base'], { token: org, says: tokenPattern })
  await fly(['orgs', 'show', 'other'], {
    ...no,
    token: org,
    says: /is not of the organi[sz]ation that this belongs to/,
  })
  await fly(['orgs', 'create', 'Nope'], { ...no, token: org, says: /only a person/ })
  await fly(['orgs', 'invite', 'base', 'x@example.com'], { ...no, token: org, says: /takes the role admin/ })
  await fly(['orgs', 'delete', 'base', '-y'], { ...no, token: org, says: /takes the role admin/ })

  await fly(['apps', 'list'], { token: readonly, says: /web-1/ })
  await fly(['apps', 'create', 'nope', '-o', 'base'], { ...no, token: readonly, says: /allows read/ })
  await fly(['apps', 'destroy', 'web-1', '-y'], { ...no, token: readonly, says: /allows read/ })
  await fly(['tokens', 'create', 'org', '-o', 'base'], { ...no, token: readonly, says: /allows read/ })

  await fly(['status', '-a', 'web-1'], { token: deploy, says: /web-1/ })
  await fly(['status', '-a', 'web-2'], { ...no, token: deploy, says: /Apps/ })
  await fly(['apps', 'list'], { token: deploy, says: /web-1/ })
  await fly(['tokens', 'create', 'deploy', '-a', 'web-1'], { token: deploy, says: tokenPattern })
  await fly(['tokens', 'create', 'org', '-o', 'base'], { ...no, token: deploy, says: /allows read/ })
  await fly(['apps', 'create', 'nope', '-o', 'base'], { ...no, token: deploy, says: /allows read/ })

  const newApp = { name: 'nope', org_slug: 'base' }
  for (const [token, read, create, remove] of [
    [org, 200, 201, 404],
    [readonly, 200, 403, 403],
    [deploy, 200, 403, 403],
    [exec, 200, 403, 403],
    [ssh, 200, 403, 403],
    // Its Apps caveat is empty, which means none.
    [wireguard, 403, 403, 403],
    [litefs, 403, 403, 403],
  ] as const) {
    expect(await statusOf(stage, token, 'GET', '/v1/apps/web-1')).toBe(read)
    expect(await statusOf(stage, token, 'POST', '/v1/apps', newApp)).toBe(create)
    if (create === 201) expect(await statusOf(stage, token, 'DELETE', '/v1/apps/nope')).toBe(202)
    expect(await statusOf(stage, token, 'DELETE', remove === 404 ? '/v1/apps/nope' : '/v1/apps/web-2')).toBe(remove)
  }

  const [record] = (
    (await ask('GET', '/v1/tokens/current', { token: org })).body as { readonly tokens: { token_id: string }[] }
  ).tokens
  await fly(['tokens', 'revoke', record?.token_id ?? ''], { says: /Revoked/ })
  await fly(['apps', 'list'], { ...no, token: org, says: /is revoked since/ })
  await fly(['apps', 'create', 'nope', '-o', 'base'], { ...no, token: org, says: /is revoked since/ })
  expect(await statusOf(stage, org, 'GET', '/v1/apps/web-1')).toBe(401)

  const brief = (await fly(['tokens', 'create', 'org', '-o', 'base', '-x', '1s'])).trim()
  // flyctl leaves out what has ended, and asks all the same.
  await new Promise((resolve) => setTimeout(resolve, 2100))
  await fly(['apps', 'list'], { ...no, token: brief, says: /carries no token: it may have ended/ })
}

/** What a holder makes of a token without asking anybody, and what comes of it. */
export const holders: Scene = async ({ fly, askUnrecorded }) => {
  await fly(['apps', 'create', 'web-1', '-o', 'base'])
  const org = (await fly(['tokens', 'create', 'org', '-o', 'base'])).trim()
  const caveats = JSON.stringify([{ type: 'Action', body: 'r' }])
  const narrowed = (await fly(['tokens', 'attenuate', '-t', org], { token: null, stdin: caveats })).trim()
  const debugged = await fly(['tokens', 'debug', '-t', narrowed], { token: null })
  expect(JSON.parse(debugged)).toMatchObject([
    { location: 'https://api.fly.io/v1', caveats: [{}, {}, {}, { type: 'Action' }] },
  ])
  await fly(['apps', 'list'], { token: narrowed, says: /web-1/ })
  await fly(['apps', 'destroy', 'web-1', '-y'], { token: narrowed, code: 1, refused: true, says: /Action allows read/ })

  const party = ['-l', 'https://third.example']
  const secret = Buffer.alloc(32, 7).toString('base64')
  const local = { token: null } as const
  // It warns of secrets in arguments, on stdout.
  const added = await fly(['tokens', '3p', 'add', ...party, '-S', secret, '-t', org], local)
  const asking = added.trim().split('\n').at(-1) ?? ''
  const ticket = (await fly(['tokens', '3p', 'ticket', ...party, '-t', asking], local)).trim()
  const made = await fly(['tokens', '3p', 'discharge', ...party, '-S', secret, '--ticket', ticket], local)
  const discharge = made.trim().split('\n').at(-1) ?? ''
  const answered = (await fly(['tokens', '3p', 'add-discharge', '-t', asking, '-d', discharge], local)).trim()
  // A third party's answer cannot be said again where its secret is not: this is asked beside the recording.
  expect((await askUnrecorded('GET', '/v1/apps/web-1', { token: asking })).status).toBe(401)
  expect((await askUnrecorded('GET', '/v1/apps/web-1', { token: answered })).status).toBe(200)
}

/** A token whose organisation demands that its maker is still a member: flyctl fetches the answer by itself. */
export const demandedMembership: Scene = async ({ fly, ask, ada, bob }) => {
  const demand = (login: 'member' | 'login') =>
    ask('PATCH', '/v1/orgs/base', { token: ada, body: { require_membership_discharge: login } })
  await demand('member')
  await fly(['apps', 'create', 'web-1', '-o', 'base'])
  const { token } = (await ask('POST', '/v1/orgs/base/tokens', { token: bob, body: {} })).body as { token: string }
  expect((await ask('GET', '/v1/apps/web-1', { token })).status).toBe(401)
  await fly(['apps', 'list'], { token, says: /web-1/ })
  await fly(['status', '-a', 'web-1'], { token, says: /web-1/ })
  await fly(['orgs', 'remove', 'base', 'bob@example.com'])
  await fly(['apps', 'list'], { token, code: 1, refused: true, says: /asks for a discharge/ })

  await demand('login')
  // Nobody is at a browser: it goes on without a login, and gets an error that says what is missing.
  const asking = await fly(['tokens', 'create', 'org', '-o', 'base'])
  await fly(['apps', 'list'], { token: asking.trim(), code: 1, refused: true, says: /asks for a discharge/ })
}
