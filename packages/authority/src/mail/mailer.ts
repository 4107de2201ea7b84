// Sends mail to an SMTP server, with limits on time and on how many at once.
import { Readable } from 'node:stream'

import type { NodemailerError, Transporter } from 'nodemailer'

import type { Mail, Mailer, MailOutcome } from '../domain/mail.ts'
import type { Secret } from '../domain/secret.ts'

export interface SmtpServer {
  readonly host: string
  readonly port: number
  /** TLS from the first byte; without it STARTTLS is used if the server offers it. */
  readonly tls: boolean
  /** Fail without STARTTLS: credentials and mail must not cross a network in the clear. */
  readonly requireStartTls: boolean
  readonly credentials: { readonly user: string; readonly password: Secret } | undefined
}

// The person who invites waits for it.
const usualPatience = 10_000
// RFC 5321 §4.5.3.2: five minutes for what comes before the mail, ten for the answer to it.
const beforeMail = 5 * 60_000
const afterMail = 10 * 60_000
const atOnce = 8

/** Why a mail was not taken, without secrets and email addresses. */
export interface MailFailure {
  /** For example `EAUTH`, `ECONNECTION` or `ETIMEDOUT`. */
  readonly code: string
  /** The address of the server. */
  readonly server: string
  readonly requestId: string
  /** The error of the connection, or the codes of the server's reply. */
  readonly cause: Error
  /** Whether the refusal is final, so that it is not retried. */
  readonly isRefused: boolean
}

/** `failed` is called for the log when a mail was not taken. */
export function createMailer(options: {
  readonly server: SmtpServer
  /** The From header: `Hallpass <hallpass@example.com>`. */
  readonly from: string
  readonly failed: (failure: MailFailure) => void
  /** Milliseconds until a mail is late; 10,000 by default. */
  readonly patience?: number
  /** Milliseconds for one mail; 15 minutes by default. */
  readonly timeout?: number
}): Mailer {
  const { server, from, failed, patience = usualPatience, timeout = beforeMail + afterMail } = options
  let underWay = 0

  async function hand(mail: Mail, key: string, check: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const transport = await connect(server)
    transport.use('stream', ({ message }, done) => {
      message.processFunc((mime) => Readable.from(afterCheck(mime, check)))
      done()
    })
    const { to, subject, text, html } = mail
    // As an object, so that no spelling of an address can become two.
    await transport.sendMail({
      from,
      // RFC 5322 §3.6.4: it identifies a second copy.
      messageId: `<${key}@${from.replace(/^.*@|>$/g, '')}>`,
      to: { name: '', address: to },
      // An encoded word (RFC 2047 §2) would be decoded by readers, so it is broken up.
      subject: subject.replaceAll(/\p{Cc}+/gu, ' ').replaceAll('=?', '= ?'),
      text,
      html,
      // RFC 3834 §5: no vacation notice answers it.
      headers: { 'Auto-Submitted': 'auto-generated' },
      signal,
    })
  }

  return {
    async send(mail, { requestId, key, isWanted, late, signal }): Promise<MailOutcome> {
      const report = (error: NodemailerError) => {
        const failure = describe(server, requestId, error)
        failed(failure)
        return failure.isRefused ? 'refused' : 'failed'
      }
      if (underWay >= atOnce) return report(new Error('too many mails are in progress'))
      underWay += 1
      const timer = setTimeout(() => {
        report(new Error('the mail server is slow: the try goes on'))
        late()
      }, patience)
      const end = AbortSignal.timeout(timeout)
      let isUnwanted = false
      const check = async () => {
        isUnwanted = !(await isWanted())
        if (isUnwanted) throw new Error('its link has ended')
      }
      try {
        await hand(mail, key, check, AbortSignal.any([signal, end]))
        return 'taken'
      } catch (error) {
        if (isUnwanted) return 'unwanted'
        return report(end.aborted ? new Error('the mail server did not take it in time') : (error as NodemailerError))
      } finally {
        clearTimeout(timer)
        underWay -= 1
      }
    },
  }
}

/** The mail is read only when the server is ready for its content, so the check runs then. If it throws, the connection ends. */
async function* afterCheck(mime: AsyncIterable<unknown>, check: () => Promise<void>): AsyncGenerator {
  await check()
  yield* mime
}

function describe({ host, port }: SmtpServer, requestId: string, error: NodemailerError): MailFailure {
  const { code = 'unknown', command = '', permanent = false, response } = error
  return {
    code,
    server: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    requestId,
    cause: response === undefined ? error : withoutQuote(command, response),
    // RFC 5321 §4.2.1. An error that is not about this mail can be fixed by the operator: RFC 4954 §6, 530 asks for a
    // login.
    isRefused: permanent && error.responseCode !== 530 && ['MAIL FROM', 'RCPT TO', 'DATA'].includes(command),
  }
}

/** A reply may quote the link, the address or the login, so only its codes are kept (RFC 2034). */
function withoutQuote(command: string, response: string): Error {
  const [codes = 'no reply'] = /^\d{3}(?:[ -]\d\.\d{1,3}\.\d{1,3})?/.exec(response) ?? []
  return new Error(`the server's answer to ${command} was ${codes}`)
}

async function connect(server: SmtpServer): Promise<Transporter> {
  const { host, port, tls, requireStartTls, credentials } = server
  // Loaded with the first mail, because most processes never send one.
  const { createTransport } = await import('nodemailer')
  return createTransport({
    host,
    port,
    secure: tls,
    requireTLS: requireStartTls,
    ...(credentials === undefined ? {} : { auth: { user: credentials.user, pass: credentials.password.reveal() } }),
    connectionTimeout: beforeMail,
    greetingTimeout: beforeMail,
    socketTimeout: afterMail,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
}
