// What the system refused is said in words: a real file system refuses it.
import { mkdtemp, open, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { refusalOf } from './errors.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hallpass-errors-'))
  await symlink(join(directory, 'loop'), join(directory, 'loop'))
})
afterAll(() => rm(directory, { recursive: true }))

async function refuse(what: () => Promise<unknown>): Promise<unknown> {
  return what().then(
    () => undefined,
    (error: unknown) => error,
  )
}

test('in words, and with the path where the sentence names another', async () => {
  const missing = join(directory, 'missing')
  const error = await refuse(() => readFile(missing))
  expect(refusalOf(error)).toBe('no such file or directory')
  expect(refusalOf(error, missing)).toBe('no such file or directory')
  expect(refusalOf(error, directory)).toBe(`no such file or directory (${missing})`)
  expect(refusalOf(await refuse(() => readFile(directory)))).toBe('illegal operation on a directory')
  expect(refusalOf(await refuse(() => readFile(join(directory, 'loop'))))).toBe('too many symbolic links encountered')
})

test.skipIf(process.platform !== 'linux')('where the disk is full', async () => {
  const full = await open('/dev/full', 'w')
  expect(refusalOf(await refuse(() => full.writeFile('x')))).toBe('no space left on device')
  await full.close()
})

test('as they are where they are not of the system', () => {
  expect(refusalOf(new Error('it is empty'))).toBe('it is empty')
  expect(refusalOf('it is empty')).toBe('it is empty')
})
