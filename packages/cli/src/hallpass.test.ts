// The command as people run it, most often the real entry in a child process, against answers of the contract.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'

import { acme, app, currentUser, listed, session, tokenNumber } from './testing/answers.ts'
import { createPlace, type RunOptions, type TestPlace } from './testing/hallpass.ts'

const entry = inject('hallpass')
const minted = 'FlyV1 fm2_bWludGVk'

interface Seen {
  readonly request: string
  readonly authorization: string | undefined
  readonly body: unknown
}

const organisation = { ...acme, name: 'Acme \u001b[31mInc' }
const [t1, t2] = [tokenNumber(1), tokenNumber(2)]
const refusal = (code: string, message: string) => ({ error: message, message, code, request_id: 'r1' })

const answers: Readonly<Record<string, readonly [status: number, body?: unknown]>> = {
  'POST /v1/sessions': [201, session],
  'DELETE /v1/sessions/current': [204],
  'GET /v1/users/current': [200, currentUser],
  'GET /v1/orgs': [200, { orgs: [organisation, { ...organisation, slug: 'beta', name: 'Beta' }] }],
  'POST /v1/orgs/acme/tokens': [201, { ...listed(1), token: minted }],
  'POST /v1/orgs/beta/tokens': [201, { ...listed(2), token: minted }],
  'GET /v1/apps/web-1': [200, app('web-1', 7)],
  'GET /v1/orgs/acme/tokens?state=live&limit=1000': [
    200,
    { tokens: [listed(1)], uses_known_since: '2026-01-02T03:04:05.000Z', next_cursor: 'p2' },
  ],
  'GET /v1/orgs/acme/tokens?state=live&limit=1000&cursor=p2': [
    200,
    { tokens: [listed(2)], uses_known_since: '2026-01-02T03:04:05.000Z' },
  ],
  'GET /v1/apps/web-1/tokens?state=live&limit=1000': [
    200,
    { tokens: [], uses_known_since: '2026-01-02T03:04:05.000Z' },
  ],
  [`DELETE /v1/tokens/${t1}`]: [200, { ...listed(1), revoked_descendants: 0, more_descendants: false }],
  [`DELETE /v1/tokens/${t2}`]: [200, { ...listed(2), revoked_descendants: 2, more_descendants: false }],
  'POST /v1/apps': [403, refusal('forbidden', 'the caveat Organization forbids it')],
}

let seen: Seen[] = []
let server: Server
let url: string
let place: TestPlace

beforeAll(async () => {
  server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    request.on('end', () => {
      const line = `${request.method} ${request.url}`
      const body: unknown = text === '' ? undefined : JSON.parse(text)
      seen.push({ request: line, authorization: request.headers.authorization, body })
      const [status, answer] = answers[line] ?? [404, refusal('not_found', `there is no ${line}`)]
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(answer === undefined ? undefined : JSON.stringify(answer))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve))
})
beforeEach(async () => {
  seen = []
  place = await createPlace()
})
afterEach(() => place.leave())

const held = (options: RunOptions) => ({
  ...options,
  environment: { HALLPASS_API_URL: url, HALLPASS_API_TOKEN: 'fo1_held', ...options.environment },
})

const hallpass = (words: readonly string[], options: RunOptions = {}) => place.runProgram(words, held(options))

const bareHallpass = (words: readonly string[], input?: string) =>
  place.runProgram(words, input === undefined ? {} : { input })

