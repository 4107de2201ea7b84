// Which credential a command used, as a person at the real command sees it, where several could have been meant.
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { beforeEach, expect, it } from 'vitest'

import { currentUser, session } from './testing/answers.ts'
import { preparePlace, prepareServer, refusal } from './testing/hallpass.ts'
import { header, mint } from './testing/tokens.ts'

const ended = refusal('unauthenticated', 'this auth token is not known: log in again')

const server = prepareServer()
const place = preparePlace()
beforeEach(() => keep('fo1_kept'))

async function keep(token: string): Promise<void> {
  await mkdir(join(place.directory, 'config'), { recursive: true })
  const config = { api_url: server.url, access_token: token, email: 'ada@example.com' }
  await writeFile(join(place.directory, 'config', 'config.json'), JSON.stringify(config), { mode: 0o600 })
  server.answer(() => [401, ended])
}

it.each([
  [{}, 'your login', 'Bearer fo1_kept'],
  [{ HALLPASS_API_TOKEN: 'fo1_own' }, 'HALLPASS_API_TOKEN, which goes before any login', 'Bearer fo1_own'],
  [{ FLY_API_TOKEN: 'fo1_fly' }, 'your login; FLY_API_TOKEN is not sent there: neither', 'Bearer fo1_kept'],
])('a 401 under %j names where the credential was from', async (environment, source, sent) => {
  for (const words of [
    ['orgs', 'list'],
    ['tokens', 'create', 'org', '-o', 'acme'],
    ['auth', 'whoami'],
  ]) {
    const { code, stderr } = await place.run(words, { environment })
    expect(code).toBe(1)
    expect(stderr).toContain(`log in again (the credential was that of ${source}`)
  }
  expect(new Set(server.seen.map(({ authorization }) => authorization))).toEqual(new Set([sent]))
})

it("names flyctl's variable where the environment points there, and the flag", async () => {
  const environment = { FLY_API_BASE_URL: `${server.url}/`, FLY_ACCESS_TOKEN: 'fo1_access', FLY_API_TOKEN: 'fo1_fly' }
  expect((await place.run(['orgs', 'list'], { environment })).stderr).toContain('that of FLY_ACCESS_TOKEN,')
  expect((await place.run(['orgs', 'list', '-t', 'fo1_x'], { environment })).stderr).toContain('of --access-token)')
  expect(server.seen.map(({ authorization }) => authorization)).toEqual(['Bearer fo1_access', 'Bearer fo1_x'])
})

it('takes a token as it was pasted, and says what it is where it is none', async () => {
  const text = header(mint([{ type: 'Organization', id: 7n, mask: 31 }]))
  const wrapped = `"${text.slice(0, 30)}\r\n    ${text.slice(30)}"\n`
  const run = (HALLPASS_API_TOKEN: string) => place.run(['orgs', 'list'], { environment: { HALLPASS_API_TOKEN } })
  await run(wrapped)
  await place.run(['orgs', 'list', '-t', wrapped])
  expect(server.seen.map(({ authorization }) => authorization)).toEqual([text, text])
  expect(await place.run(['tokens', 'debug', '-'], { input: `\ufeff${wrapped}` })).toMatchObject({
    code: 0,
    stderr: '',
  })
  for (const [given, words] of [
    ['***', 'is hidden behind ***'],
    [`{"token":"${text}"}`, 'is JSON'],
    [`export TOKEN=${text}`, 'begins with NAME='],
    [`Basic ${Buffer.from(`x:${text}`).toString('base64')}`, 'is for Basic: send Bearer'],
    [`${text}\n$ exit`, `has a line break at character ${text.length + 1}`],
  ] as const) {
    const { code, stderr } = await run(given)
    expect(code).toBe(2)
    expect(stderr).toContain(`Error: the token in HALLPASS_API_TOKEN ${words}`)
  }
  expect(server.seen).toHaveLength(2)
})

it('sends nothing that is no token of an authority', async () => {
  const text = header(mint([{ type: 'Organization', id: 7n, mask: 31 }]))
  const pem = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----'
  const foreign = ['ghp_1234567890abcdefghijABCDEFGHIJ123456', pem]
  const damaged = [text.slice(0, -3), `${text.slice(0, 40)}.${text.slice(40)}`, 'fo1_a.b']
  for (const given of [...foreign, ...damaged, 'hunter2']) {
    const { code, stderr } = await place.run(['orgs', 'list'], { environment: { HALLPASS_API_TOKEN: given } })
    expect(code).toBe(given.includes('fm2_') ? 1 : 2)
    expect(stderr).toMatch(/^Error: .*HALLPASS_API_TOKEN.*\n$/)
  }
  await place.run(['__complete', '--', 'orgs', 'show', ''], { environment: { HALLPASS_API_TOKEN: damaged[1] ?? '' } })
  for (const given of foreign) {
    for (const word of [given, '-']) {
      const { stderr } = await place.run(['tokens', 'revoke', '--', word], { input: given })
      expect(stderr).toMatch(/^failed to revoke token (?:in argument 1|on standard input): it is neither an id/)
      expect(stderr).not.toContain(given)
    }
  }
  expect(server.seen).toEqual([])
  await keep(foreign[0] ?? '')
  await place.run(['tokens', 'explain', text])
  await place.run(['auth', 'logout'])
  expect(new Set(server.seen.map(({ authorization }) => authorization))).toEqual(new Set([text]))
})

