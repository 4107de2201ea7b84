// A refusal of the authority names the flag, the variable or the file that the value came from. With the real command.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { beforeAll, expect, it } from 'vitest'

import { acme, app } from './testing/answers.ts'
import { preparePlace, prepareServer, refusal } from './testing/hallpass.ts'

const staging = { ...acme, name: 'Acme Staging', slug: 'acme-staging', raw_slug: 'acme-staging' }

const server = prepareServer()
const place = preparePlace()
beforeAll(async () => {
  await writeFile(join(place.directory, 'other.toml'), 'app = "we b"\n')
  // It refuses as the authority does, by the API's names of what is wrong.
  server.answer(({ line }) => {
    const path = decodeURIComponent(line.replace(/^\w+ |\?.*$/g, ''))
    const invalid = (field: string) => [400, { ...refusal('invalid_request', `${field} has ${bad}`), field }] as const
    const bad = 'characters that no name has'
    if (line === 'GET /v1/orgs') return [200, { orgs: [acme, staging] }]
    if (line === 'GET /v1/apps/web') return [200, app('web', 7)]
    if (/^\/v1\/orgs\/[^/]*\s/.test(path) || /org_slug=\S*[+%]/.test(line)) return invalid('org_slug')
    if (/^\/v1\/orgs\/(?:nobody|-x)\/tokens/.test(path)) {
      return [404, refusal('not_found', 'there is no organization of this name')]
    }
    if (path === '/v1/apps/none') return [404, refusal('not_found', 'there is no app of this name')]
    if (line === 'POST /v1/apps') return invalid('org_slug')
    if (/^\/v1\/apps\/[^/]*\s/.test(path)) return invalid('app_name')
    if (/^\/v1\/tokens\/[^/]*\s/.test(path)) return invalid('token_id')
    if (line.includes('search=')) return invalid('search')
    return undefined
  })
})

async function complaint(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { code, stderr } = await place.run(words, {
    environment: { HALLPASS_API_URL: server.url, HALLPASS_API_TOKEN: 'fo1_held', ...environment },
  })
  expect(stderr).not.toMatch(/org_slug|app_name|token_id/)
  return [code, stderr.trim()]
}

const isName = 'takes a slug: the slug of Acme Staging is acme-staging'
const isNone = 'takes a slug, as acme-staging, and not a name: `hallpass orgs list` shows the slugs'
const bad = 'has characters that no name has'

const cases: ReadonlyArray<readonly [readonly string[], string, Readonly<Record<string, string>>?]> = [
  [['tokens', 'create', 'org', '-o', 'Acme Staging'], `--org ${isName}`],
  [['tokens', 'create', 'org', '-o', 'acme STAGING'], `--org takes a slug: the slug of acme STAGING is acme-staging`],
  [['tokens', 'create', 'org'], `FLY_ORG ${isName}`, { FLY_ORG: 'Acme Staging' }],
  [['tokens', 'create', 'org', 'Acme Staging'], `the organization ${isName}`],
  [['tokens', 'list', '-s', 'org', '-o', 'No One'], `--org ${isNone}`],
  [['orgs', 'show', 'Acme Staging'], `the organization ${isName}`],
  [['orgs', 'audit', 'Acme Staging'], `the organization ${isName}`],
  [['orgs', 'invite', 'No One', 'a@example.com'], `the organization ${isNone}`],
  [['apps', 'create', 'web', '-o', 'Acme Staging'], `--org ${isName}`],
  [['apps', 'list', '-o', 'Acme Staging'], `--org ${isName}`],
  [['tokens', 'create', 'deploy', '-a', 'we b'], `--app ${bad}`],
  [['tokens', 'create', 'deploy'], `FLY_APP ${bad}`, { FLY_APP: 'we b' }],
  [['tokens', 'list', '-c', 'other.toml'], `the app in other.toml ${bad}`],
  [['apps', 'show', 'we b'], `the app ${bad}`],
  // A slug in another spelling, which is well formed.
  [['orgs', 'show', 'Acme'], 'the organization takes a slug: the slug of Acme is acme'],
]
it.each(cases.map(([words, sentence, environment = {}]) => [words, sentence, environment] as const))(
  '%j is refused by the name of what was written',
  async (words, sentence, environment) => {
    const [code, said] = await complaint(words, environment)
    expect(said).toContain(sentence)
    expect(code).toBe(2)
  },
)

it('says so of what is searched for, and leaves what is not found as it is', async () => {
  expect((await complaint(['tokens', 'list', '-s', 'org', '-o', 'acme', '--search', 'x']))[1]).toContain(
    `--search ${bad}`,
  )
  // The organization is there, and something else is not.
  const [, said] = await complaint(['orgs', 'role', 'acme', 'b@example.com', 'admin'])
  expect(said).toContain('there is no PATCH /v1/orgs/acme/members')
  expect((await complaint(['orgs', 'show', 'nobody']))[1]).toContain('there is no GET /v1/orgs/nobody')
})

it.each<[words: readonly string[], sentence: string, environment: Readonly<Record<string, string>>]>([
  [['tokens', 'list', '-s', 'org'], 'FLY_ORG: there is no organization of this name', { FLY_ORG: 'nobody' }],
  [['tokens', 'list', '-s', 'org', '-o', '-x'], '--org: there is no organization of this name', {}],
  [['tokens', 'create', 'deploy'], 'FLY_APP: there is no app of this name', { FLY_APP: 'none' }],
  [['tokens', 'create', 'deploy', '-c', 'gone.toml'], 'the app in gone.toml: there is no app of this name', {}],
])('%j names where what is not there was written', async (words, sentence, environment) => {
  await writeFile(join(place.directory, 'gone.toml'), 'app = "none"\n')
  const [code, said] = await complaint(words, environment)
  expect([code, said]).toEqual([1, `Error: ${sentence}`])
})

it('names the file of the directory that it works in', async () => {
  await writeFile(join(place.directory, 'fly.toml'), 'app = "we b"\n')
  expect((await complaint(['tokens', 'list']))[1]).toContain(`the app in ./fly.toml ${bad}`)
})
