// Quotas over a real store: who is refused, and how rarely the store counts.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import type { ReadTransaction, Store, Transaction } from '../../domain/store.ts'
import { openSqliteStore } from '../../store/open.ts'
import { createToken, insertApp, insertOrganisation } from '../../store/testing/seed.ts'
import { createQuotas } from './quotas.ts'

let directory = ''
let store: Store
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hallpass-quotas-'))
  store = await openSqliteStore({ directory })
})
afterAll(async () => {
  await store.close()
  await rm(directory, { recursive: true })
})

/** The transaction, with a counter of its counts. */
function counting(tx: Transaction): { readonly tx: ReadTransaction; readonly counts: () => number } {
  let counts = 0
  const countUpTo: ReadTransaction['organisations']['countUpTo'] = (...asked) => {
    counts += 1
    return tx.organisations.countUpTo(...asked)
  }
  const organisations: unknown = Object.create(tx.organisations, { countUpTo: { value: countUpTo } })
  return { tx: Object.create(tx, { organisations: { value: organisations } }), counts: () => counts }
}

const unlimited = {
  apps: Infinity,
  machines: Infinity,
  volumes: Infinity,
  volumeGb: Infinity,
  members: Infinity,
  tokens: Infinity,
}

test('there can be as many as the limit, and no more until one is deleted', async () => {
  const quotas = createQuotas({ ...unlimited, apps: 7 })
  await store.write(async (tx) => {
    const organisation = await insertOrganisation(tx)
    const apps = []
    for (let app = 0; app < 7; app++) {
      await quotas.expectRoom(tx, organisation, 'apps', 0)
      apps.push(await insertApp(tx, organisation.id))
    }
    for (let again = 0; again < 3; again++) {
      await expect(quotas.expectRoom(tx, organisation, 'apps', 0)).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringMatching(/has 7 apps, and the operator of this authority allows no more/) as string,
      })
    }
    await quotas.expectRoom(tx, await insertOrganisation(tx), 'apps', 0)
    await tx.apps.delete(apps[0]?.id ?? 0)
    await quotas.expectRoom(tx, organisation, 'apps', 0)
  })
})

test('mints are counted once in a while, and never without a limit', async () => {
  const quotas = createQuotas({ ...unlimited, tokens: 20_000 })
  await store.write(async (original) => {
    const { tx, counts } = counting(original)
    const organisation = await insertOrganisation(original)
    for (let app = 0; app < 10; app++) await quotas.expectRoom(tx, organisation, 'apps', 0)
    expect(counts()).toBe(0)
    let minted = 0
    for (; minted < 5000; minted++) {
      await quotas.expectRoom(tx, organisation, 'tokens', 0)
      await original.tokens.insert(createToken(organisation.id))
    }
    expect(counts()).toBeLessThan(50)
  })
})

test('near the limit a count is good for a thousandth of it, and the limit holds', async () => {
  const quotas = createQuotas({ ...unlimited, tokens: 3000 })
  await store.write(async (original) => {
    const { tx, counts } = counting(original)
    const organisation = await insertOrganisation(original)
    let minted = 0
    try {
      for (; minted < 4000; minted++) {
        await quotas.expectRoom(tx, organisation, 'tokens', 0)
        await original.tokens.insert(createToken(organisation.id))
      }
    } catch (error) {
      expect(error).toMatchObject({ code: 'conflict' })
    }
    expect(minted).toBe(3000)
    expect(counts()).toBeLessThan(1100)
  })
})
