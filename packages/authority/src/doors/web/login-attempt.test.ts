import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { attemptLifetime, isAnswerTo, ownPath, readAttempt, secretsOf, writeAttempt } from './login-attempt.ts'
import { anyText } from '../../../../macaroon/src/testing/any-text.ts'

const seed = fc.uint8Array({ minLength: 32, maxLength: 32 })
const instant = fc.nat({ max: 4_000_000_000_000 })

describe('an attempt', () => {
  it('is read back for ten minutes', () => {
    const path = fc.webPath().map((text) => ownPath(text))
    fc.assert(
      fc.property(seed, instant, path, fc.nat({ max: attemptLifetime - 1 }), (bytes, startedAt, returnTo, passed) => {
        const value = writeAttempt({ seed: bytes, startedAt, returnTo })
        expect(value).toMatch(/^[\w.-]+$/)
        const read = readAttempt(value, startedAt + passed)
        expect(read && { ...read, seed: [...read.seed] }).toEqual({ seed: [...bytes], startedAt, returnTo })
        expect(readAttempt(value, startedAt + attemptLifetime)).toBeUndefined()
        expect(readAttempt(value, startedAt - 1)).toBeUndefined()
      }),
    )
  })

  it('is undefined for any other cookie value', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.stringMatching(/^[\w.-]*$/)), (value) => {
        expect(readAttempt(value, 1000)).toBeUndefined()
      }),
    )
    const value = writeAttempt({ seed: new Uint8Array(32), startedAt: 1000, returnTo: '/' })
    expect(readAttempt(value, 1000)).toBeDefined()
    for (const bad of [`${value}.`, value.slice(1), `.${value}`, value.replace('.', ''), `${value}.x`]) {
      expect(readAttempt(bad, 1000), bad).toBeUndefined()
    }
  })

  it('has secrets that reveal neither each other nor the seed', () => {
    fc.assert(
      fc.property(seed, seed, (one, other) => {
        fc.pre(!Buffer.from(one).equals(Buffer.from(other)))
        const attempt = { seed: one, startedAt: 0, returnTo: '/' }
        const secrets = Object.values(secretsOf(attempt))
        expect(new Set([...secrets, ...Object.values(secretsOf({ ...attempt, seed: other }))]).size).toBe(6)
        // RFC 7636 §4.1: 43 to 128 characters of the unreserved ones.
        for (const secret of secrets) expect(secret).toMatch(/^[\w-]{43}$/)
        expect(secrets).not.toContain(Buffer.from(one).toString('base64url'))
      }),
    )
  })

  it('is answered only by its own state', () => {
    fc.assert(
      fc.property(seed, fc.anything(), (bytes, other) => {
        const attempt = { seed: bytes, startedAt: 0, returnTo: '/' }
        const { state } = secretsOf(attempt)
        expect(isAnswerTo(attempt, state)).toBe(true)
        expect(isAnswerTo(attempt, other)).toBe(other === state)
        expect(isAnswerTo(attempt, [state])).toBe(false)
        expect(isAnswerTo({ ...attempt, seed: new Uint8Array(32).fill(1) }, state)).toBe(
          Buffer.from(bytes).every((byte) => byte === 1),
        )
      }),
    )
  })
})

describe('a path to go on at', () => {
  it('leads only to our own origin, however a browser parses it', () => {
    const part = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      '\t',
      '\n',
      '\r',
      ' ',
      '@',
      ':',
      '//',
      'evil.example',
      'https:',
      '%2f',
      '#',
      '?',
    )
    const text = fc.oneof(
      anyText(),
      fc.array(part).map((parts) => `/${parts.join('')}`),
    )
    for (const origin of ['https://hallpass.example', 'http://localhost:4280']) {
      fc.assert(
        fc.property(text, (returnTo) => {
          const path = ownPath(returnTo)
          expect(path.startsWith('/')).toBe(true)
          expect(new URL(path, origin).origin).toBe(origin)
          expect(path).toMatch(/^[\x21-\x7e]+$/)
          expect(ownPath(path)).toBe(path)
        }),
        { numRuns: 1000 },
      )
    }
  })

  it('is the front page for anything else', () => {
    for (const text of [undefined, null, 7, ['/orgs'], '', 'orgs', `/${'x'.repeat(600)}`])
      expect(ownPath(text)).toBe('/')
  })
})
