// What every store does, whichever engine is under it.
import { afterAll, beforeAll, describe } from 'vitest'

import type { Store } from '../../domain/store.ts'
import { describeDerived } from './derived.ts'
import { describeDescent } from './descent.ts'
import { describeDischargeRequests } from './discharge-requests.ts'
import { describeFeed } from './feed.ts'
import { describeLeftovers } from './leftovers.ts'
import { describeMachines } from './machines.ts'
import { describeVolumes } from './volumes.ts'
import { describeNotices } from './notices.ts'
import { describeOrganisations } from './organisations.ts'
import { describeOutbox } from './outbox.ts'
import { describePasskeys } from './passkeys.ts'
import { describePeople } from './people.ts'
import { describeRetention } from './retention.ts'
import { describeRotation } from './rotation.ts'
import { describeTokenModel } from './token-model.ts'
import { describeTokens } from './tokens.ts'
import { describeTries } from './tries.ts'
import { describeTrustPolicies } from './trust-policies.ts'
import type { CreateDatabase, TestDatabase } from './test-database.ts'
import { describeTransactions } from './transactions.ts'
import { describeTrouble } from './trouble.ts'
import { describeUses } from './uses.ts'

export function describeStore(name: string, create: CreateDatabase): void {
  describe(`a store over ${name}`, () => {
    let database: TestDatabase
    let store: Store

    beforeAll(async () => {
      database = await create()
      store = await database.open()
    })
    afterAll(async () => {
      await store.close()
      await database.remove()
    })

    const getStore = (): Store => store
    describePeople(getStore, create)
    describePasskeys(getStore, create)
    describeOrganisations(getStore)
    describeTokens(getStore)
    describeTokenModel(getStore)
    describeUses(getStore)
    describeNotices(getStore)
    describeDescent(getStore)
    describeRotation(getStore)
    describeDerived(getStore)
    describeLeftovers(getStore)
    describeDischargeRequests(getStore)
    describeTrustPolicies(getStore)
    describeTries(getStore)
    describeOutbox(getStore)
    describeFeed(getStore, create)
    describeMachines(getStore)
    describeVolumes(getStore)
    describeTransactions(getStore, create)
    describeTrouble(getStore, create)
    // Removes what others may look for.
    describeRetention(getStore)
  })
}
