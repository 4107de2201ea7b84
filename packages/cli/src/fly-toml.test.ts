import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { CommandError } from './errors.ts'
import { readAppName } from './fly-toml.ts'

describe('readAppName', () => {
  it.each([
    ['app = "web-1"', 'web-1'],
    ["app='web-1' # ours", 'web-1'],
    ['\uFEFF# fly.toml\r\n\r\n"app"\t=\t"web-1"\r\nprimary_region = "ams"\r\n', 'web-1'],
    ["'app' = 'a\\b'", 'a\\b'],
    ['app = "w\\u0065b \\"1\\""', 'web "1"'],
    ['kill_timeout = 5\nswap = { app = "no" }\napp = "yes"\n[app]\nx = 1', 'yes'],
    ['note = """\napp = "no"\n"""\napp = "yes"', 'yes'],
    ["note = '''\napp = 'no'\n[x]'''\napp = 'yes'", 'yes'],
    ['list = [\n  "app = 1", # ]\n  "[",\n]\napp = "yes"', 'yes'],
    ['application = "no"\napp-x = "no"\nmy.app = "no"', undefined],
    ['[build]\napp = "no"', undefined],
    ['', undefined],
    ['# app = "no"', undefined],
    ['at = 1979-05-27T07:32:00Z\nhex = 0xff\napp = "yes"', 'yes'],
  ])('reads %j', (text, expected) => {
    expect(readAppName(text, 'fly.toml')).toBe(expected)
  })

  it.each([
    ['app = web-1', 'line 1: app should be a string'],
    ['\n\napp = "web-1', 'line 3: a string is not closed'],
    ['app = "a" "b"', 'line 1: there is something after the value'],
    ['app = "a"\napp = "b"', 'line 2: app is given twice'],
    ['app.name = "a"', 'line 1: app is a table here'],
    ['app = """a"""', 'line 1: write this string on one line'],
    ['app = ""', 'app is empty'],
    ['app "a"', 'line 1: there is no = after the key'],
    ['= 1', 'line 1: there is no key here'],
    ['app = "\\q"', 'line 1: a string has an escape'],
    ['app = "\\UFFFFFFFF"', 'line 1: a string has an escape'],
    ['a = 1\nb = """ never closed\napp = "x"', 'line 2: a string is not closed'],
    ['app = ["a"]', 'line 1: app should be a string'],
  ])('refuses %j', (text, why) => {
    expect(() => readAppName(text, 'conf/fly.toml')).toThrow(
      `conf/fly.toml, ${why.replace(/^app is/, 'line 1: app is')}`,
    )
  })

  it('throws nothing but its own error, whatever the file holds', () => {
    const tomlish = fc.array(
      fc.constantFrom(
        'app',
        '=',
        ' ',
        '"',
        "'",
        '"""',
        "'''",
        '\n',
        '[',
        ']',
        '{',
        '}',
        '#',
        '.',
        '\\',
        'x',
        '1',
        '\r',
      ),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          tomlish.map((parts) => parts.join('')),
        ),
        (text) => {
          try {
            const name = readAppName(text, 'fly.toml')
            return name === undefined || name !== ''
          } catch (error) {
            return error instanceof CommandError
          }
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('reads back every name, however it is escaped', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (name) => {
        expect(readAppName(`app = ${JSON.stringify(name)}\n[x]`, 'fly.toml')).toBe(name)
      }),
    )
  })
})
