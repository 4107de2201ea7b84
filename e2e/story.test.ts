// The main job from one end to the other, as a stranger meets it: the command line, and then plain HTTP.
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { reasonWithoutDockerd, startDockerd } from '../packages/engine/src/testing/dockerd.ts'
import { arrive, type Outcome, type Place, type Served } from './hallpass.ts'
import { openTerminal, reasonWithoutTerminal } from './terminal.ts'

const execute = promisify(execFile)
const tokenLine = /^FlyV1 fm2_[A-Za-z0-9+/]+={0,2}\n$/

describe('the story', () => {
  let place: Place
  let served: Served
  let token = ''

  const hallpass = (line: string, env: Readonly<Record<string, string>> = {}, stdin?: string): Promise<Outcome> =>
    place.run(words(line), { env: { HALLPASS_API_URL: served.url, ...env }, ...(stdin === undefined ? {} : { stdin }) })
  const withToken = (line: string) => hallpass(line, { HALLPASS_API_TOKEN: token })
  const http = async (path: string, authorization: string) => {
    const response = await fetch(served.url + path, { headers: { authorization } })
    return { status: response.status, body: await response.json() }
  }

  beforeAll(async () => {
    place = await arrive()
    served = await place.serve(['--data', join(place.directory, 'data')], {
      HALLPASS_BOOTSTRAP_EMAIL: 'ada@example.com',
      HALLPASS_BOOTSTRAP_PASSWORD: 'correct horse battery',
    })
  })
  afterAll(() => place.leave())

  it('starts without a browser, and prints no setup code where the first account is given', () => {
    expect(served.output()).not.toContain('setup-code')
  })

  it('logs in, says who is logged in, and shows the token', async () => {
    const wrong = await hallpass('auth login --email ada@example.com --password-stdin', {}, 'wrong password\n')
    expect(wrong).toMatchObject({ code: 1, stdout: '', stderr: 'Error: the email address or the password is wrong\n' })
    const login = await hallpass('auth login --email ada@example.com --password-stdin', {}, 'correct horse battery\n')
    expect(login).toMatchObject({ code: 0, stdout: '' })
    expect(await hallpass('auth whoami')).toMatchObject({ code: 0, stdout: 'ada@example.com\n' })
    expect((await hallpass('auth token')).stdout).toMatch(/^fo1_[\w-]{43}\n$/)
  })

  it('creates, lists and shows organisations', async () => {
    expect(await hallpass('orgs create "Acme Staging"')).toMatchObject({ code: 0 })
    expect(await hallpass('orgs create "Acme Prod"')).toMatchObject({ code: 0 })
    expect((await hallpass('orgs list')).stdout).toMatch(
      /NAME +SLUG +TYPE.*\n(.*\n)*Acme Staging +acme-staging +SHARED/,
    )
    const { orgs } = JSON.parse((await hallpass('orgs list -j')).stdout)
    expect(orgs.map(({ slug }: { slug: string }) => slug).toSorted()).toEqual(['acme-prod', 'acme-staging', 'personal'])
    expect((await hallpass('orgs show acme-staging')).stdout).toContain('ada@example.com')
  })

  it('invites with a link, lists who is invited, and withdraws it', async () => {
    const invited = await hallpass('orgs invite acme-staging Grace@example.com')
    const code = invited.stdout.trim()
    expect(invited.stdout).toMatch(/^[a-z0-9]{8}(?:-[a-z0-9]{8}){3}\n$/)
    expect(invited.stderr).toContain(`Hand this link to grace@example.com:\n  ${served.url}/invite#${code}\n`)
    const listed = await hallpass('orgs invitations acme-staging')
    expect(listed.stdout).toMatch(/ID +EMAIL +ROLE +INVITED BY.*\n\d+ +grace@example.com +member +ada@example.com/)
    expect(JSON.parse((await hallpass('orgs invitations acme-staging -j')).stdout)).toMatchObject([
      { email: 'grace@example.com', role: 'member' },
    ])
    expect(await hallpass('orgs withdraw acme-staging GRACE@example.com')).toMatchObject({ code: 0, stdout: '' })
    const again = await hallpass('orgs withdraw acme-staging grace@example.com')
    expect(again).toMatchObject({ code: 1 })
    expect(again.stderr).toContain('no invitation of grace@example.com is open')
  })

  it('lists what one is invited to, joins by the id, and declines', async () => {
    const code = (await hallpass('orgs invite acme-staging grace@example.com')).stdout.trim()
    const response = await fetch(`${served.url}/v1/users`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'grace@example.com', password: 'a long enough password', invitation: code }),
    })
    const { access_token: grace } = (await response.json()) as { access_token: string }
    const asGrace = (line: string) => hallpass(line, { HALLPASS_API_TOKEN: grace })
    // Whoever signed up with a code that others have seen may be anybody.
    const unproven = await asGrace('orgs invitations')
    expect(unproven).toMatchObject({ code: 0, stdout: expect.not.stringMatching(/\d/) })
    expect(unproven.stderr).toContain('You have not proven that grace@example.com is yours')

    for (const name of ['lab', 'club']) {
      await asGrace(`orgs create ${name}`)
      await asGrace(`orgs invite ${name} ada@example.com`)
    }
    const listed = await hallpass('orgs invitations')
    expect(listed.stdout).toMatch(/ID +ORGANIZATION +ROLE.*\n\d+ +club +member +grace@example.com \(unproven\)/)
    const own = JSON.parse((await hallpass('orgs invitations -j')).stdout) as { id: number; org_name: string }[]
    expect(own.map(({ org_name }) => org_name)).toEqual(['club', 'lab'])
    expect((await hallpass(`orgs join ${own[0]?.id}`)).stdout).toMatch(/club +club +SHARED +member/)
    expect(await hallpass(`orgs decline ${own[1]?.id}`)).toMatchObject({ code: 0, stdout: '' })
    expect((await hallpass('orgs invitations')).stdout).not.toMatch(/club|lab/)
    expect(await hallpass('orgs decline lab')).toMatchObject({ code: 2 })
    expect(await hallpass('orgs remove -y club ada@example.com')).toMatchObject({ code: 0 })
    expect(await hallpass('orgs remove -y acme-staging grace@example.com')).toMatchObject({ code: 0 })
  })

  it('mints an org token: the token alone on stdout', async () => {
    const minted = await hallpass('tokens create org -o acme-staging -n ci -x 24h')
    expect(minted.code).toBe(0)
    expect(minted.stdout).toMatch(tokenLine)
    token = minted.stdout.trim()
  })

  it('lets the token create an app in its organisation', async () => {
    expect(await withToken('apps create web-1 -o acme-staging')).toMatchObject({
      code: 0,
      stdout: 'New app created: web-1\n',
    })
  })

  it('denies it the other organisation, and says why', async () => {
    const denied = await withToken('apps create web-1 -o acme-prod')
    expect(denied).toMatchObject({ code: 1, stdout: '' })
    expect(denied.stderr).toMatch(/^Error: token .* is not of the organization/)
  })

  it('lists and destroys apps with the token', async () => {
    expect((await withToken('apps list')).stdout).toMatch(/web-1 +acme-staging/)
    expect(await withToken('apps destroy web-1')).toMatchObject({ code: 2, stdout: '' })
    expect(await withToken('apps destroy web-1 -y')).toMatchObject({ code: 0 })
    expect((await withToken('apps list')).stdout).not.toContain('web-1')
  })

  it('mints weaker tokens: one for its app only, one for reading only', async () => {
    for (const app of ['web-2', 'web-3']) await withToken(`apps create ${app} -o acme-staging`)
    const deploy = (await hallpass('tokens create deploy -a web-2')).stdout.trim()
    expect(await hallpass('apps show web-2', { HALLPASS_API_TOKEN: deploy })).toMatchObject({ code: 0 })
    const foreign = await hallpass('apps destroy web-3 -y', { HALLPASS_API_TOKEN: deploy })
    expect(foreign.code).toBe(1)
    expect(foreign.stderr).toContain('its caveat IfPresent')
    expect((await hallpass('apps list', { HALLPASS_API_TOKEN: deploy })).stdout).not.toContain('web-3')

    const readonly = (await hallpass('tokens create readonly -o acme-staging')).stdout.trim()
    expect((await hallpass('apps list', { HALLPASS_API_TOKEN: readonly })).stdout).toContain('web-3')
    const write = await hallpass('apps create web-4 -o acme-staging', { HALLPASS_API_TOKEN: readonly })
    expect(write.code).toBe(1)
    expect(write.stderr).toContain('its caveat Organization allows read')
    const wider = await hallpass('tokens create org -o acme-staging', { HALLPASS_API_TOKEN: readonly })
    expect(wider).toMatchObject({ code: 1, stdout: '' })
  })

  it('lists tokens of an organisation, of an app, of the app in fly.toml, and as JSON', async () => {
    const ofOrganisation = await hallpass('tokens list -s org -o acme-staging')
    expect(ofOrganisation.stdout).toMatch(/ID +NAME +CREATED BY +EXPIRES AT/)
    expect(ofOrganisation.stdout).toMatch(
      /[0-9a-f-]{36} +ci +ada@example\.com +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC/,
    )
    const ofApp = await hallpass('tokens list -a web-2')
    expect(ofApp.stdout).toContain('Deploy token')
    expect(ofApp.stdout).not.toMatch(/ ci /)
    const config = join(place.directory, 'fly.toml')
    await writeFile(config, 'app = "web-2"\n\n[build]\n')
    expect((await hallpass(`tokens list -c ${config}`)).stdout).toBe(ofApp.stdout)
    expect((await hallpass('tokens list')).stdout).toBe(ofApp.stdout)
    expect(JSON.parse((await hallpass('tokens list -j')).stdout).tokens).toHaveLength(1)
  })

  it('revokes, and says what failed', async () => {
    const { tokens } = JSON.parse((await hallpass('tokens list -s org -o acme-staging -j')).stdout)
    const idOf = (name: string): string => tokens.find((each: { name: string }) => each.name === name).id
    const [first, second] = [idOf('ci'), idOf('Deploy token')]
    const revoked = await hallpass(`tokens revoke ${first} ${second} NOSUCH`)
    expect(revoked.stdout).toBe(`Revoked ${first}\nRevoked ${second}\n2 tokens revoked\n`)
    expect(revoked.stderr).toMatch(/^failed to revoke token NOSUCH: /)
    expect(revoked.code).toBe(1)
    const all = await hallpass('tokens list -s org -o acme-staging --all')
    expect(all.stdout).toMatch(/REVOKED AT/)
    expect(all.stdout).toContain(first)
    expect((await hallpass('tokens list -s org -o acme-staging')).stdout).not.toContain(first)
    const ofState = await hallpass('tokens list -s org -o acme-staging --state revoked --search DEPLOY --sort name -j')
    const states = JSON.parse(ofState.stdout).tokens.map(({ id, state }: { id: string; state: string }) => [id, state])
    expect(states).toEqual([[second, 'revoked']])
    expect(await hallpass('tokens list -s org -o acme-staging --all --state live')).toMatchObject({
      code: 2,
      stdout: '',
    })
  })

  it('refuses the revoked token at once, and says since when', async () => {
    const refused = await withToken('apps list')
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(/is revoked since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/)
  })

  it('decides the same for any HTTP client', async () => {
    const fresh = (await hallpass('tokens create org -o acme-staging -n curl -x 1h')).stdout.trim()
    const path = '/v1/apps?org_slug=acme-staging'
    // The token as it is printed, scheme and all, after another scheme: what people really type.
    expect(await http(path, `Bearer ${fresh}`)).toMatchObject({ status: 200, body: { total_apps: 2 } })
    expect(await http('/v1/apps?org_slug=acme-prod', fresh)).toMatchObject({
      status: 403,
      body: { error: 'unauthorized', code: 'forbidden' },
    })
    expect(await http(path, `Bearer ${token}`)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
  })

  it("takes `personal` for the caller's own organisation", async () => {
    const minted = await hallpass('tokens create org -o personal -n "shiny happy org token"')
    expect(minted.stdout).toMatch(tokenLine)
    expect((await hallpass('tokens list -s org -o personal')).stdout).toContain('shiny happy org token')
  })

  it('names the flag where there is nobody to ask', async () => {
    const asked = await hallpass('tokens create org')
    expect(asked).toMatchObject({ code: 2, stdout: '' })
    expect(asked.stderr).toContain('--org')
    const expiry = await hallpass('tokens create org -o acme-staging -x -5h')
    expect(expiry).toMatchObject({ code: 2, stdout: '' })
  })

  it('logs out: the auth token is dead, here and at the server', async () => {
    const auth = (await hallpass('auth token')).stdout.trim()
    expect(await hallpass('auth logout')).toMatchObject({ code: 0 })
    expect(await hallpass('auth whoami')).toMatchObject({ code: 1 })
    expect(await http('/v1/orgs', `Bearer ${auth}`)).toMatchObject({ status: 401 })
  })

  it('stops cleanly at a signal', async () => {
    expect(await served.stop('SIGTERM')).toBe(0)
  })
})

