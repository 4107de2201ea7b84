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

export interface Mailer {
  /**
   * Sends the mail to the server, within a bounded time. `requestId` is the request that caused it. Copies of one mail
   * have the same `key`.
   * @returns whether the server took it; it does not throw
   */
  send(mail: Mail, about: { readonly requestId: string; readonly key: string }): Promise<boolean>
}

/** Where operations leave mail. */
export interface Postbox {
  /**
   * Stores the mail in the transaction that causes it. After the commit it is sent until a server takes it or it
   * expires (milliseconds since 1970). Undefined if too many mails wait already.
   */
  post(
    tx: Transaction,
    mail: Mail,
    about: { readonly requestId: string; readonly expiresAt: number },
  ): Promise<Posted | undefined>
}

/** A mail in the outbox. */
export interface Posted {
  readonly id: number
  /**
   * Sends it at once, after the commit. Returns whether a server took it; if not, it is retried later. Does not throw.
   */
  readonly send: () => Promise<boolean>
}

/** A name that a user chose, in one line, made so that mail programs see no link and no address in it. */
export function harmlessName(name: string): string {
  return cleanse(name).replaceAll(/(?<=[\p{L}\p{N}])[.。．｡:/@]+(?=\S)/gu, ' $& ')
}