it('uses no login where a variable is set to nothing', async () => {
  const { code, stdout, stderr } = await place.run(['orgs', 'list'], { environment: { HALLPASS_API_TOKEN: '' } })
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toBe('Error: HALLPASS_API_TOKEN is set, but empty: give it a token, or unset it to use your login\n')
  expect(server.seen).toEqual([])
})

it('reads the token from the file that HALLPASS_API_TOKEN_FILE names, which nobody else may read or change', async () => {
  const file = join(place.directory, 'token')
  const text = header(mint([{ type: 'Organization', id: 7n, mask: 31 }]))
  await writeFile(file, `"${text.slice(0, 30)}\n${text.slice(30)}"\n`, { mode: 0o600 })
  const environment = { HALLPASS_API_TOKEN_FILE: file }
  const { stderr } = await place.run(['orgs', 'list'], { environment })
  expect(stderr).toContain('(the credential was that of HALLPASS_API_TOKEN_FILE, which goes before any login)')
  expect(await place.run(['tokens', 'debug'], { environment })).toMatchObject({ code: 0 })
  expect((await place.run(['auth', 'token'], { environment })).stdout).toBe(`${text}\n`)
  const fifo = join(place.directory, 'fifo')
  execFileSync('mkfifo', [fifo])
  const open = join(place.directory, 'open')
  await writeFile(open, text)
  await chmod(open, 0o666)
  const auth = join(place.directory, 'json')
  await writeFile(auth, '{"token":"fm2_secret"}', { mode: 0o600 })
  for (const [more, sentence] of [
    [{ HALLPASS_API_TOKEN: text }, 'HALLPASS_API_TOKEN and HALLPASS_API_TOKEN_FILE are both set: leave one away'],
    [{ HALLPASS_API_TOKEN_FILE: '' }, 'HALLPASS_API_TOKEN_FILE is set, but empty: '],
    [{ HALLPASS_API_TOKEN_FILE: fifo }, `${fifo}, which HALLPASS_API_TOKEN_FILE names, cannot be read: it is no file`],
    [{ HALLPASS_API_TOKEN_FILE: open }, `others can read or change ${open} (mode 666): run "chmod 400`],
    [{ HALLPASS_API_TOKEN_FILE: auth }, `the token in ${auth}, which HALLPASS_API_TOKEN_FILE names, is JSON`],
    [{ HALLPASS_API_TOKEN_FILE: `${file}s` }, 'cannot be read: there is no such file'],
  ] as const) {
    const outcome = await place.run(['orgs', 'list'], { environment: { ...environment, ...more } })
    expect(outcome).toMatchObject({ code: 2, stdout: '' })
    expect(outcome.stderr).toContain(sentence)
  }
  expect(server.seen.map(({ authorization }) => authorization)).toEqual([text])
})

it('uses no login where a misspelled variable may name another credential or authority', async () => {
  const commands = [
    ['orgs', 'list'],
    ['auth', 'token'],
    ['tokens', 'explain'],
    ['auth', 'logout'],
    ['auth', 'login', '--email', 'a@b.c', '--password-stdin'],
    ['flyctl', 'env'],
  ]
  for (const words of commands) {
    const environment = { HALLPASS_TOKEN: 'fm2_x' }
    expect(await place.run(words, { environment, input: 'x' })).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'Error: HALLPASS_TOKEN is not known and has no effect: did you mean HALLPASS_API_TOKEN? Rename it, or unset it\n',
    })
  }
  // Of a variable in whose place a flag stands, nothing is said; of a variable without a known name, a note.
  const environment = { HALLPASS_TOKEN: 'fm2_x', HALLPASS_COLOUR: 'red' }
  const { stderr } = await place.run(['orgs', 'list', '-t', 'fo1_x'], { environment })
  expect(stderr).toContain('Note: HALLPASS_COLOUR is not known and has no effect\n')
  expect(stderr).toContain('of --access-token)')
  expect(server.seen.map(({ authorization }) => authorization)).toEqual(['Bearer fo1_x'])
})

