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
const nouns: { readonly [Noun in keyof Transaction]: (session: QuerySession) => Transaction[Noun] } = {
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

/** Replaces a noun by another implementation. */
export type Wrap = <Noun extends keyof Transaction>(noun: Noun, made: Transaction[Noun]) => Transaction[Noun]

/** One transaction over a session. A noun is made at its first use, because most transactions use two or three. */
export function openTransaction(session: QuerySession, wrap?: Wrap): Transaction {
  return new SessionTransaction(session, wrap) as unknown as Transaction
}

class SessionTransaction {
  readonly session: QuerySession
  readonly wrap: Wrap | undefined
  readonly made: Record<string, unknown> = {}

  constructor(session: QuerySession, wrap: Wrap | undefined) {
    this.session = session
    this.wrap = wrap
  }
}

for (const noun of Object.keys(nouns) as (keyof Transaction)[]) {
  Object.defineProperty(SessionTransaction.prototype, noun, {
    get(this: SessionTransaction) {
      const known = this.made[noun]
      if (known !== undefined) return known
      const made = nouns[noun](this.session)
      return (this.made[noun] = this.wrap === undefined ? made : this.wrap(noun, made))
    },
  })
}
