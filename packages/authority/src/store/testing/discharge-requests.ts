// Conformance: discharges that wait for a person.
import { randomUUID } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import type { Store } from '../../domain/store.ts'
import { plain } from './people.ts'
import { insertDischargeRequest } from './seed.ts'

export function describeDischargeRequests(getStore: () => Store): void {
  describe('discharge requests', () => {
    test('are found by either hash, and by no other', async () => {
      const { personHash, pollHash, request } = await getStore().write((tx) => insertDischargeRequest(tx))
      await getStore().read(async (tx) => {
        expect(plain(await tx.dischargeRequests.byPersonHash(personHash))).toEqual(plain(request))
        expect(plain(await tx.dischargeRequests.byPollHash(pollHash))).toEqual(plain(request))
        expect(await tx.dischargeRequests.byPersonHash(pollHash)).toBeUndefined()
        expect(await tx.dischargeRequests.byPollHash(personHash)).toBeUndefined()
      })
    })

    test('keep the answer, and are gone once deleted', async () => {
      const { pollHash, request } = await getStore().write((tx) => insertDischargeRequest(tx))
      await getStore().write((tx) => tx.dischargeRequests.setState(request.id, 'approved'))
      expect((await getStore().read((tx) => tx.dischargeRequests.byPollHash(pollHash)))?.state).toBe('approved')
      await getStore().write((tx) => tx.dischargeRequests.delete(request.id))
      expect(await getStore().read((tx) => tx.dischargeRequests.byPollHash(pollHash))).toBeUndefined()
    })

    test('are counted by token and by person, those that ended left out', async () => {
      const tokenId = randomUUID()
      const userId = 987_654_321
      const counts = await getStore().write(async (tx) => {
        for (const expiresAt of [999, 1000, 1001, 2000])
          await insertDischargeRequest(tx, { tokenId, expiresAt, userId })
        await insertDischargeRequest(tx)
        const found = [
          await tx.dischargeRequests.count(tokenId, 1000),
          await tx.dischargeRequests.count(randomUUID(), 0),
        ]
        found.push(await tx.dischargeRequests.countOf(userId, 1000))
        await tx.dischargeRequests.deleteOfUser(userId)
        return [...found, await tx.dischargeRequests.countOf(userId, 0), await tx.dischargeRequests.count(tokenId, 0)]
      })
      expect(counts).toEqual([2, 0, 2, 0, 0])
    })

    test('that ended are swept, whatever token they are of', async () => {
      const found = await getStore().write(async (tx) => {
        const hashes: Uint8Array[] = []
        for (const expiresAt of [10, 20, 21]) hashes.push((await insertDischargeRequest(tx, { expiresAt })).pollHash)
        await tx.dischargeRequests.deleteExpired(20)
        const kept: boolean[] = []
        for (const hash of hashes) kept.push((await tx.dischargeRequests.byPollHash(hash)) !== undefined)
        return kept
      })
      expect(found).toEqual([false, false, true])
    })

    test('never share a name', async () => {
      await getStore().write(async (tx) => {
        const { personHash, pollHash } = await insertDischargeRequest(tx)
        for (const taken of [{ personHash }, { pollHash }]) {
          await expect(insertDischargeRequest(tx, {}, taken)).rejects.toMatchObject({ code: 'conflict' })
        }
      })
    })
  })
}