it("shows flyctl's token to nobody whom the environment does not name, and reads it here all the same", async () => {
  const text = header(mint([{ type: 'Organization', id: 7n, mask: 31 }]))
  const environment = { FLY_API_TOKEN: text }
  const explained = await place.run(['tokens', 'explain'], { environment })
  expect(explained).toMatchObject({ code: 0, stderr: '' })
  expect(explained.stdout).toContain('that was not asked')
  expect(await place.run(['tokens', 'debug'], { environment })).toMatchObject({ code: 0 })
  await place.run(['tokens', 'attenuate', '--app', 'web'], { environment })
  expect(server.seen.filter(({ authorization }) => authorization.includes(text.slice(6)))).toEqual([])
})

it.each([
  [{ HALLPASS_API_TOKEN: 'fm2_x' }, 'Note: HALLPASS_API_TOKEN is set, and goes before your login: unset it'],
  [{ HALLPASS_API_TOKEN: '' }, 'Note: HALLPASS_API_TOKEN is set, but empty, which commands refuse: unset it'],
  [{ HALLPASS_API_URL: 'http://127.0.0.1:1' }, 'Note: HALLPASS_API_URL names another authority, and goes before'],
  [{ FLY_API_TOKEN: 'fm2_x' }, ''],
])('a login under %j says what goes before it', async (environment, note) => {
  server.answer(() => [201, session])
  const words = ['auth', 'login', '--email', 'ada@example.com', '--password-stdin', '--api-url', server.url]
  const { code, stderr } = await place.run(words, { environment, input: 'password' })
  expect(code).toBe(0)
  expect(stderr).toContain(`Logged in at ${server.url} as ada@example.com\n${note}`)
  if (note === '') expect(stderr).not.toContain('Note')
})

it('finds out that a login cannot be kept before it asks for one', async () => {
  const file = join(place.directory, 'config', 'file')
  await writeFile(file, '')
  const blocked = join(place.directory, 'blocked')
  await mkdir(join(blocked, 'config.json'), { recursive: true })
  server.answer(() => [201, session])
  for (const HALLPASS_CONFIG_DIR of [file, blocked]) {
    for (const words of [
      ['auth', 'login', '--email', 'ada@example.com', '--password-stdin', '--api-url', server.url],
      [
        'auth',
        'signup',
        '--setup-code',
        'jxe2nt2w-pfszgmzn-ncnd49uv-afqsmtrp',
        '--email',
        'ada@example.com',
        '--password-stdin',
        '--api-url',
        server.url,
      ],
    ]) {
      const { code, stderr } = await place.run(words, { input: 'password', environment: { HALLPASS_CONFIG_DIR } })
      expect(code).toBe(1)
      expect(stderr).toMatch(/^Error: cannot (?:read|write) \S+config\.json: /)
    }
  }
  expect(server.seen).toEqual([])
  expect(await readdir(blocked)).toEqual(['config.json'])
})

it('says which part of the place of a login is in the way', async () => {
  const words = ['auth', 'login', '--email', 'a@b.c', '--password-stdin', '--api-url', server.url]
  const environment = { HALLPASS_CONFIG_DIR: '', XDG_CONFIG_HOME: '/dev/null' }
  const { stderr } = await place.run(words, { input: 'password', environment })
  expect(stderr).toBe(
    'Error: cannot write /dev/null/hallpass/config.json: a part of its path is no directory; ' +
      'set HALLPASS_CONFIG_DIR to a directory that can keep a login\n',
  )
})

it.skipIf(process.getuid?.() === 0)('finds out the same of a directory that cannot be written to', async () => {
  const closed = join(place.directory, 'closed')
  await mkdir(closed)
  await chmod(closed, 0o500)
  const words = ['auth', 'login', '--email', 'a@b.c', '--password-stdin', '--api-url', server.url]
  const { stderr } = await place.run(words, { input: 'password', environment: { HALLPASS_CONFIG_DIR: closed } })
  expect(stderr).toContain('set HALLPASS_CONFIG_DIR to a directory')
  expect(server.seen).toEqual([])
})

it('forgets no login when an account is deleted with another credential', async () => {
  server.answer(({ line }) => (line.startsWith('GET') ? [200, currentUser] : [204, undefined]))
  expect(await place.run(['auth', 'delete', '-y', '-t', 'fo1_other'])).toMatchObject({ code: 0 })
  expect(await readFile(join(place.directory, 'config', 'config.json'), 'utf8')).toContain('fo1_kept')
  expect(await place.run(['auth', 'delete', '-y'])).toMatchObject({ code: 0 })
  expect(await readFile(join(place.directory, 'config', 'config.json'), 'utf8')).not.toContain('fo1_')
})
