// The real command line with a token that leaked: it revokes the token, and prints no part of it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { arrive, serveAndLogIn, type Outcome, type Place, type Served } from './hallpass.ts'
import { createAsk } from './http.ts'
import { statusOf } from './people.ts'

describe('hallpass, with a token that leaked', () => {
  let place: Place
  let served: Served

  const hallpass = (args: readonly string[], options: { credential?: string; stdin?: string } = {}): Promise<Outcome> =>
    place.runHere(args, {
      env: {
        HALLPASS_API_URL: served.url,
        ...(options.credential === undefined ? {} : { HALLPASS_API_TOKEN: options.credential }),
      },
      ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
    })
  const data = async (args: readonly string[], credential?: string): Promise<string> => {
    const { code, stdout, stderr } = await hallpass(args, credential === undefined ? {} : { credential })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return stdout.trim()
  }
  const isLive = async (token: string) =>
    (await statusOf(
      createAsk(() => served.url),
      token,
    )) === 200

  /** Neither it nor a part of it that would be worth anything. */
  function expectUntold({ stdout, stderr }: Outcome, token: string): void {
    const [, secret = ''] = token.split('fm2_')
    expect(stdout + stderr).not.toContain(secret.slice(4, 40))
    expect(stdout + stderr).not.toContain(secret.slice(-40))
  }

  beforeAll(async () => {
    place = await arrive()
    served = await serveAndLogIn(place, { HALLPASS_LOG_LEVEL: 'debug' })
    await data(['orgs', 'create', 'Acme'])
  })
  afterAll(() => place.leave())

  it.each([
    ['as it is', (token: string) => token],
    ['without its scheme', (token: string) => token.replace('FlyV1 ', '')],
    ['cut off', (token: string) => token.slice(0, -30)],
    ['with a damaged end', (token: string) => `${token.slice(0, -12)}AAAAAAAAAAA=`],
    ['in the line that it stood in', (token: string) => `export FLY_API_TOKEN="${token}"`],
    ['in a header', (token: string) => `Authorization: Bearer ${token.replace('FlyV1 ', '')}`],
    ['as the password of Basic', (token: string) => `Authorization: Basic ${btoa(`x:${token}`)}`],
    ['as words of a header', (token: string) => ['authorization:', 'Basic', btoa(`x:${token}`)]],
    ['as words', (token: string) => token.split(' ')],
  ])('revokes it given %s', async (_, given) => {
    const token = await data(['tokens', 'create', 'org', '-o', 'acme'])
    expect(await isLive(token)).toBe(true)
    const revoked = await hallpass(['tokens', 'revoke', ...[given(token)].flat()])
    expect(revoked).toMatchObject({ code: 0, stderr: '' })
    expect(revoked.stdout).toMatch(/^Revoked [0-9a-f-]{36}\n1 token revoked\n$/)
    expectUntold(revoked, token)
    expect(await isLive(token)).toBe(false)
  })

  it('revokes one of those that were narrowed, by itself or by its name, and the others live', async () => {
    const root = await data(['tokens', 'create', 'org', '-o', 'acme', '-n', 'narrowed'])
    const narrowed = (name: string) => data(['tokens', 'attenuate', '--agent', name, root])
    const [one, two, three] = [await narrowed('one'), await narrowed('two'), await narrowed('three')]
    const made = await data(['tokens', 'create', 'org', '-o', 'acme'], one)
    const revoked = await hallpass(['tokens', 'revoke', '--derived', '-'], { stdin: one })
    expect(revoked).toMatchObject({ code: 0, stderr: '' })
    expect(revoked.stdout).toMatch(/^Revoked dt_[\w-]{43}, and 1 token that it made\n1 token revoked\n$/)
    expectUntold(revoked, one)
    expect(await Promise.all([root, one, two, made].map(isLive))).toEqual([true, false, true, false])
    await data(['apps', 'create', 'web', '-o', 'acme'], two)
    const [, name = ''] = /^.*app\.create.*(dt_[\w-]{43}) *$/m.exec(await data(['orgs', 'audit', 'acme'])) ?? []
    expect(await data(['tokens', 'revoke', '--derived', name])).toBe(`Revoked ${name}\n1 token revoked`)
    expect(await Promise.all([root, two, three].map(isLive))).toEqual([true, false, true])
    const list = await data(['tokens', 'list', '-s', 'org', '-o', 'acme', '--search', 'narrowed', '--json'])
    const { tokens } = JSON.parse(list) as { readonly tokens: readonly { readonly id: string }[] }
    const id = tokens[0]?.id ?? ''
    const shown = await data(['tokens', 'show', id])
    expect(shown).toContain('REVOKED DERIVED TOKEN')
    expect(shown).toContain(name)
    const itself = await hallpass(['tokens', 'revoke', '--derived', '-'], { credential: three, stdin: three })
    expect(itself.code).toBe(0)
    expect(await Promise.all([root, three].map(isLive))).toEqual([true, false])
  })

  it('says what is wrong with what should be a narrowed one, and does nothing', async () => {
    const root = await data(['tokens', 'create', 'org', '-o', 'acme'])
    const child = await data(['tokens', 'attenuate', '--agent', 'x', root])
    const name = `dt_${'A'.repeat(43)}`
    for (const [args, why] of [
      [['--derived', root], 'as it was minted'],
      [['--derived', child.slice(0, -10)], 'not whole'],
      [['--derived', 'c0ffee'], 'neither a token nor the name of one'],
      [['--derived', '--only', child], 'do not go together'],
      [[name], 'add --derived'],
    ] as const) {
      const refused = await hallpass(['tokens', 'revoke', ...args])
      expect(refused.code).not.toBe(0)
      expect(refused.stderr).toContain(why)
      expectUntold(refused, child)
    }
    expect(await Promise.all([root, child].map(isLive))).toEqual([true, true])
  })

  it('revokes the one on standard input, and what it made, or spares that', async () => {
    const [first, second] = [
      await data(['tokens', 'create', 'org', '-o', 'acme']),
      await data(['tokens', 'create', 'org', '-o', 'acme']),
    ]
    const [ofFirst, ofSecond] = [
      await data(['tokens', 'create', 'org', '-o', 'acme'], first),
      await data(['tokens', 'create', 'org', '-o', 'acme'], second),
    ]
    expect(await data(['tokens', 'list', '-s', 'org', '-o', 'acme'])).toContain('MADE BY TOKEN')
    expect((await hallpass(['tokens', 'revoke', '-'], { stdin: `${first}\n` })).stdout).toMatch(
      /^Revoked [0-9a-f-]{36}, and 1 token that it made\n1 token revoked\n$/,
    )
    expect((await hallpass(['tokens', 'revoke', '--only', '-'], { stdin: second })).code).toBe(0)
    expect(await Promise.all([first, second, ofFirst, ofSecond].map(isLive))).toEqual([false, false, false, true])
  })

  it.each([
    ['closed', '>&-'],
    ['full', '>/dev/full'],
    ['the null device', '>/dev/null'],
    ['a pipe that nobody reads', '| sleep 0'],
  ])('says the id of a token that nobody can have seen, where standard output is %s', async (_, redirection) => {
    for (const words of ['create org -o acme', 'create org -o acme -j', 'create readonly -o acme']) {
      const { code, stdout, stderr } = await place.shell(`hallpass tokens ${words} ${redirection}`, {
        HALLPASS_API_URL: served.url,
      })
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      const [, id = ''] = /was made: revoke it with `hallpass tokens revoke ([0-9a-f-]{36})`\n$/.exec(stderr) ?? []
      expect(stderr.split('\n')).toHaveLength(2)
      expect(await data(['tokens', 'revoke', id])).toContain('1 token revoked')
    }
    const invited = await place.shell(`hallpass orgs invite acme b@example.com ${redirection}`, {
      HALLPASS_API_URL: served.url,
    })
    expect(invited).toMatchObject({ code: 1, stdout: '' })
    expect(invited.stderr).toContain('withdraw it with `hallpass orgs withdraw acme b@example.com`')
    expect((await hallpass(['orgs', 'withdraw', 'acme', 'b@example.com'])).code).toBe(0)
  })

  it('gives who may not revoke it nothing, and says nothing of it', async () => {
    const token = await data(['tokens', 'create', 'org', '-o', 'acme'])
    const readonly = await data(['tokens', 'create', 'readonly', '-o', 'acme'])
    const refused = await hallpass(['tokens', 'revoke', token], { credential: readonly })
    expect(refused).toMatchObject({ code: 1, stdout: '0 tokens revoked\n' })
    expect(refused.stderr).toMatch(/^failed to revoke token in argument 1: /)
    expectUntold(refused, token)
    expect(await isLive(token)).toBe(true)
    const unknown = await hallpass(['tokens', 'revoke', `FlyV1 fm2_${Buffer.alloc(90, 7).toString('base64')}`])
    expect(unknown.stderr).toContain('not enough of one to recognize it')
  })

  it('keeps one that was given for a name out of what is printed, and out of every address', async () => {
    const token = await data(['tokens', 'create', 'org', '-o', 'acme'])
    for (const given of [token, encodeURIComponent(token), `web-${token.replace('FlyV1 ', '')}`]) {
      for (const args of [
        ['apps', 'destroy', '-y', given],
        ['apps', 'show', given],
        ['orgs', 'show', given],
        ['orgs', 'delete', '-y', given],
        ['orgs', 'invite', given, 'b@example.com'],
        ['orgs', 'role', 'acme', given, 'admin'],
        ['orgs', 'role', 'acme', 'b@example.com', given],
        ['orgs', 'remove', '-y', 'acme', given],
        ['orgs', 'audit', given],
        ['orgs', 'withdraw', 'acme', given],
        ['tokens', 'list', '-a', given],
        ['tokens', 'list', '-s', 'org', '-o', given],
        ['tokens', 'list', '-s', 'org', '-o', 'acme', '--search', given],
        ['tokens', 'create', 'deploy', '-a', given],
        ['tokens', 'create', 'org', given],
        ['tokens', 'create', 'org', '-o', 'acme', given],
        ['tokens', 'attenuate', '--app', given, token],
        ['apps', 'list', '--api-url', `${served.url}/${given}`],
        [given],
        ['tokens', given],
        ['tokens', 'list', '--state', given],
        ['apps', 'list', given, given],
      ]) {
        const outcome = await hallpass(args)
        expect(outcome.code, args.slice(0, 3).join(' ').slice(0, 40)).not.toBe(0)
        expectUntold(outcome, token)
      }
    }
    // What the authority says of the requests that reached it names routes; this is how it would be seen.
    expect(served.output()).not.toContain(token.slice(20, 60))
    expect(await isLive(token)).toBe(true)
  })
})
