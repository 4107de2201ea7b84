// cli_login.create: a command line asks to be logged in; a person will be asked at a browser.
import { cliLoginLifetime, createCliLoginId, hashCliLoginId } from '../../domain/cli-login.ts'
import { DomainError } from '../../domain/errors.ts'
import type { Secret } from '../../domain/secret.ts'
import { networkOf } from '../perform/limits.ts'
import { checkProof } from './find-cli-login.ts'
import type { Inquiry } from '../perform/operation.ts'

export interface CreateCliLogin {
  /** What asks, as it calls itself. */
  readonly name: string
  /** SHA-256 of a verifier in base64url; without one, the id alone is exchanged for the auth token. */
  readonly codeChallenge: string | undefined
  readonly state: string
  readonly redirectPort: number | undefined
}

export interface CreatedCliLogin {
  /** Stored only as a hash. */
  readonly id: Secret
  readonly expiresAt: number
}

// Each for ten minutes: no way to fill a disk.
const mostOpen = 10_000

export const createCliLogin: Inquiry<CreateCliLogin, CreatedCliLogin> = {
  name: 'cli_login.create',

  async answer(environment, { name, codeChallenge, state, redirectPort }, { remoteAddress }) {
    checkProof(environment, codeChallenge ?? null)
    const now = environment.now()
    const retryAfter = environment.cliLoginLimit.take(networkOf(remoteAddress))
    if (retryAfter > 0) throw tooMany(retryAfter)
    const id = createCliLoginId(environment.randomBytes)
    const expiresAt = now + cliLoginLifetime
    await environment.store.write(async (tx) => {
      await tx.cliLogins.deleteExpired(now)
      if ((await tx.cliLogins.count(now)) >= mostOpen) throw tooMany(60)
      await tx.cliLogins.insert({
        idHash: hashCliLoginId(id.reveal()),
        name,
        requestedFrom: remoteAddress,
        codeChallenge: codeChallenge ?? null,
        state,
        redirectPort: redirectPort ?? null,
        createdAt: now,
        expiresAt,
      })
    })
    return { id, expiresAt }
  },
}

function tooMany(retryAfter: number): DomainError {
  const sentence = `too many command lines ask to be logged in: try again in ${retryAfter} seconds`
  return new DomainError('rate_limited', sentence, { retryAfter })
}
