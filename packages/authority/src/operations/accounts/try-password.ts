// Checks a password within the limits on wrong ones.
import type { PasswordTurn } from '../../domain/keyring.ts'
import type { Secret } from '../../domain/secret.ts'
import type { User } from '../../domain/user.ts'
import { networkOf, siteOf, tooMany } from '../perform/limits.ts'
import type { AsideContext } from '../perform/operation.ts'
import type { Try } from '../perform/try-limits.ts'

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
export async function tryLogin(context: AsideContext, email: string, tried: Tried): Promise<boolean> {
  const {
    environment: { acquaintances },
    caller,
  } = context
  const network = networkOf(caller.remoteAddress)
  const key = `${network} ${email}`
  // A person who has logged in from here before is not held up by the failures of others, and has a lane of their own.
  const isKnown = await acquaintances.knows(key, context)
  const tries: readonly Try[] = isKnown
    ? [['password', key]]
    : [
        ['password', key],
        ['network', network],
        ['email', email],
      ]
  const lane = isKnown ? key : siteOf(caller.remoteAddress)
  const right = await attempt(context, { lane, key, tries, what: 'failed logins' }, tried)
  if (right) await acquaintances.meet(key, context)
  return right
}

/**
 * Checks the password of a person who is logged in.
 * @throws DomainError `rate_limited` after ten wrong ones a minute
 */
export function tryOwnPassword(context: AsideContext, user: User, tried: Tried): Promise<boolean> {
  const key = `password of user ${user.id}`
  return attempt(context, { lane: key, key, tries: [['password', key]], what: 'wrong passwords' }, tried)
}

async function attempt(
  context: AsideContext,
  {
    lane,
    key,
    tries,
    what,
  }: Pick<PasswordTurn, 'lane' | 'key'> & {
    readonly tries: readonly Try[]
    readonly what: string
  },
  { password, hash }: Tried,
): Promise<boolean> {
  const { passwords, tryLimits } = context.environment
  async function begin(): Promise<void> {
    const retryAfter = await tryLimits.wait(tries, context)
    if (retryAfter > 0) throw tooMany(what, retryAfter)
  }
  async function end(right: boolean): Promise<void> {
    if (!right) await tryLimits.count(tries)
  }
  await begin()
  // One check of a key at a time: the waiting ones see how the earlier ones ended.
  return passwords.verify(password, hash, { lane, key, begin, end })
}
