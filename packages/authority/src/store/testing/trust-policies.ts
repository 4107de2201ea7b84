// Conformance: trust policies, and the identity tokens that were exchanged.
import { randomUUID } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import type { Store } from '../../domain/store.ts'
import { plain } from './people.ts'
import {
  createToken,
  insertApp,
  insertMember,
  insertOrganisation,
  insertTrustPolicy,
  unique,
  uniqueBytes,
} from './seed.ts'

export function describeTrustPolicies(getStore: () => Store): void {
  describe('trust policies', () => {
    test('are listed with their names, and found by their issuer', async () => {
      const { user, organisation, app, first, second, foreign } = await getStore().write(async (tx) => {
        const { user, organisation } = await insertMember(tx)
        const app = await insertApp(tx, organisation.id)
        const claims = { repository_id: ['1', '2'], ref: ['refs/heads/*'], __proto__x: ['"'] }
        const second = await insertTrustPolicy(tx, organisation.id, { createdAt: 2, createdBy: user.id, claims })
        const first = await insertTrustPolicy(tx, organisation.id, { issuer: 'https://other.example', appId: app.id })
        const foreign = await insertTrustPolicy(tx, (await insertOrganisation(tx)).id)
        return { user, organisation, app, first, second, foreign }
      })
      await getStore().read(async (tx) => {
        const listed = await tx.trustPolicies.ofOrganisation(organisation.id)
        expect(plain(listed)).toEqual(
          plain([
            { ...first, createdByEmail: null, createdByProvenAt: null, appName: app.name },
            { ...second, createdByEmail: user.email, createdByProvenAt: user.emailProvenAt, appName: null },
          ]),
        )
        expect(plain(await tx.trustPolicies.ofIssuer(organisation.id, second.issuer))).toEqual(plain([second]))
        expect(plain(await tx.trustPolicies.ofIssuer(foreign.organisationId, foreign.issuer))).toEqual(plain([foreign]))
        expect(await tx.trustPolicies.ofIssuer(organisation.id, 'https://ci.exampl')).toEqual([])
      })
    })

    test('go by themselves, with their app and with their organisation', async () => {
      const { organisation, app, policies } = await getStore().write(async (tx) => {
        const organisation = await insertOrganisation(tx)
        const app = await insertApp(tx, organisation.id)
        const policies = [
          await insertTrustPolicy(tx, organisation.id),
          await insertTrustPolicy(tx, organisation.id, { appId: app.id, createdAt: 2 }),
          await insertTrustPolicy(tx, organisation.id, { createdAt: 3 }),
        ] as const
        return { organisation, app, policies }
      })
      const left = async () =>
        (await getStore().read((tx) => tx.trustPolicies.ofOrganisation(organisation.id))).map(({ id }) => id)
      expect(await left()).toEqual(policies.map(({ id }) => id))
      await getStore().write((tx) => tx.trustPolicies.delete(policies[0].id))
      await getStore().write((tx) => tx.apps.delete(app.id))
      expect(await left()).toEqual([policies[2].id])
      await getStore().write((tx) => tx.organisations.delete(organisation.id))
      expect(await left()).toEqual([])
    })

    test('are what tokens descend from, although they are none', async () => {
      const id = randomUUID()
      const tokens = await getStore().write(async (tx) => {
        const organisation = await insertOrganisation(tx)
        const child = createToken(organisation.id, { mintedBy: id })
        const grandchild = createToken(organisation.id, { mintedBy: child.id })
        const other = createToken(organisation.id, { mintedBy: randomUUID() })
        for (const token of [child, grandchild, other]) await tx.tokens.insert(token)
        return [child, grandchild, other]
      })
      const revoked = await getStore().write((tx) => tx.tokens.revokeDescendants(id, 7, 'ada'))
      expect(revoked).toEqual({ revoked: 2, more: false })
      const found = await getStore().read((tx) => Promise.all(tokens.map((token) => tx.tokens.byId(token.id))))
      expect(found.map((token) => token?.revokedAt)).toEqual([7, 7, null])
    })
  })

  test('no token of a trust policy outlives a removal of the policy that it raced with', async () => {
    const issuer = unique('https://ci.example/')
    for (let round = 0; round < 20; round++) {
      const { organisationId, id } = await getStore().write(async (tx) =>
        insertTrustPolicy(tx, (await insertOrganisation(tx)).id, { issuer }),
      )
      // As the operations do. PostgreSQL gives up a write that kept colliding, and nothing of it has happened.
      const exchange = async () => {
        const token = createToken(organisationId, { mintedBy: id })
        await getStore()
          .write(async (tx) => {
            if ((await tx.trustPolicies.ofIssuer(organisationId, issuer)).length > 0) await tx.tokens.insert(token)
          })
          .catch((error: unknown) => expect(error).toMatchObject({ code: 'conflict' }))
        return token.id
      }
      const some = () => Array.from({ length: 4 }, exchange)
      const before = some()
      const removed = getStore().write(async (tx) => {
        await tx.trustPolicies.delete(id)
        await tx.tokens.revokeDescendants(id, 50, 'ada')
      })
      const tokens = await Promise.all([...before, ...some()])
      await removed
      const found = await getStore().read((tx) => Promise.all(tokens.map((token) => tx.tokens.byId(token))))
      const living = found.filter((token) => token !== undefined && token.revokedAt === null)
      expect(living, `round ${round}`).toEqual([])
    }
  })

  describe('exchanged identity tokens', () => {
    test('count once until they end, and are forgotten then', async () => {
      const [hash, other] = [uniqueBytes(), uniqueBytes()]
      const note = (of: Uint8Array, now: number) =>
        getStore().write((tx) => tx.trustPolicies.noteExchange({ hash: of, endsAt: 100 }, now))
      expect([await note(hash, 1), await note(hash, 1), await note(other, 1), await note(hash, 99)]).toEqual([
        true,
        false,
        true,
        false,
      ])
      expect(await note(hash, 100)).toBe(true)
    })

    test('count once where several are exchanged at once', async () => {
      const hash = uniqueBytes()
      const noted = await Promise.all(
        Array.from({ length: 10 }, () =>
          getStore().write((tx) => tx.trustPolicies.noteExchange({ hash, endsAt: 100 }, 1)),
        ),
      )
      expect(noted.filter(Boolean)).toHaveLength(1)
    })
  })
}
