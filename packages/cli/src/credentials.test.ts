import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { chooseConnection, chooseCredential, chooseServer, holdsMacaroon } from './credentials.ts'
import { CommandError } from './errors.ts'
import { normaliseServer } from './server-url.ts'

const server = 'http://127.0.0.1:4280'

describe('chooseCredential', () => {
  const everything = { HALLPASS_API_TOKEN: 'fm2_own', FLY_ACCESS_TOKEN: 'fm2_access', FLY_API_TOKEN: 'fm2_fly' }
  const config = { api_url: server, access_token: 'fo1_file' }
  const choose = (environment: Readonly<Record<string, string>>, accessToken?: string) =>
    chooseCredential({ accessToken }, environment, config, server)

  it("goes by flag, own variable, flyctl's variables as it reads them, and file, in this order", () => {
    const fly = { FLY_ACCESS_TOKEN: 'fm2_access', FLY_API_TOKEN: 'fm2_fly', FLY_API_BASE_URL: server }
    expect(choose(everything, 'fm2_flag')).toEqual({ token: 'fm2_flag', source: '--access-token' })
    expect(choose(everything).token).toBe('fm2_own')
    expect(choose(everything).source).toContain('HALLPASS_API_TOKEN')
    expect(choose(fly).token).toBe('fm2_access')
    expect(choose(fly).source).toContain('FLY_ACCESS_TOKEN')
    expect(choose({ ...fly, FLY_ACCESS_TOKEN: '' }).token).toBe('fm2_fly')
    expect(choose({})).toEqual({ token: 'fo1_file', source: 'your login' })
  })

  it.each([
    { HALLPASS_API_TOKEN: '' },
    { HALLPASS_API_TOKEN: ' ', FLY_API_TOKEN: 'fm2_fly', FLY_API_BASE_URL: server },
    { FLY_API_TOKEN: '', FLY_API_BASE_URL: server },
    { FLY_ACCESS_TOKEN: ' ', FLY_API_TOKEN: '', HALLPASS_API_URL: server },
  ])('refuses %j rather than to use more than was meant', (environment) => {
    expect(() => choose(environment)).toThrow(/^\w+_TOKEN is set, but empty: give it a token, or unset it/)
  })

  it.each([
    {},
    { FLY_API_BASE_URL: 'https://elsewhere.example' },
    { FLY_API_BASE_URL: server, HALLPASS_API_URL: 'https://elsewhere.example' },
  ])("sends flyctl's token to no authority that %j does not name", (environment) => {
    const fly = { ...environment, FLY_API_TOKEN: 'fm2_fly' }
    expect(choose(fly).token).toBe('fo1_file')
    expect(choose(fly).source).toBe(
      'your login; FLY_API_TOKEN is not sent there: neither HALLPASS_API_URL nor FLY_API_BASE_URL names that address',
    )
    expect(() => chooseCredential({}, fly, {}, server)).toThrow('FLY_API_TOKEN is not sent there')
  })

  it('never gives the token of the file to another server', () => {
    expect(() => chooseCredential({}, {}, config, 'http://evil.example')).toThrow(
      'not logged in at http://evil.example: run `hallpass auth login --api-url http://evil.example`',
    )
    expect(() => chooseCredential({}, {}, config, 'http://localhost:4280')).toThrow('not logged in')
  })

  it('takes an empty flag for a mistake, not for absence', () => {
    expect(() => chooseCredential({ accessToken: '' }, {}, config, server)).toThrow(CommandError)
  })

  it('refuses what cannot stand in a header, without repeating it', () => {
    const error = catchError(() => chooseCredential({ accessToken: 'fm2_secret\n$ x' }, {}, {}, server))
    expect(String(error)).toContain('--access-token')
    expect(String(error)).not.toContain('secret')
  })

  it('cuts off the white space that files and shells leave', () => {
    expect(choose({ HALLPASS_API_TOKEN: ' FlyV1 fm2_a,fm2_b\n' }).token).toBe('FlyV1 fm2_a,fm2_b')
  })
})

describe('chooseServer', () => {
  it.each(['', ' ', '\t'])('takes an empty address %j for a mistake, not for absence', (empty) => {
    const environment = { HALLPASS_API_URL: empty, FLY_API_BASE_URL: 'http://fly' }
    expect(() => chooseServer({}, environment, {})).toThrow('HALLPASS_API_URL is set, but empty: give it an address')
    expect(chooseServer({ apiUrl: 'http://flag' }, environment, {})).toBe('http://flag')
  })

  it('goes by flag, own variable, fly variable, file and default, in this order', () => {
    const environment = { HALLPASS_API_URL: 'http://own', FLY_API_BASE_URL: 'http://fly' }
    const config = { api_url: 'http://file' }
    expect(chooseServer({ apiUrl: 'http://flag' }, environment, config)).toBe('http://flag')
    expect(chooseServer({}, environment, config)).toBe('http://own')
    expect(chooseServer({}, { FLY_API_BASE_URL: 'http://fly' }, config)).toBe('http://fly')
    expect(chooseServer({}, { FLY_API_BASE_URL: '' }, config)).toBe('http://file')
    expect(chooseServer({}, {}, config)).toBe('http://file')
    expect(chooseServer({}, {}, {})).toBe(server)
  })
})

describe('chooseConnection', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hallpass-credentials-'))
    await writeFile(join(directory, 'config.json'), 'broken')
  })
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true })
  })

  it('does not open the file of a login that it does not need', async () => {
    const environment = { HALLPASS_CONFIG_DIR: directory, HALLPASS_API_TOKEN: 'fm2_a', FLY_API_BASE_URL: 'http://x' }
    expect(await chooseConnection({}, environment)).toMatchObject({ server: 'http://x', token: 'fm2_a' })
    await expect(chooseConnection({}, { ...environment, FLY_API_BASE_URL: '' })).rejects.toThrow('config.json')
  })
})

describe('normaliseServer', () => {
  it.each([
    ['http://127.0.0.1:4280/', server],
    ['HTTP://Example.COM:80//', 'http://example.com'],
    [' https://a.example ', 'https://a.example'],
  ])('%j is %s', (text, expected) => {
    expect(normaliseServer(text, '--api-url')).toBe(expected)
  })

  it.each(['', 'example.com', 'ftp://a', 'http://user:secret@a', 'http://a?secret=1', 'http://a#secret', 'http://'])(
    'refuses %j without repeating it',
    (text) => {
      const error = catchError(() => normaliseServer(text, '--api-url'))
      expect(error).toBeInstanceOf(CommandError)
      expect(String(error)).not.toContain('secret')
    },
  )
})

describe('holdsMacaroon', () => {
  it.each([
    ['fm2_a', true],
    ['FlyV1 fm1r_a,fm1a_b', true],
    ['fo1_x,fm2_y', true],
    ['fo1_fm2_x', false],
    ['Bearer fo1_x', false],
  ])('%s: %s', (credential, expected) => {
    expect(holdsMacaroon(credential)).toBe(expected)
  })
})

function catchError(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}
