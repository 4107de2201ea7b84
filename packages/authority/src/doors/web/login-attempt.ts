// A login at the OpenID provider in progress. It is stored only in a cookie of the browser that began it, so no other
// browser can finish it, and any authority on the database can.
import { createHmac, timingSafeEqual } from 'node:crypto'

import type { LoginSecrets } from '../../domain/identity.ts'

export interface LoginAttempt {
  /** State, nonce and verifier are derived from it; they reveal neither it nor each other. */
  readonly seed: Uint8Array
  /** Milliseconds. */
  readonly startedAt: number
  /** A path of ours, where the person continues. */
  readonly returnTo: string
}

/** How long a person has to log in at the provider, in milliseconds. */
export const attemptLifetime = 600_000

const seedLength = 32
const longestPath = 512

/** The value of the cookie. */
export function writeAttempt({ seed, startedAt, returnTo }: LoginAttempt): string {
  return [Buffer.from(seed), Buffer.from(String(startedAt)), Buffer.from(returnTo)]
    .map((part) => part.toString('base64url'))
    .join('.')
}

/** Undefined if the value is not ours, or the time is over. `now` in milliseconds. */
export function readAttempt(value: string, now: number): LoginAttempt | undefined {
  const parts = value.split('.').map((part) => Buffer.from(part, 'base64url'))
  const [seed, time, path] = parts
  if (seed === undefined || time === undefined || path === undefined || parts.length !== 3) return undefined
  const startedAt = /^\d{1,15}$/.test(time.toString()) ? Number(time) : Number.NaN
  const good = seed.length === seedLength && startedAt <= now && now < startedAt + attemptLifetime
  return good ? { seed, startedAt, returnTo: ownPath(path.toString()) } : undefined
}

export function secretsOf({ seed }: LoginAttempt): LoginSecrets {
  const derive = (purpose: string) => createHmac('sha256', seed).update(purpose).digest('base64url')
  return { state: derive('state'), nonce: derive('nonce'), codeVerifier: derive('code verifier') }
}

/** Whether the provider's answer belongs to this attempt. */
export function isAnswerTo(attempt: LoginAttempt, state: unknown): boolean {
  const expected = Buffer.from(secretsOf(attempt).state)
  const given = Buffer.from(typeof state === 'string' ? state : '')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/** The path with its query, if it is one of ours; otherwise the front page. */
export function ownPath(text: unknown): string {
  if (typeof text !== 'string' || text.length > longestPath || !text.startsWith('/')) return '/'
  // Browsers read \ as / and drop line breaks and tabs, so the text is parsed as a browser does.
  const url = URL.parse(text, 'http://own.invalid')
  if (url === null || url.origin !== 'http://own.invalid' || url.pathname.startsWith('//')) return '/'
  return url.pathname + url.search + url.hash
}
