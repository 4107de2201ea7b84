// Hands mail to an SMTP server, with a bound on how long and how much at once.
import type { Transporter } from 'nodemailer'

import type { Mail, Mailer } from '../domain/mail.ts'
import type { Secret } from '../domain/secret.ts'

export interface SmtpServer {
  readonly host: string
  readonly port: number
  /** TLS from the first byte; without it STARTTLS is used where the server offers it. */
  readonly tls: boolean
  /** Refuse to go on without STARTTLS: credentials and mail must not cross a network in the clear. */
  readonly requireStartTls: boolean
  readonly credentials: { readonly user: string; readonly password: Secret } | undefined
}

// Whoever invites waits for it.
const patience = 10_000
const atOnce = 8

/** Why a mail was not taken: nothing in it is secret, and nobody's address stands in it. */
export interface MailFailure {
  /** As `EAUTH`, `ECONNECTION` or `ETIMEDOUT`. */
  readonly code: string
  /** Where the server is. */
  readonly server: string
  readonly requestId: string
  /** What the server, or the way to it, said. */
  readonly cause: Error
}

/** `failed` hears why a mail was not taken, for the log. */
export function createMailer(options: {
  readonly server: SmtpServer
  /** As it stands in the From header: `Hallpass <hallpass@example.com>`. */
  readonly from: string
  readonly failed: (failure: MailFailure) => void
  /** Milliseconds for one mail; 10,000 by default. */
  readonly timeout?: number
}): Mailer {
  const { server, from, failed, timeout = patience } = options
  let underWay = 0

  async function hand(transport: Transporter, mail: Mail, key: string): Promise<void> {
    const { to, subject, text, html } = mail
    // As an object, so that no spelling of an address can become two.
    await transport.sendMail({
      from,
      // RFC 5322 §3.6.4: a second copy is known by it.
      messageId: `<${key}@${from.replace(/^.*@|>$/g, '')}>`,
      to: { name: '', address: to },
      // Of what looks like an encoded word (RFC 2047 §2) no reader makes another text.
      subject: subject.replaceAll(/\p{Cc}+/gu, ' ').replaceAll('=?', '= ?'),
      text,
      html,
      // RFC 3834 §5: nobody's holiday notice answers it.
      headers: { 'Auto-Submitted': 'auto-generated' },
    })
  }

  return {
    async send(mail, { requestId, key }) {
      const tell = (error: unknown) => failed(describe(server, requestId, error))
      if (underWay >= atOnce) {
        tell(new Error('too many mails are under way'))
        return false
      }
      underWay += 1
      let timer: NodeJS.Timeout | undefined
      let transport: Transporter | undefined
      try {
        transport = await connect(server, timeout)
        const late = new Promise<never>((_, reject) => {
          timer = setTimeout(() => reject(new Error('the mail server did not take it in time')), timeout)
        })
        const handed = hand(transport, mail, key)
        // Where it is late, nobody waits for how it ends.
        handed.catch(() => undefined)
        await Promise.race([handed, late])
        return true
      } catch (error) {
        tell(error)
        return false
      } finally {
        clearTimeout(timer)
        transport?.close()
        underWay -= 1
      }
    },
  }
}

function describe({ host, port }: SmtpServer, requestId: string, error: unknown): MailFailure {
  const cause = withoutQuote(error instanceof Error ? error : new Error(String(error)))
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : 'unknown'
  return { code, server: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`, requestId, cause }
}

/** After DATA a server may quote the mail, whose link lets somebody in: its reply is cut down to its codes (RFC 2034). */
function withoutQuote(error: Error): Error {
  if (Reflect.get(error, 'command') !== 'DATA') return error
  const reply: unknown = Reflect.get(error, 'response')
  const [codes = 'no reply'] = /^\d{3}(?:[ -]\d\.\d{1,3}\.\d{1,3})?/.exec(typeof reply === 'string' ? reply : '') ?? []
  return Object.assign(new Error(`the server did not take the content: ${codes}`), { code: Reflect.get(error, 'code') })
}

async function connect(server: SmtpServer, timeout: number): Promise<Transporter> {
  const { host, port, tls, requireStartTls, credentials } = server
  // Loaded when the first mail is sent: most processes never send one.
  const { createTransport } = await import('nodemailer')
  return createTransport({
    host,
    port,
    secure: tls,
    requireTLS: requireStartTls,
    ...(credentials === undefined ? {} : { auth: { user: credentials.user, pass: credentials.password.reveal() } }),
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    dnsTimeout: timeout,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
}
