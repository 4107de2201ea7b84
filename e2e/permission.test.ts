// `hallpass serve` under Node's permission model, with the rights that deploy/hallpass.service gives it and no others.
import { mkdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { founder } from './authority.ts'
import { arrive, type Place } from './hallpass.ts'
import { createAsk } from './http.ts'
import { createOrganisation, mint, revoke, signIn, statusOf } from './people.ts'

const root = resolve(import.meta.dirname, '..')
let place: Place
let data = ''
let rights: readonly string[] = []

beforeEach(async () => {
  place = await arrive()
  data = join(place.directory, 'data')
  await mkdir(data, { mode: 0o700 })
  const unit = await readFile(join(root, 'deploy/hallpass.service'), 'utf8')
  rights = (unit.match(/(?<=\s)--(?:permission|allow-\S+|disable-\S+)/g) ?? []).map((flag) =>
    flag.replace('/usr/local/lib/node_modules', root).replace('/var/lib/hallpass', data),
  )
  expect(rights).toContain('--permission')
})
afterEach(() => place.leave())

const under = (flags = rights) => ({ NODE_OPTIONS: flags.join(' ') })

test('signs up, mints, checks, revokes, shows its pages and numbers, is backed up, and starts again', async () => {
  let served = await place.serve(['--data', data], under())
  const ask = createAsk(() => served.url)
  await expect.poll(() => served.output()).toContain('--setup-code')
  const [, code = ''] = /--setup-code (\S+)/.exec(served.output()) ?? []
  const signedUp = await place.run(
    ['auth', 'signup', '--setup-code', code, '--email', founder.email, '--password-stdin', '--api-url', served.url],
    { stdin: `${founder.password}\n` },
  )
  expect([signedUp.code, signedUp.stderr]).toEqual([0, expect.anything()])
  const { token } = await signIn(ask, founder)
  const { slug } = await createOrganisation(ask, token)
  const [kept, revoked] = [await mint(ask, token, slug), await mint(ask, token, slug)]
  await revoke(ask, token, revoked.id)
  expect([await statusOf(ask, kept.token), await statusOf(ask, revoked.token)]).toEqual([200, 401])
  expect((await ask('GET', '/metrics')).text).toMatch(
    /^process_resident_memory_bytes [1-9][^]*^process_open_fds [1-9]/m,
  )
  expect((await ask('GET', '/login', { headers: { accept: 'text/html' } })).status).toBe(200)

  const file = join(data, 'backup.db')
  const backup = await place.run(['backup', file, '--data', data], { env: under() })
  expect(backup).toMatchObject({ code: 0, stderr: expect.stringContaining('checked as a whole') as string })

  expect(await served.stop()).toBe(0)
  // Nothing that Node.js forbids is gone without.
  expect(served.output()).not.toMatch(/cannot|"level":[45]0|Warning/)
  expect(await readFile(join(data, 'root.key'), 'utf8')).toMatch(/\n\n$/)
  served = await place.serve(['--data', data], under())
  expect(await statusOf(ask, kept.token)).toBe(200)
})

test.each([
  ['--allow-net', /^Error: Cannot listen: .* without --allow-net\.$/m],
  ['--allow-fs-write', /root\.key cannot be made .*without --allow-fs-write=/],
  ['--allow-fs-read=', /without --allow-fs-read=/],
])('without %s it ends with a sentence that says so', async (right, sentence) => {
  const flags = rights.filter((flag) => !flag.startsWith(right) || flag.endsWith(root))
  const outcome = await place.run(['serve', '--listen', '127.0.0.1:0', '--data', data], { env: under(flags) })
  expect(outcome.stderr).toMatch(sentence)
  expect(outcome.stderr).not.toContain('something went wrong')
  expect(outcome.code).toBeGreaterThan(0)
})
