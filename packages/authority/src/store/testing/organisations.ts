// Conformance: organisations, memberships, invitations, apps, signing keys, audit events.
import { describe, expect, test } from 'vitest'

import type { AuditEvent } from '../../domain/audit-event.ts'
import type { Store } from '../../domain/store.ts'
import { plain } from './people.ts'
import { describeInvitations } from './invitations.ts'
import {
  createToken,
  insertApp,
  insertMember,
  insertOrganisation,
  insertUser,
  strictPolicy,
  unique,
  uniqueBytes,
} from './seed.ts'

export function describeOrganisations(getStore: () => Store): void {
  describe('organisations', () => {
    test('are found by id, by slug and by the owner of a personal one', async () => {
      const slug = unique('org')
      const { user, organisation } = await getStore().write(async (tx) => {
        const owner = await insertUser(tx)
        const personal = {
          slug,
          name: 'Zoë – 個人',
          personalOf: owner.id,
          membershipDischarge: 'member',
          tokenPolicy: strictPolicy,
          createdAt: 5,
        } as const
        return { user: owner, organisation: await tx.organisations.insert(personal) }
      })
      expect(organisation).toEqual({
        id: organisation.id,
        slug,
        name: 'Zoë – 個人',
        personalOf: user.id,
        membershipDischarge: 'member',
        tokenPolicy: strictPolicy,
        createdAt: 5,
      })
      await getStore().read(async (tx) => {
        expect(await tx.organisations.byId(organisation.id)).toEqual(organisation)
        expect(await tx.organisations.bySlug(slug)).toEqual(organisation)
        expect(await tx.organisations.personalOf(user.id)).toEqual(organisation)
        expect(await tx.organisations.byId(2 ** 40)).toBeUndefined()
        expect(await tx.organisations.bySlug('nowhere')).toBeUndefined()
        expect(await tx.organisations.personalOf(user.id + 1000)).toBeUndefined()
      })
    })

    test('have unique slugs, and each user has one personal organisation', async () => {
      await getStore().write(async (tx) => {
        const user = await insertUser(tx)
        const first = await insertOrganisation(tx, { personalOf: user.id })
        await expect(insertOrganisation(tx, { slug: first.slug })).rejects.toMatchObject({ code: 'conflict' })
        await expect(insertOrganisation(tx, { personalOf: user.id })).rejects.toMatchObject({ code: 'conflict' })
        // A refused insert leaves the transaction as it was.
        expect((await insertOrganisation(tx)).id).toBeGreaterThan(first.id)
      })
    })

    test('count what they have, up to a maximum', async () => {
      await getStore().write(async (tx) => {
        const { id } = await insertOrganisation(tx)
        const other = await insertOrganisation(tx)
        for (const organisation of [id, id, id, other.id]) {
          await insertApp(tx, organisation)
          const { id: userId } = await insertUser(tx)
          await tx.memberships.insert({ organisationId: organisation, userId, role: 'member', createdAt: 1 })
          await tx.tokens.insert(createToken(organisation, { expiresAt: 1000 }))
        }
        await tx.tokens.insert(createToken(id, { expiresAt: 500 }))
        await tx.tokens.insert(createToken(id, { expiresAt: 1000, revokedAt: 1, revokedBy: 'somebody' }))
        for (const quota of ['apps', 'members', 'tokens'] as const) {
          expect(await tx.organisations.countUpTo(id, quota, 100, 500)).toBe(3)
          expect(await tx.organisations.countUpTo(id, quota, 2, 500)).toBe(2)
          expect(await tx.organisations.countUpTo(2 ** 40, quota, 2, 500)).toBe(0)
        }
        expect(await tx.organisations.countUpTo(id, 'tokens', 100, 499)).toBe(4)
      })
    })

    test('show their membership demand, however they are found', async () => {
      const { organisation, app } = await getStore().write(async (tx) => {
        const inserted = await insertOrganisation(tx)
        return { organisation: inserted, app: await insertApp(tx, inserted.id) }
      })
      const find = () =>
        getStore().read(async (tx) => [
          await tx.organisations.byId(organisation.id),
          await tx.organisations.bySlug(organisation.slug),
          (await tx.apps.byName(app.name))?.organisation,
        ])
      expect(await find()).toEqual([organisation, organisation, organisation])
      await getStore().write((tx) => tx.organisations.setMembershipDischarge(organisation.id, 'login'))
      const changed = { ...organisation, membershipDischarge: 'login' }
      expect(await find()).toEqual([changed, changed, changed])
    })

    test('of a user are listed by name, with the role there', async () => {
      const listed = await getStore().write(async (tx) => {
        const user = await insertUser(tx)
        for (const [name, role] of [
          ['zebra', 'member'],
          ['Acme', 'admin'],
          ['beta', 'member'],
        ] as const) {
          const organisation = await insertOrganisation(tx, { name })
          await tx.memberships.insert({ organisationId: organisation.id, userId: user.id, role, createdAt: 1 })
        }
        await insertOrganisation(tx, { name: 'not theirs' })
        return tx.organisations.ofUser(user.id)
      })
      expect(listed.map(({ organisation, role }) => [organisation.name, role])).toEqual([
        ['Acme', 'admin'],
        ['beta', 'member'],
        ['zebra', 'member'],
      ])
    })

    test('have their new name everywhere after they are renamed', async () => {
      const { organisation, app } = await getStore().write(async (tx) => {
        const renamed = await insertOrganisation(tx, { name: 'Before' })
        return { organisation: renamed, app: await insertApp(tx, renamed.id) }
      })
      // Once before, so that the cache is tested.
      await getStore().read((tx) => tx.apps.byName(app.name))
      await getStore().write((tx) => tx.organisations.rename(organisation.id, 'After – 後'))
      await getStore().read(async (tx) => {
        const after = { ...organisation, name: 'After – 後' }
        expect(await tx.organisations.bySlug(organisation.slug)).toEqual(after)
        expect(await tx.apps.byName(app.name)).toEqual({ app, organisation: after })
      })
    })

    test('are deleted with all that is theirs, except audit events', async () => {
      const kid = uniqueBytes()
      const codeHash = uniqueBytes()
      const { gone, app, tokens } = await getStore().write(async (tx) => {
        const { user, organisation } = await insertMember(tx)
        const owned = await insertApp(tx, organisation.id)
        const record = createToken(organisation.id, { appId: owned.id, createdBy: user.id })
        await tx.tokens.insert(record)
        const revoked = createToken(organisation.id, { revokedAt: 2, revokedBy: 'a@example.com' })
        await tx.tokens.insert(revoked)
        await tx.signingKeys.insert({ kid, organisationId: organisation.id, wrapped: uniqueBytes(), createdAt: 1 })
        await tx.invitations.insert({
          organisationId: organisation.id,
          email: 'a@example.com',
          role: 'member',
          codeHash,
          createdBy: user.id,
          createdAt: 1,
          expiresAt: 2,
          acceptedAt: null,
          mailCodeHash: null,
        })
        await tx.audit.append(createEvent(organisation.id, 'organisation.create'))
        await tx.organisations.delete(organisation.id)
        return { gone: organisation, app: owned, tokens: [record, revoked] }
      })
      await getStore().read(async (tx) => {
        expect(await tx.organisations.byId(gone.id)).toBeUndefined()
        expect(await tx.memberships.page(gone.id, { limit: 9 })).toEqual([])
        expect(await tx.apps.byId(app.id)).toBeUndefined()
        for (const { id } of tokens) expect(await tx.tokens.byId(id)).toBeUndefined()
        expect(await tx.signingKeys.byKid(kid)).toBeUndefined()
        expect(await tx.invitations.byCodeHash(codeHash)).toBeUndefined()
        expect((await tx.audit.ofOrganisation(gone.id, { limit: 10 })).items).toHaveLength(1)
      })
      const next = await getStore().write((tx) => insertOrganisation(tx))
      expect(next.id).toBeGreaterThan(gone.id)
    })
  })

  test('memberships are found, listed in pages, changed and deleted', async () => {
    const { organisation, first, second } = await getStore().write(async (tx) => {
      const { user, organisation: joined } = await insertMember(tx)
      const other = await insertUser(tx, { email: `${unique('aaa')}@example.com` })
      await tx.memberships.insert({ organisationId: joined.id, userId: other.id, role: 'member', createdAt: 9 })
      return { organisation: joined, first: other, second: user }
    })
    const member = { organisationId: organisation.id, userId: first.id, role: 'member', createdAt: 9 } as const
    await getStore().read(async (tx) => {
      expect(await tx.memberships.find(organisation.id, first.id)).toEqual(member)
      expect(await tx.memberships.find(organisation.id, 2 ** 40)).toBeUndefined()
      expect(await tx.memberships.hasOtherAdmin(organisation.id, first.id)).toBe(true)
      expect(await tx.memberships.hasOtherAdmin(organisation.id, second.id)).toBe(false)
      expect(await tx.memberships.countOf(first.id, 9)).toBe(1)
      expect(await tx.memberships.countOf(first.id, 0)).toBe(0)
      const members = [
        { userId: second.id, email: second.email, emailProvenAt: null, role: 'admin', joinedAt: 1000 },
        { userId: first.id, email: first.email, emailProvenAt: null, role: 'member', joinedAt: 9 },
      ]
      expect(await tx.memberships.page(organisation.id, { limit: 9 })).toEqual(members)
      expect(await tx.memberships.page(organisation.id, { limit: 1 })).toEqual(members.slice(0, 1))
      expect(await tx.memberships.page(organisation.id, { limit: 9, after: second.id })).toEqual(members.slice(1))
    })
    const twice = getStore().write((tx) => tx.memberships.insert({ ...member, role: 'admin' }))
    await expect(twice).rejects.toMatchObject({ code: 'conflict' })

    await getStore().write((tx) => tx.memberships.setRole(organisation.id, first.id, 'admin'))
    expect(await getStore().read((tx) => tx.memberships.hasOtherAdmin(organisation.id, second.id))).toBe(true)
    await getStore().write((tx) => tx.memberships.delete(organisation.id, first.id))
    expect(await getStore().read((tx) => tx.memberships.page(organisation.id, { limit: 9 }))).toHaveLength(1)
  })

  describeInvitations(getStore)

  describe('apps', () => {
    test('are found by id, by name and by idempotency key, listed and counted', async () => {
      const name = unique('app')
      const { organisation, app, other } = await getStore().write(async (tx) => {
        const owner = await insertOrganisation(tx)
        const later = await insertApp(tx, owner.id, { name: `z-${name}` })
        return { organisation: owner, other: later, app: await insertApp(tx, owner.id, { name, idempotencyKey: 'k' }) }
      })
      await getStore().read(async (tx) => {
        expect(await tx.apps.byId(app.id)).toEqual(app)
        expect(await tx.apps.byName(name)).toEqual({ app, organisation })
        expect(await tx.apps.byIdempotencyKey(organisation.id, 'k')).toEqual(app)
        const [first, second] = [app, other].map((each) => ({ ...each, machineCount: 0, volumeCount: 0 }))
        expect(await tx.apps.page(organisation.id, { limit: 10 })).toEqual([first, second])
        expect(await tx.apps.page(organisation.id, { limit: 2 })).toEqual([first, second])
        expect(await tx.apps.page(organisation.id, { limit: 1 })).toEqual([first])
        expect(await tx.apps.page(organisation.id, { limit: 2, after: app.name })).toEqual([second])
        expect(await tx.apps.page(organisation.id, { limit: 2, after: other.name })).toEqual([])
        expect(await tx.organisations.countUpTo(organisation.id, 'apps', 9, 0)).toBe(2)
        expect(await tx.apps.byId(2 ** 40)).toBeUndefined()
        expect(await tx.apps.byName('no-such-app')).toBeUndefined()
        expect(await tx.apps.byIdempotencyKey(organisation.id + 1, 'k')).toBeUndefined()
        expect(await tx.organisations.countUpTo(organisation.id + 1000, 'apps', 9, 0)).toBe(0)
      })
    })

    test('share one namespace, and refuse a name or an idempotency key twice', async () => {
      await getStore().write(async (tx) => {
        const one = await insertOrganisation(tx)
        const two = await insertOrganisation(tx)
        const app = await insertApp(tx, one.id, { idempotencyKey: 'k' })
        await expect(insertApp(tx, two.id, { name: app.name })).rejects.toMatchObject({
          name: 'DomainError',
          code: 'name_taken',
          message: expect.stringContaining(app.name) as string,
        })
        await expect(insertApp(tx, one.id, { idempotencyKey: 'k' })).rejects.toMatchObject({ code: 'conflict' })
        await insertApp(tx, two.id, { idempotencyKey: 'k' })
        await insertApp(tx, one.id)
        expect(await tx.organisations.countUpTo(one.id, 'apps', 9, 0)).toBe(2)
      })
    })

    test('free their name when they are deleted, never their id', async () => {
      await getStore().write(async (tx) => {
        const { id } = await insertOrganisation(tx)
        const app = await insertApp(tx, id)
        await tx.apps.delete(app.id)
        expect(await tx.apps.byName(app.name)).toBeUndefined()
        expect((await insertApp(tx, id, { name: app.name })).id).toBeGreaterThan(app.id)
      })
    })
  })

  test('signing keys are found by kid, and the newest of an organisation', async () => {
    const [first, second, third] = [uniqueBytes(), uniqueBytes(), uniqueBytes()] as const
    const organisationId = await getStore().write(async (tx) => {
      const { id } = await insertOrganisation(tx)
      expect(await tx.signingKeys.newest(id)).toBeUndefined()
      await tx.signingKeys.insert({ kid: first, organisationId: id, wrapped: uniqueBytes(), createdAt: 20 })
      await tx.signingKeys.insert({ kid: second, organisationId: id, wrapped: uniqueBytes(), createdAt: 20 })
      await tx.signingKeys.insert({ kid: third, organisationId: id, wrapped: new Uint8Array([0, 255]), createdAt: 10 })
      const again = { kid: first, organisationId: id, wrapped: uniqueBytes(), createdAt: 30 }
      await expect(tx.signingKeys.insert(again)).rejects.toMatchObject({ code: 'conflict' })
      return id
    })
    await getStore().read(async (tx) => {
      const expected = { kid: third, organisationId, wrapped: new Uint8Array([0, 255]), createdAt: 10 }
      expect(plain(await tx.signingKeys.byKid(third))).toEqual(plain(expected))
      expect(plain(await tx.signingKeys.newest(organisationId))).toMatchObject({
        kid: Buffer.from(second).toString('hex'),
      })
      expect(await tx.signingKeys.byKid(uniqueBytes())).toBeUndefined()
    })
  })

  test('audit events are listed page by page, newest first', async () => {
    const organisationId = await getStore().write(async (tx) => {
      const { id } = await insertOrganisation(tx)
      for (let event = 0; event < 7; event++) await tx.audit.append(createEvent(id, `event.${event}`))
      await tx.audit.append(createEvent(null, 'session.create'))
      return id
    })
    await getStore().read(async (tx) => {
      const first = await tx.audit.ofOrganisation(organisationId, { limit: 4 })
      expect(first.items.map(({ operation }) => operation)).toEqual(['event.6', 'event.5', 'event.4', 'event.3'])
      const { id, ...event } = first.items[0] ?? { id: 0 }
      expect(event).toEqual(createEvent(organisationId, 'event.6'))
      expect(first.next).toBe(id - 3)

      const rest = await tx.audit.ofOrganisation(organisationId, { limit: 4, before: first.next ?? 0 })
      expect(rest.items.map(({ operation }) => operation)).toEqual(['event.2', 'event.1', 'event.0'])
      expect(rest).not.toHaveProperty('next')
    })
  })

  test('audit events are in the order in which they came, whatever the clock says', async () => {
    await getStore().write(async (tx) => {
      const { id } = await insertOrganisation(tx)
      // Who reads up to the last event that they know must find all newer ones before it.
      for (const at of [20, 10, 30]) await tx.audit.append({ ...createEvent(id, 'x'), at })
      const { items } = await tx.audit.ofOrganisation(id, { limit: 9 })
      expect(items.map(({ at }) => at)).toEqual([30, 10, 20])
    })
  })

  test('audit events keep only the beginning of long texts', async () => {
    const text = 'x'.repeat(100_000)
    const page = await getStore().write(async (tx) => {
      const { id } = await insertOrganisation(tx)
      const actor = { kind: 'token', id: 't', label: text } as const
      await tx.audit.append({ ...createEvent(id, 'app.create'), actor, target: text, reason: text })
      return tx.audit.ofOrganisation(id, { limit: 1 })
    })
    const [event] = page.items
    expect([event?.target, event?.reason, event?.actor.label].map((each) => each?.length)).toEqual([1000, 1000, 1000])
  })

  test('audit events keep the run labels of who acted', async () => {
    const runLabels = { first: [{ agent: 'ci', run: '42', onBehalfOf: 'Ada "L."' }], more: 2 }
    const actors = [
      { kind: 'token', id: 't', label: 'x', runLabels } as const,
      { kind: 'user', id: '1', label: 'y' } as const,
    ]
    const page = await getStore().write(async (tx) => {
      const { id } = await insertOrganisation(tx)
      for (const actor of actors) await tx.audit.append({ ...createEvent(id, 'app.create'), actor })
      return tx.audit.ofOrganisation(id, { limit: 2 })
    })
    expect(page.items.map(({ actor }) => actor)).toEqual(actors.toReversed())
  })

  test('audit events of a token are what it did and what was done to it, page by page, newest first', async () => {
    await getStore().write(async (tx) => {
      const [{ id: organisationId }, { id: elsewhere }] = [await insertOrganisation(tx), await insertOrganisation(tx)]
      const { id, createdAt } = createToken(organisationId, { createdAt: 77 })
      const [target, discharge] = [`token ${id}`, `discharge of token ${id}`]
      const targets = [target, discharge, `${discharge}, to be confirmed by a@example.com`] as const
      const person = { kind: 'user', id: '1', label: 'a@example.com' } as const
      const itself = { kind: 'token', id, label: 'ci' } as const
      const event = (operation: string, changes: Partial<AuditEvent> = {}) =>
        tx.audit.append({ ...createEvent(organisationId, operation), actor: person, target, ...changes })
      await event('token.mint', { at: createdAt })
      await event('token.mint', { at: createdAt, target: `token ${crypto.randomUUID()}` })
      // Somebody has given the id of this token to another one as its name.
      await event('token.mint', { at: createdAt + 1, outcome: 'denied' })
      await event('app.create', { actor: itself, target: 'app web' })
      await event('organisation.create', { actor: itself, target: 'organisation x', organisationId: null })
      await event('app.delete', { actor: itself, target: 'app theirs', organisationId: elsewhere })
      await event('app.delete', { target: 'app web' })
      await event('discharge.ask', { target: targets[2] })
      await event('discharge.approve', { target: discharge })
      await event('token.show', { organisationId: elsewhere })
      await event('token.revoke')
      await event('token.revoke', { actor: itself })
      const expected = [
        'token.revoke',
        'token.revoke',
        'discharge.approve',
        'discharge.ask',
        'organisation.create',
        'app.create',
        'token.mint',
      ]
      const token = { id, organisationId, createdAt, targets }
      for (const limit of [1, 2, 3, 7, 10]) {
        const seen: string[] = []
        let before: number | undefined
        do {
          const page = await tx.audit.ofToken(token, before === undefined ? { limit } : { limit, before })
          expect(page.items.length).toBeLessThanOrEqual(limit)
          for (const { operation } of page.items) seen.push(operation)
          before = page.next
        } while (before !== undefined)
        expect(seen).toEqual(expected)
      }
    })
  })
}

function createEvent(organisationId: number | null, operation: string): AuditEvent {
  return {
    at: 1234,
    organisationId,
    operation,
    outcome: 'denied',
    actor: { kind: 'token', id: 'abc', label: 'Zoë’s “token”' },
    target: 'app web-1',
    reason: 'the Apps caveat forbids it',
    requestId: 'r-1',
  }
}
