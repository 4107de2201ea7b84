// The store over SQLite: what every store does, and what only a file brings.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { openSqliteStore } from './open.ts'
import { describeStore } from './testing/conformance.ts'

describeStore('SQLite', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'hallpass-store-'))
  return {
    open: () => openSqliteStore({ directory: join(parent, 'data') }),
    remove: () => rm(parent, { recursive: true }),
  }
})
