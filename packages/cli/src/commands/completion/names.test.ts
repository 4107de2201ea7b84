// What Tab proposes for organizations and apps: the real command against a server that answers, refuses, or says nothing.
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import { acme, app } from '../../testing/answers.ts'
import { preparePlace, prepareServer, refusal } from '../../testing/hallpass.ts'

const place = preparePlace()
const server = prepareServer()

const beta = { ...acme, slug: 'beta', raw_slug: 'beta', name: 'Be\tta\u001b[31m' }

function answerAll(): void {
  server.answer(({ line }) => {
    if (line === 'GET /v1/orgs') return [200, { orgs: [acme, beta, { ...acme, slug: '$(reboot)' }] }]
    if (line === 'GET /v1/apps?org_slug=acme') return [200, { total_apps: 2, apps: [app('web', 7), app('api', 8)] }]
    return line === 'GET /v1/apps?org_slug=beta' ? [200, { total_apps: 1, apps: [app('wiki', 9)] }] : undefined
  })
}

/** What is written, which is all that a shell sees, and what came to stderr with it. */
async function press(line: string, environment: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await place.run(['__complete', '--', ...line.split(' ')], {
    environment: { HALLPASS_API_URL: server.url, HALLPASS_API_TOKEN: 'fo1_held', ...environment },
  })
  return { code, stderr, lines: stdout.split('\n').slice(0, -1) }
}

it.each([
  ['tokens list -o ', ['acme\tAcme', 'beta\tBe ta [31m']],
  ['tokens list --org=ac', ['--org=acme\tAcme']],
  ['orgs show b', ['beta\tBe ta [31m']],
  ['tokens create org ', ['acme\tAcme', 'beta\tBe ta [31m']],
  ['tokens list -a w', ['web\tacme', 'wiki\tacme']],
  ['tokens list -o beta -a ', ['wiki\tacme']],
  ['apps show a', ['api\tacme']],
  ['tokens attenuate --app web,a', ['web,api\tacme']],
])('proposes for %j what the credential reaches', async (line, lines) => {
  answerAll()
  expect(await press(line)).toEqual({ code: 0, stderr: '', lines })
})

it('asks with the token and the address that are typed, and nobody for the name of a new app', async () => {
  answerAll()
  const other = { HALLPASS_API_URL: 'http://127.0.0.1:9' }
  const { lines } = await press(`tokens list -t fo1_typed --api-url ${server.url} -o a`, other)
  expect(lines).toEqual(['acme\tAcme'])
  expect(server.seen.map(({ authorization }) => authorization)).toEqual(['Bearer fo1_typed'])
  answerAll()
  expect((await press('apps create ')).lines).toEqual([])
  expect(server.seen).toEqual([])
})

it('proposes nothing, and says nothing, where it is refused, not logged in, or the settings are wrong', async () => {
  server.answer(() => [401, refusal('unauthenticated', 'the token is dead')])
  const nothing = { code: 0, stderr: '', lines: [] }
  expect(await press('tokens list -o ')).toEqual(nothing)
  expect(await press('tokens list -o ', { HALLPASS_API_TOKEN: '' })).toEqual(nothing)
  expect(await press('tokens list -o ', { HALLPASS_API_URL: 'nonsense' })).toEqual(nothing)
  expect(await press('tokens list -o ', { HTTPS_PROXY: '::' })).toEqual(nothing)
  await mkdir(join(place.directory, 'config'))
  await writeFile(join(place.directory, 'config', 'config.json'), '{')
  expect(await press('tokens list -o ', { HALLPASS_API_URL: '' })).toEqual(nothing)
})

it('gives up by itself where nobody answers', async () => {
  const silent: Server = createServer((socket) => socket.on('error', () => undefined).resume())
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
  expect(await press('tokens list -a ', { HALLPASS_API_URL: url })).toEqual({ code: 0, stderr: '', lines: [] })
  await new Promise((resolve) => silent.close(resolve))
})
