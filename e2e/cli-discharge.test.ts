// The real command line with tokens that ask the authority whether their person is still a member.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { arrive, serveAndLogIn, type Begun, type Outcome, type Place, type Served } from './hallpass.ts'

describe('hallpass, with a token that needs a discharge', () => {
  let place: Place
  let served: Served
  let session = ''

  const environment = (credential?: string) => ({
    HALLPASS_API_URL: served.url,
    ...(credential === undefined ? {} : { HALLPASS_API_TOKEN: credential }),
  })
  const hallpass = (args: readonly string[], credential?: string): Promise<Outcome> =>
    place.runHere(args, { env: environment(credential) })
  const data = async (args: readonly string[], credential?: string): Promise<string> => {
    const { code, stdout, stderr } = await hallpass(args, credential)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return stdout.trim()
  }

  beforeAll(async () => {
    place = await arrive()
    served = await serveAndLogIn(place)
    session = await data(['auth', 'token'])
    for (const name of ['Quick', 'Careful']) await data(['orgs', 'create', name])
    expect(await data(['orgs', 'update', 'quick', '--require-membership', 'member'])).toBe(
      'Name: Quick\nTokens made from now on ask whether the person in whose name they were made is still a member\nTokens may make tokens',
    )
    await data(['orgs', 'update', 'careful', '--require-membership', 'login'])
    expect(await data(['orgs', 'show', 'careful'])).toContain('Tokens ask: login')
  })
  afterAll(() => place.leave())

  it('fetches it and goes on, with every command', async () => {
    const token = await data(['tokens', 'create', 'org', '-o', 'quick'])
    expect(await data(['apps', 'create', 'web', '-o', 'quick'], token)).toContain('web')
    expect(await data(['apps', 'list'], token)).toContain('web')
    expect(await data(['auth', 'whoami', '-j'], token)).toContain('quick')
    // What it mints asks as well.
    const child = await data(['tokens', 'create', 'deploy', '-a', 'web'], token)
    expect(await data(['tokens', '3p', 'list'], child)).toMatch(/\/aaa\/v1\s+missing/)
    expect(await data(['apps', 'show', 'web'], child)).toContain('Name: web')
  })

  it('says what is missing, and fetches it on request', async () => {
    const token = await data(['tokens', 'create', 'org', '-o', 'quick'])
    const location = `${served.url}/aaa/v1`
    const explained = await data(['tokens', 'explain'], token)
    expect(explained).toContain(`It needs a discharge from ${location}.`)
    expect(explained).toContain('`hallpass tokens 3p fetch` asks the third parties for what is missing.')
    const complete = await data(['tokens', '3p', 'fetch'], token)
    expect(complete).toMatch(/^FlyV1 fm2_[^,]+,fm2_[^,]+$/)
    const [question] = JSON.parse(await data(['tokens', '3p', 'list', '-j'], complete)) as { ends_at: string }[]
    expect(question).toMatchObject({ location, state: 'answered' })
    const left = (Date.parse(question?.ends_at ?? '') - Date.now()) / 1000
    expect(left).toBeGreaterThan(500)
    expect(left).toBeLessThanOrEqual(600)
    expect(await data(['tokens', 'explain'], complete)).toContain('takes it: it is genuine, and not revoked')
    expect(await (await fetch(`${served.url}/v1/orgs`, { headers: { authorization: complete } })).json()).toMatchObject(
      {
        orgs: [{ slug: 'quick' }],
      },
    )
  })

  it('asks a person where one is needed, and says so where nobody can be asked', async () => {
    const token = await data(['tokens', 'create', 'org', '-o', 'careful'])
    const unattended = await hallpass(['apps', 'list'], token)
    expect(unattended).toMatchObject({ code: 1, stdout: '' })
    expect(unattended.stderr).toMatch(
      /^Error: .* wants a person to confirm this in a browser: .*`hallpass tokens 3p fetch`/,
    )

    const begun = place.begin(['tokens', '3p', 'fetch'], { env: environment(token) })
    await answer(await shownUrl(begun), 'approve')
    const { code, stdout } = await begun.outcome
    expect(code).toBe(0)
    expect(await data(['apps', 'list', '-j'], stdout.trim())).toContain('[]')

    const refused = place.begin(['tokens', '3p', 'fetch'], { env: environment(token) })
    await answer(await shownUrl(refused), 'deny')
    expect(await refused.outcome).toMatchObject({ code: 1, stdout: '' })
    expect((await refused.outcome).stderr).toContain('gives no discharge: ada@example.com has refused this')
  })

  it('learns why there is none', async () => {
    const token = await data(['tokens', 'create', 'org', '-o', 'quick', '-n', 'doomed'])
    const { tokens } = JSON.parse(await data(['tokens', 'list', '-s', 'org', '-o', 'quick', '-j'])) as {
      tokens: readonly { id: string; name: string }[]
    }
    const id = tokens.find(({ name }) => name === 'doomed')?.id ?? ''
    await data(['tokens', 'revoke', id])
    const { code, stdout, stderr } = await hallpass(['apps', 'list'], token)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(`gives no discharge: token ${id} is revoked since`)
  })

  it('is changed only where something is said', async () => {
    expect(await hallpass(['orgs', 'update', 'quick'])).toMatchObject({ code: 2, stdout: '' })
    expect(await hallpass(['orgs', 'update', 'quick', '--require-membership', 'x'])).toMatchObject({ code: 2 })
  })

  async function shownUrl(begun: Begun): Promise<string> {
    const found = () => /^ {2}(http:\/\/127\.0\.0\.1:\d+\/discharge\/\S+)$/m.exec(begun.stderr())?.[1]
    await expect.poll(found).toBeDefined()
    return found() ?? ''
  }

  async function answer(url: string, verb: 'approve' | 'deny'): Promise<void> {
    const id = url.split('/').at(-1) ?? ''
    const response = await fetch(`${served.url}/v1/discharges/${id}/${verb}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${session}` },
    })
    expect(response.status).toBe(204)
  }
})
