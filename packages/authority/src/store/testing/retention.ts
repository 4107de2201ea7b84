// Conformance: data that is kept for a limited time is removed in steps, and nothing else is.
import { describe, expect, test } from 'vitest'

import type { Store } from '../../domain/store.ts'
import type { NewToken } from '../../domain/token.ts'
import { createEvent, createToken, insertOrganisation } from './seed.ts'

export function describeRetention(getStore: () => Store): void {
  describe('data that is kept for a limited time', () => {
    test('audit events: the oldest are removed, one step at a time', async () => {
      const organisationId = await getStore().write(async (tx) => {
        const { id } = await insertOrganisation(tx)
        // After everything that the other tests have written.
        const events = Array.from({ length: 200 }, (_, count) => createEvent(id, count < 150 ? 10 : 5_000_000))
        await Promise.all(events.map((event) => tx.audit.append(event)))
        return id
      })
      const left = async () =>
        (await getStore().read((tx) => tx.audit.ofOrganisation(organisationId, { limit: 1000 }))).items.length
      expect(await getStore().read((tx) => tx.audit.areOlder(1_000_000))).toBe(true)
      let before = await left()
      for (let more = true; more;) {
        more = await getStore().write((tx) => tx.audit.removeOlder(1_000_000))
        const after = await left()
        expect(before - after).toBeLessThanOrEqual(64)
        before = after
      }
      expect(before).toBe(50)
      expect(await getStore().read((tx) => tx.audit.areOlder(1_000_000))).toBe(false)
    })

    test('tokens that ended, revoked or not; but not live ones, nor minters of tokens that are kept', async () => {
      const { gone, kept } = await getStore().write(async (tx) => {
        const [one, other] = [await insertOrganisation(tx), await insertOrganisation(tx)]
        const ended = [
          ...Array.from({ length: 150 }, () => createToken(one.id, { expiresAt: 20 })),
          createToken(other.id, { expiresAt: 29 }),
          createToken(other.id, { expiresAt: 20, revokedAt: 5, revokedBy: 'a@example.com' }),
        ]
        const minter = createToken(other.id, { expiresAt: 20 })
        const stays = [
          minter,
          createToken(other.id, { expiresAt: 5000, mintedBy: minter.id }),
          createToken(one.id, { expiresAt: 30 }),
          // Dead, but not ended: the store must know it until its end.
          createToken(one.id, { expiresAt: 5000, revokedAt: 5, revokedBy: 'a@example.com' }),
        ]
        await Promise.all([...ended, ...stays].map((token) => tx.tokens.insert(token)))
        return { gone: ended, kept: stays }
      })
      const left = async (tokens: readonly NewToken[]) => {
        const found = await getStore().read((tx) => Promise.all(tokens.map(({ id }) => tx.tokens.byId(id))))
        return found.filter((token) => token !== undefined).length
      }
      let before = await left(gone)
      for (let after: number | undefined = 0; after !== undefined;) {
        const from: number = after
        after = await getStore().write((tx) => tx.tokens.removeEnded(30, from))
        const rows = await left(gone)
        expect(before - rows).toBeLessThanOrEqual(64)
        before = rows
      }
      expect(before).toBe(0)
      expect(await left(kept)).toBe(kept.length)
    })
  })
}
