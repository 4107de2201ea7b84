// One transaction: all nouns over one session.
import type { Transaction } from '../domain/store.ts'
import { appSecrets } from './app-secrets.ts'
import { apps } from './apps.ts'
import { audit } from './audit.ts'
import { cliLogins } from './cli-logins.ts'
import { dischargeRequests } from './discharge-requests.ts'
import { feed } from './feed.ts'
import { identities } from './identities.ts'
import { invitations } from './invitations.ts'
import { areLeft, removeLeftovers } from './leftovers.ts'
import type { Lookups } from './lookup-cache.ts'
import { machineTokens } from './machine-tokens.ts'
import { machines } from './machines.ts'
import { memberships } from './memberships.ts'
import { notices } from './notices.ts'
import { organisations } from './organisations.ts'
import { outbox } from './outbox.ts'
import { passkeyChallenges, passkeys } from './passkeys.ts'
import { passwordResets } from './password-resets.ts'
import type { QuerySession } from './query.ts'
import { sessions } from './sessions.ts'
import { settings } from './settings.ts'
import { setupCode } from './setup-code.ts'
import { signingKeys } from './signing-keys.ts'
import { tokens } from './tokens.ts'
import { tries } from './tries.ts'
import { trustPolicies } from './trust-policies.ts'
import { users } from './users.ts'
import { uses } from './uses.ts'
import { verifiers } from './verifiers.ts'
import { volumes } from './volumes.ts'

/** Makes each noun over a session. */
const nouns: {
  readonly [Noun in keyof Transaction]: (session: QuerySession, lookups: Lookups | undefined) => Transaction[Noun]
} = {
  settings,
  users,
  sessions,
  cliLogins,
  passkeys,
  passkeyChallenges,
  identities,
  passwordResets,
  outbox,
  setupCode,
  organisations,
  memberships,
  invitations,
  apps,
  appSecrets,
  machines,
  volumes,
  machineTokens,
  signingKeys,
  tokens,
  trustPolicies,
  tries,
  uses,
  notices,
  dischargeRequests,
  feed,
  verifiers,
  leftovers: (session) => ({ exist: () => areLeft(session), remove: () => removeLeftovers(session) }),
  audit,
}

/**
 * One transaction over a session, which asks `lookups` first, if it has any. A noun is made at its first use, because most
 * transactions use two or three.
 */
export function openTransaction(session: QuerySession, lookups?: Lookups): Transaction {
  return new SessionTransaction(session, lookups) as unknown as Transaction
}

class SessionTransaction {
  readonly session: QuerySession
  readonly lookups: Lookups | undefined
  readonly made: Record<string, unknown> = {}

  constructor(session: QuerySession, lookups: Lookups | undefined) {
    this.session = session
    this.lookups = lookups
  }
}

for (const noun of Object.keys(nouns) as (keyof Transaction)[]) {
  Object.defineProperty(SessionTransaction.prototype, noun, {
    get(this: SessionTransaction) {
      return (this.made[noun] ??= nouns[noun](this.session, this.lookups))
    },
  })
}
