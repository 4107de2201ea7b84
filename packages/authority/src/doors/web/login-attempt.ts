// A login at the OpenID provider that is under way: all of it is in a cookie of the browser that began it, so that no
// other browser can end it, and any authority of the database can.
import { createHmac, timingSafeEqual } from 'node:crypto'

import type { LoginSecrets } from '../../domain/identity.ts'

export interface LoginAttempt {
  /** From which state, nonce and verifier are made: none of them tells it, or another. */
  readonly seed: Uint8Array
  /** Milliseconds. */
  readonly startedAt: number
  /** A path of ours, to go on at. */
  readonly returnTo: string
}

/** Milliseconds that a person has to log in at the provider. */
export const attemptLifetime = 600_000

const seedLength = 32
const longestPath = 512

/** The value of the cookie. */
export function writeAttempt({ seed, startedAt, returnTo }: LoginAttempt): string {
  return [Buffer.from(seed), Buffer.from(String(startedAt)), Buffer.from(returnTo)]
    .map((part) => part.toString('base64url'))
    .join('.')
}

/** Undefined where the value is none of ours, or the time is over. `now` in milliseconds. */
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

/** Whether what came back was begun by this attempt. */
export function isAnswerTo(attempt: LoginAttempt, state: unknown): boolean {
  const expected = Buffer.from(secretsOf(attempt).state)
  const told = Buffer.from(typeof state === 'string' ? state : '')
  return told.length === expected.length && timingSafeEqual(told, expected)
}

/** The path with its query, if it is one of our own; the front page where it is anything else. */
export function ownPath(text: unknown): string {
  if (typeof text !== 'string' || text.length > longestPath || !text.startsWith('/')) return '/'
  // Browsers read \ as /, and leave out line ends and tabs: what they would make of it counts.
  const url = URL.parse(text, 'http://own.invalid')
  if (url === null || url.origin !== 'http://own.invalid' || url.pathname.startsWith('//')) return '/'
  return url.pathname + url.search + url.hash
}
