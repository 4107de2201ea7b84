// Mail as the operations see it: recipient and text, and whether a server took it.
import { cleanse } from '@hallpass/client/visible-text'

import type { Transaction } from './store.ts'

export interface Mail {
  /** One address. */
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** `refused`: the server will never take it. `failed`: another try may succeed. `unwanted`: nothing of it was sent. */
export type MailOutcome = 'taken' | 'refused' | 'failed' | 'unwanted'

export interface Mailer {
  /** Sends the mail to the server. This may take fifteen minutes. Does not throw. */
  send(
    mail: Mail,
    about: {
      /** The request that caused it. */
      readonly requestId: string
      /** The same for all copies of one mail. */
      readonly key: string
      /** Asked when the server waits for the mail itself: that may be minutes after the call. */
      readonly isWanted: () => Promise<boolean>
      /** Called once when it takes longer than a person would wait. */
      readonly late: () => void
      /** Cancels it. */
      readonly signal: AbortSignal
    },
  ): Promise<MailOutcome>
}

/** Where operations leave mail. */
export interface Postbox {
  /**
   * Stores the mail in the transaction that causes it. After the commit it is sent until a server takes or refuses it or
   * it expires (milliseconds since 1970). Undefined if too many mails wait already.
   */
  post(
    tx: Transaction,
    mail: Mail,
    about: {
      readonly requestId: string
      readonly expiresAt: number
      /** The hash of the code in its link. The mail is not sent once that code is no longer valid. */
      readonly codeHash: Uint8Array
    },
  ): Promise<Posted | undefined>
  /**
   * Stores a mail that no request waits for and that has no code. It is sent as the others, until it expires (milliseconds
   * since 1970). False if too many mails wait already.
   */
  leave(tx: Transaction, mail: Mail, expiresAt: number): Promise<boolean>
}

/** A mail in the outbox. */
export interface Posted {
  readonly id: number
  /**
   * Sends it at once, after the commit. Returns whether a server took it within ten seconds; if not, the try goes on in the
   * background or is repeated later. Does not throw.
   */
  readonly send: () => Promise<boolean>
}

/** A name that a user chose, in one line, made so that mail programs see no link and no address in it. */
export function harmlessName(name: string): string {
  return cleanse(name).replaceAll(/(?<=[\p{L}\p{M}\p{N}\p{So}\p{Sk}])[.。．｡:/@]+(?=\S)/gu, ' $& ')
}

/** Escapes text between tags and in double-quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

/** Milliseconds as `2026-12-07 13:15 UTC`. */
export function formatMinute(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
