import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { escapeHtml } from '../../domain/mail.ts'
import { writeInvitation } from './invitation-mail.ts'
import { anyText } from '../../../../macaroon/src/testing/any-text.ts'

const words = {
  to: 'new@example.com',
  invitedBy: 'ada@example.com',
  organisation: 'Acme & Söhne',
  role: 'member',
  url: 'https://hallpass.example/invite#abcdefgh-abcdefgh-abcdefgh-abcdefgh',
  expiresAt: Date.UTC(2030, 0, 2, 3, 4),
} as const

describe("an invitation's mail", () => {
  it('says who invites, to what and until when, and has the link in both forms', () => {
    const mail = writeInvitation(words)
    expect(mail).toMatchObject({ to: 'new@example.com', subject: 'Join an organization on Hallpass' })
    expect(mail.text).toContain('ada@example.com invites you to join the organization Acme & Söhne on Hallpass')
    expect(mail.text).toContain('as a member')
    expect(mail.text).toContain(`\n${words.url}\n`)
    expect(mail.text).toContain('valid until 2030-01-02 03:04 UTC')
    expect(mail.html).toContain(`<a href="${words.url}">Join Acme &amp; Söhne</a>`)
    expect(writeInvitation({ ...words, role: 'admin', invitedBy: null }).text).toContain(
      'You are invited to join the organization Acme & Söhne on Hallpass, as an admin.',
    )
  })

  it('shows any name as text, on one line', () => {
    const strange = fc.oneof(
      anyText({ maxLength: 80 }),
      fc.constantFrom('<script>alert(1)</script>', '"><img src=x>', 'a\r\nBcc: b@example.com', '\u202egnp.exe', '&lt;'),
    )
    const tags = writeInvitation(words).html.match(/<[^>]*>/g)
    const lines = writeInvitation(words).text.split('\n').length
    fc.assert(
      fc.property(strange, (organisation) => {
        const mail = writeInvitation({ ...words, organisation })
        expect(mail.html.match(/<[^>]*>/g)).toEqual(tags)
        expect(mail.text.split(/\r\n|[\n\r\u2028\u2029]/)).toHaveLength(lines)
        expect(mail.subject).not.toMatch(/\p{Cc}/u)
      }),
    )
  })

  it('has no name that a stranger chose in the subject, and no link made from it in the text', () => {
    for (const organisation of [
      '=?utf-8?B?RnJlZSBtb25leQ==?=',
      'https://evil.example/x',
      'evil.example',
      'a@evil.example',
    ]) {
      const mail = writeInvitation({ ...words, organisation })
      expect(mail.subject).toBe(writeInvitation(words).subject)
      for (const text of [mail.text, mail.html]) {
        expect(text).not.toMatch(/evil\.example/)
      }
    }
    expect(writeInvitation({ ...words, organisation: 'a\u200bb\u202ec' }).text).toContain('organization abc on')
  })

  it('escapes text so that a browser shows it unchanged', () => {
    const names: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
    fc.assert(
      fc.property(anyText(), (text) => {
        const escaped = escapeHtml(text)
        expect(escaped).not.toMatch(/[<>"']/)
        expect(escaped.replaceAll(/&([^;]+);/g, (_, name: string) => names[name] ?? '?')).toBe(text)
      }),
    )
  })
})
