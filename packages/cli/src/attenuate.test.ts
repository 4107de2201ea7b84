// `tokens attenuate` and `tokens debug` as people run them: the real entry in a child process.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { actions, attenuate, decodeMacaroon, parseAuthorization, type Caveat } from '@hallpass/macaroon'
import { describe, expect, it } from 'vitest'

import { preparePlace, refusal, prepareServer } from './testing/hallpass.ts'
import { auth, header, mint, org, organisation, permission, stray, unknown, world, tokensOf } from './testing/tokens.ts'

const macaroonsOf = (text: string) => parseAuthorization(text).macaroons.map((bytes) => decodeMacaroon(bytes))

const server = prepareServer()
const place = preparePlace()

const tokens = tokensOf(place, server)

describe('tokens attenuate', () => {
  it('adds the caveats of a file to every permission token, and keeps the discharges behind', async () => {
    server.answer(() => undefined)
    await writeFile(
      join(place.directory, 'caveats.json'),
      '[{"type":"Action","body":"r"},{"type":"4242","body":{"msgpack":"ww=="}}]',
    )
    const other = mint([{ ...organisation, id: 3n }], permission, 4)
    const bundle = `${header(stray, org, other)},fo1_abc`
    const { code, stdout, stderr } = await tokens(['attenuate', '-f', 'caveats.json'], '', {
      HALLPASS_API_TOKEN: bundle,
    })
    expect(code).toBe(0)
    expect(stderr).toMatch(
      /^The auth token beside it is left out.*\nWarning: it allows nothing now: caveat number 4242/,
    )
    const action: Caveat = { type: 'Action', mask: actions.read }
    expect(stdout).toBe(`${header(attenuate(org, [action, unknown]), attenuate(other, [action, unknown]), stray)}\n`)
    expect(server.seen).toEqual([])
  })

  it('reads words, asks for the numbers of names only, and prints JSON', async () => {
    server.answer(world)
    const words = ['attenuate', '--app', 'web,9', '--app', 'api', '--org', 'acme', '--actions', 'rC', '-j']
    const { code, stdout, stderr } = await tokens(words)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [narrowed] = macaroonsOf(JSON.parse(stdout).token)
    const mask = actions.read | actions.control
    expect(narrowed?.unsafeCaveats.slice(1)).toEqual([
      { type: 'Organization', id: 2n, mask },
      {
        type: 'Apps',
        apps: new Map([
          [7n, mask],
          [8n, mask],
          [9n, mask],
        ]),
      },
    ])
    expect(server.seen.map(({ line }) => line)).toEqual(['GET /v1/apps/web', 'GET /v1/apps/api', 'GET /v1/orgs'])
    expect(new Set(server.seen.map(({ authorization }) => authorization))).toEqual(new Set([header(org)]))
  })

  it('adds a run label, without asking anybody, which explain and debug show', async () => {
    server.answer(() => undefined)
    const words = ['--agent', 'ci', '--run', 'build 42', '--on-behalf-of', 'ada@example.com']
    const { code, stdout, stderr } = await tokens(['attenuate', ...words])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const again = await tokens(['attenuate', '--agent', 'tester', '-'], stdout)
    const explained = await tokens(['explain', '--offline', '-'], again.stdout)
    expect(explained.stdout).toContain(
      'Its holders labelled it: agent ci, run "build 42", on behalf of ada@example.com; then agent tester.',
    )
    const debugged = await tokens(['debug', '-'], again.stdout)
    expect(JSON.parse(debugged.stdout)[0].caveats.slice(1)).toEqual([
      { type: 'RunLabel', body: { agent: 'ci', run: 'build 42', on_behalf_of: 'ada@example.com' } },
      { type: 'RunLabel', body: { agent: 'tester' } },
    ])
    expect(server.seen).toEqual([])
  })

  it('adds networks, in their one spelling, and names what is wrong with one', async () => {
    server.answer(() => undefined)
    const words = ['attenuate', '--from', '2001:db8::/32, 203.0.113.7', '--from', '10.0.0.0/8']
    const { code, stdout, stderr } = await tokens(words)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse((await tokens(['debug', '-'], stdout)).stdout)[0].caveats.slice(1)).toEqual([
      { type: 'Networks', body: { networks: ['10.0.0.0/8', '203.0.113.7/32', '2001:db8::/32'] } },
    ])
    const explained = await tokens(['explain', '--offline', '-'], stdout)
    expect(explained.stdout).toContain(
      'It may be used only from addresses in 10.0.0.0/8, 203.0.113.7/32 or 2001:db8::/32.',
    )
    for (const [from, wrong] of [
      ['10.1.0.0/8', 'the value of --from has bits beyond its length: write 10.0.0.0/8'],
      ['office', 'the value of --from is not a network'],
      ['::1,,::2', 'an item of --from is empty'],
    ] as const) {
      expect((await tokens(['attenuate', '--from', from])).stderr).toContain(wrong)
    }
    const access = (address: string) =>
      tokens(['explain', '--offline', '--access', `{"orgid":2,"action":"r","sourceAddress":"${address}"}`, '-'], stdout)
    expect((await access('10.9.9.9')).code).toBe(0)
    expect((await access('11.9.9.9')).code).toBe(1)
    expect(server.seen).toEqual([])
  })

  it('asks with the login where the token may not ask', async () => {
    server.answer((seen) =>
      seen.authorization.startsWith('Bearer') ? world(seen) : [403, refusal('forbidden', 'a caveat forbids it')],
    )
    const config = join(place.directory, 'login')
    const environment = { HALLPASS_CONFIG_DIR: config }
    const denied = await tokens(['attenuate', '--app', 'web'], '', environment)
    expect(denied).toEqual({ code: 1, stdout: '', stderr: 'Error: a caveat forbids it\n' })
    await mkdir(config)
    await writeFile(join(config, 'config.json'), JSON.stringify({ api_url: server.url, access_token: 'fo1_ada' }), {
      mode: 0o600,
    })
    expect(await tokens(['attenuate', '--app', 'web'], '', environment)).toMatchObject({ code: 0, stderr: '' })
    expect(server.seen.at(-1)?.authorization).toBe('Bearer fo1_ada')
  })

  it('takes the token as words or from standard input, and numbers offline', async () => {
    const environment = { HALLPASS_API_URL: 'http://nobody.invalid', HALLPASS_API_TOKEN: 'fm2_other' }
    const asWords = await tokens(['attenuate', '--app', '7', '--read-only', ...header(org).split(' ')], '', environment)
    const asInput = await tokens(['attenuate', '--read-only', '--app=7', '-'], `${header(org)}\n`, environment)
    expect(asWords).toEqual(asInput)
    const [narrowed] = macaroonsOf(asWords.stdout)
    expect(narrowed?.unsafeCaveats.slice(1)).toEqual([{ type: 'Apps', apps: new Map([[7n, actions.read]]) }])
    const named = await tokens(['attenuate', '--app', 'web', '-'], header(org), environment)
    expect(named).toMatchObject({
      code: 1,
      stderr: 'Error: the name nobody.invalid is not known: is the address right?\n',
    })
  })

  it.each<readonly [string, readonly string[], number, string]>([
    ['an auth token', ['attenuate', '--read-only', 'fo1_abc'], 1, 'this is an auth token, which nobody can narrow'],
    ['no permission token', ['attenuate', '--read-only', header(stray)], 1, `no permission token of ${permission}`],
    ['a truncated token', ['attenuate', '--read-only', header(org).slice(0, -3)], 1, 'Token 1 is truncated'],
    [
      'what is no macaroon',
      ['attenuate', '--read-only', 'fm2_AAAA'],
      1,
      'The token is damaged: Byte 0: expected an array',
    ],
    ['a broken token', ['attenuate', '--read-only', header(org).replace('fm2_', 'fm2_!')], 1, 'base64'],
    ['two tokens in one', ['attenuate', '--read-only', `${header(org)}fm2_abcd`], 1, 'a comma is missing'],
    [
      'broken JSON',
      ['attenuate', '-f', 'text.json'],
      1,
      'the caveats in text.json are not as they should be: Character 1',
    ],
    ['nothing at all', ['attenuate'], 2, 'nothing says what to narrow to'],
    ['a wrong caveat', ['attenuate', '-f', 'wrong.json'], 1, '[0].body.mask: unknown action "x"'],
    ['no file', ['attenuate', '-f', 'none.json'], 1, 'cannot read none.json'],
    ['two tokens', ['attenuate', '--read-only', '-t', header(org), header(org)], 2, 'two tokens are given'],
    ['contradictions', ['attenuate', '--read-only', '--command', 'ls'], 2, 'running a command takes write and control'],
    ['a label of nothing', ['attenuate', '--agent', ''], 2, 'the run label names no agent'],
    ['a label of two lines', ['attenuate', '--run', 'a\nb'], 2, 'the run label has a character that cannot be seen'],
    ['the past', ['attenuate', '--until', '2020-01-01T00:00Z'], 2, '--until lies in the past'],
  ])('refuses %s, and prints no token', async (_, words, code, why) => {
    await writeFile(join(place.directory, 'text.json'), 'read only')
    await writeFile(join(place.directory, 'wrong.json'), '[{"type":"Organization","body":{"id":1,"mask":"x"}}]')
    const outcome = await tokens(words)
    expect(outcome).toMatchObject({ code, stdout: '' })
    expect(outcome.stderr).toMatch(/^Error: .+\n$/)
    expect(outcome.stderr).toContain(why)
    expect(outcome.stderr).not.toMatch(/fm2_[A-Za-z0-9]{8}/)
  })
})

