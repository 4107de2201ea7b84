// What a page says when no answer came.
import { expect, test } from 'vitest'

import { ConnectionError } from '@hallpass/client'

import { describeFailure } from './failure-words.ts'

const lost = (method: string, path: string, code: ConnectionError['code'] = 'cut_off') =>
  describeFailure(new ConnectionError(code, 'x', { details: { method, path } }))

const look = 'It may have been done all the same: look before you try again.'

test.each(['unreachable', 'timeout', 'cut_off', 'not_an_authority'] as const)(
  'what may have been made is looked for first: %s',
  (code) => {
    for (const path of ['/v1/orgs/acme/tokens', '/v1/apps', '/v1/orgs/acme/invitations', '/web/signup']) {
      const sentence = lost('POST', path, code)
      expect(sentence.endsWith(` ${look}`), sentence).toBe(true)
    }
  },
)

test.each([
  ['GET', '/v1/orgs/acme/tokens'],
  ['DELETE', '/v1/tokens/x'],
  ['PATCH', '/v1/orgs/acme'],
  ['POST', '/web/session'],
  ['POST', '/v1/sessions/passkey-options'],
  ['POST', '/v1/invitations/preview'],
])('what makes nothing new is tried again: %s %s', (method, path) => {
  expect(lost(method, path)).toBe('The answer of Hallpass broke off. Try again.')
})

test('what was not sent was not done', () => {
  expect(lost('POST', '/v1/apps', 'not_sent')).toContain('Nothing was sent.')
  expect(lost('POST', '/v1/apps', 'not_sent')).not.toContain(look)
})
