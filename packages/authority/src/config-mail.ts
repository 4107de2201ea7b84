// Checks the settings of the mail server.
import { BlockList, isIP } from 'node:net'

import { emailAddress } from '@hallpass/client/contract'

import { checkText } from './config-text.ts'
import { escapesOfUrls, StartupError } from './domain/errors.ts'
import { Secret } from './domain/secret.ts'
import type { SmtpServer } from './mail/mailer.ts'

export interface MailOptions {
  /** `smtp://` or `smtps://`. */
  readonly smtpUrl: string
  readonly from: string
  /** Milliseconds between two looks for mail that is due; 5,000 by default. */
  readonly interval?: number
}

export interface MailConfig {
  readonly server: SmtpServer
  readonly from: string
  /** Milliseconds between two looks for mail that is due; undefined for the usual ones. */
  readonly interval: number | undefined
}

/** @throws StartupError `configuration_invalid`, naming the variable */
export function checkMail({ smtpUrl, from, interval }: MailOptions): MailConfig {
  return { server: checkSmtpUrl(smtpUrl), from: checkSender(from), interval }
}

function checkSmtpUrl(text: string): SmtpServer {
  checkText(text, 'HALLPASS_SMTP_URL')
  const url = URL.canParse(text) ? new URL(text) : undefined
  const bare = url?.search === '' && url.hash === '' && /^\/?$/.test(url.pathname)
  if (url === undefined || !bare || !['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '') {
    throw invalid(`HALLPASS_SMTP_URL is of the form smtp://user:password@host:port, or smtps://…: ${escapesOfUrls}`)
  }
  if ((url.username === '') !== (url.password === '')) {
    throw invalid('HALLPASS_SMTP_URL has a user and a password, or neither')
  }
  const tls = url.protocol === 'smtps:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return {
    host,
    port: url.port === '' ? (tls ? 465 : 587) : Number(url.port),
    tls,
    requireStartTls: !tls && !isLoopback(host),
    credentials:
      url.username === '' ? undefined : { user: decode(url.username), password: new Secret(decode(url.password)) },
  }
}

/** `hallpass@example.com`, or `Hallpass <hallpass@example.com>`: one address, and a name without tricks. */
function checkSender(text: string): string {
  const [, name = '', bracketed] = /^([^<>"(),:;@\\[\]]*)<([^<>]+)>$/.exec(text.trim()) ?? []
  const address = emailAddress.safeParse(bracketed ?? text.trim())
  if (!address.success || /\p{Cc}/u.test(name)) {
    throw invalid('HALLPASS_MAIL_FROM is an email address, or Name <address>')
  }
  return name.trim() === '' ? address.data : `${name.trim()} <${address.data}>`
}

/** Whether the host is this machine itself, for every resolver of its name. */
export function isLoopback(host: string): boolean {
  const family = isIP(host)
  return host === 'localhost' || (family !== 0 && loopback.check(host, family === 4 ? 'ipv4' : 'ipv6'))
}

/** It knows IPv6 in every spelling, and IPv4 inside it. */
const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid(`HALLPASS_SMTP_URL has a % that begins no escape: ${escapesOfUrls}`)
  }
}

function invalid(sentence: string): StartupError {
  return new StartupError('configuration_invalid', sentence)
}
