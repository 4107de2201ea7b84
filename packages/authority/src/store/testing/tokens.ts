// Conformance: minted tokens and their lists.
import { encodeCaveats } from '@hallpass/macaroon/internal'
import { describe, expect, test } from 'vitest'

import type { Store } from '../../domain/store.ts'
import type { Page } from '../../domain/page.ts'
import {
  nameKey,
  signedId,
  tokenState,
  type ListedToken,
  type NewToken,
  type TokenFilter,
  type TokenQuery,
} from '../../domain/token.ts'
import { plain } from './people.ts'
import {
  createToken,
  insertApp,
  insertMember,
  insertOrganisation,
  recordOf,
  signedRecordOf,
  uniqueBytes,
} from './seed.ts'

export function describeTokens(getStore: () => Store): void {
  describe('tokens', () => {
    test('are found by id, alone and with the names that a list shows', async () => {
      const { token, deploy, email, app } = await getStore().write(async (tx) => {
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
        return { token: minter, deploy: minted, email: user.email, app }
      })
      await getStore().read(async (tx) => {
        expect(await tx.tokens.byId(token.id)).toEqual(recordOf(token))
        expect(await tx.tokens.byId(deploy.id)).toEqual(recordOf(deploy))
        const named = { ...deploy, createdByEmail: email, createdByProvenAt: null, appName: app.name, lastUse: null }
        expect(plain(await tx.tokens.byIdWithNames(deploy.id))).toEqual(plain(named))
        const [listed] = (await tx.tokens.ofApp(app, { ...byEnd, state: 'live', now: 0, limit: 1 })).items
        expect(plain(listed)).toEqual(plain(named))
        expect(await tx.tokens.byIdWithNames(token.id)).toEqual({
          ...token,
          createdByEmail: null,
          createdByProvenAt: null,
          appName: null,
          lastUse: null,
        })
        for (const unknown of [crypto.randomUUID(), 'no uuid', '', deploy.id.slice(1), `${deploy.id}0`]) {
          expect(await tx.tokens.byId(unknown)).toBeUndefined()
          expect(await tx.tokens.byIdWithNames(unknown)).toBeUndefined()
        }
      })
      const again = getStore().write((tx) => tx.tokens.insert(token))
      await expect(again).rejects.toMatchObject({ name: 'DomainError', code: 'conflict' })
    })

    test('have their caveats, however long, which are removed with them', async () => {
      const sizes = [0, 1, 560, 600, 601, 49_152]
      const { organisation, minted } = await getStore().write(async (tx) => {
        const owner = await insertOrganisation(tx)
        const tokens = sizes.map((size) => createToken(owner.id, { caveats: new Uint8Array(size).fill(7) }))
        await Promise.all(tokens.map((token) => tx.tokens.insert(token)))
        return { organisation: owner.id, minted: tokens }
      })
      const listed = async () => {
        const page = { ...byEnd, state: 'all', now: 0, limit: 10 } as const
        const { items } = await getStore().read((tx) => tx.tokens.ofOrganisation(organisation, page))
        return items.map(({ caveats }) => caveats?.length).sort((a = 0, b = 0) => a - b)
      }
      expect(await listed()).toEqual(sizes)
      for (const { id, caveats } of minted) {
        const found = await getStore().read((tx) => tx.tokens.byIdWithNames(id))
        expect(found?.caveats && Buffer.compare(found.caveats, caveats ?? Buffer.of())).toBe(0)
      }

      const again = minted.map((token) => ({ ...token, caveats: null }))
      const insertAgain = () => getStore().write((tx) => Promise.all(again.map((token) => tx.tokens.insert(token))))
      await getStore().write((tx) => tx.tokens.removeEnded(6000, organisation - 1))
      await insertAgain()
      expect(await listed()).toEqual(sizes.map(() => undefined))
      await getStore().write((tx) => tx.organisations.delete(organisation))
      await insertAgain()
      expect(await listed()).toEqual(sizes.map(() => undefined))
    })

    test('are found only with a key of their organisation', async () => {
      await getStore().write(async (tx) => {
        const [own, other] = [await insertOrganisation(tx), await insertOrganisation(tx)]
        const [kid, otherKid] = [uniqueBytes(), uniqueBytes()] as const
        const key = { wrapped: uniqueBytes(), createdAt: 1 }
        await tx.signingKeys.insert({ ...key, kid, organisationId: own.id })
        await tx.signingKeys.insert({ ...key, kid: otherKid, organisationId: other.id })
        const token = createToken(own.id)
        await tx.tokens.insert(token)
        expect(await tx.tokens.signedWith(signedId(token.id, kid))).toEqual(signedRecordOf(token))
        // Short ones stand in the row of the token, and long ones beside it.
        for (const count of [1, 8, 250]) {
          const caveats = encodeCaveats(Array.from({ length: count }, () => ({ type: 'IsMember' }) as const))
          const counted = createToken(own.id, { caveats })
          await tx.tokens.insert(counted)
          expect(await tx.tokens.signedWith(signedId(counted.id, kid))).toMatchObject({ mintedCaveats: count })
        }
        for (const wrong of [otherKid, uniqueBytes(), new Uint8Array()]) {
          expect(await tx.tokens.signedWith(signedId(token.id, wrong))).toBeUndefined()
        }
        expect(await tx.tokens.signedWith(signedId(crypto.randomUUID(), kid))).toBeUndefined()
      })
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
        const ofApp = createToken(id, { appId: app.id, caveats: uniqueBytes() })
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
        const all = { ...byEnd, state: 'all', now: 0, limit: 10 } as const
        const listed = await tx.tokens.ofApp(app, all)
        const { items } = await tx.tokens.ofApp(app, { ...all, withoutCaveats: true })
        expect(items).toEqual(listed.items.map((item) => ({ ...item, caveats: null })))
        expect(listed.items.map(({ appId, appName }) => [appId, appName])).toEqual([
          [app.id, null],
          [app.id, null],
        ])
      })
    })

    test('are listed by state: revoked and ended ones are not live, and a revoked one does not count as expired', async () => {
      await getStore().write(async (tx) => {
        const { id } = await insertOrganisation(tx)
        const app = await insertApp(tx, id)
        const names = async (state: TokenQuery['state']) => {
          const { items, next } = await tx.tokens.ofOrganisation(id, { ...byEnd, state, now: 5000, limit: 10 })
          expect(next).toBeUndefined()
          const ofApp = await tx.tokens.ofApp(app, { ...byEnd, state, now: 5000, limit: 10 })
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
        expect(await names('revoked')).toEqual([['revoked'], ['revoked']])
        expect(await names('expired')).toEqual([['ends now'], []])
      })
    })

    test('are listed by end, age or name, either way, and found by part of their name in any case', async () => {
      await getStore().write(async (tx) => {
        const { id } = await insertOrganisation(tx)
        const named = [
          ['Deploy', 1, 30],
          ['deploy', 2, 20],
          ['DÉPLOY 100%', 3, 10],
          ['zebra_1', 4, 40],
          ['\u{10ffff}', 5, 50],
        ] as const
        for (const [name, createdAt, expiresAt] of named) {
          await tx.tokens.insert(createToken(id, { name, createdAt, expiresAt }))
        }
        const names = async (changes: Partial<TokenQuery>) => {
          const query = { ...byEnd, state: 'all', now: 0, limit: 10, ...changes } as const
          return (await tx.tokens.ofOrganisation(id, query)).items.map(({ name }) => name)
        }
        const byName = ['Deploy', 'deploy', 'DÉPLOY 100%', 'zebra_1', '\u{10ffff}']
        expect(await names({ sort: 'name', order: 'asc' })).toEqual(byName)
        expect(await names({ sort: 'name', order: 'desc' })).toEqual(byName.toReversed())
        expect(await names({ sort: 'created_at', order: 'asc' })).toEqual(byName)
        expect(await names({ sort: 'expires_at', order: 'asc' })).toEqual([
          'DÉPLOY 100%',
          'deploy',
          'Deploy',
          'zebra_1',
          '\u{10ffff}',
        ])
        const found = (search: string) => names({ sort: 'name', order: 'asc', search })
        expect(await found('PLOY')).toEqual(['Deploy', 'deploy', 'DÉPLOY 100%'])
        // The letter and its accent as two characters, which mean the same letter.
        expect(await found('de\u0301ploy')).toEqual(['DÉPLOY 100%'])
        expect(await found('%')).toEqual(['DÉPLOY 100%'])
        expect(await found('_')).toEqual(['zebra_1'])
        expect(await found('\\')).toEqual([])
        expect(await found('\u{10ffff}')).toEqual(['\u{10ffff}'])
        expect(await found('deploy with more')).toEqual([])
      })
    })

    test('are found by eight digits of their ids or more, with or without hyphens, among their own', async () => {
      await getStore().write(async (tx) => {
        const [{ id }, other] = [await insertOrganisation(tx), await insertOrganisation(tx)]
        const one = createToken(id, { id: '0badcafe-1234-4567-89ab-cdef00000001', name: 'one' })
        const two = createToken(id, { id: '0badcafe-1234-4567-89ab-cdef00000002', name: 'two' })
        const named = createToken(id, { name: 'deploys 0badcafe' })
        for (const token of [one, two, named]) await tx.tokens.insert(token)
        await tx.tokens.insert(createToken(other.id, { id: '0badcafe-1234-4567-89ab-cdef00000003' }))
        const found = async (search: string, sort: TokenQuery['sort'] = 'name') => {
          const query = { sort, order: 'asc', state: 'all', now: 0, limit: 10, search } as const
          return (await tx.tokens.ofOrganisation(id, query)).items.map(({ name }) => name).sort()
        }
        for (const sort of ['name', 'created_at', 'expires_at', 'last_used_at'] as const) {
          expect(await found('0BADcafe', sort)).toEqual(['deploys 0badcafe', 'one', 'two'])
        }
        expect(await found('0badcafe-1234')).toEqual(['one', 'two'])
        expect(await found('0badcafe1234456789abcdef00000002')).toEqual(['two'])
        expect(await found(one.id)).toEqual(['one'])
        for (const short of ['0badcaf', '0badcafe-1234-4567-89ab-cdef000000010']) {
          expect((await found(short)).filter((name) => !name.startsWith('deploys'))).toEqual([])
        }
      })
    })

    test('are found by who made them, by kind, and by when they end, and have another name when they are renamed', async () => {
      await getStore().write(async (tx) => {
        const { user, organisation } = await insertMember(tx)
        const all = [
          createToken(organisation.id, { name: 'mine', createdBy: user.id, expiresAt: 9000 }),
          createToken(organisation.id, { name: 'lite', profile: 'litefs_cloud', expiresAt: 6000 }),
          createToken(organisation.id, { name: 'both', profile: 'litefs_cloud', createdBy: user.id, expiresAt: 7000 }),
          createToken(organisation.id, { name: 'waits', expiresAt: 9500, isApproved: false }),
        ]
        for (const token of all) await tx.tokens.insert(token)
        for (const sort of ['name', 'created_at', 'expires_at', 'last_used_at'] as const) {
          const found = async (filter: Partial<TokenQuery>) => {
            const query = { sort, order: 'asc', state: 'live', now: 5000, limit: 10, search: '', ...filter } as const
            return (await tx.tokens.ofOrganisation(organisation.id, query)).items.map(({ name }) => name).sort()
          }
          expect(await found({ createdBy: user.id })).toEqual(['both', 'mine'])
          expect(await found({ profile: 'litefs_cloud' })).toEqual(['both', 'lite'])
          expect(await found({ profile: 'litefs_cloud', createdBy: user.id })).toEqual(['both'])
          expect(await found({ endsBy: 7000 })).toEqual(['both', 'lite'])
          expect(await found({ endsBy: 6999, order: 'desc' })).toEqual(['lite'])
          expect(await found({ endsBy: 7000, createdBy: user.id })).toEqual(['both'])
          expect(await found({ isPending: true })).toEqual(['waits'])
          expect(await found({ isPending: true, createdBy: user.id })).toEqual([])
        }
        const [{ id } = { id: '' }] = all
        await tx.tokens.rename(id, 'Zoé')
        expect((await tx.tokens.byId(id))?.name).toBe('Zoé')
        const query = { ...byEnd, state: 'all', now: 0, limit: 10, search: 'ZOÉ' } as const
        expect((await tx.tokens.ofOrganisation(organisation.id, query)).items.map((token) => token.id)).toEqual([id])
      })
    })

    test('a page ends at a place of the list alone, so that no cursor reveals that of a token of another organisation', async () => {
      await getStore().write(async (tx) => {
        const { id } = await insertOrganisation(tx)
        const place = `1.1.${crypto.randomUUID()}.`
        for (const after of [crypto.randomUUID(), 'no uuid', '', `used.${place}`, `${place}a\0b`, `1.${place}`]) {
          const page = tx.tokens.ofOrganisation(id, { ...byEnd, state: 'all', now: 0, limit: 10, after })
          await expect(page).rejects.toMatchObject({ name: 'DomainError', code: 'invalid', field: 'cursor' })
        }
      })
    })

    test('the next page goes on where the last one ended, also if its last token was renamed, rotated or removed meanwhile', async () => {
      for (const sort of ['name', 'expires_at', 'created_at'] as const) {
        for (const order of ['asc', 'desc'] as const) {
          for (const change of ['to the front', 'to the back', 'away'] as const) {
            const { id, all } = await getStore().write(async (tx) => {
              const owner = await insertOrganisation(tx)
              const made = [1, 2, 3, 4].map((at) =>
                createToken(owner.id, { name: `ci ${at}`, createdAt: at, expiresAt: 5000 + at }),
              )
              for (const token of made) await tx.tokens.insert(token)
              return { id: owner.id, all: order === 'asc' ? made : made.toReversed() }
            })
            const query = { sort, order, state: 'live', search: '', now: 10, limit: 2 } as const
            const first = await getStore().read((tx) => tx.tokens.ofOrganisation(id, query))
            const [, moved] = all
            if (moved === undefined) throw new Error('four tokens were made')
            await getStore().write(async (tx) => {
              const isLow = (change === 'to the front') === (order === 'asc')
              if (change === 'away') {
                await tx.tokens.handOn(moved.id, moved.id, 11)
                await tx.tokens.removeEnded(12, id - 1)
                return
              }
              await tx.tokens.rename(moved.id, isLow ? 'a' : 'z')
              await tx.tokens.handOn(moved.id, moved.id, isLow ? 100 : 9000)
            })
            const after = first.next ?? ''
            const rest = await getStore().read((tx) => tx.tokens.ofOrganisation(id, { ...query, after, limit: 10 }))
            const ids = rest.items.map((token) => token.id).filter((listed) => listed !== moved.id)
            const name = [sort, order, change].join(' ')
            expect(ids, name).toEqual(all.slice(2).map((token) => token.id))
            // Counts have the order of this list.
            if (sort !== 'expires_at' || order === 'asc') continue
            const owner = { organisation: id, app: null }
            const { count } = await getStore().read((tx) => tx.tokens.count(owner, query, after))
            expect(count, name).toBe(rest.items.length)
          }
        }
      }
    })

    test('a large number is listed in pages in every order and search, without loss or repetition', async () => {
      const { organisationId, app, tokens } = await getStore().write(async (tx) => {
        const { id } = await insertOrganisation(tx)
        const owned = await insertApp(tx, id)
        // More than a page reads in its first step; most differ only in their ids.
        const all = Array.from({ length: 1300 }, (_, number) =>
          createToken(id, {
            name: number % 40 === 0 ? `Web ${number % 3}` : 'ci',
            appId: number % 60 === 0 ? owned.id : null,
            createdAt: 1000 + (number % 2),
            expiresAt: 5000 + (number % 5),
            ...(number % 7 === 0 ? { revokedAt: 1, revokedBy: 'a@example.com' } : {}),
          }),
        )
        await Promise.all(all.map((token) => tx.tokens.insert(token)))
        return { organisationId: id, app: owned, tokens: all }
      })
      const now = 5002
      for (const order of ['asc', 'desc'] as const) {
        for (const [sort, state, search, of] of [
          ['expires_at', 'live', '', 'organisation'],
          ['expires_at', 'all', 'WEB', 'organisation'],
          ['expires_at', 'expired', 'web', 'organisation'],
          ['created_at', 'revoked', '', 'organisation'],
          ['created_at', 'all', '', 'app'],
          ['name', 'live', '', 'organisation'],
          ['name', 'all', 'web', 'app'],
        ] as const) {
          const query = { sort, order, state, search, now, limit: 100 }
          const listed: string[] = []
          let after: string | undefined
          do {
            const asked = after === undefined ? query : { ...query, after }
            const page: Page<ListedToken, string> = await getStore().read((tx) =>
              of === 'app' ? tx.tokens.ofApp(app, asked) : tx.tokens.ofOrganisation(organisationId, asked),
            )
            for (const { id } of page.items) listed.push(id)
            after = page.next
          } while (after !== undefined)
          const expected = tokens
            .filter((token) => belongs(token, query) && (of === 'organisation' || token.appId === app.id))
            .sort((a, b) => compareTokens(a, b, query))
          expect(listed, JSON.stringify(query)).toEqual(expected.map(({ id }) => id))
          const owner = { organisation: organisationId, app: of === 'app' ? app.id : null }
          expect(await getStore().read((tx) => tx.tokens.count(owner, query))).toEqual({ count: expected.length })
          expect(expected.length).toBeGreaterThan(0)
        }
      }
    })
  })
}

