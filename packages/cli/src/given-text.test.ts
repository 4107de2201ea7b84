// What files and shells leave around a value is taken away or refused, in every variable and flag alike.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { locateConfig } from './config-file.ts'
import { readVariable, type Context } from './context.ts'
import { chooseCredential, chooseServer } from './credentials.ts'
import { cleanCode } from './given-text.ts'
import { readInstallation } from './installation.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hallpass-cli-'))
})
afterEach(() => rm(directory, { recursive: true }))

const installation = (environment: Record<string, string>, flags: { data?: string; databaseUrl?: string } = {}) =>
  readInstallation({ environment, directory } as unknown as Context, flags)

describe('the data directory', () => {
  it('is the same one however its line in a file ends', () => {
    for (const line of ['./d1', './d1\r', ' ./d1 \r\n', '\ufeff./d1', './d1\u00a0']) {
      expect(installation({ HALLPASS_DATA: line }).dataDirectory).toBe(join(directory, 'd1'))
      expect(installation({}, { data: line }).dataDirectory).toBe(join(directory, 'd1'))
    }
    expect(installation({}).dataDirectory).toBe(join(directory, 'hallpass-data'))
  })

  it.each([
    '"./d2"',
    "'./d2'",
    '"./d2"\r',
    '`./d2`',
    '“./d2”',
    '„./d2“',
    '‘./d2’',
    './d2 # the data',
    './d2;',
    './d2,',
    '${HOME}/d2',
    '/srv/${NAME}/d2',
    '{{ data }}',
    './d2\\r',
    './d2\\n',
    'export ./d2',
    'HALLPASS_DATA=./d2',
    'undefined',
    'null',
    '<path>',
    `fo1_${'aB3-'.repeat(11)}`,
    'jxe2nt2w-pfszgmzn-ncnd49uv-afqsmtrp',
    '«./d2»',
    '"./d2',
    './d2”',
    './d\r2',
    './d2\0',
    './a\nb',
    './a\u2028b',
    './a\u001b[2J',
    './a\u200bb',
    './a\u202eb',
    './a\u3164',
    './a\u115f',
    './a\u2800',
    './a\ue000',
    './a\ufffd',
    './a\\',
    'file:/var/lib/hallpass',
    '~',
    '~/hallpass',
    '$HOME/hallpass',
    '${HOME}/hallpass',
    '%APPDATA%/hallpass',
    'file:///var/lib/hallpass',
    'postgres://h/db',
  ])('is refused as %j, and the variable or flag is named', (text) => {
    expect(() => installation({ HALLPASS_DATA: text })).toThrow(/^HALLPASS_DATA /)
    expect(() => installation({}, { data: text })).toThrow(/^--data /)
  })

  it('may have such signs where they are meant', () => {
    for (const data of ['./~', './$d', "/srv/ada's data/x", './a b', './ä']) {
      expect(installation({ HALLPASS_DATA: data }).data).toBe(data)
    }
  })

  it('of an earlier start is used by whatever name it got', async () => {
    const used = join(directory, 'd1 # the data')
    expect(() => installation({ HALLPASS_DATA: used })).toThrow(/comment/)
    await mkdir(used)
    expect(installation({ HALLPASS_DATA: used }).dataDirectory).toBe(used)
  })

  it('of an earlier version, which took the white space for a part of the name, is not started over', async () => {
    await mkdir(join(directory, 'd1\r'))
    await writeFile(join(directory, 'd1\r', 'hallpass.db'), '')
    expect(() => installation({ HALLPASS_DATA: './d1\r' })).toThrow(/HALLPASS_DATA has white space around it/)
  })
})