describe('tokens debug', () => {
  it('prints location and caveats as flyctl does, with what is unknown', async () => {
    const huge: Caveat = { type: 'Apps', apps: new Map([[2n ** 64n - 1n, actions.read]]) }
    const { stdout, stderr } = await tokens(['debug'], '', {
      HALLPASS_API_TOKEN: header(mint([{ ...organisation, id: 2n ** 63n }, huge, unknown]), stray),
    })
    expect(stderr).toBe('')
    expect(stdout).toContain('"id": 9223372036854775808,')
    expect(JSON.parse(stdout)).toEqual([
      {
        location: permission,
        caveats: [
          { type: 'Organization', body: { id: 2 ** 63, mask: 'rwcdC' } },
          { type: 'Apps', body: { apps: { '18446744073709551615': 'r' } } },
          { type: '4242', body: { msgpack: 'ww==' } },
        ],
      },
      { location: auth, caveats: [{ type: 'IsMember', body: {} }] },
    ])
    expect(stdout.split('\n').slice(0, 4)).toEqual(['[', '  {', `    "location": "${permission}",`, '    "caveats": ['])
  })

  it('reads a file, and shows what is readable beside what is damaged', async () => {
    await writeFile(join(place.directory, 'token'), `${header(org)},fm2_AAAA\n`)
    const { code, stdout, stderr } = await tokens(['debug', '-f', 'token'])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toHaveLength(1)
    expect(stderr).toMatch(/^unable to decode token at position 1: .+\nError: 1 of 2 tokens could not be decoded\n$/)
    const alone = await tokens(['debug', '-f', '-'], 'fm2_AAAA')
    expect(alone).toMatchObject({ code: 1, stdout: '' })
    expect(alone.stderr).toMatch(/^Error: .+\n$/)
  })
})
