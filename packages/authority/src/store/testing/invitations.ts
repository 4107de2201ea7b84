// Conformance: invitations.
import { describe, expect, test } from 'vitest'

import type { Invitation } from '../../domain/organisation.ts'
import type { Store, Transaction } from '../../domain/store.ts'
import { plain } from './people.ts'
import { insertMember, unique, uniqueBytes } from './seed.ts'

export function describeInvitations(getStore: () => Store): void {
  describe('invitations', () => {
    test('are found by their code, and accepted', async () => {
      const codeHash = uniqueBytes()
      const invitation = await getStore().write(async (tx) => {
        const { user, organisation } = await insertMember(tx)
        return insertInvitation(tx, organisation.id, { codeHash, createdBy: user.id })
      })
      expect(plain(await getStore().read((tx) => tx.invitations.byCodeHash(codeHash)))).toEqual(plain(invitation))
      expect(await getStore().read((tx) => tx.invitations.byCodeHash(uniqueBytes()))).toBeUndefined()
      const { id: _, ...again } = invitation
      const taken = { ...again, email: `${unique('new')}@example.com` }
      await expect(getStore().write((tx) => tx.invitations.insert(taken))).rejects.toMatchObject({ code: 'conflict' })

      await getStore().write((tx) => tx.invitations.accept(invitation.id, 77))
      const accepted = await getStore().read((tx) => tx.invitations.byCodeHash(codeHash))
      expect(plain(accepted)).toEqual(plain({ ...invitation, acceptedAt: 77 }))
    })

    test('are pending until they are accepted, deleted or ended, or the person has joined', async () => {
      const { user, organisation, open, elsewhere } = await getStore().write(async (tx) => {
        const { user: admin, organisation: inviting } = await insertMember(tx)
        const { user: elsewhere, organisation: other } = await insertMember(tx)
        const byAdmin = { createdBy: admin.id }
        const first = await insertInvitation(tx, inviting.id, byAdmin)
        const second = await insertInvitation(tx, inviting.id, { ...byAdmin, role: 'admin' })
        await insertInvitation(tx, inviting.id, { ...byAdmin, expiresAt: 100 })
        await insertInvitation(tx, inviting.id, { ...byAdmin, email: admin.email })
        await tx.invitations.accept((await insertInvitation(tx, inviting.id)).id, 5)
        await tx.invitations.delete((await insertInvitation(tx, inviting.id)).id)
        await insertInvitation(tx, inviting.id, { createdBy: elsewhere.id })
        const kept = await insertInvitation(tx, inviting.id)
        const foreign = await insertInvitation(tx, other.id, { email: admin.email, createdBy: elsewhere.id })
        return { user: admin, organisation: inviting, open: [kept, second, first], elsewhere: foreign }
      })
      await getStore().read(async (tx) => {
        const pending = await tx.invitations.pending(organisation.id, 100)
        expect(pending).toEqual(
          open.map(({ id, organisationId, email, role, createdBy, createdAt, expiresAt }) => ({
            id,
            organisationId,
            email,
            role,
            createdBy,
            createdAt,
            expiresAt,
            createdByEmail: createdBy === null ? null : user.email,
            createdByProvenAt: null,
          })),
        )
        expect(await tx.invitations.pending(organisation.id, 101)).toEqual([])
        expect(await tx.invitations.pending(organisation.id, 99)).toHaveLength(4)
        expect((await tx.invitations.pending(elsewhere.organisationId, 100)).map(({ id }) => id)).toEqual([
          elsewhere.id,
        ])
      })
    })

    test('of one address are found in all organisations, the newest first', async () => {
      const email = `${unique('invited')}@example.com`
      const { first, second } = await getStore().write(async (tx) => {
        const invited: Invitation[] = []
        for (const changes of [{}, {}, { expiresAt: 100 }]) {
          const { user, organisation } = await insertMember(tx)
          const byAdmin = { email, createdBy: user.id }
          await tx.invitations.accept((await insertInvitation(tx, organisation.id, byAdmin)).id, 5)
          invited.push(await insertInvitation(tx, organisation.id, { ...byAdmin, ...changes }))
        }
        const { organisation } = await insertMember(tx)
        const { user: elsewhere } = await insertMember(tx)
        await insertInvitation(tx, organisation.id, { email, createdBy: elsewhere.id })
        return { first: invited[1]?.id, second: invited[0]?.id }
      })
      const found = await getStore().read((tx) => tx.invitations.pendingOf(email, 100))
      expect(found.map(({ id, organisationName }) => [id, organisationName])).toEqual([
        [first, 'Org'],
        [second, 'Org'],
      ])
      expect(await getStore().read((tx) => tx.invitations.pendingOf(`not-${email}`, 100))).toEqual([])
    })

    test('for one address and organisation: only one is open, even if several people invite at once', async () => {
      const email = `${unique('invited')}@example.com`
      const { user, organisation } = await getStore().write((tx) => insertMember(tx))
      const replace = () =>
        getStore().write(async (tx) => {
          await tx.invitations.closeOf(organisation.id, email)
          return insertInvitation(tx, organisation.id, { email, createdBy: user.id })
        })
      await Promise.all([replace(), replace(), replace(), replace()])
      await replace()
      const open = () => getStore().read((tx) => tx.invitations.pending(organisation.id, 100))
      expect(await open()).toHaveLength(1)
      const again = getStore().write((tx) => insertInvitation(tx, organisation.id, { email, createdBy: user.id }))
      await expect(again).rejects.toMatchObject({ code: 'conflict' })
      expect(await getStore().write((tx) => tx.invitations.closeOf(organisation.id, email))).toBe(true)
      expect(await getStore().write((tx) => tx.invitations.closeOf(organisation.id, email))).toBe(false)
      expect(await open()).toEqual([])
    })

    test('of one inviter are closed, in that organisation and while they are open', async () => {
      const { user, organisation, accepted } = await getStore().write(async (tx) => {
        const { user, organisation } = await insertMember(tx)
        const { organisation: other } = await insertMember(tx)
        const byUser = { createdBy: user.id }
        const accepted = await insertInvitation(tx, organisation.id, byUser)
        await tx.invitations.accept(accepted.id, 5)
        await insertInvitation(tx, organisation.id, byUser)
        await insertInvitation(tx, other.id, byUser)
        await tx.invitations.closeBy(other.id, user.id)
        expect(await tx.invitations.pending(organisation.id, 100)).toHaveLength(1)
        return { user, organisation, accepted }
      })
      await getStore().write((tx) => tx.invitations.closeBy(organisation.id, user.id))
      await getStore().read(async (tx) => {
        expect(await tx.invitations.pending(organisation.id, 100)).toEqual([])
        expect(await tx.invitations.byCodeHash(accepted.codeHash)).toBeDefined()
      })
    })
  })
}

function insertInvitation(
  tx: Transaction,
  organisationId: number,
  changes: Partial<Omit<Invitation, 'id'>> = {},
): Promise<Invitation> {
  return tx.invitations.insert({
    organisationId,
    email: `${unique('new')}@example.com`,
    role: 'member',
    codeHash: uniqueBytes(),
    mailCodeHash: null,
    createdBy: null,
    createdAt: 1,
    expiresAt: 101,
    acceptedAt: null,
    ...changes,
  })
}
