// Conformance: a deletion takes effect at once, however many rows there are, and the rows are removed in steps.
import { describe, expect, test } from 'vitest'

import type { Store } from '../../domain/store.ts'
import type { NewToken } from '../../domain/token.ts'
import {
  createToken,
  insertApp,
  insertCliLogin,
  insertDischargeRequest,
  insertMember,
  insertSession,
  insertOrganisation,
  insertUser,
  unique,
  uniqueBytes,
} from './seed.ts'
import { byEnd } from './tokens.ts'

export function describeLeftovers(getStore: () => Store): void {
  async function rowsOf(tokens: readonly NewToken[]): Promise<number> {
    const found = await getStore().read((tx) => Promise.all(tokens.map(({ id }) => tx.tokens.byId(id))))
    return found.filter((token) => token !== undefined).length
  }

  describe('what is left by a deletion', () => {
    test('of an organisation is found by nobody, its names are free, and its rows are removed in steps', async () => {
      const kid = uniqueBytes()
      const codeHash = uniqueBytes()
      const address = `${unique('invited')}@example.com`
      const { organisation, member, apps, tokens } = await getStore().write(async (tx) => {
        const { user, organisation: owner } = await insertMember(tx)
        await tx.signingKeys.insert({ kid, organisationId: owner.id, wrapped: uniqueBytes(), createdAt: 1 })
        const invitation = { organisationId: owner.id, role: 'member', createdBy: user.id } as const
        const add = async (count: number) => {
          const { id: userId } = await insertUser(tx)
          await tx.memberships.insert({ organisationId: owner.id, userId, role: 'member', createdAt: 1 })
          await tx.invitations.insert({
            ...invitation,
            email: count === 299 ? address : `${unique('invited')}@example.com`,
            codeHash: count === 299 ? codeHash : uniqueBytes(),
            createdAt: 1,
            expiresAt: 100,
            acceptedAt: null,
            mailCodeHash: null,
          })
        }
        // At the same time, so that it takes few round trips: a transaction has four seconds, even on a busy machine.
        await Promise.all(Array.from({ length: 300 }, (_, count) => add(count)))
        const owned = await Promise.all(Array.from({ length: 300 }, () => insertApp(tx, owner.id)))
        const minted = Array.from({ length: 900 }, (_, at) =>
          createToken(owner.id, {
            createdBy: user.id,
            createdAt: at % 7,
            ...(at % 3 === 0 ? { revokedAt: 5, revokedBy: 'a@example.com' } : {}),
          }),
        )
        await Promise.all(minted.map((token) => tx.tokens.insert(token)))
        return { organisation: owner, member: user, apps: owned, tokens: minted }
      })

      await getStore().write((tx) => tx.organisations.delete(organisation.id))
      const last = apps.at(-1)
      if (last === undefined) throw new Error('there are no apps')
      await getStore().read(async (tx) => {
        expect(await tx.organisations.byId(organisation.id)).toBeUndefined()
        expect(await tx.organisations.bySlug(organisation.slug)).toBeUndefined()
        expect(await tx.organisations.ofUser(member.id)).toEqual([])
        expect(await tx.signingKeys.byKid(kid)).toBeUndefined()
        expect(await tx.invitations.byCodeHash(codeHash)).toBeUndefined()
        expect(await tx.invitations.pendingOf(address, 50)).toEqual([])
        expect(await tx.apps.byId(last.id)).toBeUndefined()
        expect(await tx.apps.byName(last.name)).toBeUndefined()
      })
      await getStore().write(async (tx) => {
        const next = await insertOrganisation(tx, { slug: organisation.slug })
        expect((await insertApp(tx, next.id, { name: last.name })).id).toBeGreaterThan(last.id)
      })

      let rows = await rowsOf(tokens)
      expect(rows).toBeLessThan(tokens.length)
      let steps = 0
      for (let more = true; more; steps++) {
        more = await getStore().write((tx) => tx.leftovers.remove())
        const left = await rowsOf(tokens)
        expect(rows - left).toBeLessThanOrEqual(64)
        rows = left
      }
      expect(rows).toBe(0)
      expect(steps).toBeGreaterThanOrEqual((800 + 300 + 300 + 299) / 64)
      await getStore().read(async (tx) => {
        expect(await tx.memberships.page(organisation.id, { limit: 9 })).toEqual([])
        expect(await tx.organisations.countUpTo(organisation.id, 'apps', 9, 0)).toBe(0)
        expect(await tx.leftovers.exist()).toBe(false)
      })
    })

    test('of an app is dead, and marked in steps', async () => {
      const { app, tokens, spared } = await getStore().write(async (tx) => {
        const { id } = await insertOrganisation(tx)
        const owned = await insertApp(tx, id)
        const minted = Array.from({ length: 500 }, (_, at) =>
          createToken(id, { appId: owned.id, expiresAt: 5000 + (at % 5) }),
        )
        await Promise.all(minted.map((token) => tx.tokens.insert(token)))
        const other = createToken(id)
        await tx.tokens.insert(other)
        return { app: owned, tokens: minted, spared: other }
      })
      const states = () =>
        getStore().read(async (tx) => {
          const found = await Promise.all(tokens.map(({ id }) => tx.tokens.byId(id)))
          return new Set(found.map((token) => `${token?.revokedAt} by ${token?.revokedBy}`))
        })
      expect(await states()).toEqual(new Set(['null by null']))
      await getStore().write(async (tx) => {
        await tx.tokens.revokeOfApp(app.id, 77, 'a@example.com')
        await tx.apps.delete(app.id)
      })
      expect(await states()).toEqual(new Set(['77 by a@example.com']))
      const written = async () => {
        const query = { ...byEnd, state: 'revoked', now: 0, limit: 1000 } as const
        return (await getStore().read((tx) => tx.tokens.ofApp(app, query))).items.length
      }
      let revoked = await written()
      for (let more = true; more;) {
        more = await getStore().write((tx) => tx.leftovers.remove())
        const now = await written()
        expect(now - revoked).toBeLessThanOrEqual(64)
        revoked = now
      }
      expect(revoked).toBe(500)
      expect(await states()).toEqual(new Set(['77 by a@example.com']))
      expect(await getStore().read((tx) => tx.tokens.byId(spared.id))).toMatchObject({ revokedAt: null })
    })

    test('of an organisation whose tokens are all revoked is dead and marked in steps, and it can mint new ones', async () => {
      const { organisation, tokens, app } = await getStore().write(async (tx) => {
        const { id } = await insertOrganisation(tx)
        const owned = await insertApp(tx, id)
        const minted = Array.from({ length: 500 }, (_, at) =>
          createToken(id, {
            createdAt: 1000 + (at % 5),
            ...(at % 4 === 0 ? { appId: owned.id } : {}),
            ...(at % 5 === 0 ? { revokedAt: 5, revokedBy: 'earlier@example.com' } : {}),
          }),
        )
        await Promise.all(minted.map((token) => tx.tokens.insert(token)))
        return { organisation: id, tokens: minted, app: owned }
      })
      const states = () =>
        getStore().read(async (tx) => {
          const found = await Promise.all(tokens.map(({ id }) => tx.tokens.byId(id)))
          return new Set(found.map((token) => `${token?.revokedAt} by ${token?.revokedBy}`))
        })
      const dead = new Set(['5 by earlier@example.com', '77 by a@example.com'])
      expect(await states()).toEqual(new Set(['5 by earlier@example.com', 'null by null']))
      await getStore().write((tx) => tx.tokens.revokeOfOrganisation(organisation, 77, 'a@example.com'))
      expect(await states()).toEqual(dead)
      const last = tokens.at(-1)
      if (last === undefined) throw new Error('there are no tokens')
      expect(await getStore().read((tx) => tx.tokens.byIdWithNames(last.id))).toMatchObject({ revokedAt: 77 })

      // New tokens live. A token that a slow clock would date before the revocation is not minted.
      const fresh = createToken(organisation, { createdAt: 1005, appId: app.id })
      await getStore().write((tx) => tx.tokens.insert(fresh))
      const behind = createToken(organisation, { createdAt: 1004 })
      const late = getStore().write((tx) => tx.tokens.insert(behind))
      await expect(late).rejects.toMatchObject({ code: 'unavailable', retryAfter: 5 })

      const written = async () => {
        const query = { ...byEnd, state: 'revoked', now: 0, limit: 1000 } as const
        return (await getStore().read((tx) => tx.tokens.ofOrganisation(organisation, query))).items.length
      }
      let revoked = await written()
      expect(revoked).toBeLessThanOrEqual(100 + 64)
      for (let more = true; more;) {
        more = await getStore().write((tx) => tx.leftovers.remove())
        const now = await written()
        expect(now - revoked).toBeLessThanOrEqual(64)
        revoked = now
      }
      expect(revoked).toBe(500)
      expect(await states()).toEqual(dead)
      await getStore().write((tx) => tx.tokens.insert(behind))
      for (const { id } of [fresh, behind]) {
        expect(await getStore().read((tx) => tx.tokens.byId(id))).toMatchObject({ revokedAt: null })
      }
    })

    test('of requests and logins that have expired is deleted a hundred at a time', async () => {
      const { requests, logins } = await getStore().write(async (tx) => {
        const all = Array.from({ length: 150 })
        const asked = await Promise.all(all.map(() => insertDischargeRequest(tx, { expiresAt: -9 })))
        const begun = await Promise.all(all.map(() => insertCliLogin(tx, { expiresAt: -9 })))
        return { requests: asked.map(({ pollHash }) => pollHash), logins: begun }
      })
      const left = () =>
        getStore().read(async (tx) => {
          const found = [
            await Promise.all(requests.map((hash) => tx.dischargeRequests.byPollHash(hash))),
            await Promise.all(logins.map((hash) => tx.cliLogins.byIdHash(hash))),
          ]
          return found.map((rows) => rows.filter((row) => row !== undefined).length)
        })
      const sweep = () =>
        getStore().write(async (tx) => {
          await tx.dischargeRequests.deleteExpired(-5)
          await tx.cliLogins.deleteExpired(-5)
        })
      await sweep()
      expect(await left()).toEqual([50, 50])
      await sweep()
      expect(await left()).toEqual([0, 0])
    })

    test('of logins that nobody ended: the newest thousand of a person', async () => {
      const found = await getStore().write(async (tx) => {
        const { id } = await insertUser(tx)
        const ids: number[] = []
        for (const session of await Promise.all(Array.from({ length: 1003 }, () => insertSession(tx, id))))
          ids.push(session.id)
        const kept = await tx.sessions.ofUser(id, 0, 2000)
        return { ids, kept: kept.map((session) => session.id) }
      })
      expect(found.kept).toEqual(found.ids.slice(3).reverse())
    })
  })
}
