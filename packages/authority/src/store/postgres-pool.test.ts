// Who is served when all connections to PostgreSQL are in use.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import type { Asker, Store } from '../domain/store.ts'
import { openPostgresStore } from './open.ts'
import { reasonWithoutPostgres, startPostgres, type TestPostgres } from './testing/postgres.ts'

const missing = reasonWithoutPostgres()

describe.skipIf(missing !== undefined)(`one connection${missing ? `, skipped: ${missing}` : ''}`, () => {
  let server: TestPostgres
  let store: Store
  let told: unknown[]
  let served: string[]

  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    told = []
    served = []
    store = await openPostgresStore({ url: server.url, connections: 1, tell: (...line) => void told.push(line) })
  })
  afterEach(() => store.close())

  /** Keeps the connection until what it returns is called. */
  async function occupy(): Promise<() => Promise<unknown>> {
    const begun = Promise.withResolvers<void>()
    const end = Promise.withResolvers<void>()
    const reading = store.read(async (tx) => {
      begun.resolve()
      await end.promise
      return tx.users.exist()
    })
    await begun.promise
    return () => {
      end.resolve()
      return reading
    }
  }

  function read(name: string, asker?: Asker, patience?: number): Promise<unknown> {
    const options = { ...(asker && { asker }), ...(patience === undefined ? {} : { patience }) }
    return store.read(async (tx) => {
      served.push(name)
      return tx.users.exist()
    }, options)
  }

  const from = (network: string): Asker => ({ network: () => network, hasLeft: () => false })

  test('serves networks in turns, and itself as one of them', async () => {
    const release = await occupy()
    const reads = Array.from({ length: 200 }, () => read('crowd', from('crowd')))
    reads.push(read('other', from('other')), read('ours'), read('other', from('other')))
    await release()
    await Promise.all(reads)
    expect(served.slice(0, 6)).toEqual(['crowd', 'other', 'ours', 'crowd', 'other', 'crowd'])
    expect(served).toHaveLength(203)
  })

  test('asks nothing for whoever has left, which is no trouble of the database', async () => {
    const release = await occupy()
    let isThere = true
    const crowd: Asker = { network: () => 'crowd', hasLeft: () => !isThere }
    const reads = Array.from({ length: 200 }, () => read('crowd', crowd).then(() => '', codeOf))
    const other = read('other', from('other'))
    isThere = false
    await release()
    await other
    expect(new Set(await Promise.all(reads))).toEqual(new Set(['unavailable']))
    await read('later')
    expect(served).toEqual(['other', 'later'])
    expect(told).toEqual([])
  })

  test('is not waited for longer than somebody has patience', async () => {
    const release = await occupy()
    expect(await read('hasty', from('crowd'), 10).then(() => '', codeOf)).toBe('unavailable')
    const patient = read('patient', from('crowd'))
    await release()
    await patient
    expect(served).toEqual(['patient'])
  })
})

function codeOf(error: unknown): unknown {
  return Reflect.get(Object(error), 'code')
}
