// `hallpass serve`: runs an authority until a signal stops it.
import { networkInterfaces } from 'node:os'

import { findDashboard, loadAuthority } from '../../authority-package.ts'
import type { Context } from '../../context.ts'
import type { GlobalFlags } from '../../flags.ts'
import { readInstallation } from '../../installation.ts'
import { describeListening, parseListenAddress } from '../../listen-address.ts'
import { writeLine } from '../../output.ts'
import { keepTicksQuick } from '../../quick-ticks.ts'
import { createSettingReader, type SettingReader } from '../../read-settings.ts'
import type { SettingFlags } from '../../setting-flags.ts'
import { settings } from '../../settings.ts'
import { firstSteps } from './first-steps.ts'
import { stopAtOnce, waitForStop } from './stop.ts'
import { beginUnasked } from './unasked.ts'

interface ServeFlags extends GlobalFlags, SettingFlags {
  readonly requirePkce?: boolean | undefined
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
}

/** Starts the authority, prints where it is, and ends when it has stopped. */
export async function serveAuthority(context: Context, flags: ServeFlags): Promise<void> {
  const read = createSettingReader(context, flags)
  const listen = parseListenAddress(read.text('listen') ?? settings.listen.usual)
  const { data, ...place } = readInstallation(context, flags)
  const options = {
    ...place,
    listen,
    publicUrl: read.text('publicUrl'),
    trustedProxies: read.list('trustedProxies'),
    keepAlive: read.milliseconds('keepAlive'),
    drain: read.milliseconds('drain'),
    privateIssuers: read.list('privateIssuers'),
    requirePkce: read.isOn('requirePkce'),
    authorizeRules: read.text('authorizeRules'),
    keep: {
      auditEvents: read.daysInMilliseconds('keepAudit'),
      endedTokens: read.daysInMilliseconds('keepEndedTokens'),
      addresses: read.text('keepAddresses'),
    },
    notifyBefore: read.days('notifyBefore'),
    quotas: {
      apps: read.quota('maxApps'),
      machines: read.quota('maxMachines'),
      volumes: read.quota('maxVolumes'),
      volumeGb: read.quota('maxVolumeGb'),
      members: read.quota('maxMembers'),
      tokens: read.quota('maxTokens'),
    },
    engine: read.text('engine') ?? 'auto',
    podSecurity: read.text('podSecurity'),
    podNetwork: read.text('podNetwork'),
    machinesRate: read.quota('machinesRate'),
    bootstrap: readBootstrap(read),
    mail: readMail(read),
    oidc: readOidc(read),
    logLevel: flags.logLevel,
  }

  const started = stopAtOnce()
  const unasked = beginUnasked()
  const authority = await loadAuthority()
  const starting = authority.serve({ ...options, dashboard: findDashboard(), onFirstConnection: unasked.asked })
  const running = await starting.catch((error: unknown) => {
    throw read.nameVariable(error)
  })
  const stopped = waitForStop(running)
  started()
  keepTicksQuick()
  unasked.started()
  const address = describeListening(listen, running.url, networkInterfaces())
  const reached = running.publicUrl === running.url ? '' : `, reached at ${running.publicUrl}`
  writeLine(context, `Hallpass listens at ${address}${reached} (data in ${data})`)
  if (running.setupCode !== undefined) {
    const lines = firstSteps(running.publicUrl, running.setupCode.reveal(), context.environment)
    for (const line of lines) writeLine(context, line)
  }
  await stopped
}

function readBootstrap(read: SettingReader) {
  const pair = read.pair('bootstrapEmail', 'bootstrapPassword')
  return pair && { email: pair[0], password: pair[1] }
}

function readMail(read: SettingReader) {
  const pair = read.pair('smtpUrl', 'mailFrom')
  return pair && { smtpUrl: pair[0], from: pair[1] }
}

function readOidc(read: SettingReader) {
  const pair = read.pair('oidcIssuer', 'oidcClientId')
  return (
    pair && {
      issuer: pair[0],
      clientId: pair[1],
      clientSecret: read.text('oidcClientSecret'),
      name: read.text('oidcName'),
      signUpDomains: read.list('oidcSignUpDomains'),
      trustEmails: read.isOn('oidcTrustEmails'),
    }
  )
}
