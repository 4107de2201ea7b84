// `hallpass tokens rotate` and `rename`, as a person or a job runs them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { arrive, serveAndLogIn, type Place, type Served } from './hallpass.ts'
import { createAsk } from './http.ts'
import { statusOf } from './people.ts'

describe('hallpass tokens rotate', () => {
  let place: Place
  let served: Served
  const run = (args: readonly string[], credential?: string) =>
    place.runHere(args, {
      env: { HALLPASS_API_URL: served.url, ...(credential === undefined ? {} : { HALLPASS_API_TOKEN: credential }) },
    })
  const isLive = async (token: string) => {
    const ask = createAsk(() => served.url)
    return (await statusOf(ask, token)) === 200
  }
  async function mint(): Promise<{ readonly id: string; readonly token: string }> {
    return JSON.parse((await run(['tokens', 'create', 'org', '-o', 'acme', '-n', 'ci', '-x', '48h', '-j'])).stdout)
  }

  beforeAll(async () => {
    place = await arrive()
    served = await serveAndLogIn(place, {})
    await run(['orgs', 'create', 'Acme'])
  })
  afterAll(() => place.leave())

  it('prints the new token alone, and says how long the old one works; lists name the successor', async () => {
    const old = await mint()
    const { code, stdout, stderr } = await run(['tokens', 'rotate', old.id, '--grace', '2h'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^FlyV1 fm2_\S+\n$/)
    const [, next = ''] =
      /^Token (\S+) replaces \S+, which works until \S+ \S+ .*\. What that one made is kept\.\n$/.exec(stderr) ?? []
    expect([await isLive(old.token), await isLive(stdout.trim())]).toEqual([true, true])
    const list = (await run(['tokens', 'list', 'acme', '-s', 'org'])).stdout.split('\n')
    expect(list[0]).toContain('REPLACED BY')
    expect(list.find((line) => line.startsWith(old.id))).toContain(next)
    const shown = (await run(['tokens', 'show', next])).stdout
    expect(shown).toContain(`Replaces: ${old.id}\nThat one was last used: `)
    expect((await run(['tokens', 'show', old.id])).stdout).toContain(`Replaced by: ${next}\n`)
    const again = await run(['tokens', 'rotate', old.id])
    expect(again).toMatchObject({ code: 1, stdout: '' })
    expect(again.stderr).toContain(`its successor is ${next}`)
  })

  it('rotates itself with no grace, as a job does, and prints its record as JSON', async () => {
    const old = await mint()
    const { code, stdout, stderr } = await run(['tokens', 'rotate', old.id, '--grace', '0', '-j'], old.token)
    expect(code).toBe(0)
    const { token, predecessor_id, predecessor } = JSON.parse(stdout)
    expect(predecessor_id).toBe(old.id)
    expect(predecessor.state).toBe('revoked')
    expect(stderr).toContain('which is revoked')
    expect([await isLive(old.token), await isLive(token)]).toEqual([false, true])
  })

  it.each([
    [['--grace', 'soon'], 'the value of --grace'],
    [['--grace', '-1h'], 'the value of --grace is negative'],
    [['--expiry', '0'], 'the value of --expiry'],
  ])('names the flag that is wrong: %j', async (flags, reason) => {
    const { code, stderr } = await run(['tokens', 'rotate', crypto.randomUUID(), ...flags])
    expect(code).toBe(2)
    expect(stderr).toContain(reason)
  })

  it('renames, and finds by the beginning of the id, the maker, the kind and the end', async () => {
    const { id } = await mint()
    const { code, stderr } = await run(['tokens', 'rename', id, 'nightly build'])
    expect([code, stderr]).toEqual([0, `Token ${id} is called nightly build now.\n`])
    const found = async (...flags: string[]) => {
      const { stdout } = await run(['tokens', 'list', 'acme', '-s', 'org', '-j', ...flags])
      return (JSON.parse(stdout) as { tokens: { id: string }[] }).tokens.map((token) => token.id)
    }
    const all = ['--search', id.slice(0, 9), '--created-by', 'ADA@example.com', '--kind', 'org', '--ends-within', '49h']
    expect(await found(...all)).toEqual([id])
    for (const other of [
      ['--search', 'ffffffff-0'],
      ['--search', 'nightly', '--created-by', 'nobody@example.com'],
      ['--search', 'nightly', '--kind', 'deploy'],
      ['--search', 'nightly', '--ends-within', '47h'],
    ]) {
      expect(await found(...other), other.join(' ')).toEqual([])
    }
    const wrong = await run(['tokens', 'list', 'acme', '-s', 'org', '--all', '--ends-within', '7d'])
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('--ends-within is for live tokens alone')])
  })

  it('takes no token in the place of an id, and repeats none', async () => {
    const { token } = await mint()
    const { code, stderr } = await run(['tokens', 'rotate', token.replace('FlyV1 ', '')])
    expect(code).toBe(2)
    expect(stderr).toContain('this is not an id')
    expect(stderr).not.toContain('fm2_')
  })
})
