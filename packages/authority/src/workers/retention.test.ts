// The worker removes what is kept for a limited time, and nothing else.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { openSqliteStore } from '../store/open.ts'
import { createToken, insertOrganisation } from '../store/testing/seed.ts'
import { createRetention } from './retention.ts'
import { startWorker } from './worker.ts'

const day = 86_400_000

test('audit events and ended tokens are removed when their time is over', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-retention-'))
  const store = await openSqliteStore({ directory })
  const now = () => 100 * day
  const { organisation, ended, fresh } = await store.write(async (tx) => {
    const { id } = await insertOrganisation(tx)
    const tokens = [createToken(id, { expiresAt: 9 * day }), createToken(id, { expiresAt: 11 * day })] as const
    for (const token of tokens) await tx.tokens.insert(token)
    for (const at of [1, 49 * day, 51 * day]) {
      const actor = { kind: 'nobody', id: '', label: '' } as const
      const event = { operation: 'app.create', outcome: 'allowed', target: '', reason: '', requestId: '' } as const
      await tx.audit.append({ ...event, at, organisationId: id, actor })
    }
    return { organisation: id, ended: tokens[0], fresh: tokens[1] }
  })
  const chores = createRetention({ auditEvents: 50 * day, endedTokens: 90 * day }, now)
  const worker = startWorker({ store, chores, now, id: 'one', report: () => {} })
  await expect.poll(() => store.read((tx) => tx.settings.get('ended_tokens_removed'))).toBe(`0 ${now()}`)
  await worker.stop()
  await store.read(async (tx) => {
    expect((await tx.audit.ofOrganisation(organisation, { limit: 9 })).items.map(({ at }) => at)).toEqual([51 * day])
    expect(await tx.tokens.byId(ended.id)).toBeUndefined()
    expect(await tx.tokens.byId(fresh.id)).toBeDefined()
    for (const chore of chores) expect(await chore.isDue(tx)).toBe(false)
  })
  await store.close()
  await rm(directory, { recursive: true })
  expect(createRetention({ auditEvents: undefined, endedTokens: undefined }, now)).toEqual([])
})
