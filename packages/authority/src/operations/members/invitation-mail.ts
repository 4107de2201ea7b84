// The words of an invitation's mail, plain and as HTML. What people chose, as names, is shown as text and nothing else.
import { harmlessName, type Mail } from '../../domain/mail.ts'
import type { Role } from '../../domain/organisation.ts'

export interface InvitationWords {
  readonly to: string
  /** Email address of who invites; null where that account is gone. */
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
  const end = `The invitation is for ${to}, and good until ${formatDay(expiresAt)}.`
  const otherwise = 'If you did not expect it, you can ignore this message.'
  return {
    to,
    // Nothing that a stranger chose: subjects are read before anything says from whom they are.
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

/** For the text between tags, and for attributes in double quotes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

function formatDay(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
