// Mail as the operations know it: what is said to whom, and whether a server took it.
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
   * Hands the mail to the server, within a bounded time, for the request of this id. Two copies have one `key`.
   * @returns whether the server took it; it does not throw
   */
  send(mail: Mail, about: { readonly requestId: string; readonly key: string }): Promise<boolean>
}

/** Where operations leave mail. */
export interface Postbox {
  /**
   * Takes the mail in the transaction of what it says: once that is durable it is sent until a server has taken it, or it
   * expires (milliseconds since 1970). Undefined where too much waits already.
   */
  post(
    tx: Transaction,
    mail: Mail,
    about: { readonly requestId: string; readonly expiresAt: number },
  ): Promise<Posted | undefined>
}

/** A mail that waits in the outbox. */
export interface Posted {
  readonly id: number
  /** Sends it at once, after the commit. Whether a server took it: if not, it is tried again later. It does not throw. */
  readonly send: () => Promise<boolean>
}

/** A name that somebody chose, in one line, of which mail programs make no link and no address. */
export function harmlessName(name: string): string {
  return cleanse(name).replaceAll(/(?<=[\p{L}\p{N}])[.。．｡:/@]+(?=\S)/gu, ' $& ')
}
