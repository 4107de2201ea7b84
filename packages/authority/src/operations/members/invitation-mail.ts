// The mail of an invitation, as text and as HTML. Names that people chose are shown as plain text.
import { escapeHtml, formatMinute, harmlessName, type Mail } from '../../domain/mail.ts'
import type { Role } from '../../domain/organisation.ts'

export interface InvitationWords {
  readonly to: string
  /** The inviter's email address; null if the account was deleted. */
  readonly invitedBy: string | null
  readonly organisation: string
  readonly role: Role
  readonly url: string
  /** Milliseconds. */
  readonly expiresAt: number
}

export function writeInvitation({ to, invitedBy, organisation, role, url, expiresAt }: InvitationWords): Mail {
  const name = harmlessName(organisation)
  const who = invitedBy === null ? 'You are invited' : `${invitedBy} invites you`
  const invitation = `${who} to join the organization ${name} on Hallpass, as ${role === 'admin' ? 'an admin' : 'a member'}.`
  const end = `The invitation is for ${to}, and valid until ${formatMinute(expiresAt)}.`
  const otherwise = 'If you did not expect it, you can ignore this message.'
  return {
    to,
    // Nothing that a stranger chose: people read subjects before they see the sender.
    subject: 'Join an organization on Hallpass',
    text: [invitation, '', 'To join, open:', url, '', end, otherwise, ''].join('\n'),
    html: [
      '<!doctype html>',
      '<html lang="en"><head><meta charset="utf-8"><title>Invitation</title></head>',
      '<body style="font-family: sans-serif; line-height: 1.5; max-width: 36em">',
      `<p>${escapeHtml(invitation)}</p>`,
      `<p><a href="${escapeHtml(url)}">Join ${escapeHtml(name)}</a></p>`,
      `<p>Or open this address: ${escapeHtml(url)}</p>`,
      `<p>${escapeHtml(end)} ${escapeHtml(otherwise)}</p>`,
      '</body></html>',
      '',
    ].join('\n'),
  }
}
