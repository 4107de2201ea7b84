// deploy/hallpass.service: as far as systemd can look at it without being in charge of the machine, and its command line.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { expect, test } from 'vitest'

import { arrive } from './hallpass.ts'
import { createAsk } from './http.ts'

const isThere = spawnSync('systemd-analyze', ['--version']).status === 0
const root = resolve(import.meta.dirname, '..')
const readUnit = (name: string) => readFile(join(root, 'deploy', name), 'utf8')

test.skipIf(!isThere).each(['hallpass.service', 'hallpass-guard.service'])(
  '%s is one that systemd takes, and is shut in (skipped where there is no systemd-analyze)',
  async (name) => {
    const directory = await mkdtemp(join(tmpdir(), 'hallpass-service-'))
    try {
      const unit = await readUnit(name)
      const file = join(directory, name)
      // It looks whether the program is there.
      const withPrograms = unit.replaceAll(/\/usr\/local\/bin\/\w+/g, process.execPath)
      for (const text of [withPrograms, withPrograms.replace(/^LoadCredential=.*\n#/m, '')]) {
        await writeFile(file, text)
        const verified = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' })
        expect(verified.stderr.split('\n').filter((line) => line.includes(name))).toEqual([])
      }
      const looked = spawnSync('systemd-analyze', ['security', '--offline=yes', '--threshold=20', file], {
        encoding: 'utf8',
      })
      expect([looked.status, looked.stdout.split('\n').filter((line) => line.includes('Overall'))]).toEqual([
        0,
        [expect.stringContaining('OK')],
      ])
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  },
)

test('the command line and variables of a sidecar start one, whose credential is in a file', async () => {
  const place = await arrive()
  try {
    const data = ['--data', join(place.directory, 'data')]
    const served = await place.serve(data)
    const credential = (await place.run(['verifiers', 'create', '--name', 'edge', ...data])).stdout
    await writeFile(join(place.directory, 'verifier'), credential, { mode: 0o400 })
    const unit = (await readUnit('hallpass-guard.service')).replaceAll('%d', place.directory)
    const [, words = ''] = /^ExecStart=\S+ guard --listen 127\.0\.0\.1:4281(.*)$/m.exec(unit) ?? ['', 'none']
    const [, name = '', value = ''] = /^Environment=(\w+)=(.*)$/m.exec(unit) ?? []
    const guard = await place.guard(words.split(' ').filter(Boolean), { HALLPASS_API_URL: served.url, [name]: value })
    await expect.poll(async () => (await createAsk(() => guard.url)('GET', '/readyz')).status).toBe(200)
    expect(await guard.stop()).toBe(0)
  } finally {
    await place.leave()
  }
})

test('its command line and variables start an authority whose root key is the credential, and no file beside it', async () => {
  const place = await arrive()
  try {
    const [data, credentials] = [join(place.directory, 'data'), join(place.directory, 'credentials')]
    await mkdir(data, { mode: 0o700 })
    await mkdir(credentials)
    const key = randomBytes(32).toString('base64')
    await writeFile(join(credentials, 'root.key'), `${key}\n`, { mode: 0o400 })
    await chmod(credentials, 0o500)
    const fill = (text: string) =>
      text
        .replaceAll('/usr/local/lib/node_modules', root)
        .replaceAll('/var/lib/hallpass', data)
        .replaceAll('%d', credentials)
    const unit = fill((await readUnit('hallpass.service')).replaceAll('\\\n', ''))
    const [, flags = ''] = /^ExecStart=\S+ (--permission .*) \/usr\/local\/bin\/hallpass serve$/m.exec(unit) ?? []
    const variables = Object.fromEntries(
      [...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
    )
    const served = await place.serve([], { ...variables, NODE_OPTIONS: flags })
    expect((await createAsk(() => served.url)('GET', '/readyz')).status).toBe(200)
    expect(await served.stop()).toBe(0)
    expect(await readdir(data)).not.toContain('root.key')
    // The same key in its variable opens what was made.
    const again = await place.serve([], { HALLPASS_DATA: data, HALLPASS_ROOT_KEY: key })
    expect(await again.stop()).toBe(0)
    const other = { HALLPASS_DATA: data, HALLPASS_ROOT_KEY: randomBytes(32).toString('hex') }
    expect(await place.run(['serve'], { env: other })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('another root key') as string,
    })
  } finally {
    await place.leave()
  }
})
