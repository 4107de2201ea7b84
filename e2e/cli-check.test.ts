// `hallpass tokens check`, as CI runs it, and what other commands and lists say of an end that is near.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { arrive, serveAndLogIn, type Place, type Served } from './hallpass.ts'
import { endingAt, forge, bundle, nowInSeconds } from './macaroons.ts'

const day = 86_400

describe('hallpass tokens check', () => {
  let place: Place
  let served: Served
  const run = (args: readonly string[], credential?: string, more: Readonly<Record<string, string>> = {}) =>
    place.runHere(args, {
      env: {
        HALLPASS_API_URL: served.url,
        ...(credential === undefined ? {} : { HALLPASS_API_TOKEN: credential }),
        ...more,
      },
    })
  const check = (credential: string | undefined, ...args: readonly string[]) =>
    run(['tokens', 'check', ...args], credential)
  async function mint(
    expiry: string,
  ): Promise<{ readonly id: string; readonly token: string; readonly expires_at: string }> {
    return JSON.parse((await run(['tokens', 'create', 'org', '-o', 'acme', '-x', expiry, '-j'])).stdout)
  }

  beforeAll(async () => {
    place = await arrive()
    served = await serveAndLogIn(place)
    await run(['orgs', 'create', 'Acme'])
  })
  afterAll(() => place.leave())

  it('exits with 0 for a token that ends later, with 3 for one that ends soon, and with 1 for one that is not good', async () => {
    const long = await mint('720h')
    const fine = await check(long.token)
    expect(fine).toMatchObject({ code: 0, stderr: '' })
    expect(fine.stdout).toMatch(new RegExp(`^Token ${long.id} ends at 20.* UTC, in 29 days\n$`))
    expect((await check(long.token, '--within', '31d')).code).toBe(3)

    const short = await mint('48h')
    const soon = await check(short.token)
    expect([soon.code, soon.stderr]).toEqual([3, ''])
    expect(soon.stdout).toMatch(/, in 47 hours\n$/)
    expect((await check(short.token, '--within', '1d')).code).toBe(0)
    expect(JSON.parse((await check(short.token, '--json')).stdout)).toEqual({
      ends_at: short.expires_at,
      ends_within: true,
      within: '7d',
      asked: true,
      tokens: [{ token_id: short.id, ends_at: short.expires_at }],
    })
    expect((await check(endingAt(long.token, nowInSeconds() + 2 * day))).code).toBe(3)
    const both = await check(bundle(long.token, short.token))
    expect(both.code).toBe(3)
    expect(both.stdout).toContain(`Token ${short.id}, the first of 2 to end, ends at`)

    await run(['tokens', 'revoke', short.id])
    const dead = await check(short.token)
    expect(dead.code).toBe(1)
    expect(dead.stderr).toContain('is revoked since')
    // One that is not good beside one that is.
    const mixed = await check(bundle(long.token, short.token))
    expect([mixed.code, mixed.stdout]).toEqual([1, ''])
    expect(mixed.stderr).toContain(`one of the tokens is not good, ${short.id}`)
    expect((await check(forge(long.token))).code).toBe(1)
    expect((await check(long.token, '--within', 'soon')).code).toBe(2)
  })

  it('counts the grace of a token that was replaced, which the token itself does not say', async () => {
    const old = await mint('720h')
    await run(['tokens', 'rotate', old.id, '--grace', '240h'])
    expect((await check(old.token)).stdout).toMatch(/, in 9 days\n$/)
    expect((await check(old.token, '--within', '11d')).code).toBe(3)
    expect((await check(old.token, '--offline')).stdout).toMatch(/, in 29 days\n$/)
  })

  it('takes a token that its organization blocks for no good one', async () => {
    await run(['orgs', 'create', 'Strict'])
    const made = await run(['tokens', 'create', 'org', '-o', 'strict', '-x', '720h'])
    await run(['orgs', 'policy', 'set', 'strict', '--max-lifetime', '24h', '--default-lifetime', '1h'])
    const blocked = await check(made.stdout.trim())
    expect([blocked.code, blocked.stdout]).toEqual([1, ''])
  })

  it('asks nobody with --offline, and says that it cannot ask without', async () => {
    const { token, id } = await mint('48h')
    const away = { HALLPASS_API_URL: 'http://127.0.0.1:9' }
    const offline = await run(['tokens', 'check', '--offline', '--json'], token, away)
    expect(offline.code).toBe(3)
    expect(JSON.parse(offline.stdout)).toMatchObject({ ends_within: true, asked: false, tokens: [{ token_id: id }] })
    const asked = await run(['tokens', 'check'], token, away)
    expect([asked.code, asked.stdout]).toEqual([1, ''])
    expect(asked.stderr).toContain('127.0.0.1:9')
    const ended = await run(['tokens', 'check', '--offline'], endingAt(token, nowInSeconds() - 9), away)
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain('ended at')
  })

  it('knows when a login ends, and reads a token from standard input', async () => {
    const login = await check(undefined)
    expect(login.code).toBe(0)
    expect(login.stdout).toMatch(/^The login ends at .*, in 29 days\n$/)
    expect((await check(undefined, '--offline')).code).toBe(1)
    const { token } = await mint('48h')
    const piped = await place.runHere(['tokens', 'check', '-'], { env: { HALLPASS_API_URL: served.url }, stdin: token })
    expect(piped.code).toBe(3)
  })

  it('is not the only word on it: other commands warn once on standard error, and the list marks it', async () => {
    const { token, id } = await mint('48h')
    const used = await run(['apps', 'list', '-o', 'acme', '--json'], token)
    expect([used.code, JSON.parse(used.stdout)]).toEqual([0, { apps: [], total_apps: 0 }])
    expect(used.stderr).toMatch(
      /^Warning: a token in use ends at 20.* UTC, in 47 hours \(the credential was that of HALLPASS_API_TOKEN.*\)\n$/,
    )
    const twice = await run(['tokens', 'list', 'acme', '-s', 'org'], token)
    expect(twice.stderr.match(/Warning/g)).toHaveLength(1)
    const lines = twice.stdout.split('\n')
    expect(lines.find((line) => line.startsWith(id))).toMatch(/UTC \(ends in 47 hours\)/)
    const long = await mint('720h')
    expect((await run(['tokens', 'list', 'acme', '-s', 'org'], long.token)).stderr).toBe('')
    // Whoever made one for a day knows that it ends.
    const day = await mint('24h')
    expect((await run(['apps', 'list', '-o', 'acme'], day.token)).stderr).toBe('')
  })
})
