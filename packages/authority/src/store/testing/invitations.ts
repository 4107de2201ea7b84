// Conformance: invitations.
import { describe, expect, test } from 'vitest'

import type { Invitation } from '../../domain/organisation.ts'
import type { Store, Transaction } from '../../domain/store.ts'
import { plain } from './people.ts'
import { insertMember, insertOrganisation, unique, uniqueBytes } from './seed.ts'

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
      await expect(getStore().write((tx) => tx.invitations.insert(again))).rejects.toMatchObject({ code: 'conflict' })

      await getStore().write((tx) => tx.invitations.accept(invitation.id, 77))
      const accepted = await getStore().read((tx) => tx.invitations.byCodeHash(codeHash))
      expect(plain(accepted)).toEqual(plain({ ...invitation, acceptedAt: 77 }))
    })

    test('are pending until they are accepted, deleted or ended, or the person has joined', async () => {
      const { user, organisation, open, elsewhere } = await getStore().write(async (tx) => {
        const { user: admin, organisation: inviting } = await insertMember(tx)
        const other = await insertOrganisation(tx)
        const first = await insertInvitation(tx, inviting.id, { createdBy: admin.id })
        const second = await insertInvitation(tx, inviting.id, { role: 'admin' })
        await insertInvitation(tx, inviting.id, { expiresAt: 100 })
        await insertInvitation(tx, inviting.id, { email: admin.email })
        await tx.invitations.accept((await insertInvitation(tx, inviting.id)).id, 5)
        await tx.invitations.delete((await insertInvitation(tx, inviting.id)).id)
        const foreign = await insertInvitation(tx, other.id, { email: admin.email })
        return { user: admin, organisation: inviting, open: [second, first], elsewhere: foreign }
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
          })),
        )
        expect(await tx.invitations.pending(organisation.id, 101)).toEqual([])
        expect(await tx.invitations.pending(organisation.id, 99)).toHaveLength(3)
        expect((await tx.invitations.pending(elsewhere.organisationId, 100)).map(({ id }) => id)).toEqual([
          elsewhere.id,
        ])
      })
    })

    test('of one address are found over all organisations, the newest first', async () => {
      const email = `${unique('invited')}@example.com`
      const { first, second } = await getStore().write(async (tx) => {
        const [one, other] = [await insertOrganisation(tx), await insertOrganisation(tx)]
        const older = await insertInvitation(tx, one.id, { email })
        const newer = await insertInvitation(tx, other.id, { email })
        await insertInvitation(tx, one.id, { email, expiresAt: 100 })
        await tx.invitations.accept((await insertInvitation(tx, one.id, { email })).id, 5)
        return { first: newer, second: older }
      })
      const found = await getStore().read((tx) => tx.invitations.pendingOf(email, 100))
      expect(found.map(plain)).toEqual([first, second].map(plain))
      expect(await getStore().read((tx) => tx.invitations.pendingOf(`not-${email}`, 100))).toEqual([])
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
    createdBy: null,
    createdAt: 1,
    expiresAt: 101,
    acceptedAt: null,
    ...changes,
  })
}