describe('every other variable', () => {
  it('is freed of white space around it', () => {
    expect(installation({ HALLPASS_DATABASE_URL: 'postgres://h/db\r' }).databaseUrl).toBe('postgres://h/db')
    expect(installation({}, { databaseUrl: 'postgres://h/db\r\n' }).databaseUrl).toBe('postgres://h/db')
    expect(installation({ HALLPASS_ROOT_KEY: 'key\r\n\n' }).rootKey).toBe('key')
    expect(readVariable({ HALLPASS_BOOTSTRAP_PASSWORD: 'a long password\r' }, 'HALLPASS_BOOTSTRAP_PASSWORD')).toBe(
      'a long password',
    )
    expect(locateConfig({ HALLPASS_CONFIG_DIR: '/own\r' })).toBe('/own/config.json')
    expect(chooseServer({}, { HALLPASS_API_URL: 'http://h:1\r\n' }, {})).toBe('http://h:1')
    expect(chooseCredential({}, { HALLPASS_API_TOKEN: 'fm2_x\r\n' }, {}, 'http://h').token).toBe('fm2_x')
  })

  it('may hold a token in quotes, or broken by a terminal', () => {
    for (const text of ['"fm2_x"', 'fm2_x"', "'fm2_x'", '\ufefffm2_x', 'Authorization: fm2_x']) {
      expect(chooseCredential({}, { HALLPASS_API_TOKEN: text }, {}, 'http://h').token).toBe('fm2_x')
      expect(chooseCredential({ accessToken: text }, {}, {}, 'http://h').token).toBe('fm2_x')
    }
    expect(chooseCredential({ accessToken: 'FlyV1 fm2_abcd\n  efgh' }, {}, {}, 'http://h').token).toBe(
      'FlyV1 fm2_abcdefgh',
    )
  })

  it('is refused in quotes, or with a line break in it, by its name', () => {
    const names = ['HALLPASS_ROOT_KEY', 'HALLPASS_PUBLIC_URL', 'HALLPASS_LISTEN', 'FLY_ORG', 'HALLPASS_SMTP_URL']
    for (const name of names) {
      for (const text of ['"x"', "'x'", '“x”', 'x\ry', 'x\ny', 'x\0']) {
        expect(() => readVariable({ [name]: text }, name)).toThrow(new RegExp(`^${name} `))
      }
    }
    for (const text of ['"http://h"', 'http://h\n.example']) {
      expect(() => chooseServer({}, { HALLPASS_API_URL: text }, {})).toThrow('HALLPASS_API_URL')
      expect(() => chooseServer({ apiUrl: text }, {}, {})).toThrow('--api-url')
    }
    for (const text of ['fm2_x"y', 'fm2_x\rfm2_y', '***', '{"token":"fm2_x"}', '$TOKEN', 'Basic eDp5']) {
      expect(() => chooseCredential({}, { HALLPASS_API_TOKEN: text }, {}, 'http://h')).toThrow('HALLPASS_API_TOKEN')
      expect(() => chooseCredential({ accessToken: text }, {}, {}, 'http://h')).toThrow('--access-token')
    }
    expect(() => locateConfig({ HALLPASS_CONFIG_DIR: '"/own"' })).toThrow(/^HALLPASS_CONFIG_DIR /)
    expect(() => installation({ HALLPASS_DATABASE_URL: '"postgres://h/db"' })).toThrow(/^HALLPASS_DATABASE_URL /)
  })
})

describe('a one-time code', () => {
  const code = 'jxe2nt2w-pfszgmzn-ncnd49uv-afqsmtrp'

  it('is taken alone, out of its link, in capitals, and with white space around it', () => {
    for (const text of [code, ` ${code}\r\n`, `https://h/invite#${code}`, `http://127.0.0.1:4280/setup#${code}\n`]) {
      expect(cleanCode(text, '--invitation')).toBe(code)
    }
    expect(cleanCode(code.toUpperCase(), '--invitation')).toBe(code.toUpperCase())
  })

  it('is nothing else: no token, and no code with a letter too few', () => {
    for (const text of [
      '',
      'fm2_lJPE',
      `fo1_${'aB3-'.repeat(11)}`,
      'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
      'AKIAIOSFODNN7EXAMPLE',
      'eyJhbGciOiJIUzI1NiJ9.e30.c2ln',
      code.slice(1),
      `"${code}"`,
      `${code} ${code}`,
      `https://h/invite?code=${code}`,
    ]) {
      expect(() => cleanCode(text, '--invitation')).toThrow(/^--invitation /)
    }
  })
})
