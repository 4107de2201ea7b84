// Who belongs to very many organizations proves their address: in steps, between which others are answered.
import { rm } from 'node:fs/promises'

import { expect, test } from 'vitest'

import { openAuthority } from './open-authority.ts'
import { proveAddress } from '../packages/authority/src/operations/accounts/prove-address.ts'
import { openPolicy } from '../packages/authority/src/domain/token-policy.ts'
import { createAccount } from '../packages/authority/src/operations/accounts/sign-up.ts'
import { createDirectory } from './authority.ts'

test('a first proof leaves a thousand organizations, and reads go on between the steps', async () => {
  const directory = await createDirectory()
  const authority = await openAuthority(directory)
  const { environment, user: admin } = authority
  const { store } = environment
  const now = Date.now()
  const count = 1000
  const member = await store.write(async (tx) => {
    const made = await createAccount({ tx, environment, now }, 'many@example.com', null, null)
    for (let number = 1; number < count; number += 1) {
      const names = { slug: `org-${number}`, name: `Org ${number}`, personalOf: null, createdAt: now }
      const organisation = await tx.organisations.insert({
        ...names,
        membershipDischarge: 'none',
        tokenPolicy: openPolicy,
      })
      await tx.memberships.insert({ organisationId: organisation.id, userId: admin.id, role: 'admin', createdAt: now })
      await tx.memberships.insert({ organisationId: organisation.id, userId: made.id, role: 'member', createdAt: now })
    }
    return made
  })
  const seen: (number | undefined)[] = []
  /** As somebody else would ask in between: nothing is done yet for them. */
  async function pause(): Promise<void> {
    await environment.pause()
    seen.push(await store.read(async (tx) => (await tx.organisations.ofUser(member.id)).length))
  }
  const caller = { requestId: 'r-1', remoteAddress: '127.0.0.1', sourceAddress: '127.0.0.1', spend: () => undefined }
  await store.write((tx) =>
    proveAddress({ tx, environment: { ...environment, pause }, now, caller }, member, 'provider'),
  )
  expect(seen.length).toBeGreaterThanOrEqual(count / 50)
  expect(new Set(seen)).toEqual(new Set([count]))
  const [left, user] = await store.read(
    async (tx) => [await tx.organisations.ofUser(member.id), await tx.users.byId(member.id)] as const,
  )
  expect([left.length, user?.emailProvenAt]).toEqual([1, now])
  await authority.close()
  await rm(directory, { recursive: true, force: true })
})
