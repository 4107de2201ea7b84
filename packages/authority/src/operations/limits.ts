// Limits on what repeated failure may cost: guesses at passwords, and denials that want to be written down.
import { DomainError } from '../domain/errors.ts'

export interface TryLimit {
  /**
   * Counts one more try against the key, or says how many seconds to wait for the next. It counts before the outcome is
   * known: tries that are under way at once must not slip past the limit together. `now` in milliseconds.
   */
  take(key: string, now: number): number
}

export interface SignInLimit extends TryLimit {
  /** Takes back a try that succeeded. */
  forgive(key: string): void
}

export interface RateLimit {
  /** Whether one more may happen under this key. `now` in milliseconds. */
  take(key: string, now: number): boolean
}

/** The limits of one authority: each holds for all that is asked of it. */
export interface Limits {
  /** Mail in one person's name. */
  readonly mailLimit: TryLimit
  /** Questions of one address that asks without a credential. */
  readonly inquiryLimit: TryLimit
  readonly cliLoginLimit: TryLimit
  readonly signInLimit: SignInLimit
  /** Whether one more denial of an actor is written to the audit trail. */
  readonly denialLimit: RateLimit
  /** Discharges of one token. */
  readonly dischargeLimit: RateLimit
}

const minute = 60_000
const failuresPerMinute = 10
/** Of one kind and one address, for what is asked without a credential: people behind one address share it. */
const inquiriesPerMinute = 120
/** In one person's name: invitations of a team go out at once, and spam does not. */
const mailsPerMinute = 30
/** Of one network, for command lines that ask to be logged in. */
const cliLoginsPerMinute = 100
const denials = { burst: 30, perSecond: 1 }
// A hundred jobs may begin at once with one token, and run several commands each.
const discharges = { burst: 600, perSecond: 10 }
const mostKeys = 10_000

/** All of them, with nothing counted yet. */
export function createLimits(): Limits {
  return {
    mailLimit: createTryLimit(mailsPerMinute),
    inquiryLimit: createTryLimit(inquiriesPerMinute),
    cliLoginLimit: createTryLimit(cliLoginsPerMinute),
    signInLimit: createSignInLimit(),
    denialLimit: createDenialLimit(),
    dischargeLimit: createDischargeLimit(),
  }
}

/**
 * What one client has to itself, for limits to hold: an IPv4 address, or the 64 bits of an IPv6 network, in which it may
 * take any address it likes.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const groups = (text: string | undefined) => (text === undefined || text === '' ? [] : text.split(':'))
  const [left, right] = [groups(head), groups(tail)]
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  const all = [...left, ...Array.from({ length: zeros }, () => '0'), ...right]
  return `${all.slice(0, 4).map(withoutZeros).join(':')}::/64`
}

function withoutZeros(group: string): string {
  return group.toLowerCase().replace(/^0+(?=.)/, '')
}

/** Ten failures a minute for each key; success costs nothing. */
export function createSignInLimit(): SignInLimit {
  return createTryLimit(failuresPerMinute)
}

/** So many tries a minute for each key. */
function createTryLimit(perMinute: number): SignInLimit {
  const tries = new Map<string, readonly number[]>()
  return {
    take(key, now) {
      const recent = (tries.get(key) ?? []).filter((at) => now - at < minute)
      const [oldest] = recent
      if (oldest !== undefined && recent.length >= perMinute) {
        return Math.max(1, Math.ceil((oldest + minute - now) / 1000))
      }
      remember(tries, key, [...recent, now])
      return 0
    },
    forgive(key) {
      tries.set(key, (tries.get(key) ?? []).slice(0, -1))
    },
  }
}

/**
 * Counts one more question of this kind from the caller's address.
 * @throws DomainError `rate_limited`
 */
export function limitInquiries(
  environment: { readonly inquiryLimit: TryLimit; readonly now: () => number },
  caller: { readonly remoteAddress: string },
  kind: string,
): void {
  const key = `${kind} ${networkOf(caller.remoteAddress)}`
  const retryAfter = environment.inquiryLimit.take(key, environment.now())
  if (retryAfter === 0) return
  throw new DomainError('rate_limited', `too many questions: try again in ${retryAfter} seconds`, { retryAfter })
}

/** Thirty denials of an actor at once, then one a second. */
export function createDenialLimit(): RateLimit {
  return createRateLimit(denials)
}

/** Six hundred discharges of a token at once, then ten a second. */
export function createDischargeLimit(): RateLimit {
  return createRateLimit(discharges)
}

/** A bucket for each key. */
function createRateLimit({ burst, perSecond }: { readonly burst: number; readonly perSecond: number }): RateLimit {
  const buckets = new Map<string, { readonly level: number; readonly at: number }>()
  return {
    take(key, now) {
      const bucket = buckets.get(key) ?? { level: burst, at: now }
      const level = Math.min(burst, bucket.level + ((now - bucket.at) / 1000) * perSecond)
      const allowed = level >= 1
      remember(buckets, key, { level: allowed ? level - 1 : level, at: now })
      return allowed
    },
  }
}

/** Sets the key as the youngest, and lets go of the eldest past the bound. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > mostKeys) {
    for (const eldest of map.keys()) {
      map.delete(eldest)
      break
    }
  }
}
