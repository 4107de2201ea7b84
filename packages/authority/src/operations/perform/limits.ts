// Rate limits, of which those on guesses and mails protect people; the others bound work, by each server for itself.
import { DomainError } from '../../domain/errors.ts'
import {
  createOwnLimits,
  createSharedLimits,
  createTryLimit,
  mostKeys,
  networkResets,
  resets,
  type PeopleLimits,
  type Rate,
  type Sharing,
} from './try-limits.ts'
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

/** The limits of one authority, shared by all requests. */
export interface Limits extends PeopleLimits {
  /** Questions from one address without a credential. */
  readonly inquiryLimit: Limit
  readonly cliLoginLimit: Limit
  /** Identity tokens that one network exchanges, or tries to. */
  readonly exchangeLimit: Limit
  /** Questions for a reset mail to one address, and those of one network. */
  readonly resetLimit: Limit
  readonly networkResetLimit: Limit
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
/** For one kind and one address, without a credential: people behind one address share it. */
const inquiriesPerMinute = 120
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

interface LimitOptions {
  /** How often a second one thing is done to one machine; Infinity for no limit; 1 by default. */
  readonly machinesRate?: number | undefined
  /** Where several authorities may count together; each counts for itself if absent. */
  readonly sharing?: Sharing | undefined
}

/** All limits, with nothing counted in memory yet. `clock` is monotonic, in milliseconds, so that a minute lasts a minute. */
export function createLimits(clock: () => number, { machinesRate = 1, sharing }: LimitOptions = {}): Limits {
  const timesRate = ({ burst, perSecond }: typeof machineActions) =>
    createRateLimit({ burst: burst * machinesRate, perSecond: perSecond * machinesRate }, clock)
  const takeOf = (rate: Rate): Limit => {
    const limit = createTryLimit(rate, clock)
    return {
      take(key) {
        const wait = limit.wait(key)
        if (wait === 0) limit.count(key)
        return wait
      },
    }
  }
  return {
    ...(sharing === undefined ? createOwnLimits(clock) : createSharedLimits(sharing, clock)),
    inquiryLimit: takeOf({ most: inquiriesPerMinute, span: minute }),
    cliLoginLimit: takeOf({ most: cliLoginsPerMinute, span: minute }),
    resetLimit: takeOf(resets),
    networkResetLimit: takeOf(networkResets),
    denialLimit: createRateLimit(denials, clock),
    strangerLimit: createRateLimit(denialsOfStrangers, clock),
    lateUseLimit: takeOf({ most: 1, span: lateUseSpan }),
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