/** What a shell with this program does. */
async function runShell(program: string) {
  const child = spawn('sh', ['-c', program], {
    cwd: place.directory,
    env: { PATH: process.env['PATH'] ?? '', HALLPASS_CONFIG_DIR: join(place.directory, 'config') },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, stdout, stderr }
}

describe('hallpass', () => {
  it('prints its version, and help for everything', async () => {
    expect((await hallpass(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    const help = await hallpass(['tokens', 'create', 'org', '-h'])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    for (const text of ['--expiry', '175200h0m0s', 'Org deploy token', '--access-token', '--api-url', '-j']) {
      expect(help.stdout).toContain(text)
    }
  })

  it.each([
    [['nope'], 'there is no command "nope": see `hallpass --help`'],
    [['-v', 'extra'], 'there is no command "extra": see `hallpass --help`'],
    [['tokens', '--help', 'nope'], 'there is no command "nope": see `hallpass tokens --help`'],
    [['tokens', 'create', 'nope'], 'there is no command "nope": see `hallpass tokens create --help`'],
    [['tokens', 'third-party', 'lis'], 'there is no command "lis", did you mean `hallpass tokens third-party list`?'],
    [['login'], 'there is no command "login", did you mean `hallpass auth login`?'],
    [['completion', 'bash', '--help', 'extra'], '"extra" is one argument too many'],
    [['constructor'], 'there is no command'],
    [['orgs', 'list', '--nope'], 'there is no flag --nope'],
    [['orgs', 'list', '--json=secret'], '--json takes no value but true and false'],
    [['--', 'orgs', 'list'], 'no command is given'],
    [['apps', 'create'], 'the argument name is missing'],
    [['apps', 'create', 'web-1'], '--org'],
    [['apps', 'destroy', 'web-1'], '--yes'],
    [['tokens', 'create', 'org', '-o', 'acme', '-x', '5 days'], 'is not a duration'],
    [['serve', '--keep-audit', '5 days'], 'the value of --keep-audit is not a duration'],
    [['serve', '--keep-ended-tokens', '5h'], '--keep-ended-tokens is at least a day'],
    [['tokens', 'create', 'org', 'acme', '-o', 'beta'], 'two organizations are given'],
    [['tokens', 'create', 'machine-exec', '-a', 'web-1', '-C', '"ls'], 'a double quote that is not closed'],
    [['tokens', 'create', 'machine-exec', '-a', 'web-1', '-p', '# any'], '--command-prefix names no command'],
    [['tokens', 'create', 'deploy'], '--app'],
    [['tokens', 'list', '-s', 'both'], '--scope is app or org'],
    [['tokens', 'revoke'], 'the argument token is missing'],
    [['auth', 'login', '--email', 'a@b.c'], '--password-stdin'],
    [['auth', 'signup', '--email', 'a@b.c'], '--setup-code'],
    [['auth', 'login', '--password', 'x'], 'there is no flag --password, did you mean --password-stdin?'],
    [['auth', 'signup', '--password=x'], 'there is no flag --password, did you mean --password-stdin?'],
    [['auth', 'login', '--pasword-stdin'], 'there is no flag --pasword-stdin, did you mean --password-stdin?'],
    [['orgs', 'list', '--token', 'x'], 'there is no flag --token, did you mean --access-token?'],
    [['orgs', 'list', '--url', 'x'], 'there is no flag --url, did you mean --api-url?'],
    [['serve', '--listen', 'nowhere'], 'is not an address'],
    [['serve', '--public-url', 'hallpass.example'], '--public-url begins with'],
    [['serve', '--trusted-proxies', 'proxy'], '--trusted-proxies lists addresses'],
    [['serve', '--database-url', 'mysql://u:secret@h/d'], '--database-url begins with'],
    [['doctor', '--database-url', 'mysql://u:secret@h/d'], '--database-url'],
    [['backup', 'b.db', '--database-url', 'postgres://h/d'], 'pg_dump'],
    [['orgs', 'list', '-t', 'fm2_secret', '-t', 'fm2_secret'], '--access-token is given twice'],
    [['orgs', 'list', '--api-url', 'ftp://x'], 'http://'],
    [['orgs', 'list', '--api-url', 'https://example.com/hallpass'], 'the address in --api-url may not have a path'],
    [['serve', '--keep-alive', '10 minutes'], 'the value of --keep-alive is not a duration'],
  ])('ends with 2 and one sentence for %j', async (words, why) => {
    // A server changes how its process takes signals, and how V8 compiles.
    const { code, stdout, stderr } = await (words[0] === 'serve' ? hallpass(words) : place.run(words, held({})))
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^Error: .+\n$/)
    expect(stderr).toContain(why)
    expect(stderr).not.toContain('secret')
    expect(seen.filter(({ request }) => !request.startsWith('GET'))).toEqual([])
  })

  it.each([
    ['HALLPASS_PUBLIC_URL', 'hallpass.secret', 'begins with https:// or http://'],
    ['HALLPASS_TRUSTED_PROXIES', 'secret', 'lists addresses and networks'],
    ['HALLPASS_DATABASE_URL', 'mysql://u:secret@h/d', 'begins with postgres://'],
    ['HALLPASS_ROOT_KEY', 'secret', 'holds no root key'],
    ['HALLPASS_SMTP_URL', 'smtp://secret', 'are set together'],
  ])('ends with 2 for what %s should not be, and names it', async (variable, value, why) => {
    const { code, stdout, stderr } = await hallpass(['serve'], { environment: { [variable]: value } })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`Error: ${variable} `)
    expect(stderr).toContain(why)
    expect(stderr).not.toContain('secret')
  })

  it('ends with 1 and a sentence where the authority refuses or is not there', async () => {
    expect(await hallpass(['apps', 'create', 'web-2', '-o', 'acme'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error: the caveat Organization forbids it\n',
    })
    const alone = await hallpass(['orgs', 'list'], { environment: { HALLPASS_API_URL: 'http://127.0.0.1:1' } })
    expect(alone).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error: nothing listens at http://127.0.0.1:1: does the authority run, and at this address?\n',
    })
  })

  it('prints a token alone, or first in JSON', async () => {
    const plain = await hallpass(['tokens', 'create', 'org', '-o', 'acme', '-n', 'ci', '-x', '30d'])
    expect(plain).toEqual({ code: 0, stdout: `${minted}\n`, stderr: '' })
    expect(seen).toEqual([
      {
        request: 'POST /v1/orgs/acme/tokens',
        authorization: 'Bearer fo1_held',
        body: { profile: 'deploy_organization', name: 'ci', expiry: '30d' },
      },
    ])
    const json = await hallpass(['tokens', 'create', 'org', '-j'], { environment: { FLY_ORG: 'acme' } })
    expect(json.stdout).toMatch(/^\{\n {2}"token": "FlyV1 fm2_bWludGVk",\n {2}"id": "1{8}-/)
    expect(JSON.parse(json.stdout)).toEqual({ ...listed(1), token: minted })
  })

  it('takes the app from a fly.toml', async () => {
    await writeFile(join(place.directory, 'fly.toml'), 'app = "web-1"\n')
    expect(await hallpass(['tokens', 'deploy'])).toMatchObject({ code: 0, stdout: `${minted}\n` })
    expect(seen.at(-1)?.body).toMatchObject({ profile: 'deploy', app: 'web-1', name: 'Deploy token' })
    const missing = await hallpass(['tokens', 'list', '-c', 'other.toml'])
    expect(missing).toMatchObject({ code: 1, stdout: '' })
    expect(missing.stderr).toContain('other.toml')
  })

  it('lists all pages, in a table that names cannot disturb', async () => {
    const { stdout } = await hallpass(['tokens', 'ls', '-o', 'acme'])
    expect(stdout).toBe(
      [
        `${'ID'.padEnd(36)}  NAME     CREATED BY       EXPIRES AT                     LAST USED`,
        `${t1}  token 1  ada@example.com  2124-04-23 05:39:39 +0000 UTC  never`,
        `${t2}  token 2  ada@example.com  2124-04-23 05:39:39 +0000 UTC  never`,
        '',
      ].join('\n'),
    )
    expect((await hallpass(['orgs', 'list'])).stdout).toContain('Acme \\u{1b}[31mInc')
  })

  it('revokes what it can, and says what it could not', async () => {
    const two = await hallpass(['tokens', 'revoke', t1, t2])
    expect(two).toEqual({
      code: 0,
      stdout: `Revoked ${t1}\nRevoked ${t2}, and 2 tokens that it made\n2 tokens revoked\n`,
      stderr: '',
    })
    const t9 = t1.replace(/.$/, '9')
    const one = await hallpass(['tokens', 'revoke', t9, t1])
    expect(one).toMatchObject({ code: 1, stdout: `Revoked ${t1}\n1 token revoked\n` })
    expect(one.stderr).toContain(`failed to revoke token ${t9}: there is no DELETE /v1/tokens/${t9}`)
  })

  it('logs in, uses the login only at its server, and logs out', async () => {
    const words = ['auth', 'login', '--email', 'ada@example.com', '--password-stdin', '--api-url', url]
    expect(await bareHallpass(words, 'pass word\n')).toEqual({
      code: 0,
      stdout: '',
      stderr: `Logged in at ${url} as ada@example.com\n`,
    })
    expect(seen[0]).toMatchObject({ authorization: undefined, body: { password: 'pass word' } })

    expect(await bareHallpass(['auth', 'whoami'])).toMatchObject({ stdout: 'ada@example.com\n' })
    expect(seen[1]?.authorization).toBe('Bearer fo1_session')
    const elsewhere = await bareHallpass(['orgs', 'list', '--api-url', 'http://127.0.0.1:1'])
    expect(elsewhere.stderr).toContain('not logged in at http://127.0.0.1:1')

    expect(await bareHallpass(['auth', 'logout'])).toMatchObject({ code: 0, stdout: '' })
    expect(seen.at(-1)).toMatchObject({ request: 'DELETE /v1/sessions/current', authorization: 'Bearer fo1_session' })
    expect(await readFile(join(place.directory, 'config', 'config.json'), 'utf8')).not.toContain('fo1_')
  })

  it('forgets the login even if the server does not answer', async () => {
    const config = { api_url: 'http://127.0.0.1:1', access_token: 'fo1_session' }
    await mkdir(join(place.directory, 'config'))
    await writeFile(join(place.directory, 'config', 'config.json'), JSON.stringify(config), { mode: 0o600 })
    const logout = await bareHallpass(['auth', 'logout'])
    expect(logout.code).toBe(0)
    expect(logout.stderr).toContain('Warning: http://127.0.0.1:1 did not confirm the logout')
    expect(await readFile(join(place.directory, 'config', 'config.json'), 'utf8')).not.toContain('fo1_')
  })

  it('works in a directory that is not there any more, unless a file in it is meant', async () => {
    const inRemoved = (words: string) =>
      runShell(`mkdir gone; cd gone; rmdir ../gone; exec "${process.execPath}" "${entry}" ${words}`)
    expect(await inRemoved('version')).toMatchObject({ code: 0, stderr: '' })
    expect(await inRemoved('backup file')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error: the working directory is not there any more: change to another one\n',
    })
  })

  it('is silent where nobody reads its output', async () => {
    const command = `{ "${process.execPath}" "${entry}" --help; echo "ended with $?" >&2; } | true`
    expect(await runShell(command)).toEqual({ code: 0, stdout: '', stderr: 'ended with 0\n' })
  })
})

describe.skipIf(!existsSync('/usr/bin/script'))('hallpass at a terminal', () => {
  /** Runs in a pseudo-terminal, with stdout in a file as in `TOKEN=$(…)`; keys are pressed when the question is seen. */
  async function atTerminal(words: string, keys: string, size = 'stty cols 80 rows 24') {
    const command = `${size}; "${process.execPath}" "${entry}" ${words} > "${join(place.directory, 'stdout')}"`
    const child = spawn('/usr/bin/script', ['-qec', command, '/dev/null'], {
      cwd: place.directory,
      env: {
        PATH: process.env['PATH'] ?? '',
        TERM: 'xterm',
        SHELL: '/bin/sh',
        HALLPASS_CONFIG_DIR: place.directory,
        HALLPASS_API_URL: url,
        HALLPASS_API_TOKEN: 'fo1_held',
      },
    })
    let shown = ''
    let pressed = false
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      shown += chunk
      if (pressed || !/Select Organization:|Destroy the app/.test(shown)) return
      pressed = true
      child.stdin.write(keys)
    })
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
    return { code, shown, stdout: await readFile(join(place.directory, 'stdout'), 'utf8') }
  }

  it('asks for the organization, and still prints the token alone', async () => {
    const { code, shown, stdout } = await atTerminal('tokens create org', '\u001b[B\r')
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${minted}\n` })
    expect(shown).toContain('Acme \\u{1b}[31mInc')
    expect(seen.at(-1)?.request).toBe('POST /v1/orgs/beta/tokens')
  })

  it('finds the organization by what is typed of it, and takes nothing where none has that', async () => {
    const { code, shown, stdout } = await atTerminal('tokens create org', 'zz\r\u007f\u007fET\r')
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${minted}\n` })
    expect(shown).toContain('nothing here has that in it')
    expect(seen.map(({ request }) => request)).toEqual(['GET /v1/orgs', 'POST /v1/orgs/beta/tokens'])
  })

  it('asks so that it can be read where the terminal does not know its width', async () => {
    const { code, shown } = await atTerminal('tokens create org', 'ET\r', 'stty cols 0 rows 0')
    expect(code).toBe(0)
    expect(shown).toContain('Select Organization:')
    expect(seen.at(-1)?.request).toBe('POST /v1/orgs/beta/tokens')
  })

  it('ends cleanly on Ctrl-C', async () => {
    const { code, shown, stdout } = await atTerminal('tokens create org', '\u0003')
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' })
    expect(shown).toContain('Error: cancelled')
    expect(seen.map(({ request }) => request)).toEqual(['GET /v1/orgs'])
  })

  it('destroys nothing without a yes', async () => {
    const { code } = await atTerminal('apps destroy web-1', '\r')
    expect(code).toBe(1)
    expect(seen).toEqual([])
  })
})
