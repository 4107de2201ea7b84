// Who is served when all connections to PostgreSQL are in use.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import type { Asker, Store } from '../domain/store.ts'
import { openPostgresStore } from './open.ts'
import { Line, Pool } from './postgres-pool.ts'
import { reasonWithoutPostgres, startPostgres, type TestPostgres } from './testing/postgres.ts'
import { Crowded, Left } from './trouble.ts'

const missing = reasonWithoutPostgres()

describe.skipIf(missing !== undefined)(`one connection${missing ? `, skipped: ${missing}` : ''}`, () => {
  let server: TestPostgres
  let store: Store
  let reported: unknown[]
  let served: string[]

  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    reported = []
    served = []
    store = await openPostgresStore({ url: server.url, connections: 1, report: (...line) => void reported.push(line) })
  })
  afterEach(() => store.close())

  /** Keeps the connection until the returned function is called. */
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

  test('sends no query for a client that has left, which is no trouble of the database', async () => {
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
    expect(reported).toEqual([])
  })

  test('is refused to those who come after a crowd while there is time to use it, which is no trouble of the database', async () => {
    const release = await occupy()
    const holding = occupy()
    const until = performance.now() + 2000
    const last = read('last', from('crowd'), 2000).catch((error: unknown) => error)
    await release()
    const releaseSecond = await holding
    const refusal = await last
    const refusedAt = performance.now()
    await releaseSecond()
    expect(refusal).toBeInstanceOf(Crowded)
    expect(refusedAt).toBeLessThan(until)
    expect(reported).toEqual([])
    expect(served).toEqual([])
  })

  test('is replaced if it breaks while it passes those who have left', async () => {
    const open = async () => {
      const made = new Line(server.url, 4000)
      await made.connect()
      return made
    }
    const pool = new Pool(1, open, () => expect.unreachable())
    const until = performance.now() + 8000
    const line = await pool.take(undefined, until)
    const breaks: Asker = { network: () => 'crowd', hasLeft: () => line.socket.destroy().destroyed }
    const gone = Promise.resolve(pool.take(breaks, until)).catch((error: unknown) => error)
    const other = pool.take(from('other'), until)
    pool.give(line)
    expect(await gone).toBeInstanceOf(Left)
    pool.give(await other)
    await pool.end(undefined)
  })

  test('is waited for no longer than the patience of the caller', async () => {
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