/** The default order of a list. */
export const byEnd = { sort: 'expires_at', order: 'desc', search: '' } as const

/** A token with the time of its last use, as the model has it. */
export type ModelToken = NewToken & { readonly usedAt?: number | undefined }

/** Whether the token is in the list, as the model sees it. */
export function belongs(token: ModelToken, filter: TokenFilter): boolean {
  const { state, search, now, unusedSince = Infinity, endsBy = Infinity, createdBy, profile, isPending } = filter
  if ((token.usedAt ?? token.createdAt) >= unusedSince) return false
  if (state === 'live' && token.expiresAt > endsBy) return false
  if (createdBy !== undefined && token.createdBy !== createdBy) return false
  if (profile !== undefined && token.profile !== profile) return false
  if (isPending === true && token.isApproved) return false
  const isMeant = /^[0-9a-f-]{8,}$/i.test(search) && token.id.startsWith(search.toLowerCase())
  if (!isMeant && !nameKey(token.name).includes(nameKey(search))) return false
  return state === 'all' || tokenState(token, now) === state
}

/** The order of the list, as the model sees it. */
export function compareTokens(a: ModelToken, b: ModelToken, { sort, order }: TokenQuery): number {
  const byUse = () => (a.usedAt ?? 0) - (b.usedAt ?? 0)
  const byName = () => Buffer.compare(Buffer.from(nameKey(a.name)), Buffer.from(nameKey(b.name)))
  const first = { expires_at: () => a.expiresAt - b.expiresAt, created_at: () => 0, name: byName, last_used_at: byUse }[
    sort
  ]()
  // Used ones have no further order than their ids.
  const isByAge = sort !== 'last_used_at' || a.usedAt === undefined
  const up = first || (isByAge ? a.createdAt - b.createdAt : 0) || (a.id < b.id ? -1 : 1)
  return order === 'asc' ? up : -up
}
