// Conformance: the store while another program blocks its writes.
import { describe, expect, test } from 'vitest'

import type { Store } from '../../domain/store.ts'
import type { CreateDatabase } from './test-database.ts'
import { insertUser, unique } from './seed.ts'

export function describeTrouble(getStore: () => Store, create: CreateDatabase): void {
  describe('while another program blocks writes', () => {
    test('it reads, refuses writes in time, reports it as its health, and then writes again', async () => {
      const database = await create()
      const store = await database.open()
      const { email } = await store.write(insertUser)
      await expect.poll(() => store.health()).toBeUndefined()
      const release = await database.hold()
      const writes = Array.from({ length: 20 }, () => store.write((tx) => tx.settings.set(unique('held'), 'x')))
      const refused = Promise.allSettled(writes)
      for (let read = 0; read < 20; read++) {
        expect(await store.read((tx) => tx.users.byEmail(email))).toMatchObject({ email })
      }
      await expect
        .poll(() => store.health())
        .toMatchObject({
          reason: expect.stringMatching(/slow|locked|busy/) as string,
          message: expect.stringContaining('database') as string,
        })
      for (const write of await refused) {
        expect(write).toMatchObject({
          status: 'rejected',
          reason: {
            code: 'unavailable',
            message: expect.stringContaining('nothing was changed') as string,
            retryAfter: expect.any(Number) as number,
          },
        })
      }
      await release()
      await expect.poll(() => store.health()).toBeUndefined()
      await store.write(insertUser)
      await store.close()
      await database.remove()
    })

    test('errors of the work itself are reported as before', async () => {
      await expect(getStore().write(() => Promise.reject(new Error('of its own')))).rejects.toThrow('of its own')
      await expect.poll(() => getStore().health()).toBeUndefined()
    })
  })
}
