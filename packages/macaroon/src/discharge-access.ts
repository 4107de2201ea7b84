/** A discharge access: somebody asks a third party for a discharge, and the caveats in the ticket are held against that. */

import { expectFields, expectId, expectText, takeList } from './boundary.ts'

/** Go's `auth.DischargeRequest`, with the time as a part of it: which accounts were seen, and until when it would hold. */
export interface DischargeAccess {
  readonly type: 'discharge'
  /** Unix seconds; fractions count. */
  readonly now: number | bigint
  /** When the discharge would end, in Unix seconds. */
  readonly expiry: number | bigint
  /** Accounts of the authority itself. */
  readonly flyio?: readonly FlyioAccount[]
  readonly google?: readonly GoogleAccount[]
  readonly gitHub?: readonly GitHubAccount[]
}

interface FlyioAccount {
  readonly userId: bigint
  readonly organizationIds: readonly bigint[]
}

interface GoogleAccount {
  /** The hosted domain. */
  readonly hd: string
  readonly userId?: bigint
  readonly email?: string
}

interface GitHubAccount {
  readonly orgIds: readonly bigint[]
  readonly userId?: bigint
  readonly login?: string
}

/** One of its own, as `takeAccess` makes it. Throws MacaroonError `bad-argument` naming the field. */
export function takeDischargeAccess(access: DischargeAccess): DischargeAccess {
  return {
    type: 'discharge',
    now: access.now,
    expiry: access.expiry,
    flyio: takeAccounts(access.flyio, ({ userId, organizationIds }: FlyioAccount) => ({
      userId: expectId(userId, 'userId'),
      organizationIds: takeList(organizationIds, 'organizationIds', expectId),
    })),
    google: takeAccounts(access.google, ({ hd }: GoogleAccount) => ({ hd: expectText(hd, 'hd') })),
    gitHub: takeAccounts(access.gitHub, ({ orgIds }: GitHubAccount) => ({
      orgIds: takeList(orgIds, 'orgIds', expectId),
    })),
  }
}

/** What is wrong with it as a sentence, or undefined. Go's `DischargeRequest.Validate` accepts everything. */
export function validateDischargeAccess(access: DischargeAccess): string | undefined {
  if (!isTime(access.now)) return 'An access needs the time, in Unix seconds'
  return isTime(access.expiry) ? undefined : 'A discharge needs an end, in Unix seconds'
}

function takeAccounts<Account extends object>(
  accounts: readonly Account[] | undefined,
  take: (account: Account) => Account,
): readonly Account[] {
  return takeList(accounts ?? [], 'accounts', (account, name) => take(expectFields(account as Account, name)))
}

export function isTime(value: number | bigint): boolean {
  return typeof value === 'bigint' || Number.isFinite(value)
}
