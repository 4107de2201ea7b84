// Limits on what repeated failure may cost: guesses at passwords, and denials that want to be written down.
import { DomainError } from '../../domain/errors.ts'
import { createWeightedKeys } from './weighted-keys.ts'

interface Limit {
  /** Counts one more under this key and answers 0; or counts nothing, and answers after how many seconds the next may be. */
  take(key: string): number
}

/** What an operation takes of a limit each time that it is asked for. */
export interface DeclaredLimit<Input> {
  readonly limit: 'inquiryLimit' | 'cliLoginLimit' | 'resetLimit' | 'networkResetLimit'
  /** Whose it is: the caller's network's, or that of what the input names. */
  readonly by: 'network' | ((input: Input) => string)
  /** What there are too many of. */
  readonly what: string
}

/** For questions that strangers ask. */
export const inquiries: readonly DeclaredLimit<unknown>[] = [
  { limit: 'inquiryLimit', by: 'network', what: 'questions' },
]

/**
 * Takes all limits that an operation declares, for one caller.
 * @throws DomainError `rate_limited`
 */
export function takeLimits<Input>(
  limits: Limits,
  { remoteAddress }: { readonly remoteAddress: string },
  operation: { readonly name: string; readonly limits?: readonly DeclaredLimit<Input>[] },
  input: Input,
): void {
  for (const { limit, by, what } of operation.limits ?? []) {
    const key = by === 'network' ? `${operation.name} ${networkOf(remoteAddress)}` : by(input)
    const retryAfter = limits[limit].take(key)
    if (retryAfter > 0) throw tooMany(what, retryAfter)
  }
}

/** The error for whoever has to wait. `retryAfter` in seconds. */
export function tooMany(what: string, retryAfter: number): DomainError {
  return new DomainError('rate_limited', `too many ${what}: try again in ${retryAfter} seconds`, { retryAfter })
}

/** Failures alone are counted: what succeeds, or was not tried, costs nothing. */
export interface FailureLimit {
  /** Seconds to wait before the key may try again; 0 where it may. */
  wait(key: string): number
  count(key: string): void
}

/** Who has lately come in from where. */
interface Acquaintances {
  knows(key: string): boolean
  meet(key: string): void
}

/** The limits of one authority: each holds for all that is asked of it. */
export interface Limits {
  /** Mail in one person's name. */
  readonly mailLimit: Limit
  /** Questions of one address that asks without a credential. */
  readonly inquiryLimit: Limit
  readonly cliLoginLimit: Limit
  /** Mails with a reset, to one address and asked for by one network. */
  readonly resetLimit: Limit
  readonly networkResetLimit: Limit
  /** Wrong passwords of one address for one account, or of one person who is asked for theirs. */
  readonly passwordFailures: FailureLimit
  /** Wrong passwords of one network, whatever the accounts. */
  readonly networkFailures: FailureLimit
  /** Wrong passwords for one account, wherever they come from: addresses can be had, and a proxy may pass on invented ones. */
  readonly emailFailures: FailureLimit
  /** Addresses with the accounts that they have opened: what their neighbours fail at is not held against them. */
  readonly acquaintances: Acquaintances
  /** Denials of an actor, a person or a network in the audit trail. */
  readonly denialLimit: Limit
  /** The same of strangers together, by the organisation in whose trail they would stand. */
  readonly strangerLimit: Limit
  /** Discharges of one token. */
  readonly dischargeLimit: Limit
}

const minute = 60_000
const hour = 60 * minute
const failuresPerMinute = 10
/** Many people share an address, and mistype; whoever guesses at all of their passwords fails more often. */
const networkFailuresPerMinute = 100
/** So few that guessing on is worth nothing, and so many that few people keep an account's owner from a new address. */
const emailFailuresPerHour = 100
const acquaintance = 24 * 60 * minute
/** Of one kind and one address, for what is asked without a credential: people behind one address share it. */
const inquiriesPerMinute = 120
/** In one person's name: invitations of a team go out at once, and spam does not. */
const mailsPerMinute = 30
/** Of one network, for command lines that ask to be logged in. */
const cliLoginsPerMinute = 100
const denials = { burst: 30, perSecond: 1 }
const denialsOfStrangers = { burst: 30, perSecond: 1 / 60 }
// A hundred jobs may begin at once with one token, and run several commands each.
const discharges = { burst: 600, perSecond: 10 }
/** Of one address: nobody's mailbox is filled by whoever knows the address. */
const resetsPerHour = 5
const resetsPerHourAndNetwork = 60
const mostKeys = 20_000

