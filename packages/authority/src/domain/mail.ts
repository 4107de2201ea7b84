// Mail as the operations know it: what is said to whom, and whether a server took it.

export interface Mail {
  /** One address. */
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

export interface Mailer {
  /**
   * Hands the mail to the server, within a bounded time.
   * @returns whether the server took it; it does not throw
   */
  send(mail: Mail): Promise<boolean>
}
