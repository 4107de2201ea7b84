// `hallpass flyctl -- …` with a program in flyctl's place that says what it was given.
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

import { beforeAll, expect, inject, it } from 'vitest'

import { preparePlace } from '../../testing/hallpass.ts'
import { listVariables } from './variables.ts'

const server = 'http://127.0.0.1:9'

const place = preparePlace()
let path: string
beforeAll(() => {
  const folder = join(place.directory, 'bin')
  path = `${folder}:${process.env['PATH'] ?? ''}`
  mkdirSync(folder)
  const program = `#!${process.execPath}
    const [what] = process.argv.slice(2)
    if (what === 'fail') process.exit(7)
    if (what === 'wait') {
      process.on('SIGTERM', () => process.exit(9))
      setInterval(() => undefined, 1000)
      process.stdout.write('waiting')
    } else if (what === 'die') process.kill(process.pid, 'SIGKILL')
    else process.stdout.write(JSON.stringify({ words: process.argv.slice(2), env: process.env }))`
  writeFileSync(join(folder, 'flyctl'), program)
  chmodSync(join(folder, 'flyctl'), 0o755)
})

interface Given {
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

async function run(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const outcome = await place.runProgram(['flyctl', ...words], { environment: { PATH: path, ...environment } })
  const given = (): Given => JSON.parse(outcome.stdout) as Given
  return { ...outcome, given }
}

it('hands over the arguments as they are, and the variables', async () => {
  const words = ['apps', 'list', '-t', 'x', '--api-url=y', '--help', '', 'a b', '$HOME', '--', '-h']
  const { code, given, stderr } = await run(['--api-url', server, '--', ...words])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(given().words).toEqual(words)
  expect(given().env).toMatchObject(listVariables(server, homedir()))
})

it('keeps to itself that it looked for a newer Node.js', async () => {
  const { given } = await run(['--', 'apps'], { HALLPASS_NODE_RETRIED: '1' })
  expect(given().env).not.toHaveProperty('HALLPASS_NODE_RETRIED')
})

it.each(['', 'home'])('keeps no login in the working directory where HOME is %j', async (HOME) => {
  const { code, stdout, stderr } = await run(['--', 'apps'], { HOME })
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain('HOME names no home directory')
})

it('takes what begins with a command of flyctl for its own, without -- too', async () => {
  const words = ['apps', 'list', '-o', 'acme', '--json', '--api-url=y', '-t', 'x']
  const { code, given } = await run(['--api-url', server, ...words])
  expect([code, given().words]).toEqual([0, words])
})

it('overrules what the environment says of addresses', async () => {
  const { given } = await run(['--', 'apps'], {
    HALLPASS_API_URL: server,
    FLY_FLAPS_BASE_URL: 'https://elsewhere.example',
    FLY_CONFIG_DIR: '/home/ada/.fly',
  })
  expect(given().env).toMatchObject(listVariables(server, homedir()))
})

it('gives it no token that is for another authority, and says so without it', async () => {
  const tokens = { FLY_ACCESS_TOKEN: '', FLY_API_TOKEN: 'fo1_elsewhere' }
  const { given, stderr } = await run(['--api-url', server, '--', 'apps'], tokens)
  // Where it would hold the token of another platform, too.
  expect(given().env['FLY_METRICS_TOKEN']).toBe('none')
  for (const name of Object.keys(tokens)) expect(given().env).not.toHaveProperty(name)
  expect(stderr).toMatch(/^FLY_API_TOKEN is not given to flyctl: .*\n$/)
  expect(stderr).not.toContain('fo1_')
})

it('gives it the token that is for this authority', async () => {
  const { given, stderr } = await run(['--', 'apps'], { FLY_API_BASE_URL: `${server}/`, FLY_API_TOKEN: 'fo1_here' })
  expect(given().env['FLY_API_TOKEN']).toBe('fo1_here')
  expect(stderr).toBe('')
})

it('ends as it ends', async () => {
  expect((await run(['--', 'fail'])).code).toBe(7)
  expect((await run(['--', 'die'])).code).toBe(null)
})

it('passes signals on', async () => {
  const entry = inject('hallpass')
  const env = { PATH: path, HALLPASS_CONFIG_DIR: place.directory }
  const child = spawn(process.execPath, [entry, 'flyctl', '--', 'wait'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  child.stdout.once('data', () => child.kill('SIGTERM'))
  expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(9)
})

it('says what is missing', async () => {
  const nothing = await run(['--', 'apps'], { PATH: place.directory })
  expect(nothing.code).toBe(1)
  expect(nothing.stderr).toContain('there is no flyctl on the PATH')
  const named = await run(['--', 'apps'], { HALLPASS_FLYCTL: join(place.directory, 'none') })
  expect(named.code).toBe(1)
  expect(named.stderr).toContain('none, which HALLPASS_FLYCTL names, could not be run: there is no such file')
  const directory = await run(['--', 'apps'], { HALLPASS_FLYCTL: place.directory })
  expect(directory.stderr).toContain('could not be run: permission denied')
  const empty = await run([])
  expect(empty.code).toBe(2)
  expect(empty.stderr).toContain('what flyctl should do is missing')
})
