// deploy/hallpass.service, as far as systemd can look at it without being in charge of the machine.
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { expect, test } from 'vitest'

const isThere = spawnSync('systemd-analyze', ['--version']).status === 0

test.skipIf(!isThere)(
  'the service is one that systemd takes, and is shut in (skipped where there is no systemd-analyze)',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hallpass-service-'))
    try {
      const unit = await readFile(resolve(import.meta.dirname, '../deploy/hallpass.service'), 'utf8')
      const file = join(directory, 'hallpass.service')
      // It looks whether the program is there.
      await writeFile(file, unit.replaceAll(/\/usr\/local\/bin\/\w+/g, process.execPath))
      const verified = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' })
      expect(verified.stderr.split('\n').filter((line) => line.includes('hallpass.service'))).toEqual([])
      const looked = spawnSync('systemd-analyze', ['security', '--offline=yes', '--threshold=20', file], {
        encoding: 'utf8',
      })
      expect([looked.status, looked.stdout.split('\n').filter((line) => line.includes('Overall'))]).toEqual([
        0,
        [expect.stringContaining('OK')],
      ])
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  },
)
