import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { writeNotice } from './notice-mail.ts'
import { anyText } from '../../../macaroon/src/testing/any-text.ts'

const token = {
  id: '018f0000-0000-7000-8000-000000000001',
  name: 'ci',
  organisation: { slug: 'acme', name: 'Acme' },
  endsAt: Date.UTC(2030, 0, 2, 3, 4),
  successorId: null,
  use: undefined,
} as const
const words = {
  kind: 'end',
  to: 'ada@example.com',
  tokens: [token],
  others: 0,
  publicUrl: 'https://hallpass.example',
} as const
const use = { at: Date.UTC(2030, 0, 3), address: '192.0.2.1', userAgent: 'curl/8' } as const

describe("a notice's mail", () => {
  it('says which token ends when, and how to replace it', () => {
    expect(writeNotice(words).text).toBe(`These tokens end soon. What uses them stops working then:

ci (${token.id})
  organization Acme (acme)
  ends at 2030-01-02 03:04 UTC
  https://hallpass.example/dashboard/acme/tokens/${token.id}

To replace a token by one that can do the same, run "hallpass tokens rotate ID", or open its page and press Rotate.
If nobody needs it any more, there is nothing to do.

You get this message because you made these tokens, or because you are an admin of their organization and the person who made them is not there any more. It comes once a day at most, and never contains a token.
`)
  })

  it('says from where a token was used after its end, and counts what it does not list', () => {
    const late = { ...token, successorId: token.id.replace(/1$/, '2'), use }
    const { text, subject } = writeNotice({ ...words, kind: 'late', tokens: [late], others: 120 })
    expect(subject).toBe('A token on Hallpass was used after its end')
    expect(text).toContain('replaced by 018f0000-0000-7000-8000-000000000002')
    expect(text).toContain('used at 2030-01-03 00:00 UTC from 192.0.2.1, by curl/8')
    expect(text).toContain('And 120 more')
  })

  it('shows any text from outside as text, on one line, and never in the subject', () => {
    const strange = fc.oneof(
      anyText({ maxLength: 80 }),
      fc.constantFrom(
        '<script>alert(1)</script>',
        '"><img src=x>',
        'a\r\nBcc: b@example.com',
        '\u202egnp.exe',
        'evil.example',
      ),
    )
    const plain = writeNotice({ ...words, kind: 'late', tokens: [{ ...token, use }] })
    fc.assert(
      fc.property(strange, (text) => {
        const tokens = [
          { ...token, name: text, organisation: { slug: 'acme', name: text }, use: { ...use, userAgent: text || 'x' } },
        ]
        const mail = writeNotice({ ...words, kind: 'late', tokens })
        expect(mail.subject).toBe(plain.subject)
        expect(mail.html.match(/<[^>]*>/g)).toEqual(plain.html.match(/<[^>]*>/g))
        expect(mail.text.split(/\r\n|[\n\r\u2028\u2029]/)).toHaveLength(plain.text.split('\n').length)
        expect(mail.text).not.toContain('evil.example')
      }),
    )
  })
})
