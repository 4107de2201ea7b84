// Secrets in files: read as what the variable would hold, and refused by name where others could have put them there.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { describeError } from './errors.ts'
import { readSecret } from './secret-file.ts'

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'hallpass-secret-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

function write(text: string, mode: number): string {
  const path = join(directory, 'root.key')
  rmSync(path, { recursive: true, force: true })
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

const read = (path: string) => readSecret({ HALLPASS_ROOT_KEY_FILE: path }, 'HALLPASS_ROOT_KEY')

test.each([0o400, 0o600, 0o440])('a file of mode %o is read, without the line break at its end', (mode) => {
  expect(read(write('a secret\n', mode))).toBe('a secret')
})

test.each([
  [
    'can be read by all',
    () => write('hush', 0o444),
    /others can read or change .*root\.key \(mode 444\): run "chmod 400/,
  ],
  ['can be changed by the group', () => write('hush', 0o660), /others can read or change/],
  ['is empty', () => write('\n', 0o400), /root\.key, which HALLPASS_ROOT_KEY_FILE names, is empty/],
  [
    'has two lines',
    () => write('hush\nhush', 0o400),
    /root\.key, which HALLPASS_ROOT_KEY_FILE names, has a line break/,
  ],
  [
    'is not there',
    () => join(directory, 'nowhere'),
    /nowhere, which HALLPASS_ROOT_KEY_FILE names, cannot be read: there is no such file/,
  ],
  [
    'is a directory',
    () => {
      const path = write('', 0o400)
      rmSync(path)
      mkdirSync(path)
      return path
    },
    /cannot be read: it is no file/,
  ],
])('one that %s is refused, and not repeated', (_, make, sentence) => {
  const path = make()
  expect(() => read(path)).toThrow(sentence)
  expect(() => read(path)).not.toThrow(/hush/)
})

test('a variable and its file together are refused', () => {
  const environment = { HALLPASS_ROOT_KEY: 'x', HALLPASS_ROOT_KEY_FILE: write('y', 0o400) }
  expect(() => readSecret(environment, 'HALLPASS_ROOT_KEY')).toThrow(
    /HALLPASS_ROOT_KEY and HALLPASS_ROOT_KEY_FILE are both set/,
  )
})

test('what the authority says of the variable names the file instead', () => {
  const error = Object.assign(new Error('HALLPASS_ROOT_KEY holds no root key'), { name: 'StartupError' })
  expect(describeError(error, { HALLPASS_ROOT_KEY_FILE: '/run/root.key' })).toBe(
    'Error: HALLPASS_ROOT_KEY_FILE holds no root key',
  )
  expect(describeError(error, {})).toBe('Error: HALLPASS_ROOT_KEY holds no root key')
})