/**
 * All of them, with nothing counted yet. `clock` in milliseconds since any instant: one that nobody sets, so that a limit
 * of a minute lasts a minute.
 */
export function createLimits(clock: () => number): Limits {
  return {
    mailLimit: createTryLimit(mailsPerMinute, clock),
    inquiryLimit: createTryLimit(inquiriesPerMinute, clock),
    cliLoginLimit: createTryLimit(cliLoginsPerMinute, clock),
    resetLimit: createTryLimit(resetsPerHour, clock, hour),
    networkResetLimit: createTryLimit(resetsPerHourAndNetwork, clock, hour),
    passwordFailures: createTryLimit(failuresPerMinute, clock),
    networkFailures: createTryLimit(networkFailuresPerMinute, clock),
    emailFailures: createTryLimit(emailFailuresPerHour, clock, hour),
    acquaintances: createAcquaintances(clock),
    denialLimit: createRateLimit(denials, clock),
    strangerLimit: createRateLimit(denialsOfStrangers, clock),
    dischargeLimit: createRateLimit(discharges, clock),
  }
}

/**
 * What one client has to itself, for limits to hold: an IPv4 address, or the 64 bits of an IPv6 network, in which it may
 * take any address it likes.
 */
export function networkOf(address: string): string {
  return prefixOf(address, 4)
}

/** What one client may have many networks of: an IPv4 address, or 48 bits of an IPv6 one, as providers hand them out. */
export function siteOf(address: string): string {
  return prefixOf(address, 3)
}

function prefixOf(told: string, length: number): string {
  // At a socket that speaks both, an IPv4 address is written as one of IPv6: all of them would be one network.
  const address = told.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/s, '')
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const groups = (text: string | undefined) => (text === undefined || text === '' ? [] : text.split(':'))
  const [left, right] = [groups(head), groups(tail)]
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  const all = [...left, ...Array.from({ length: zeros }, () => '0'), ...right]
  return `${all.slice(0, length).map(withoutZeros).join(':')}::/${length * 16}`
}

function withoutZeros(group: string): string {
  return group.toLowerCase().replace(/^0+(?=.)/, '')
}

/** So many in a span of milliseconds, for each key. */
function createTryLimit(most: number, clock: () => number, span: number = minute): Limit & FailureLimit {
  const tries = createWeightedKeys<readonly number[]>(mostKeys, clock)
  const recentOf = (key: string) => (tries.get(key) ?? []).filter((at) => clock() - at < span)
  const limit: Limit & FailureLimit = {
    wait(key) {
      const recent = recentOf(key)
      const oldest = recent.at(-most)
      return oldest === undefined ? 0 : Math.max(1, Math.ceil((oldest + span - clock()) / 1000))
    },
    count(key) {
      const recent = [...recentOf(key), clock()].slice(-most)
      tries.set(key, recent, recent.length / most, clock() + span)
    },
    take(key) {
      const wait = limit.wait(key)
      if (wait === 0) limit.count(key)
      return wait
    },
  }
  return limit
}

/** A bucket for each key. */
function createRateLimit(
  { burst, perSecond }: { readonly burst: number; readonly perSecond: number },
  clock: () => number,
): Limit {
  const buckets = createWeightedKeys<{ readonly used: number; readonly at: number }>(mostKeys, clock)
  return {
    take(key) {
      const now = clock()
      const bucket = buckets.get(key) ?? { used: 0, at: now }
      const used = Math.max(0, bucket.used - ((now - bucket.at) / 1000) * perSecond)
      const excess = Math.max(0, used + 1 - burst)
      const next = excess > 0 ? used : used + 1
      buckets.set(key, { used: next, at: now }, next / burst, now + (next / perSecond) * 1000)
      return Math.ceil(excess / perSecond)
    },
  }
}

function createAcquaintances(clock: () => number): Acquaintances {
  const known = createWeightedKeys<true>(mostKeys, clock)
  return {
    knows: (key) => known.get(key) === true,
    meet: (key) => known.set(key, true, 1, clock() + acquaintance),
  }
}
