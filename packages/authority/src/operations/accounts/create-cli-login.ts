// cli_login.create: a command line begins a login, which a person must approve in a browser.
import { cliLoginLifetime, createCliLoginId, hashCliLoginId } from '../../domain/cli-login.ts'
import type { Secret } from '../../domain/secret.ts'
import { tooMany } from '../perform/limits.ts'
import { checkProof } from './find-cli-login.ts'
import type { OpenWrite } from '../perform/operation.ts'

export interface CreateCliLogin {
  /** The name that the client gives itself. */
  readonly name: string
  /** SHA-256 of a verifier in base64url; without it, the id alone is exchanged for the auth token. */
  readonly codeChallenge: string | undefined
  readonly state: string
  readonly redirectPort: number | undefined
}

export interface CreatedCliLogin {
  /** Stored only as a hash. */
  readonly id: Secret
  readonly expiresAt: number
}

// For ten minutes each, so that nobody can fill the disk.
const mostOpen = 10_000
const whatWaits = 'command lines ask to be logged in'

export const createCliLogin: OpenWrite<CreateCliLogin, undefined, CreatedCliLogin> = {
  name: 'cli_login.create',
  audience: 'anyone',
  mode: 'write',
  limits: [{ limit: 'cliLoginLimit', by: 'network', what: whatWaits }],

  async run({ tx, environment, caller, now }, { input: { name, codeChallenge, state, redirectPort } }) {
    checkProof(environment, codeChallenge ?? null)
    const id = createCliLoginId(environment.randomBytes)
    const expiresAt = now + cliLoginLifetime
    await tx.cliLogins.deleteExpired(now)
    if ((await tx.cliLogins.count(now)) >= mostOpen) throw tooMany(whatWaits, 60)
    await tx.cliLogins.insert({
      idHash: hashCliLoginId(id.reveal()),
      name,
      requestedFrom: caller.remoteAddress,
      codeChallenge: codeChallenge ?? null,
      state,
      redirectPort: redirectPort ?? null,
      createdAt: now,
      expiresAt,
    })
    return { id, expiresAt }
  },
}
