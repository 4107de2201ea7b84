// Checks a password within the limits on wrong ones.
import type { PasswordTurn } from '../../domain/keyring.ts'
import type { Secret } from '../../domain/secret.ts'
import type { User } from '../../domain/user.ts'
import { networkOf, siteOf, tooMany, type FailureLimit } from '../perform/limits.ts'
import type { Services, Caller } from '../perform/operation.ts'

interface Tried {
  readonly password: Secret
  /** Undefined if no password can be right. */
  readonly hash: string | undefined
}

/**
 * Checks the password of the account with this address, for a stranger.
 * @throws DomainError `rate_limited` after ten wrong ones a minute for the account from here, a hundred for the
 * network, and a hundred an hour for the account
 */
export async function tryLogin(environment: Services, caller: Caller, email: string, tried: Tried): Promise<boolean> {
  const { passwordFailures, networkFailures, emailFailures, acquaintances } = environment
  const network = networkOf(caller.remoteAddress)
  const key = `${network} ${email}`
  // A person who has logged in from here before is not held up by the failures of others, and has a lane of their own.
  const isKnown = acquaintances.knows(key)
  const counters: readonly Counter[] = isKnown
    ? [[passwordFailures, key]]
    : [
        [passwordFailures, key],
        [networkFailures, network],
        [emailFailures, email],
      ]
  const lane = isKnown ? key : siteOf(caller.remoteAddress)
  const right = await attempt(environment, { lane, key, counters, what: 'failed logins' }, tried)
  if (right) acquaintances.meet(key)
  return right
}

/**
 * Checks the password of a person who is logged in.
 * @throws DomainError `rate_limited` after ten wrong ones a minute
 */
export function tryOwnPassword(environment: Services, user: User, tried: Tried): Promise<boolean> {
  const key = `password of user ${user.id}`
  const counters: readonly Counter[] = [[environment.passwordFailures, key]]
  return attempt(environment, { lane: key, key, counters, what: 'wrong passwords' }, tried)
}

type Counter = readonly [limit: FailureLimit, key: string]

async function attempt(
  { passwords }: Services,
  {
    lane,
    key,
    counters,
    what,
  }: Pick<PasswordTurn, 'lane' | 'key'> & {
    readonly counters: readonly Counter[]
    readonly what: string
  },
  { password, hash }: Tried,
): Promise<boolean> {
  function begin(): void {
    const retryAfter = Math.max(...counters.map(([limit, counted]) => limit.wait(counted)))
    if (retryAfter === 0) return
    throw tooMany(what, retryAfter)
  }
  function end(right: boolean): void {
    if (!right) for (const [limit, counted] of counters) limit.count(counted)
  }
  begin()
  // One check of a key at a time: the waiting ones see how the earlier ones ended.
  return passwords.verify(password, hash, { lane, key, begin, end })
}
