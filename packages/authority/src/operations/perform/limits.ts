// Rate limits: password guesses, recorded denials, mails, discharges, and questions of strangers.
import { DomainError } from '../../domain/errors.ts'
import { createWeightedKeys } from './weighted-keys.ts'

interface Limit {
  /**
   * Counts one more under this key and returns 0; or counts nothing and returns the seconds until the next is allowed.
   */
  take(key: string): number
}

/** A limit that an operation takes each time it runs. */
export interface DeclaredLimit<Input> {
  readonly limit: 'inquiryLimit' | 'exchangeLimit' | 'cliLoginLimit' | 'resetLimit' | 'networkResetLimit'
  /** The key: the caller's network, or a part of the input. */
  readonly by: 'network' | ((input: Input) => string)
  /** What there are too many of, for the error. */
  readonly what: string
}

/** For questions of strangers. */
export const inquiries: readonly DeclaredLimit<unknown>[] = [
  { limit: 'inquiryLimit', by: 'network', what: 'questions' },
]

/**
 * Takes all limits that an operation declares, for one caller.
 * @throws DomainError `rate_limited`
 */
export function takeLimits<Input>(
  limits: Limits,
  caller: { readonly remoteAddress: string },
  operation: { readonly name: string; readonly limits?: readonly DeclaredLimit<Input>[] },
  input: Input,
): void {
  for (const { limit, by, what } of operation.limits ?? []) {
    const key = by === 'network' ? `${operation.name} ${networkOf(caller.remoteAddress)}` : by(input)
    const retryAfter = limits[limit].take(key)
    if (retryAfter > 0) throw tooMany(what, retryAfter)
  }
}

/** The error for somebody who must wait. `retryAfter` in seconds. */
export function tooMany(what: string, retryAfter: number): DomainError {
  return new DomainError('rate_limited', `too many ${what}: try again in ${retryAfter} seconds`, { retryAfter })
}

/** Counts failures only; a success or a question costs nothing. */
export interface FailureLimit {
  /** Seconds until the key may try again; 0 if it may now. */
  wait(key: string): number
  count(key: string): void
}

/** Remembers who has recently logged in from where. */
interface Acquaintances {
  knows(key: string): boolean
  meet(key: string): void
}

/** The limits of one authority, shared by all requests. */
export interface Limits {
  /** Mails in one person's name. */
  readonly mailLimit: Limit
  /** Questions from one address without a credential. */
  readonly inquiryLimit: Limit
  readonly cliLoginLimit: Limit
  /** Identity tokens that one network exchanges, or tries to. */
  readonly exchangeLimit: Limit
  /** Reset mails to one address, and those that one network asks for. */
  readonly resetLimit: Limit
  readonly networkResetLimit: Limit
  /** Wrong passwords from one address for one account, or from one person who is asked for their own. */
  readonly passwordFailures: FailureLimit
  /** Wrong passwords from one network for all accounts. */
  readonly networkFailures: FailureLimit
  /** Wrong passwords for one account from everywhere: addresses are cheap, and a proxy may pass on invented ones. */
  readonly emailFailures: FailureLimit
  /** Networks with the accounts that logged in from them. Failures of their neighbours are not held against these. */
  readonly acquaintances: Acquaintances
  /** Denials in the audit trail by an actor, a person or a network. */
  readonly denialLimit: Limit
  /** Denials of all strangers together, by the organisation of the audit trail. */
  readonly strangerLimit: Limit
  /** Uses of one replaced token after its end, in the audit trail. */
  readonly lateUseLimit: Limit
  /** Discharges of one token. */
  readonly dischargeLimit: Limit
  /** What one holder does to one machine, or to the machines of one app, in one way; and what is only read. */
  readonly machineLimit: Limit
  readonly machineReadLimit: Limit
}

const minute = 60_000
const hour = 60 * minute
const failuresPerMinute = 10
/** Many people share an address, and mistype. An attacker who guesses at all of their passwords fails more often. */
const networkFailuresPerMinute = 100
/** Few enough to make guessing worthless; enough that it takes many people to keep an owner from a new address. */
const emailFailuresPerHour = 100
const acquaintance = 24 * 60 * minute
/** For one kind and one address, without a credential: people behind one address share it. */
const inquiriesPerMinute = 120
/** In one person's name: enough to invite a team at once, too few for spam. */
const mailsPerMinute = 30
/** From one network, for command lines that begin a login. */
const cliLoginsPerMinute = 100
const lateUseSpan = 10 * minute
const denials = { burst: 30, perSecond: 1 }
const denialsOfStrangers = { burst: 30, perSecond: 1 / 60 }
// A hundred jobs may begin at once with one token, and run several commands each.
const discharges = { burst: 600, perSecond: 10 }
const exchanges = { burst: 600, perSecond: 10 }
// Those of the Machines API, where one thing a second may be done.
const machineActions = { burst: 3, perSecond: 1 }
const machineReads = { burst: 10, perSecond: 5 }
/** For one address, so that nobody who knows it can fill its mailbox. */
const resetsPerHour = 5
const resetsPerHourAndNetwork = 60
const mostKeys = 20_000

/**
 * All limits, with nothing counted yet. `clock` is monotonic, in milliseconds, so that a minute lasts a minute.
 * `machinesRate`: how often a second one thing is done to one machine; Infinity for no limit.
 */
export function createLimits(clock: () => number, machinesRate = 1): Limits {
  const timesRate = ({ burst, perSecond }: typeof machineActions) =>
    createRateLimit({ burst: burst * machinesRate, perSecond: perSecond * machinesRate }, clock)
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
    lateUseLimit: createTryLimit(1, clock, lateUseSpan),
    dischargeLimit: createRateLimit(discharges, clock),
    exchangeLimit: createRateLimit(exchanges, clock),
    machineLimit: timesRate(machineActions),
    machineReadLimit: timesRate(machineReads),
  }
}

/**
 * The network that limits count as one client: an IPv4 address, or the /64 of an IPv6 address, in which a client can
 * take any address.
 */
export function networkOf(address: string): string {
  return prefixOf(address, 4)
}

/**
 * The site that may have many such networks: an IPv4 address, or the /48 of an IPv6 address, as providers assign them.
 */
export function siteOf(address: string): string {
  return prefixOf(address, 3)
}

function prefixOf(given: string, length: number): string {
  // A socket for both families writes IPv4 addresses as IPv6. All of them would be one network.
  const address = given.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/s, '')
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

/** At most this many in a span of milliseconds, for each key. */
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

/** A token bucket for each key. */
function createRateLimit(
  { burst, perSecond }: { readonly burst: number; readonly perSecond: number },
  clock: () => number,
): Limit {
  if (perSecond === Infinity) return { take: () => 0 }
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
