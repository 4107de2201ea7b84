import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { locateConfig, readConfig, writeConfig } from './config-file.ts'
import { CommandError } from './errors.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hallpass-config-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

describe('locateConfig', () => {
  it('prefers its own variable, then the desktop standard, then the home directory', () => {
    const all = { HALLPASS_CONFIG_DIR: '/own', XDG_CONFIG_HOME: '/xdg', HOME: '/home/ada' }
    expect(locateConfig(all)).toBe('/own/config.json')
    expect(locateConfig({ ...all, HALLPASS_CONFIG_DIR: '' })).toBe('/xdg/hallpass/config.json')
    expect(locateConfig({ HOME: '/home/ada' })).toBe('/home/ada/.config/hallpass/config.json')
    expect(locateConfig({})).toBeUndefined()
  })
})

describe('writeConfig and readConfig', () => {
  const config = { api_url: 'http://127.0.0.1:4280', access_token: 'fo1_abc', email: 'ada@example.com' }

  it('keep what is written, for the owner alone, and leave no draft behind', async () => {
    const file = join(directory, 'deep', 'hallpass', 'config.json')
    await writeConfig(file, config)
    await writeConfig(file, config)
    expect(await readConfig(file)).toEqual(config)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(join(file, '..'))).mode & 0o777).toBe(0o700)
    expect(await readdir(join(file, '..'))).toEqual(['config.json'])
  })

  it.each([0o666, 0o620])('refuse a file of mode %o, in which others may put another address', async (mode) => {
    const file = join(directory, 'config.json')
    await writeFile(file, JSON.stringify(config))
    await chmod(file, mode)
    await expect(readConfig(file)).rejects.toThrow(`others may change ${file}`)
    await writeConfig(file, config)
    expect(await readConfig(file)).toEqual(config)
  })

  it('refuse a login that everybody may read, and no file without one', async () => {
    const file = join(directory, 'config.json')
    await writeFile(file, JSON.stringify(config), { mode: 0o644 })
    await expect(readConfig(file)).rejects.toThrow(`everybody may read ${file}, and in it your login: chmod 600 it`)
    await chmod(file, 0o640)
    expect(await readConfig(file)).toEqual(config)
    await writeFile(file, JSON.stringify({ api_url: config.api_url }))
    await chmod(file, 0o644)
    expect(await readConfig(file)).toEqual({ api_url: config.api_url })
  })

  it('replace a file that others may read by one that they may not', async () => {
    const file = join(directory, 'config.json')
    await writeFile(file, '{}', { mode: 0o644 })
    await writeConfig(file, config)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it('do not change the permissions of a directory that was there before', async () => {
    const shared = join(directory, 'shared')
    await mkdir(shared, { mode: 0o755 })
    await writeConfig(join(shared, 'config.json'), config)
    expect((await stat(shared)).mode & 0o777).toBe(0o755)
  })

  it('take a missing file for an empty one', async () => {
    expect(await readConfig(join(directory, 'config.json'))).toEqual({})
    expect(await readConfig(undefined)).toEqual({})
  })

  it.each([
    ['{"access_token": "fo1_secret"', 'is not JSON'],
    ['\n', 'is empty'],
    ['["fo1_secret"]', 'does not hold a JSON object'],
    ['null', 'does not hold a JSON object'],
    ['{"email": "secret", "email": ""}', 'has the member "email" twice in one object'],
    ['{"access_token": 12}', 'access_token in'],
    ['{"api_url": ""}', 'api_url in'],
  ])('refuse %s, naming the file and not what is in it', async (text, why) => {
    const file = join(directory, 'config.json')
    await writeFile(file, text)
    const error: unknown = await readConfig(file).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(CommandError)
    expect(String(error)).toContain(file)
    expect(String(error)).toContain(why)
    expect(String(error)).not.toContain('secret')
  })

  // There the recursive mkdir of Node.js never ends.
  it.skipIf(process.platform !== 'linux')('say so where no directory can be made', async () => {
    const file = '/proc/hallpass/deep/config.json'
    await expect(writeConfig(file, config)).rejects.toThrow(`cannot write ${file}: no directory can be made in /proc;`)
  })

  it('say so where the file cannot be read or written', async () => {
    await expect(readConfig(directory)).rejects.toThrow(`cannot read ${directory}`)
    await writeFile(join(directory, 'file'), 'text')
    await expect(writeConfig(join(directory, 'file', 'config.json'), config)).rejects.toThrow('cannot write')
    await expect(writeConfig(undefined, config)).rejects.toThrow('HALLPASS_CONFIG_DIR')
    expect(await readFile(join(directory, 'file'), 'utf8')).toBe('text')
  })
})
