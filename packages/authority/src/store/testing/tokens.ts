// Conformance: minted tokens and their lists.
import { describe, expect, test } from 'vitest'

import type { Store } from '../../domain/store.ts'
import type { TokenCursor, TokenQuery } from '../../domain/token.ts'
import { plain } from './people.ts'
import { createToken, insertApp, insertMember, insertOrganisation, recordOf } from './seed.ts'

export function describeTokens(getStore: () => Store): void {
  describe('tokens', () => {
    test('are found by id, alone and with the names that a list shows', async () => {
      const { token, deploy, email, appName } = await getStore().write(async (tx) => {
        const { user, organisation } = await insertMember(tx)
        const app = await insertApp(tx, organisation.id)
        const minter = createToken(organisation.id)
        const minted = createToken(organisation.id, {
          appId: app.id,
          profile: 'deploy',
          name: '部署 🚀',
          createdBy: user.id,
          mintedBy: minter.id,
          expiresAt: 6_308_640_000_000,
          caveats: Uint8Array.of(0x92, 0x00, 0xff),
        })
        await tx.tokens.insert(minter)
        await tx.tokens.insert(minted)
        return { token: minter, deploy: minted, email: user.email, appName: app.name }
      })
      await getStore().read(async (tx) => {
        expect(await tx.tokens.byId(token.id)).toEqual(recordOf(token))
        expect(await tx.tokens.byId(deploy.id)).toEqual(recordOf(deploy))
        const named = { ...deploy, createdByEmail: email, appName }
        expect(plain(await tx.tokens.byIdWithNames(deploy.id))).toEqual(plain(named))
        const [listed] = (await tx.tokens.ofApp(deploy.appId ?? 0, { state: 'live', now: 0, limit: 1 })).items
        expect(plain(listed)).toEqual(plain(named))
        expect(await tx.tokens.byIdWithNames(token.id)).toEqual({ ...token, createdByEmail: null, appName: null })
        for (const unknown of [crypto.randomUUID(), 'no uuid', '', deploy.id.slice(1), `${deploy.id}0`]) {
          expect(await tx.tokens.byId(unknown)).toBeUndefined()
          expect(await tx.tokens.byIdWithNames(unknown)).toBeUndefined()
        }
      })
      const again = getStore().write((tx) => tx.tokens.insert(token))
      await expect(again).rejects.toMatchObject({ name: 'DomainError', code: 'conflict' })
    })

    test('are revoked once: the first revocation stands', async () => {
      const token = await getStore().write(async (tx) => {
        const record = createToken((await insertOrganisation(tx)).id)
        await tx.tokens.insert(record)
        await tx.tokens.revoke(record.id, 50, 'a@example.com')
        await tx.tokens.revoke(record.id, 60, 'b@example.com')
        await tx.tokens.revoke(crypto.randomUUID(), 60, 'b@example.com')
        await tx.tokens.revoke('no uuid', 60, 'b@example.com')
        return record
      })
      const revoked = { ...recordOf(token), revokedAt: 50, revokedBy: 'a@example.com' }
      expect(await getStore().read((tx) => tx.tokens.byId(token.id))).toEqual(revoked)
    })

    test('of an app are revoked together, and outlive the app', async () => {
      await getStore().write(async (tx) => {
        const { id } = await insertOrganisation(tx)
        const app = await insertApp(tx, id)
        const other = await insertApp(tx, id)
        const ofApp = createToken(id, { appId: app.id })
        const earlier = createToken(id, { appId: app.id, revokedAt: 10, revokedBy: 'early' })
        const ofOther = createToken(id, { appId: other.id })
        const ofAll = createToken(id)
        for (const token of [ofApp, earlier, ofOther, ofAll]) await tx.tokens.insert(token)
        await tx.tokens.revokeOfApp(app.id, 99, 'late')
        await tx.apps.delete(app.id)

        const revokedBy = async (token: { readonly id: string }) => (await tx.tokens.byId(token.id))?.revokedBy
        expect(await revokedBy(ofApp)).toBe('late')
        expect(await revokedBy(earlier)).toBe('early')
        expect(await revokedBy(ofOther)).toBeNull()
        expect(await revokedBy(ofAll)).toBeNull()
        const listed = await tx.tokens.ofApp(app.id, { state: 'all', now: 0, limit: 10 })
        expect(listed.items.map(({ appId, appName }) => [appId, appName])).toEqual([
          [app.id, null],
          [app.id, null],
        ])
      })
    })

    test('are listed live or all: revoked ones and ended ones are not live', async () => {
      await getStore().write(async (tx) => {
        const { id } = await insertOrganisation(tx)
        const app = await insertApp(tx, id)
        const names = async (state: TokenQuery['state']) => {
          const { items, next } = await tx.tokens.ofOrganisation(id, { state, now: 5000, limit: 10 })
          expect(next).toBeUndefined()
          const ofApp = await tx.tokens.ofApp(app.id, { state, now: 5000, limit: 10 })
          return [items.map(({ name }) => name), ofApp.items.map(({ name }) => name)]
        }
        await tx.tokens.insert(createToken(id, { name: 'ends now', expiresAt: 5000 }))
        await tx.tokens.insert(createToken(id, { name: 'ends soon', expiresAt: 5001, appId: app.id }))
        await tx.tokens.insert(createToken(id, { name: 'revoked', expiresAt: 9000, revokedAt: 1, appId: app.id }))
        await tx.tokens.insert(createToken(id, { name: 'ends last', expiresAt: 9999 }))
        expect(await names('live')).toEqual([['ends last', 'ends soon'], ['ends soon']])
        expect(await names('all')).toEqual([
          ['ends last', 'revoked', 'ends soon', 'ends now'],
          ['revoked', 'ends soon'],
        ])
      })
    })

    test('of equal expiry and age are paged through without loss or repeat', async () => {
      const { organisationId, ids } = await getStore().write(async (tx) => {
        const { id } = await insertOrganisation(tx)
        const tokens = Array.from({ length: 500 }, () => createToken(id))
        for (const token of tokens) await tx.tokens.insert(token)
        return { organisationId: id, ids: tokens.map((token) => token.id) }
      })
      const listed: string[] = []
      let pages = 0
      let after: TokenCursor | undefined
      do {
        const query = { state: 'live', now: 1, limit: 50, ...(after && { after }) } as const
        const page = await getStore().read((tx) => tx.tokens.ofOrganisation(organisationId, query))
        for (const { id } of page.items) listed.push(id)
        after = page.next
        pages += 1
      } while (after)
      expect(pages).toBe(10)
      expect(listed).toEqual(ids.toSorted().toReversed())
    })
  })
}
