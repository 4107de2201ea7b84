// Defines tests that run on SQLite and on PostgreSQL.
import { afterAll, beforeAll, describe } from 'vitest'

import { reasonWithoutPostgres, startPostgres, type TestPostgres } from './postgres.ts'

/** Defines the tests once for each engine; the server is undefined over SQLite, and until the tests begin. */
export function overEachEngine(define: (postgres: () => TestPostgres | undefined) => void): void {
  describe('over SQLite', () => define(() => undefined))
  describe.skipIf(reasonWithoutPostgres() !== undefined)('over PostgreSQL', () => {
    let server: TestPostgres | undefined
    beforeAll(async () => {
      server = await startPostgres()
    })
    afterAll(() => server?.stop())
    define(() => server)
  })
}
