// One transaction: all nouns over one session.
import type { Transaction } from '../domain/store.ts'
import { apps } from './apps.ts'
import { audit } from './audit.ts'
import { cliLogins } from './cli-logins.ts'
import { dischargeRequests } from './discharge-requests.ts'
import { identities } from './identities.ts'
import { invitations } from './invitations.ts'
import { areLeft, removeLeftovers } from './leftovers.ts'
import { memberships } from './memberships.ts'
import { organisations } from './organisations.ts'
import { passkeyChallenges, passkeys } from './passkeys.ts'
import { passwordResets } from './password-resets.ts'
import type { Session } from './query.ts'
import { sessions } from './sessions.ts'
import { settings } from './settings.ts'
import { setupCode } from './setup-code.ts'
import { signingKeys } from './signing-keys.ts'
import { tokens } from './tokens.ts'
import { users } from './users.ts'

/** The nouns are made when they are asked for: a transaction touches two or three of the thirteen. */
export class SessionTransaction implements Transaction {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  get settings(): Transaction['settings'] {
    return settings(this.#session)
  }

  get users(): Transaction['users'] {
    return users(this.#session)
  }

  get sessions(): Transaction['sessions'] {
    return sessions(this.#session)
  }

  get cliLogins(): Transaction['cliLogins'] {
    return cliLogins(this.#session)
  }

  get passkeys(): Transaction['passkeys'] {
    return passkeys(this.#session)
  }

  get passkeyChallenges(): Transaction['passkeyChallenges'] {
    return passkeyChallenges(this.#session)
  }

  get identities(): Transaction['identities'] {
    return identities(this.#session)
  }

  get passwordResets(): Transaction['passwordResets'] {
    return passwordResets(this.#session)
  }

  get setupCode(): Transaction['setupCode'] {
    return setupCode(this.#session)
  }

  get organisations(): Transaction['organisations'] {
    return organisations(this.#session)
  }

  get memberships(): Transaction['memberships'] {
    return memberships(this.#session)
  }

  get invitations(): Transaction['invitations'] {
    return invitations(this.#session)
  }

  get apps(): Transaction['apps'] {
    return apps(this.#session)
  }

  get signingKeys(): Transaction['signingKeys'] {
    return signingKeys(this.#session)
  }

  get tokens(): Transaction['tokens'] {
    return tokens(this.#session)
  }

  get dischargeRequests(): Transaction['dischargeRequests'] {
    return dischargeRequests(this.#session)
  }

  get leftovers(): Transaction['leftovers'] {
    const session = this.#session
    return { exist: () => areLeft(session), remove: () => removeLeftovers(session) }
  }

  get audit(): Transaction['audit'] {
    return audit(this.#session)
  }
}
