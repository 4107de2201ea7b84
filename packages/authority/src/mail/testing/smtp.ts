// A real SMTP server on loopback, which keeps the mail it gets.
import type { AddressInfo } from 'node:net'

import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

export interface TestSmtpServer {
  readonly port: number
  /** Messages as they came over the wire, with sender and recipients. */
  readonly received: readonly ReceivedMail[]
  close(): Promise<void>
}

export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  /** RFC 5322: headers, an empty line, the body. */
  readonly raw: string
}

/** By default without TLS and without a login. */
export async function startSmtpServer(options: SMTPServerOptions = {}): Promise<TestSmtpServer> {
  const received: ReceivedMail[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        received.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks).toString(),
        })
        done()
      })
    },
    ...options,
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.server.address() as AddressInfo).port,
    received,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** The headers by lower-case name, unfolded (RFC 5322 §2.2.3). */
export function headersOf(mail: ReceivedMail): ReadonlyMap<string, string> {
  const [head = ''] = mail.raw.split('\r\n\r\n')
  const lines = head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n')
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
}

/** The parts of a multipart message by content type, decoded. */
export function partsOf(mail: ReceivedMail): ReadonlyMap<string, string> {
  const [, boundary = ''] = /boundary="([^"]+)"/.exec(mail.raw) ?? []
  const parts = mail.raw.split(`--${boundary}`).slice(1, -1)
  return new Map(
    parts.map((part) => {
      const at = part.indexOf('\r\n\r\n')
      const [head, body] = [part.slice(0, at), part.slice(at + 4)]
      const [, type = ''] = /content-type: ([\w/]+)/i.exec(head) ?? []
      return [type, decode(body, /content-transfer-encoding: (\S+)/i.exec(head)?.[1]?.toLowerCase())]
    }),
  )
}

function decode(body: string, encoding: string | undefined): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString()
  if (encoding !== 'quoted-printable') return body
  // RFC 2045 §6.7: soft line ends disappear, and =XX is a byte.
  const bytes = body
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}
