// Conformance: discharges that wait for a person.
import { randomBytes, randomUUID } from 'node:crypto'

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

    test('are found again by ticket and address, the newest first, except denied and expired ones', async () => {
      const tokenId = randomUUID()
      const ticket = Uint8Array.of(1, 2, 3)
      const wanted = { tokenId, ticket, requestedFrom: '192.0.2.1' }
      const found = await getStore().write(async (tx) => {
        const requests = []
        for (const change of [
          {},
          {},
          { ticket: Uint8Array.of(1) },
          { requestedFrom: '192.0.2.2' },
          { expiresAt: 1000 },
        ]) {
          requests.push((await insertDischargeRequest(tx, { ...wanted, expiresAt: 2000, ...change })).request)
        }
        const [first, second] = requests
        const again = async () => (await tx.dischargeRequests.findAgain(wanted, 1000))?.id
        const seen = [(await again()) === second?.id]
        await tx.dischargeRequests.setState(second?.id ?? 0, 'denied')
        seen.push((await again()) === first?.id)
        await tx.dischargeRequests.setState(first?.id ?? 0, 'approved')
        seen.push((await again()) === first?.id)
        await tx.dischargeRequests.delete(first?.id ?? 0)
        return [...seen, (await again()) === undefined]
      })
      expect(found).toEqual([true, true, true, true])
    })

    test('are found only by their new names after they are renamed', async () => {
      const { pollHash, request } = await getStore().write((tx) => insertDischargeRequest(tx))
      const names = { personHash: Uint8Array.from(randomBytes(32)), pollHash: Uint8Array.from(randomBytes(32)) }
      await getStore().write((tx) => tx.dischargeRequests.setNames(request.id, names))
      await getStore().read(async (tx) => {
        expect((await tx.dischargeRequests.byPersonHash(names.personHash))?.id).toBe(request.id)
        expect((await tx.dischargeRequests.byPollHash(names.pollHash))?.id).toBe(request.id)
        expect(await tx.dischargeRequests.byPollHash(pollHash)).toBeUndefined()
      })
    })

    test('are counted by token and by person, without those that have expired', async () => {
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

    test('that have expired are deleted, whatever their token', async () => {
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
