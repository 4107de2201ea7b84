// A typed password held against the one that is known, within the limits on wrong ones.
import type { PasswordTurn } from '../../domain/keyring.ts'
import type { Secret } from '../../domain/secret.ts'
import type { User } from '../../domain/user.ts'
import { networkOf, siteOf, tooMany, type FailureLimit } from '../perform/limits.ts'
import type { Services, Caller } from '../perform/operation.ts'

interface Tried {
  readonly password: Secret
  /** Undefined where there is none that could be right. */
  readonly hash: string | undefined
}

/**
 * Whether it is the password of the account with this address, for a stranger who asks.
 * @throws DomainError `rate_limited` after ten wrong ones a minute for the account from here, a hundred for the network, and
 * a hundred an hour for the account
 */
export async function tryLogin(environment: Services, caller: Caller, email: string, tried: Tried): Promise<boolean> {
  const { passwordFailures, networkFailures, emailFailures, acquaintances } = environment
  const network = networkOf(caller.remoteAddress)
  const key = `${network} ${email}`
  // Who has come in from here before does not wait for what others do, and has their own turn.
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
 * Whether it is the person's password, for somebody who is logged in as them.
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
  // Of one key, one is tried at a time: those that wait are held against how the ones before them ended.
  return passwords.verify(password, hash, { lane, key, begin, end })
}
