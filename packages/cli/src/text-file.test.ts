import { execFileSync, spawnSync } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getSystemErrorMap } from 'node:util'

import { afterEach, beforeEach, expect, inject, it } from 'vitest'

import { CommandError } from './errors.ts'
import { readTextFile, reasonOf } from './text-file.ts'

const entry = inject('hallpass')

let directory: string
let file: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hallpass-text-file-'))
  file = join(directory, 'file')
})
afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

it('reads UTF-8, with or without a mark', async () => {
  await writeFile(file, 'grüße\n', { mode: 0o600 })
  expect(await readTextFile(file, 'file')).toEqual({
    text: 'grüße\n',
    hadMark: false,
    othersMayWrite: false,
    everybodyMayRead: false,
  })
  await writeFile(file, '\uFEFF{}')
  expect(await readTextFile(file, 'file')).toMatchObject({ text: '{}', hadMark: true })
})

it('finds nothing where there is none', async () => {
  expect(await readTextFile(file, 'file')).toBeUndefined()
  await writeFile(file, '')
  expect(await readTextFile(join(file, 'deeper'), 'file')).toBeUndefined()
})

it.each([
  ['UTF-16, little end first', Buffer.from('\uFEFFapp = "x"', 'utf16le'), 'UTF-16'],
  ['UTF-16, big end first', Buffer.from('\uFEFFapp = "x"', 'utf16le').swap16(), 'UTF-16'],
  ['UTF-16 without a mark', Buffer.from('app = "x"', 'utf16le'), 'UTF-16'],
  ['Latin-1', Buffer.from('# grüße', 'latin1'), 'not text in UTF-8'],
  ['too much', Buffer.alloc(1024 * 1024 + 1, 32), 'more than 1 MiB'],
])('refuses %s, saying what it is', async (_, bytes, why) => {
  await writeFile(file, bytes)
  const error = await readTextFile(file, 'conf/file').catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(CommandError)
  expect(String(error)).toContain('cannot read conf/file: ')
  expect(String(error)).toContain(why)
})

it('refuses what is no file, and waits for none', async () => {
  execFileSync('mkfifo', [file])
  await expect(readTextFile(file, 'file')).rejects.toThrow('cannot read file: it is a named pipe')
  await expect(readTextFile('/dev/zero', 'file')).rejects.toThrow('it is a device')
  await expect(readTextFile(directory, 'file')).rejects.toThrow('it is a directory')
})

it('says whether others may change it, and whether everybody may read it', async () => {
  await writeFile(file, '')
  for (const [mode, expected] of [
    [0o644, false],
    [0o664, true],
    [0o646, true],
    [0o600, false],
  ] as const) {
    await chmod(file, mode)
    expect(await readTextFile(file, 'file')).toMatchObject({
      othersMayWrite: expected,
      everybodyMayRead: (mode & 0o004) !== 0,
    })
  }
})

it('reads what a shell pipes in by name', () => {
  const script = '"$0" "$1" tokens create deploy -t x --api-url http://127.0.0.1:1 -c <(printf "app = 12")'
  const { stderr } = spawnSync('bash', ['-c', script, process.execPath, entry], { encoding: 'utf8', cwd: directory })
  expect(stderr).toContain('app should be a text')
})

it('says what the system refused in words, and never by its code', () => {
  for (const [errno, [code, description]] of getSystemErrorMap()) {
    for (const message of [`${code}: ${description}, write`, `write ${code}`, `spawn /bin/x ${code}`]) {
      const words = reasonOf(Object.assign(new Error(message), { code, errno }))
      expect(words).not.toMatch(/\bE[A-Z\d]{2,}/)
      expect(words.length).toBeGreaterThan(3)
    }
  }
})

it.skipIf(process.platform !== 'linux').each([['version'], ['help'], ['completion', 'bash']])(
  'says that the disk is full where the output of %s cannot be written',
  (...words) => {
    const { status, stderr } = spawnSync(
      '/bin/sh',
      ['-c', 'exec "$@" >/dev/full', 'sh', process.execPath, entry, ...words],
      {
        encoding: 'utf8',
      },
    )
    expect({ status, stderr }).toEqual({ status: 1, stderr: 'Error: it could not be printed: the disk is full\n' })
  },
)
