// Mail as the operations know it: what is said to whom, and whether a server took it.
import { cleanse } from '@hallpass/client/visible-text'

export interface Mail {
  /** One address. */
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

export interface Mailer {
  /**
   * Hands the mail to the server, within a bounded time, for the request of this id.
   * @returns whether the server took it; it does not throw
   */
  send(mail: Mail, requestId: string): Promise<boolean>
}

/** A name that somebody chose, in one line, of which mail programs make no link and no address. */
export function harmlessName(name: string): string {
  return cleanse(name).replaceAll(/(?<=[\p{L}\p{N}])[.。．｡:/@]+(?=\S)/gu, ' $& ')
}
