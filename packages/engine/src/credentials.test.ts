// Credentials of registries in a process that Node's permission model keeps from most files.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

const program = `
  import { credentialsOfDocker } from './credentials.ts'
  const said = await credentialsOfDocker(process.env)('registry.test').catch(({ code }) => code)
  console.log(JSON.stringify(said ?? 'none'))`

/** What it finds where it may read this package and nothing else. */
function find(env: Readonly<Record<string, string>>): unknown {
  const rights = ['--permission', `--allow-fs-read=${resolve(import.meta.dirname, '..')}`]
  const words = [...rights, '--input-type=module', '--eval', program]
  const said = execFileSync(process.execPath, words, { cwd: import.meta.dirname, env, encoding: 'utf8' })
  return JSON.parse(said)
}

test('there are none in a home that may not be read, and a folder that is named must be readable', () => {
  const home = mkdtempSync(join(tmpdir(), 'hallpass-home-'))
  onTestFinished(() => rmSync(home, { recursive: true }))
  writeFileSync(join(home, 'config.json'), '{}')
  expect(find({ HOME: home })).toBe('none')
  expect(find({})).toBe('none')
  expect(find({ HOME: '/dev/null' })).toBe('none')
  expect(find({ DOCKER_CONFIG: home })).toBe('image_refused')
})
