// `tokens explain` as people run it: the real entry in a child process, against an authority's answers.
import { actions, attenuate, derivedTokenId, thirdParty } from '@hallpass/macaroon'
import { describe, expect, it } from 'vitest'

import { currentToken } from './testing/answers.ts'
import { preparePlace, refusal, prepareServer } from './testing/hallpass.ts'
import {
  auth,
  header,
  id,
  mint,
  org,
  organisation,
  permission,
  stray,
  unknown,
  world,
  tokensOf,
} from './testing/tokens.ts'

const shared = new Uint8Array(32).fill(9)

const server = prepareServer()
const place = preparePlace()

const tokens = tokensOf(place, server)

describe('tokens explain', () => {
  const narrowed = attenuate(org, [{ type: 'Apps', apps: new Map([[7n, actions.read]]) }])

  it('says what a token can do, with names, and what the authority says', async () => {
    server.answer(world)
    const { code, stdout } = await tokens(['explain', header(narrowed)])
    expect(code).toBe(0)
    expect(stdout).toBe(
      [
        `Token ${id}`,
        '  In organization acme (2):',
        '  It may read: app web (7) and everything in it.',
        '  It may do nothing else there.',
        '  It has no end.',
        `  The authority at ${server.url} takes it: it is genuine, and not revoked.`,
        `  If it was narrowed after it was minted, \`hallpass tokens revoke --derived ${derivedTokenId(narrowed)}\` revokes it alone.`,
        '',
      ].join('\n'),
    )
  })

  it('finds the names of a token that may not list apps', async () => {
    server.answer((seen) => {
      if (seen.line.startsWith('GET /v1/apps?')) return [403, refusal('forbidden', 'no')]
      return seen.line === 'GET /v1/tokens/current' ? [200, { tokens: [currentToken(['web'])] }] : world(seen)
    })
    expect((await tokens(['explain', header(narrowed)])).stdout).toContain('app web (7)')
    // It would be refused, which is recorded.
    expect(server.seen.map(({ line }) => line).filter((line) => line.startsWith('GET /v1/apps?'))).toEqual([])
  })

  it.each([
    [401, 'unauthenticated', `token ${id} is revoked since 2026-01-01T00:00:00Z`, 'revoked'],
    [401, 'unauthenticated', `token ${id} is not known here`, 'unknown'],
    [401, 'unauthenticated', 'this token is not genuine: its tail does not follow from this key', 'not_genuine'],
    [401, 'unauthenticated', `token ${id} ended at 2026-01-01T00:00:00Z`, 'ended'],
    [429, 'rate_limited', 'too many requests', 'refused'],
  ])('repeats the refusal of the authority (%i %s)', async (status, code, message, state) => {
    server.answer(() => [status, refusal(code, message)])
    const outcome = await tokens(['explain', '-'], header(org))
    expect(outcome.code).toBe(0)
    expect(outcome.stdout).toContain(`  The authority at ${server.url} refuses it: ${message}.\n`)
    const { tokens: explained } = JSON.parse((await tokens(['explain', '-j', '-'], header(org))).stdout)
    expect(explained).toMatchObject([{ token_id: id, authority: { url: server.url, state } }])
  })

  it('asks nobody with --offline, and does without an answer if there is none', async () => {
    server.answer(world)
    const offline = await tokens(['explain', '--offline'])
    expect(offline.stdout).toContain('In organization 2:')
    expect(offline.stdout).toContain('Only its authority knows whether it is genuine and not revoked')
    expect(server.seen).toEqual([])
    const alone = await tokens(['explain'], '', { HALLPASS_API_URL: 'http://nobody.invalid' })
    expect(alone).toMatchObject({ code: 0, stderr: '' })
    expect(alone.stdout).toContain(
      'Only its authority knows whether it is genuine and not revoked. The name nobody.invalid is not known: is the address right?\n',
    )
  })

  it('says what is needed, what is useless, and what is not understood, as JSON too', async () => {
    const demanding = attenuate(org, [
      thirdParty({ key: shared, location: auth, random: (length) => new Uint8Array(length).fill(5) }),
    ])
    const dead = mint([organisation, unknown], permission, 4)
    const bundle = `${header(demanding, dead, stray)},fo1_abc`
    const { stdout } = await tokens(['explain', '--offline', '-'], bundle)
    expect(stdout).toContain(`  It needs a discharge from ${auth}.\n`)
    expect(stdout).toContain(
      '  It allows nothing: caveat number 4242 is not understood here, so it forbids everything.\n',
    )
    expect(stdout).toContain('  A discharge that nothing here asks for')
    expect(stdout).toContain('\nAuth token\n')
    const explained = JSON.parse((await tokens(['explain', '--offline', '-j', '-'], bundle)).stdout)
    expect(explained).toMatchObject({
      tokens: [
        {
          token_id: id,
          derived_id: derivedTokenId(demanding),
          location: permission,
          allows_nothing: null,
          not_before: null,
          not_after: null,
          needs: [auth],
          authority: { url: null, state: 'not_asked' },
          scopes: [{ organizations: { only: [2] }, abilities: [{ on: [], actions: 'rwcdC' }] }],
        },
        { allows_nothing: 'caveat number 4242 is not understood here, so it forbids everything', scopes: [] },
      ],
      unused_discharges: [{ location: auth }],
      auth_tokens: 1,
    })
  })

  it('holds one access against the caveats: 0 for yes, 1 for no', async () => {
    server.answer(world)
    const access = (json: string, ...more: readonly string[]) =>
      tokens(['explain', '--access', json, ...more, header(narrowed)])
    expect(await access('{"org":"acme","app":"web","action":"r"}')).toEqual({
      code: 0,
      stdout: `Allowed by token ${id}\n`,
      stderr: '',
    })
    expect(await access('{"app":"web","action":"w"}')).toEqual({
      code: 1,
      stdout: `Not allowed by token ${id}\n  Apps allows read on app 7, and this needs write\n`,
      stderr: '',
    })
    server.answer(world)
    const numbers = await access('{"orgid":2,"appid":8,"action":"r"}', '--offline', '-j')
    expect(numbers.code).toBe(1)
    expect(JSON.parse(numbers.stdout)).toEqual({
      allowed: false,
      tokens: [
        {
          token_id: id,
          allowed: false,
          denials: [{ caveat: 'Apps', reason: 'Apps allows only app 7, and this is app 8' }],
        },
      ],
    })
    expect(server.seen).toEqual([])
    for (const [json, why] of [
      ['{"action":"r","appId":7}', 'unknown field "appId"'],
      ['{"action":"r","appid":7}', 'must name its organization'],
      ['{"action":"r","org":"acme"}', 'with --offline, give numbers'],
    ] as const) {
      const outcome = await access(json, '--offline')
      expect(outcome).toMatchObject({ code: 2, stdout: '' })
      expect(outcome.stderr).toContain(why)
    }
  })
})
