// The link for setting a new password, and the mail that brings it.
import { escapeHtml, formatMinute, type Mail } from '../../domain/mail.ts'
import type { Secret } from '../../domain/secret.ts'

/** After the #, which browsers send to no server, so it is in no log. */
export function resetUrl(publicUrl: string, code: Secret): Secret {
  return code.map((text) => `${publicUrl}/reset#${text}`)
}

/** `expiresAt` in milliseconds. */
export function writeReset({
  to,
  url,
  expiresAt,
}: {
  readonly to: string
  readonly url: string
  readonly expiresAt: number
}): Mail {
  const intro = `Somebody asked to set a new password for the account of ${to} on Hallpass.`
  const effect =
    'Setting one shows that the address is yours, and ends every other way into the account: logins and passkeys.'
  const end = `The link works once, until ${formatMinute(expiresAt)}.`
  const otherwise = 'If it was not you, ignore this message: nothing has changed.'
  return {
    to,
    subject: 'Set a new password on Hallpass',
    text: [intro, '', 'To set it, open:', url, '', effect, end, otherwise, ''].join('\n'),
    html: [
      '<!doctype html>',
      '<html lang="en"><head><meta charset="utf-8"><title>New password</title></head>',
      '<body style="font-family: sans-serif; line-height: 1.5; max-width: 36em">',
      `<p>${escapeHtml(intro)}</p>`,
      `<p><a href="${escapeHtml(url)}">Set a new password</a></p>`,
      `<p>Or open this address: ${escapeHtml(url)}</p>`,
      `<p>${escapeHtml(effect)} ${escapeHtml(end)} ${escapeHtml(otherwise)}</p>`,
      '</body></html>',
      '',
    ].join('\n'),
  }
}
