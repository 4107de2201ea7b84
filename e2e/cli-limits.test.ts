// `hallpass orgs policy` and `hallpass tokens approve`, as an admin and a holder run them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { arrive, serveAndLogIn, type Place, type Served } from './hallpass.ts'

describe('hallpass orgs policy', () => {
  let place: Place
  let served: Served
  const run = (args: readonly string[], credential?: string) =>
    place.runHere(args, {
      env: { HALLPASS_API_URL: served.url, ...(credential === undefined ? {} : { HALLPASS_API_TOKEN: credential }) },
    })
  const set = (...flags: readonly string[]) => run(['orgs', 'policy', 'set', 'acme', ...flags])

  beforeAll(async () => {
    place = await arrive()
    served = await serveAndLogIn(place, {})
    await run(['orgs', 'create', 'Acme'])
  })
  afterAll(() => place.leave())

  it('is shown and set limit by limit, and "none" clears', async () => {
    expect((await run(['orgs', 'policy', 'show', 'acme'])).stdout).toBe(
      'Longest lifetime: none\nDefault lifetime: none\nTokens make tokens: yes\nOnly admins make org tokens: no\n' +
        'An admin approves tokens: no\nNetworks: everywhere\n',
    )
    const lifetimes = ['--max-lifetime', '90d', '--default-lifetime', '30d']
    const networks = ['--networks', '127.0.0.0/8,10.0.0.0/8', '--networks', '2001:db8::/32']
    const done = await set(
      ...lifetimes,
      ...networks,
      '--tokens-may-mint=no',
      '--only-admins-mint',
      '--approval',
      '--json',
    )
    expect(JSON.parse(done.stdout)).toEqual({
      max_token_lifetime: '2160h0m0s',
      default_token_lifetime: '720h0m0s',
      tokens_may_mint: false,
      only_admins_mint: true,
      approval: true,
      networks: ['10.0.0.0/8', '127.0.0.0/8', '2001:db8::/32'],
    })
    const none = ['--max-lifetime', 'none', '--default-lifetime', 'none', '--networks', 'none']
    const cleared = await set(...none, '--tokens-may-mint', '--no-only-admins-mint', '--no-approval')
    expect(cleared.stdout).toContain('Longest lifetime: none\nDefault lifetime: none\nTokens make tokens: yes\n')
    expect(cleared.stdout).toContain('An admin approves tokens: no\nNetworks: everywhere\n')
  })

  it.each([
    [[], 'say what with --max-lifetime'],
    [['--max-lifetime', 'soon'], 'the value of --max-lifetime is not a duration'],
    [['--networks', '10.0.0.0/8,office'], 'an item of --networks is not a network'],
    [['--max-lifetime', '1d', '--default-lifetime', '2d'], '--default-lifetime is 2 days, longer than'],
  ])('refuses %j in terms of the flags', async (flags, words) => {
    const refused = await set(...flags)
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain(words)
  })

  it('refuses a mint beyond it in terms of the flags, and lists say what it blocks', async () => {
    const long = (await run(['tokens', 'create', 'org', '-o', 'acme', '-x', '365d'])).stdout.trim()
    await set('--max-lifetime', '90d')
    const refused = await run(['tokens', 'create', 'org', '-o', 'acme', '-x', '365d'])
    expect(refused.stderr).toContain('--expiry is too long: organization acme allows its tokens 90 days at most')
    expect((await run(['tokens', 'create', 'org', '-o', 'acme'])).code).toBe(0)
    const used = await run(['apps', 'list'], long)
    expect(used.stderr).toContain('is valid for 365 days, longer than the 90 days that its organization allows')
    const list = (await run(['tokens', 'list', 'acme', '-s', 'org'])).stdout.split('\n')
    expect(list[0]).toMatch(/BLOCKED BY *$/)
    expect(list[1]).toMatch(/max_token_lifetime *$/)
    const [id = ''] = list[1]?.split(' ') ?? []
    const blocked = (await run(['tokens', 'list', 'acme', '-s', 'org', '--blocked', '-j'])).stdout
    expect(JSON.parse(blocked).tokens).toMatchObject([{ id, blocked: { reason: 'max_token_lifetime' } }])
    expect((await run(['tokens', 'show', id])).stdout).toContain('Blocked: token ')
    // A holder may end what is blocked.
    expect((await run(['tokens', 'revoke', id], long)).stdout).toContain('1 token revoked')
  })

  it('a token that another one made waits until an admin approves it', async () => {
    await set('--approval')
    const maker = (await run(['tokens', 'create', 'org', '-o', 'acme', '-x', '1d'])).stdout.trim()
    const made = await run(['tokens', 'create', 'org', '-o', 'acme', '-x', '1h'], maker)
    expect(made.stdout).toMatch(/^FlyV1 fm2_\S+\n$/)
    const [, id = ''] = /^Not good yet: token (\S+) is not approved yet: /m.exec(made.stderr) ?? []
    expect((await run(['apps', 'list'], made.stdout.trim())).stderr).toContain('is not approved yet')
    expect((await run(['tokens', 'approve', id], maker)).code).not.toBe(0)
    expect((await run(['tokens', 'approve', id])).stdout).toBe(`Approved ${id}\n`)
    expect((await run(['apps', 'list'], made.stdout.trim())).code).toBe(0)
    expect((await run(['tokens', 'approve', 'x'])).stderr).toContain('this is not an id')
  })
})
