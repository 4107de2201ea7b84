// What is noticed while the files of a data directory are in use.
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { describe, expect, onTestFinished, test } from 'vitest'

import { FilesInPlace } from './sqlite-files.ts'

const names = ['hallpass.db', 'hallpass.db-wal', 'hallpass.db-shm', 'hallpass.lock']

/** Files that are in use, in a directory that nobody has changed for an hour. */
function setUp() {
  const above = mkdtempSync(join(tmpdir(), 'hallpass-files-'))
  onTestFinished(() => rmSync(above, { recursive: true, force: true }))
  const directory = join(above, 'data')
  const fill = () => {
    mkdirSync(directory)
    for (const name of names) writeFileSync(join(directory, name), '')
  }
  fill()
  return { above, directory, fill, files: new FilesInPlace(directory, true, () => Date.now() + 3_600_000) }
}

type Place = ReturnType<typeof setUp>

const changes: Readonly<Record<string, (place: Place, name: string) => void>> = {
  'a file is removed': ({ directory }, name) => rmSync(join(directory, name)),
  'a file is moved': ({ directory, above }, name) => renameSync(join(directory, name), join(above, name)),
  'another file is moved to its place': ({ directory, above }, name) => {
    writeFileSync(join(above, 'other'), '')
    renameSync(join(above, 'other'), join(directory, name))
  },
  'the directory is moved': ({ directory, above }) => renameSync(directory, join(above, 'elsewhere')),
  'another directory is in its place': ({ directory, above, fill }) => {
    renameSync(directory, join(above, 'elsewhere'))
    fill()
  },
}

describe('files in place', () => {
  test.for(['quickly', undefined] as const)('has no trouble with files that nobody touches (%s)', (how) => {
    const { files } = setUp()
    for (let time = 0; time < 3; time++) expect(files.findTrouble(how)).toBeUndefined()
  })

  test('notices within a second what the directory does not show', () => {
    const { above, directory } = setUp()
    const elsewhere = join(above, 'elsewhere')
    renameSync(directory, elsewhere)
    mkdirSync(directory)
    // As with a mount, another file is in the place of ours, and the directory stays as it was.
    for (const name of names) symlinkSync(join(elsewhere, name), join(directory, name))
    let now = Date.now() + 3_600_000
    const files = new FilesInPlace(directory, true, () => now)
    expect(files.findTrouble('quickly')).toBeUndefined()
    writeFileSync(join(above, 'other'), '')
    renameSync(join(above, 'other'), join(elsewhere, 'hallpass.db'))
    now += 999
    expect(files.findTrouble('quickly')).toBeUndefined()
    now += 1
    expect(files.findTrouble('quickly')).toMatch(/hallpass\.db was removed, moved or replaced/)
    expect(files.findTrouble('quickly')).toMatch(/hallpass\.db was removed, moved or replaced/)
  })

  test('has no trouble with other files of the directory', () => {
    const { files, directory } = setUp()
    expect(files.findTrouble('quickly')).toBeUndefined()
    writeFileSync(join(directory, 'backup.db'), '')
    expect(files.findTrouble('quickly')).toBeUndefined()
  })

  for (const [what, change] of Object.entries(changes)) {
    test.for(names)(`notices that ${what} (%s), and goes on saying so`, (name) => {
      const place = setUp()
      expect(place.files.findTrouble('quickly')).toBeUndefined()
      change(place, name)
      for (let time = 0; time < 3; time++) {
        expect(place.files.findTrouble('quickly')).toMatch(/removed, moved or replaced/)
        expect(place.files.findTrouble()).toMatch(/removed, moved or replaced/)
      }
    })
  }
})
