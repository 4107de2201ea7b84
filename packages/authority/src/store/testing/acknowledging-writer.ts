// A process that mints tokens without end, and prints the id of each once it is acknowledged. A test kills it.
// Argument: the data directory.
import { writeSync } from 'node:fs'

import { openSqliteStore } from '../open.ts'
import { createToken, insertOrganisation } from './seed.ts'

const store = await openSqliteStore({ directory: process.argv[2] ?? '' })
const { id } = await store.write((tx) => insertOrganisation(tx))

async function writeForEver(): Promise<never> {
  for (;;) {
    const token = createToken(id)
    await store.write((tx) => tx.tokens.insert(token))
    writeSync(1, `${token.id}\n`)
  }
}

await Promise.all(Array.from({ length: 8 }, writeForEver))
