// The command line as people install it who have a server elsewhere: without the server's packages.
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

import { afterAll, beforeAll, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hallpass-alone-'))
  await mkdir(join(folder, 'node_modules/@hallpass'), { recursive: true })
  for (const name of ['cli', 'client', 'macaroon']) {
    const filter = (path: string) => !/\/(dist|node_modules)(\/|$)/.test(path.slice(root.length))
    await cp(join(root, 'packages', name), join(folder, name), { recursive: true, filter })
    const { dependencies = {} } = await readManifest(name)
    for (const dependency of Object.keys(dependencies)) {
      const own = dependency.match(/^@hallpass\/(.*)$/)?.[1]
      const target = own === undefined ? join(root, 'node_modules', dependency) : join(folder, own)
      const link = join(folder, 'node_modules', dependency)
      await mkdir(resolve(link, '..'), { recursive: true })
      await symlink(target, link).catch((error: unknown) => {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
      })
    }
  }
})
afterAll(() => rm(folder, { recursive: true }))

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
}

async function readManifest(name: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(root, 'packages', name, 'package.json'), 'utf8')) as Manifest
}

function run(...words: string[]) {
  const env = { PATH: process.env['PATH'], HOME: folder }
  return promisify(execFile)(process.execPath, [join(folder, 'cli/bin/hallpass.js'), ...words], { cwd: folder, env })
}

test('works without the server', async () => {
  const { stdout } = await run('tokens', 'create', '--help')
  expect(stdout).toContain('hallpass tokens create')
})

test.each([[['serve']], [['doctor']], [['backup', 'here.db']], [['users', 'list']]])(
  '%s says what is missing',
  async (words) => {
    await expect(run(...words)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('npm install --global @hallpass/authority @hallpass/dashboard') as string,
    })
  },
)