describe('the README', () => {
  it.skipIf(reasonWithoutTerminal() !== undefined)('has a first line that asks for all that it needs', async () => {
    const place = await arrive()
    try {
      const served = await place.serve(['--data', join(place.directory, 'data')])
      const [, setupCode = ''] = /--setup-code (\S+)/.exec(served.output()) ?? (await firstSteps(served))
      const words = ['auth', 'signup', '--email', 'you@example.com']
      const terminal = openTerminal(place, words, { HALLPASS_API_URL: served.url })
      await terminal.see(/Setup code/)
      terminal.type(setupCode)
      await terminal.see(/Password:/)
      terminal.type('correct horse battery')
      await terminal.see(/Password again:/)
      terminal.type('correct horse battery')
      await terminal.see(/Logged in at \S+ as you@example\.com/)
      expect(await terminal.ended).toBe(0)
    } finally {
      await place.leave()
    }
  })

  it('has a tour whose every line works, from the setup code on', async () => {
    const place = await arrive()
    // Its end needs an engine.
    const dockerd = reasonWithoutDockerd() === undefined ? await startDockerd('own') : undefined
    try {
      const engine = dockerd === undefined ? 'none' : `unix://${dockerd.socketPath}`
      const served = await place.serve(['--data', join(place.directory, 'data'), '--engine', engine])
      const [, setupCode = ''] = /--setup-code (\S+)/.exec(served.output()) ?? (await firstSteps(served))
      const script = await tourOfReadme(served.url, dockerd !== undefined)
      const { stdout, stderr } = await execute('bash', ['-euo', 'pipefail', '-c', script], {
        cwd: resolve(import.meta.dirname, '..'),
        env: {
          PATH: process.env['PATH'],
          HOME: place.directory,
          HALLPASS_CONFIG_DIR: join(place.directory, 'config'),
          HALLPASS_API_URL: served.url,
          SETUP_CODE: setupCode,
        },
      })
      expect(stdout).toContain('New app created: web-1')
      expect(stderr).toContain('is not of the organization that this belongs to')
      const [, reader] = /^(\S+) {2,}Read-only org token /m.exec(stdout) ?? []
      expect(stdout).toMatch(
        new RegExp(
          `Revoked ${reader}\\n1 token revoked\\nFlyV1 fm2_\\S+\\nLongest lifetime: 2160h0m0s\\n[^]*Revoked \\S+\\n1 token revoked\\n`,
        ),
      )
      expect(stdout).toMatch(/\nToken \S+ ends at .* UTC, in 2\d hours\n/)
      if (dockerd !== undefined)
        expect(stdout).toMatch(/Linux [^]*at work\n[^]*worker +started[^]*Destroyed machine \S+\n$/)
    } finally {
      await place.leave()
      await dockerd?.stop()
    }
  })
})

/** What it prints after the address comes a moment later. */
async function firstSteps(served: Served): Promise<readonly string[]> {
  const find = () => /--setup-code (\S+)/.exec(served.output())
  await expect.poll(find).not.toBeNull()
  return find() ?? []
}

/** The tour's commands, at this server's address, and with the code and the password that a person would type. */
async function tourOfReadme(url: string, hasEngine: boolean): Promise<string> {
  const readme = await readFile(resolve(import.meta.dirname, '../README.md'), 'utf8')
  const [, section = ''] = /## A tour\n([\s\S]*?)\n## /.exec(readme) ?? []
  const blocks = [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block)
  if (blocks.length < 3) throw new Error('README.md has no tour')
  if (!hasEngine) blocks.pop()
  return (
    blocks
      .join('')
      .replaceAll('http://127.0.0.1:4280', url)
      // There is no registry here.
      .replaceAll(' busybox ', ' test/busybox:1 ')
      .replace(
        /^(hallpass auth signup .*)$/m,
        'echo "correct horse battery" | $1 --setup-code "$SETUP_CODE" --password-stdin',
      )
  )
}

/** Splits a line at spaces, but not within double quotes. */
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '')
}
