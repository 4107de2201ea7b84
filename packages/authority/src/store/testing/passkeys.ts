// Conformance: passkeys, their challenges, and identities at OpenID providers.
import { describe, expect, test } from 'vitest'

import type { Store } from '../../domain/store.ts'
import type { CreateDatabase } from './test-database.ts'
import { plain } from './people.ts'
import { insertChallenge, insertPasskey } from './seed-passkeys.ts'
import { insertUser, unique, uniqueBytes } from './seed.ts'

export function describePasskeys(getStore: () => Store, create: CreateDatabase): void {
  describe('passkeys', () => {
    test('are found by their credential id and by their owner, used and deleted', async () => {
      const { user, first, second } = await getStore().write(async (tx) => {
        const owner = await insertUser(tx)
        await insertPasskey(tx, (await insertUser(tx)).id)
        const bare = await insertPasskey(tx, owner.id, { transports: [] })
        return { user: owner, first: bare, second: await insertPasskey(tx, owner.id, { transports: ['usb', 'nfc'] }) }
      })
      await getStore().read(async (tx) => {
        expect(plain(await tx.passkeys.byCredentialId(second.credentialId))).toEqual(plain(second))
        expect(await tx.passkeys.byCredentialId(uniqueBytes())).toBeUndefined()
        expect((await tx.passkeys.ofUser(user.id)).map(plain)).toEqual([first, second].map(plain))
      })
      await getStore().write(async (tx) => {
        await tx.passkeys.use(second.id, 2 ** 32 - 1, 77)
        await tx.passkeys.delete(first.id)
      })
      const used = { ...second, signCount: 2 ** 32 - 1, lastUsedAt: 77 }
      const left = await getStore().read((tx) => tx.passkeys.ofUser(user.id))
      expect(left.map(plain)).toEqual([used].map(plain))
    })

    test('belong to one account each', async () => {
      const { credentialId } = await getStore().write(async (tx) => insertPasskey(tx, (await insertUser(tx)).id))
      const again = getStore().write(async (tx) => insertPasskey(tx, (await insertUser(tx)).id, { credentialId }))
      await expect(again).rejects.toMatchObject({ code: 'conflict' })
    })
  })

  describe('challenges', () => {
    test('are taken once, with everything that was stored', async () => {
      const challenge = await getStore().write(async (tx) => {
        const { id: userId } = await insertUser(tx)
        return insertChallenge(tx, { userId })
      })
      const take = () => getStore().write((tx) => tx.passkeyChallenges.take(challenge.handle))
      const [one, other] = await Promise.all([take(), take()])
      expect(plain(one ?? other)).toEqual(plain(challenge))
      expect([one, other]).toContain(undefined)
      expect(await getStore().write((tx) => tx.passkeyChallenges.take(uniqueBytes()))).toBeUndefined()
    })

    test('that have expired are deleted when another one is inserted; those of a user can be deleted', async () => {
      const handles = await getStore().write(async (tx) => {
        const { id: userId } = await insertUser(tx)
        const own = await insertChallenge(tx, { userId, expiresAt: 1000 })
        const ended = await insertChallenge(tx, { expiresAt: 500 })
        const running = await insertChallenge(tx, { expiresAt: 501 })
        await insertChallenge(tx, { expiresAt: 1000 }, { now: 500, most: 1_000_000 })
        await tx.passkeyChallenges.deleteOfUser(userId)
        return [own, ended, running].map(({ handle }) => handle)
      })
      const taken = await getStore().write(async (tx) => {
        const found: boolean[] = []
        for (const handle of handles) found.push((await tx.passkeyChallenges.take(handle)) !== undefined)
        return found
      })
      expect(taken).toEqual([false, false, true])
    })

    test('have a maximum number: the newest are kept', async () => {
      const database = await create()
      const store = await database.open()
      const handles: Uint8Array[] = []
      for (let count = 0; count < 8; count += 1) {
        handles.push((await store.write((tx) => insertChallenge(tx, {}, { now: 1, most: 3 }))).handle)
      }
      const kept: boolean[] = []
      for (const handle of handles) {
        kept.push((await store.write((tx) => tx.passkeyChallenges.take(handle))) !== undefined)
      }
      expect(kept).toEqual([false, false, false, false, false, true, true, true])
      await store.close()
      await database.remove()
    })
  })

  test('identities are found by issuer and subject, and belong to one account each', async () => {
    const issuer = `https://${unique('id')}.example`
    const identity = await getStore().write(async (tx) => {
      const { id: userId } = await insertUser(tx)
      const inserted = { issuer, subject: 'Zoë|1', userId, createdAt: 3 }
      await tx.identities.insert(inserted)
      return inserted
    })
    await getStore().read(async (tx) => {
      expect(await tx.identities.find(issuer, 'Zoë|1')).toEqual(identity)
      expect(await tx.identities.find(issuer, 'zoë|1')).toBeUndefined()
      expect(await tx.identities.find(`${issuer}/`, 'Zoë|1')).toBeUndefined()
      expect(await tx.identities.exists(identity.userId, issuer)).toBe(true)
      expect(await tx.identities.exists(identity.userId, `${issuer}/`)).toBe(false)
      expect(await tx.identities.exists(identity.userId + 1000, issuer)).toBe(false)
    })
    const again = getStore().write(async (tx) => {
      await tx.identities.insert({ ...identity, userId: (await insertUser(tx)).id })
    })
    await expect(again).rejects.toMatchObject({ code: 'conflict' })
  })
}
