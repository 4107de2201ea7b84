import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { adviseBy, commandName } from './command-name.ts'
import { createPlace } from './testing/hallpass.ts'

const npm = { npm_execpath: '/usr/lib/npm' }

describe('the name of the command in advice', () => {
  it('has npx before it where npm runs it and only npm finds it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hallpass-name-'))
    try {
      expect(commandName({ PATH: directory })).toBe('hallpass')
      expect(commandName({ PATH: `/work/node_modules/.bin:${directory}`, ...npm })).toBe('npx hallpass')
      expect(commandName({ npm_lifecycle_event: 'start' })).toBe('npx hallpass')
      await writeFile(join(directory, 'hallpass'), '')
      expect(commandName({ PATH: `/work/node_modules/.bin:${directory}`, ...npm })).toBe('hallpass')
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })

  it('is put where a command is to be run, and nowhere else', () => {
    const text = 'see `hallpass --help`, "hallpass restore", hallpass itself, ./hallpass-data and `/opt/hallpass serve`'
    expect(adviseBy({}, text)).toBe(text)
    expect(adviseBy(npm, text)).toBe(
      'see `npx hallpass --help`, "npx hallpass restore", hallpass itself, ./hallpass-data and `/opt/hallpass serve`',
    )
  })

  it('stands in errors and in help', async () => {
    const place = await createPlace()
    try {
      const error = await place.run(['orgs', 'list'], { environment: npm })
      expect(error.stderr).toContain('run `npx hallpass auth login`')
      const help = await place.run(['--help'], { environment: npm })
      expect(help.stdout).toContain('`npx hallpass serve`')
    } finally {
      await place.leave()
    }
  })
})
