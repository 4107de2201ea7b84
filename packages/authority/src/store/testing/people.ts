// Conformance: users, sessions, the setup code, settings.
import { describe, expect, test } from 'vitest'

import type { Store } from '../../domain/store.ts'
import type { CreateDatabase } from './conformance.ts'
import { insertSession, insertUser, unique, uniqueBytes } from './seed.ts'

export function describePeople(getStore: () => Store, create: CreateDatabase): void {
  describe('users', () => {
    test('are found by id and by email address', async () => {
      const email = `${unique('zoë')}@example.com`
      const user = await getStore().write((tx) => tx.users.insert({ email, passwordHash: '$hash', createdAt: 7 }))
      expect(user).toEqual({ id: user.id, email, createdAt: 7 })
      await getStore().read(async (tx) => {
        expect(await tx.users.byId(user.id)).toEqual(user)
        expect(await tx.users.byEmail(email)).toEqual({ ...user, passwordHash: '$hash' })
        expect(await tx.users.byId(2 ** 40)).toBeUndefined()
        expect(await tx.users.byEmail('nobody@example.com')).toBeUndefined()
      })
    })

    test('have one account for each email address', async () => {
      const user = await getStore().write(insertUser)
      const again = getStore().write((tx) => tx.users.insert({ email: user.email, passwordHash: 'x', createdAt: 8 }))
      await expect(again).rejects.toMatchObject({ name: 'DomainError', code: 'conflict' })
    })

    test('exist once there is one', async () => {
      const database = await create()
      const store = await database.open()
      expect(await store.read((tx) => tx.users.exist())).toBe(false)
      await store.write(insertUser)
      expect(await store.read((tx) => tx.users.exist())).toBe(true)
      await store.close()
      await database.remove()
    })
  })

  describe('sessions', () => {
    test('are found by the hash of their token, with their user, and deleted', async () => {
      const tokenHash = uniqueBytes()
      const { user, session } = await getStore().write(async (tx) => {
        const inserted = await insertUser(tx)
        return {
          user: inserted,
          session: await insertSession(tx, inserted.id, { tokenHash }),
        }
      })
      expect(session).toEqual({
        id: session.id,
        userId: user.id,
        kind: 'cli',
        label: 'laptop',
        createdAt: 1,
        expiresAt: 100,
      })
      expect(await getStore().read((tx) => tx.sessions.byTokenHash(tokenHash))).toEqual({ session, user })
      expect(await getStore().read((tx) => tx.sessions.byTokenHash(uniqueBytes()))).toBeUndefined()

      await getStore().write((tx) => tx.sessions.delete(session.id))
      expect(await getStore().read((tx) => tx.sessions.byTokenHash(tokenHash))).toBeUndefined()
    })

    test('that ended are deleted, those of others are not', async () => {
      const hashes = [uniqueBytes(), uniqueBytes(), uniqueBytes(), uniqueBytes()] as const
      const [ended, justEnded, running, ofOther] = hashes
      await getStore().write(async (tx) => {
        const userId = (await insertUser(tx)).id
        const otherId = (await insertUser(tx)).id
        await insertSession(tx, userId, { expiresAt: 99, tokenHash: ended })
        await insertSession(tx, userId, { expiresAt: 100, tokenHash: justEnded })
        await insertSession(tx, userId, { expiresAt: 101, tokenHash: running })
        await insertSession(tx, otherId, { expiresAt: 99, tokenHash: ofOther })
        await tx.sessions.deleteExpired(userId, 100)
      })
      const found = await getStore().read(async (tx) => {
        const kept: boolean[] = []
        for (const hash of hashes) kept.push((await tx.sessions.byTokenHash(hash)) !== undefined)
        return kept
      })
      expect(found).toEqual([false, false, true, true])
    })

    test('never share a token, and never get the id of a deleted one', async () => {
      const tokenHash = uniqueBytes()
      await getStore().write(async (tx) => {
        const { id: userId } = await insertUser(tx)
        const first = await insertSession(tx, userId, { tokenHash })
        const twin = insertSession(tx, userId, { tokenHash })
        await expect(twin).rejects.toMatchObject({ code: 'conflict' })
        await tx.sessions.delete(first.id)
        const second = await insertSession(tx, userId, { tokenHash })
        expect(second.id).toBeGreaterThan(first.id)
      })
    })
  })

  test('there is one setup code at a time', async () => {
    const first = { codeHash: uniqueBytes(), createdAt: 1, expiresAt: 2 }
    const second = { codeHash: uniqueBytes(), createdAt: 3, expiresAt: 4 }
    await getStore().write((tx) => tx.setupCode.replace(first))
    expect(plain(await getStore().read((tx) => tx.setupCode.get()))).toEqual(plain(first))
    await getStore().write((tx) => tx.setupCode.replace(second))
    expect(plain(await getStore().read((tx) => tx.setupCode.get()))).toEqual(plain(second))
    await getStore().write((tx) => tx.setupCode.delete())
    expect(await getStore().read((tx) => tx.setupCode.get())).toBeUndefined()
  })

  test('settings keep the last value', async () => {
    const name = unique('setting')
    expect(await getStore().read((tx) => tx.settings.get(name))).toBeUndefined()
    await getStore().write((tx) => tx.settings.set(name, 'one'))
    await getStore().write((tx) => tx.settings.set(name, 'zwei – 二'))
    expect(await getStore().read((tx) => tx.settings.get(name))).toBe('zwei – 二')
  })
}

/** With bytes as hexadecimal text: one engine returns Buffers, the other Uint8Arrays. */
export function plain(row: object | undefined): object | undefined {
  if (row === undefined) return undefined
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
    ]),
  )
}
