// Conformance: the last uses of tokens, logins and passkeys.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { Store, Transaction } from '../../domain/store.ts'
import type { NotedLoginUse, NotedTokenUse } from '../../domain/use-log.ts'
import { mergeUses, type TokenUse } from '../../domain/use.ts'
import { insertPasskey } from './seed-passkeys.ts'
import { createToken, insertMember, insertOrganisation, insertSession, insertUser } from './seed.ts'

export function describeUses(getStore: () => Store): void {
  describe('last uses', () => {
    const lastUse = async (id: string): Promise<TokenUse | null | undefined> =>
      (await getStore().read((tx) => tx.tokens.byIdWithNames(id)))?.lastUse

    test('of a token stand beside it, and are the same whoever writes first', async () => {
      const address = fc.constantFrom('192.0.2.1', '192.0.2.2', '::1', '2001:db8::/48', 'machine 1', 'a', 'b', 'c')
      const writes = fc.array(
        fc.record({ at: fc.nat(9), address, operation: fc.constantFrom('app.list', 'app.show') }),
        {
          minLength: 1,
          maxLength: 12,
        },
      )
      await fc.assert(
        fc.asyncProperty(writes, async (all) => {
          const [one, other] = await insertTokens(getStore(), 2)
          const write = (id: string, changes: readonly (typeof all)[number][]) =>
            getStore().write(async (tx) => {
              for (const change of changes) await tx.uses.record({ tokens: [tokenUse(id, change)], logins: [] })
            })
          await write(one, all)
          await write(other, all.toReversed())
          const expected = all.map((change) => withoutId(tokenUse('', change))).reduce(mergeUses)
          expect(await lastUse(one)).toEqual(expected)
          expect(await lastUse(other)).toEqual(expected)
        }),
        { numRuns: 20 },
      )
    })

    test('of two servers that write the same tokens at once: the later times stand, and none waits for ever', async () => {
      const ids = await insertTokens(getStore(), 60)
      const write = (server: number) => {
        const all = ids.map((id, at) => tokenUse(id, { at: 10 + ((server + at) % 4), address: `server ${server}` }))
        const tokens = server % 2 === 0 ? all : all.toReversed()
        return getStore().write((tx) => tx.uses.record({ tokens, logins: [] }))
      }
      await Promise.all([0, 1, 2, 3].map(write))
      const kept = await Promise.all(ids.map(lastUse))
      for (const use of kept) {
        expect(use?.usedFrom).toHaveLength(4)
        expect(use?.at).toBe(13)
        expect(use?.usedFrom[0].at).toBe(13)
      }
    })

    test('are not written for what is gone, and go with it', async () => {
      const { user, session, other, passkey } = await getStore().write(async (tx) => {
        const { id } = await insertUser(tx)
        const [kept, gone] = [await insertSession(tx, id), await insertSession(tx, id)]
        return { user: id, session: kept, other: gone, passkey: await insertPasskey(tx, id) }
      })
      const record = (...logins: readonly NotedLoginUse[]) =>
        getStore().write((tx) => tx.uses.record({ tokens: [tokenUse(crypto.randomUUID())], logins }))
      const kept = async (kind: 'session' | 'passkey') => [
        ...(await getStore().read((tx) => tx.uses.ofUser(user, kind))).keys(),
      ]
      await record(loginUse('session', session.id), loginUse('session', other.id), loginUse('passkey', passkey.id))
      expect(new Set(await kept('session'))).toEqual(new Set([session.id, other.id]))
      expect(await kept('passkey')).toEqual([passkey.id])

      const change = (work: (tx: Transaction) => Promise<void>) => getStore().write(work)
      await change((tx) => tx.sessions.delete(other.id))
      await record(loginUse('session', other.id))
      expect(await kept('session')).toEqual([session.id])
      await change((tx) => tx.sessions.deleteOthers(user, 0))
      await change((tx) => tx.passkeys.deleteOfUser(user))
      expect(await kept('session')).toEqual([])
      expect(await kept('passkey')).toEqual([])
    })

    test('of a login have the later time; of nobody else', async () => {
      const { user, session, stranger } = await getStore().write(async (tx) => {
        const [{ id }, { id: strange }] = [await insertUser(tx), await insertUser(tx)]
        return { user: id, session: await insertSession(tx, id), stranger: strange }
      })
      const late = loginUse('session', session.id, 50)
      for (const use of [loginUse('session', session.id, 40), late, loginUse('session', session.id, 45)]) {
        await getStore().write((tx) => tx.uses.record({ tokens: [], logins: [use] }))
      }
      const { kind: _kind, id: _id, ...expected } = late
      const of = (owner: number) => getStore().read((tx) => tx.uses.ofUser(owner, 'session'))
      expect([...(await of(user))]).toEqual([[session.id, expected]])
      expect((await of(stranger)).size).toBe(0)
    })

    test('of tokens are removed with the tokens: when they ended, and with their organisation', async () => {
      const { organisation, ended, live } = await getStore().write(async (tx) => {
        const { id } = await insertOrganisation(tx)
        const [gone, kept] = [createToken(id, { expiresAt: 10 }), createToken(id)]
        await Promise.all([gone, kept].map((token) => tx.tokens.insert(token)))
        return { organisation: id, ended: gone, live: kept }
      })
      const record = () =>
        getStore().write((tx) => tx.uses.record({ tokens: [ended, live].map(({ id }) => tokenUse(id)), logins: [] }))
      await record()
      await getStore().write((tx) => tx.tokens.removeEnded(20, organisation - 1))
      // A new token of the same id shows what was left of the old one.
      await getStore().write((tx) => tx.tokens.insert(ended))
      expect(await lastUse(ended.id)).toBeNull()
      expect(await lastUse(live.id)).not.toBeNull()
      await getStore().write((tx) => tx.organisations.delete(organisation))
      await getStore().write(async (tx) => {
        while (await tx.leftovers.remove());
      })
      await getStore().write((tx) => tx.tokens.insert(live))
      expect(await lastUse(live.id)).toBeNull()
    })

    test('change nothing that decides: the row of the token stays as it is', async () => {
      const { token } = await getStore().write(async (tx) => {
        const { organisation } = await insertMember(tx)
        const made = createToken(organisation.id, { revokedAt: 5, revokedBy: 'a@example.com' })
        await tx.tokens.insert(made)
        return { token: made }
      })
      const before = await getStore().read((tx) => tx.tokens.byId(token.id))
      await getStore().write((tx) => tx.uses.record({ tokens: [tokenUse(token.id)], logins: [] }))
      expect(await getStore().read((tx) => tx.tokens.byId(token.id))).toEqual(before)
    })
  })
}

async function insertTokens(store: Store, count: number): Promise<readonly [string, string, ...string[]]> {
  return store.write(async (tx) => {
    const { id } = await insertOrganisation(tx)
    const all = Array.from({ length: count }, () => createToken(id))
    await Promise.all(all.map((token) => tx.tokens.insert(token)))
    return all.map((token) => token.id) as [string, string, ...string[]]
  })
}

function tokenUse(
  id: string,
  {
    at = 10,
    address = '192.0.2.1',
    operation = 'app.list',
  }: { readonly at?: number; readonly address?: string; readonly operation?: string } = {},
): NotedTokenUse {
  return { id, at, operation, userAgent: 'curl/8', usedFrom: [{ address, at }] }
}

function withoutId({ id: _id, ...use }: NotedTokenUse): TokenUse {
  return use
}

function loginUse(kind: 'session' | 'passkey', id: number, at = 10): NotedLoginUse {
  return { kind, id, at, address: `192.0.2.${at}`, operation: 'app.list', userAgent: 'Firefox' }
}
