import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { readAppName, readConfigHere, readGivenConfig } from './app-config.ts'
import type { Context } from './context.ts'
import { CommandError } from './errors.ts'
import { anyText } from '../../macaroon/src/testing/any-text.ts'

describe('readAppName', () => {
  it.each([
    ['fly.toml', 'app = "web-1"', 'web-1'],
    ['fly.toml', "'app' = 'web-1' # ours\r\n[build]\r\nx = 1\r\n", 'web-1'],
    ['fly.toml', 'swap = { app = "no" }\nnote = """\napp = "no"\n"""\napp = """\nyes"""\n[app2]\napp = 1', 'yes'],
    ['fly.toml', 'n = 9223372036854775807\nat = 1979-05-27T07:32Z\napp = "y\\u0065s"', 'yes'],
    ['fly.toml', 'App = "yes"', 'yes'],
    ['fly.toml', 'App = "no"\napp = "yes"', 'yes'],
    ['fly.toml', '[build]\napp = "no"', undefined],
    ['fly.toml', '', undefined],
    ['other', 'app = "yes"', 'yes'],
    ['fly.json', '{"app":"web-1","env":{"app":"no"}}', 'web-1'],
    ['fly.json', '{"__proto__":{"app":"no"}}', undefined],
    ['fly.json', 'null', undefined],
    ['fly.yaml', '# ours\napp: web-1\nenv:\n  app: no\n', 'web-1'],
    ['fly.yaml', 'app: "on"', 'on'],
    ['fly.yaml', 'base: &base\n  app: yes-1\n<<: *base\n', 'yes-1'],
    ['fly.yaml', 'app: web-1\n---\napp: no\n', 'web-1'],
    ['fly.yaml', '{{a: b}: c}\n', undefined],
    ['fly.yaml', 'app: ~', undefined],
    ['fly.yml', '', undefined],
  ])('reads %s: %j', async (name, text, expected) => {
    expect(await readAppName(text, name)).toBe(expected)
  })

  it.each([
    ['fly.toml', 'app = web-secret', 'fly.toml, line 1: this is not TOML: '],
    ['fly.toml', '[env]\nKEY = "secret\n', 'fly.toml, line 2: this is not TOML: '],
    ['fly.toml', 'app = "a"\napp = "secret"', 'fly.toml, line 2: this is not TOML: '],
    ['fly.toml', 'app = 12', 'fly.toml: app should be a text, the name of the app: put it in quotes'],
    ['fly.toml', '[app]\nname = "a"', 'fly.toml: app should be a text, the name of the app'],
    ['fly.toml', 'app = ""', 'fly.toml: app is empty'],
    ['fly.json', '{\n"env": {"KEY": "secret",}}', 'fly.json, line 2: this is not JSON: '],
    ['fly.json', ' \n', 'fly.json is empty'],
    ['fly.json', '{"app":"web","app":"secret"}', 'fly.json has the member "app" twice in one object'],
    ['fly.json', '["secret"]', 'fly.json is a list or a single value'],
    ['fly.yaml', 'app: web\nenv:\n  KEY: "secret\n', 'this is not YAML: '],
    ['fly.yaml', 'app: web\n\tKEY: secret\n', 'fly.yaml, line 2: this is not YAML: '],
    ['fly.yaml', 'app: web\n} secret\n', 'this is not YAML: '],
    ['fly.yaml', 'app: *secret', 'this is not YAML: Unresolved alias'],
    ['fly.yaml', 'app: 12', 'put it in quotes'],
    ['fly.yaml', '- secret', 'fly.yaml is a list or a single value'],
  ])('refuses %s: %j, and does not quote it', async (name, text, why) => {
    const error = await readAppName(text, name).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(CommandError)
    expect(String(error)).toContain(why)
    expect(String(error)).not.toContain('secret')
  })

  it('bounds what aliases of aliases may grow to', async () => {
    const level = (n: number) => `l${n}: &l${n} [${Array.from({ length: 20 }, () => `*l${n - 1}`).join(',')}]\n`
    const text = `l0: &l0 [x]\n${[1, 2, 3, 4, 5, 6].map(level).join('')}app: web\n`
    await expect(readAppName(text, 'fly.yaml')).rejects.toThrow('Excessive alias count')
  })

  it('throws nothing but its own error, whatever the file holds', async () => {
    const parts = [
      'app',
      '=',
      ':',
      ' ',
      '"',
      "'",
      '"""',
      '\n',
      '[',
      ']',
      '{',
      '}',
      '#',
      '.',
      '\\',
      '&a',
      '*a',
      '-',
      '1',
    ]
    const text = fc.oneof(
      anyText(),
      fc.array(fc.constantFrom(...parts)).map((each) => each.join('')),
    )
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom('fly.toml', 'fly.json', 'fly.yaml'), async (given, name) => {
        const result: unknown = await readAppName(given, name).catch((error: unknown) => error)
        expect(
          result instanceof CommandError || result === undefined || (typeof result === 'string' && result !== ''),
        ).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

describe('the file', () => {
  let directory: string
  let told: string
  let context: Context
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hallpass-app-config-'))
    told = ''
    const stderr = { write: (text: string) => (told += text) }
    context = { directory, process: { stdout: stderr, stderr } } as unknown as Context
  })
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true })
  })

  it('is the first of three that is there, in a directory as here', async () => {
    const sub = join(directory, 'sub')
    await mkdir(sub)
    expect(await readConfigHere(context)).toBeUndefined()
    await expect(readGivenConfig(context, 'sub')).rejects.toThrow('there is no fly.toml, fly.json, fly.yaml in sub')
    for (const [name, text] of [
      ['fly.yaml', 'app: yaml'],
      ['fly.json', '{"app":"json"}'],
      ['fly.toml', 'app = "toml"'],
    ] as const) {
      await writeFile(join(directory, name), text)
      await writeFile(join(sub, name), text)
      const app = name.slice(4)
      expect((await readConfigHere(context))?.app).toBe(app)
      expect(await readGivenConfig(context, 'sub/')).toBe(app)
      expect(await readGivenConfig(context, `sub/${name}`)).toBe(app)
    }
    await writeFile(join(directory, 'fly.toml'), '# no name')
    expect(await readConfigHere(context)).toBeUndefined()
    await expect(readGivenConfig(context, '.')).rejects.toThrow('./fly.toml does not name an app')
  })

  it('is looked for where it is named, and nowhere else', async () => {
    await expect(readGivenConfig(context, '')).rejects.toThrow('--config is empty')
    await expect(readGivenConfig(context, 'none.toml')).rejects.toThrow('there is no file none.toml')
    await mkdir(join(directory, 'fly.toml'))
    await expect(readConfigHere(context)).rejects.toThrow('cannot read ./fly.toml: it is a directory')
  })

  it('may begin with a byte order mark, and flyctl is said to stop there', async () => {
    await writeFile(join(directory, 'fly.toml'), '\uFEFFapp = "web"')
    expect((await readConfigHere(context))?.app).toBe('web')
    expect(told).toBe(
      'Note: ./fly.toml begins with a byte order mark, at which flyctl stops: save it as UTF-8 without one\n',
    )
  })
})
