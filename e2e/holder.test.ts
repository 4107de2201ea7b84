// What holders do with their tokens, against a real authority: narrow one offline, and ask what it can do.
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { arrive, serveAndLogIn, type Outcome, type Place, type Served } from './hallpass.ts'

describe('a holder', () => {
  let place: Place
  let served: Served
  let token = ''
  let narrowed = ''

  const hallpass = (args: readonly string[], credential?: string): Promise<Outcome> =>
    place.runHere(args, {
      env: { HALLPASS_API_URL: served.url, ...(credential === undefined ? {} : { HALLPASS_API_TOKEN: credential }) },
    })
  const data = async (args: readonly string[], credential?: string): Promise<string> => {
    const { code, stdout, stderr } = await hallpass(args, credential)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return stdout.trim()
  }
  const explain = (credential: string) => data(['tokens', 'explain', ...credential.split(' ')])

  beforeAll(async () => {
    place = await arrive()
    served = await serveAndLogIn(place)
    await data(['orgs', 'create', 'Acme'])
    token = await data(['tokens', 'create', 'org', '-o', 'acme', '-n', 'ci', '-x', '24h'])
    for (const app of ['web', 'api']) await data(['apps', 'create', app, '-o', 'acme'], token)
    narrowed = await data(['tokens', 'attenuate', '--app', 'web', '--read-only', '--for', '1h'], token)
  })
  afterAll(() => place.leave())

  it('narrows a token to reading one app for an hour, and it can do no more', async () => {
    expect(await data(['apps', 'show', 'web'], narrowed)).toContain('Name: web')
    for (const args of [
      ['apps', 'show', 'api'],
      ['apps', 'destroy', 'web', '-y'],
      ['apps', 'create', 'db', '-o', 'acme'],
      ['tokens', 'create', 'org', '-o', 'acme'],
    ]) {
      const denied = await hallpass(args, narrowed)
      expect(denied).toMatchObject({ code: 1, stdout: '' })
      expect(denied.stderr).toContain('its caveat Apps allows')
    }
    expect(await data(['apps', 'show', 'api'], token)).toContain('Name: api')
  })

  it('learns what both can do, by name, and that they are live', async () => {
    const before = await explain(token)
    expect(before).toMatch(/^Token [0-9a-f-]{36}\n {2}In organization acme \(\d+\):\n/)
    expect(before).toContain('It may read, write, create, delete and control: the organization and everything in it')
    expect(before).toMatch(/It ends at \S+ \S+ UTC \(in 24 hours\)\./)
    const after = await explain(narrowed)
    expect(after).toMatch(
      /\n {2}It may read: app web \(\d+\) and everything in it\.\n {2}It may do nothing else there\./,
    )
    expect(after).toMatch(/\(in (?:1 hour|59 minutes)\)/)
    expect(after).toContain(`The authority at ${served.url} takes it: it is genuine, and not revoked.`)
    // The narrowed one may not list apps, and finds the name all the same, without a login too.
    const alone = await place.runHere(['tokens', 'explain', '-'], {
      env: { HALLPASS_API_URL: served.url, HALLPASS_CONFIG_DIR: join(place.directory, 'nowhere') },
      stdin: narrowed,
    })
    expect(alone.stdout).toContain('app web (')
  })

  it('learns beforehand what the authority will say', async () => {
    for (const [credential, app, action, code] of [
      [token, 'web', 'd', 0],
      [narrowed, 'web', 'r', 0],
      [narrowed, 'web', 'd', 1],
      [narrowed, 'api', 'r', 1],
    ] as const) {
      const access = JSON.stringify({ org: 'acme', app, action })
      expect(await hallpass(['tokens', 'explain', '--access', access], credential)).toMatchObject({ code, stderr: '' })
    }
  })

  it('distinguishes a damaged token from a refused one, and repeats neither', async () => {
    const damaged = narrowed.slice(0, -2)
    const forged = narrowed.replace(/.{8}$/, (end) =>
      end.startsWith('AAAA') ? `BBBB${end.slice(4)}` : `AAAA${end.slice(4)}`,
    )
    for (const args of [
      ['tokens', 'explain'],
      ['tokens', 'debug'],
      ['tokens', 'attenuate', '--read-only'],
      ['apps', 'list'],
      ['auth', 'whoami'],
    ]) {
      const { code, stdout, stderr } = await hallpass(args, damaged)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^Error: .*truncated.*\n$/)
      expect(stderr).not.toMatch(/[A-Za-z0-9+/]{40}/)
    }
    const refused = await hallpass(['apps', 'show', 'web'], forged)
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toContain('not genuine')
    expect(await explain(forged)).toContain(`The authority at ${served.url} refuses it: this token is not genuine`)
  })

  it('demands a third party, and the token is worth nothing without its discharge', async () => {
    const secret = Buffer.alloc(32, 7).toString('base64')
    const env = { HALLPASS_API_URL: served.url, HALLPASS_API_TOKEN: token, TOKEN_3P_SHARED_SECRET: secret }
    const added = await place.runHere(['tokens', '3p', 'add', '-l', 'https://auth.example'], { env })
    const explained = await explain(added.stdout.trim())
    expect(explained).toContain('It needs a discharge from https://auth.example.')
    expect(explained).toContain(`The authority at ${served.url} refuses it:`)
    expect(await hallpass(['apps', 'show', 'web'], added.stdout.trim())).toMatchObject({ code: 1, stdout: '' })
  })

  it('learns that the token is revoked, and that a foreign one is unknown', async () => {
    const [, id = ''] = /^Token (\S+)/.exec(await explain(token)) ?? []
    await data(['tokens', 'revoke', id])
    for (const dead of [token, narrowed]) {
      expect(await explain(dead)).toMatch(/refuses it: token \S+ is revoked since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\./)
    }
    const elsewhere = await place.serve(['--data', join(place.directory, 'elsewhere')])
    const explained = await place.runHere(['tokens', 'explain', '-j', ...token.split(' '), '--api-url', elsewhere.url])
    expect(JSON.parse(explained.stdout)).toMatchObject({ tokens: [{ token_id: id, authority: { state: 'unknown' } }] })
  })
})
