import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { describeUserAgent, fitLabel } from './session-label.ts'
import { anyText } from '../../../macaroon/src/testing/any-text.ts'

const webKit = 'AppleWebKit/537.36 (KHTML, like Gecko)'

describe('the name of a session', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webKit} Chrome/140.0.0.0 Safari/537.36`, 'Chrome on Windows'],
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webKit} Chrome/140.0.0.0 Safari/537.36 Edg/140.0`, 'Edge on Windows'],
    [`Mozilla/5.0 (Linux; Android 10; K) ${webKit} Chrome/140.0.0.0 Mobile Safari/537.36`, 'Chrome on Android'],
    [`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${webKit} Chrome/140.0.0.0 Safari/537.36`, 'Chrome on ChromeOS'],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
      'Safari on macOS',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
      'Safari on iOS',
    ],
    ['hallpass-cli (laptop)', 'hallpass-cli (laptop)'],
    ['curl/8.11.0', 'curl/8.11.0'],
    ['', 'unknown'],
    [undefined, 'unknown'],
  ])('%s is %s', (userAgent, label) => {
    expect(describeUserAgent(userAgent)).toBe(label)
  })

  it('is one line of at most 80 printable characters, whatever was sent', () => {
    fc.assert(
      fc.property(anyText({ maxLength: 1000 }), (text) => {
        for (const label of [describeUserAgent(text), fitLabel(text)]) {
          expect(Array.from(label).length).toBeGreaterThan(0)
          expect(Array.from(label).length).toBeLessThanOrEqual(80)
          expect(label).toBe(label.trim())
          expect(label).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
        }
      }),
    )
  })
})
