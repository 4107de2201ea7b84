// Conformance: users, sessions, the setup code, settings.
import { describe, expect, test } from 'vitest'

import type { Store } from '../../domain/store.ts'
import type { CreateDatabase } from './test-database.ts'
import {
  createToken,
  insertCliLogin,
  insertMember,
  insertSession,
  insertUser,
  unique,
  uniqueBytes,
  uniqueHash,
} from './seed.ts'

export function describePeople(getStore: () => Store, create: CreateDatabase): void {
  describe('users', () => {
    test('are found by id and by email address', async () => {
      const email = `${unique('zoë')}@example.com`
      const user = await getStore().write((tx) => insertUser(tx, { email, passwordHash: '$hash', createdAt: 7 }))
      expect(user).toEqual({ id: user.id, email, createdAt: 7, emailProvenAt: null })
      await getStore().read(async (tx) => {
        expect(await tx.users.byId(user.id)).toEqual(user)
        expect(await tx.users.byEmail(email)).toEqual({ ...user, passwordHash: '$hash' })
        expect(await tx.users.byId(2 ** 40)).toBeUndefined()
        expect(await tx.users.byEmail('nobody@example.com')).toBeUndefined()
      })
    })

    test('have a password, or none, and change it', async () => {
      const [withPassword, without] = await getStore().write(async (tx) => [
        await insertUser(tx),
        await insertUser(tx, { passwordHash: null }),
      ])
      await getStore().read(async (tx) => {
        expect(await tx.users.passwordHash(withPassword.id)).toBe('$argon2id$x')
        expect(await tx.users.passwordHash(without.id)).toBeNull()
        expect((await tx.users.byEmail(without.email))?.passwordHash).toBeNull()
        expect(await tx.users.passwordHash(2 ** 40)).toBeUndefined()
      })
      await getStore().write((tx) => tx.users.setPasswordHash(without.id, '$argon2id$y'))
      expect(await getStore().read((tx) => tx.users.passwordHash(without.id))).toBe('$argon2id$y')
      expect(await getStore().read((tx) => tx.users.passwordHash(withPassword.id))).toBe('$argon2id$x')
    })

    test('have one account for each email address', async () => {
      const user = await getStore().write((tx) => insertUser(tx))
      const again = getStore().write((tx) => insertUser(tx, { email: user.email }))
      await expect(again).rejects.toMatchObject({ name: 'DomainError', code: 'conflict' })
    })

    test('have an address with the time and the kind of its proof', async () => {
      const user = await getStore().write((tx) => insertUser(tx))
      await getStore().write((tx) => tx.users.prove(user.id, 77, 'provider'))
      await getStore().read(async (tx) => {
        expect(await tx.users.byId(user.id)).toEqual({ ...user, emailProvenAt: 77 })
        const listed = (await tx.users.list()).find(({ id }) => id === user.id)
        expect(listed).toEqual({ ...user, emailProvenAt: 77, emailProvenBy: 'provider', hasPassword: true })
      })
    })

    test('that are deleted are not found, free their address, and leave the rows that refer to them', async () => {
      const tokenHash = uniqueHash()
      const { user, token } = await getStore().write(async (tx) => {
        const user = await insertUser(tx)
        const { organisation } = await insertMember(tx)
        const token = createToken(organisation.id, { createdBy: user.id })
        await tx.tokens.insert(token)
        await insertSession(tx, user.id, { tokenHash })
        await tx.users.delete(user.id, 7)
        return { user, token }
      })
      await getStore().read(async (tx) => {
        expect(await tx.users.byId(user.id)).toBeUndefined()
        expect(await tx.users.byEmail(user.email)).toBeUndefined()
        expect(await tx.users.passwordHash(user.id)).toBeUndefined()
        expect((await tx.users.list()).map(({ id }) => id)).not.toContain(user.id)
        expect(await tx.tokens.byIdWithNames(token.id)).toMatchObject({ createdBy: user.id, createdByEmail: null })
      })
      const next = await getStore().write((tx) => insertUser(tx, { email: user.email }))
      expect(next.id).not.toBe(user.id)
    })

    test('get codes for a new password, which are deleted together', async () => {
      const [first, second, ended] = [uniqueBytes(), uniqueBytes(), uniqueBytes()]
      const { user, other } = await getStore().write(async (tx) => {
        const [user, other] = [await insertUser(tx), await insertUser(tx)]
        const reset = { userId: user.id, madeBy: 'mail', createdAt: 1, expiresAt: 20 } as const
        await tx.passwordResets.insert({ ...reset, codeHash: ended, expiresAt: 5 })
        await tx.passwordResets.insert({ ...reset, codeHash: first, createdAt: 6 })
        await tx.passwordResets.insert({ ...reset, codeHash: second, userId: other.id, madeBy: 'operator' })
        await expect(tx.passwordResets.insert({ ...reset, codeHash: second })).rejects.toMatchObject({
          code: 'conflict',
        })
        return { user, other }
      })
      const find = (hash: Uint8Array) => getStore().read((tx) => tx.passwordResets.byCodeHash(hash))
      expect(await find(ended)).toBeUndefined()
      const expected = { userId: user.id, madeBy: 'mail', createdAt: 6, expiresAt: 20 }
      expect(plain(await find(first))).toMatchObject(expected)
      await getStore().write((tx) => tx.passwordResets.deleteOfUser(user.id))
      expect(await find(first)).toBeUndefined()
      expect((await find(second))?.userId).toBe(other.id)
    })

    test('exist once there is one', async () => {
      const database = await create()
      const store = await database.open()
      expect(await store.read((tx) => tx.users.exist())).toBe(false)
      await store.write((tx) => insertUser(tx))
      expect(await store.read((tx) => tx.users.exist())).toBe(true)
      await store.close()
      await database.remove()
    })
  })

  describe('sessions', () => {
    test('are found by the hash of their token, with their user, and deleted', async () => {
      const tokenHash = uniqueHash()
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
        provenAt: 1,
      })
      expect(await getStore().read((tx) => tx.sessions.byTokenHash(tokenHash))).toEqual({ session, user })
      expect(await getStore().read((tx) => tx.sessions.byTokenHash(uniqueHash()))).toBeUndefined()

      await getStore().write((tx) => tx.sessions.delete(session.id))
      expect(await getStore().read((tx) => tx.sessions.byTokenHash(tokenHash))).toBeUndefined()
    })

    test('are listed for their user, the newest first, without those that ended', async () => {
      const { user, listed, others } = await getStore().write(async (tx) => {
        const user = await insertUser(tx)
        const stranger = await insertUser(tx)
        const first = await insertSession(tx, user.id, { kind: 'web', label: 'Firefox on Linux' })
        await insertSession(tx, user.id, { expiresAt: 50 })
        const other = await insertSession(tx, stranger.id)
        const last = await insertSession(tx, user.id)
        return { user, listed: [last, first], others: [other] }
      })
      expect(await getStore().read((tx) => tx.sessions.ofUser(user.id, 50, 10))).toEqual(listed)
      expect(await getStore().read((tx) => tx.sessions.ofUser(user.id, 50, 1))).toEqual(listed.slice(0, 1))
      for (const session of [...listed, ...others]) {
        expect(await getStore().read((tx) => tx.sessions.byId(session.id))).toEqual(session)
      }
      expect(await getStore().read((tx) => tx.sessions.byId(2 ** 40))).toBeUndefined()
    })

    test('of one user are deleted except one', async () => {
      const [kept, ...gone] = await getStore().write(async (tx) => {
        const [user, stranger] = [await insertUser(tx), await insertUser(tx)]
        const sessions = [await insertSession(tx, user.id), await insertSession(tx, user.id)] as const
        const other = await insertSession(tx, stranger.id)
        await tx.sessions.deleteOthers(user.id, sessions[1].id)
        expect(await tx.sessions.byId(other.id)).toBeDefined()
        return [sessions[1].id, sessions[0].id]
      })
      expect(await getStore().read((tx) => tx.sessions.byId(kept ?? 0))).toBeDefined()
      for (const id of gone) expect(await getStore().read((tx) => tx.sessions.byId(id))).toBeUndefined()
    })

    test('of one user that have expired are deleted, those of others are not', async () => {
      const hashes = [uniqueHash(), uniqueHash(), uniqueHash(), uniqueHash()] as const
      const [ended, justEnded, running, ofOther] = hashes
      await getStore().write(async (tx) => {
        const userId = (await insertUser(tx)).id
        const otherId = (await insertUser(tx)).id
        await insertSession(tx, userId, { expiresAt: 99, tokenHash: ended })
        await insertSession(tx, userId, { expiresAt: 100, tokenHash: justEnded })
        await insertSession(tx, userId, { expiresAt: 101, tokenHash: running })
        await insertSession(tx, otherId, { expiresAt: 99, tokenHash: ofOther })
        await tx.sessions.deleteExpired(userId, 100, 0)
      })
      const found = await getStore().read(async (tx) => {
        const kept: boolean[] = []
        for (const hash of hashes) kept.push((await tx.sessions.byTokenHash(hash)) !== undefined)
        return kept
      })
      expect(found).toEqual([false, false, true, true])
    })

    test('never share a token, and never get the id of a deleted one', async () => {
      const tokenHash = uniqueHash()
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

  describe('logins of command lines', () => {
    test('are found by the hash of their id, approved and deleted', async () => {
      const [idHash, codeHash] = [uniqueBytes(), uniqueBytes()]
      const login = {
        idHash,
        name: 'Ada’s laptop',
        requestedFrom: '2001:db8::1',
        codeChallenge: 'challenge',
        state: 'state',
        redirectPort: 65_535,
        createdAt: 1,
        expiresAt: 100,
      }
      const user = await getStore().write(async (tx) => {
        await tx.cliLogins.insert(login)
        return insertUser(tx)
      })
      const find = () => getStore().read((tx) => tx.cliLogins.byIdHash(idHash))
      const found = await find()
      const id = found?.id ?? 0
      expect(plain(found)).toEqual(plain({ ...login, id, approval: null }))
      expect(await getStore().read((tx) => tx.cliLogins.byIdHash(uniqueBytes()))).toBeUndefined()

      await getStore().write((tx) => tx.cliLogins.approve(id, { userId: user.id, codeHash }))
      const approval = (await find())?.approval
      expect(plain(approval ?? undefined)).toEqual(plain({ userId: user.id, codeHash }))
      await getStore().write((tx) => tx.cliLogins.delete(id))
      expect(await find()).toBeUndefined()
    })

    test('are deleted when they have expired, or when their approval is withdrawn', async () => {
      const { before, hashes } = await getStore().write(async (tx) => {
        await tx.cliLogins.deleteExpired(1000)
        const before = await tx.cliLogins.count(99)
        const [ada, bob] = [await insertUser(tx), await insertUser(tx)]
        const hashes = [
          await insertCliLogin(tx, { expiresAt: 100 }),
          await insertCliLogin(tx, { expiresAt: 101 }),
          await insertCliLogin(tx, { expiresAt: 101 }),
          await insertCliLogin(tx, { expiresAt: 101 }),
        ]
        for (const [at, user] of [ada, bob].entries()) {
          const login = await tx.cliLogins.byIdHash(hashes[at + 1] ?? uniqueBytes())
          await tx.cliLogins.approve(login?.id ?? 0, { userId: user.id, codeHash: null })
        }
        expect(await tx.cliLogins.count(99)).toBe(before + 4)
        await tx.cliLogins.deleteExpired(100)
        await tx.cliLogins.deleteApprovedBy(ada.id)
        return { before, hashes }
      })
      const left = await getStore().read(async (tx) => {
        const found: boolean[] = []
        for (const hash of hashes) found.push((await tx.cliLogins.byIdHash(hash)) !== undefined)
        expect(await tx.cliLogins.count(99)).toBe(before + 2)
        return found
      })
      expect(left).toEqual([false, false, true, true])
    })

    test('never share an id', async () => {
      const idHash = uniqueBytes()
      await getStore().write((tx) => insertCliLogin(tx, { idHash }))
      const twin = getStore().write((tx) => insertCliLogin(tx, { idHash }))
      await expect(twin).rejects.toMatchObject({ code: 'conflict' })
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
