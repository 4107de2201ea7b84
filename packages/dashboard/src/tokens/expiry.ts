// When a new token ends: one of a few usual durations, or a day.

import { parseDuration, type TokenPolicy } from '@hallpass/client'

import { sayDuration } from '../words/time.ts'

export type Expiry =
  | { readonly kind: 'preset'; readonly hours: number }
  | { readonly kind: 'day'; readonly day: string }

/** What is chosen before anybody chooses: 30 days. */
const defaultHours = 30 * 24

export const presets: readonly { readonly hours: number; readonly label: string }[] = [
  { hours: 1, label: '1 hour' },
  { hours: 24, label: '1 day' },
  { hours: 7 * 24, label: '7 days' },
  { hours: defaultHours, label: '30 days' },
  { hours: 90 * 24, label: '90 days' },
  { hours: 365 * 24, label: '1 year' },
  { hours: 20 * 365 * 24, label: '20 years' },
]

export interface Lifetimes {
  /** Chosen before anybody chooses. */
  readonly hours: number
  /** That can be chosen, without those that the organisation does not allow. */
  readonly presets: typeof presets
}

/** What an organisation proposes and allows: its own default, else 30 days, and no more than its longest. */
export function lifetimesOf(policy: LimitedLifetimes | undefined): Lifetimes {
  const [most = Infinity, usual = defaultHours] = [policy?.max_token_lifetime, policy?.default_token_lifetime].map(
    (text) => (text === undefined || text === null ? undefined : parseDuration(text) / 3600),
  )
  const hours = Math.min(usual, most)
  const allowed = presets.filter((preset) => preset.hours <= most)
  if (allowed.some((preset) => preset.hours === hours)) return { hours, presets: allowed }
  const own = { hours, label: sayDuration(hours * 3600) }
  return { hours, presets: [...allowed, own].sort((a, b) => a.hours - b.hours) }
}

type LimitedLifetimes = Pick<TokenPolicy, 'max_token_lifetime' | 'default_token_lifetime'>

/** What the authority takes. */
const longest = 9_223_372_036_000
const millisecondsPerHour = 3_600_000

/** Milliseconds since 1970; undefined where no day is chosen. A day ends when it is over, where the person is. */
export function endOf(expiry: Expiry, now: number): number | undefined {
  if (expiry.kind === 'preset') return now + expiry.hours * millisecondsPerHour
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(expiry.day) ?? []
  if (year === undefined || month === undefined || day === undefined) return undefined
  return new Date(Number(year), Number(month) - 1, Number(day), 23, 59, 59).getTime()
}

/** What is wrong with it, in a sentence; undefined where nothing is. */
export function problemOf(expiry: Expiry, now: number): string | undefined {
  const end = endOf(expiry, now)
  if (end === undefined) return 'Choose the last day on which it is valid.'
  if (end <= now) return 'That day is over.'
  return end - now > longest ? 'That is more than 292 years away.' : undefined
}

/** As the authority takes it: a Go duration. */
export function durationOf(expiry: Expiry, now: number): string {
  const end = endOf(expiry, now) ?? now
  return expiry.kind === 'preset'
    ? `${Math.floor(expiry.hours * 3600)}s`
    : `${Math.max(1, Math.floor((end - now) / 1000))}s`
}
