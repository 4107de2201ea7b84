// `hallpass guard`: runs a sidecar until a signal stops it.
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'

import { readVariable, type Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import { cleanPath, cleanText } from '../../given-text.ts'
import { describeListening, parseListenAddress } from '../../listen-address.ts'
import { readDuration } from '../../mint.ts'
import { warn, writeLine } from '../../output.ts'
import { keepTicksQuick } from '../../quick-ticks.ts'
import { readSecret } from '../../secret-file.ts'
import { normaliseServer } from '../../server-url.ts'
import { readTextFile } from '../../text-file.ts'
import { stopAtOnce, waitForStop } from '../serve/stop.ts'

interface GuardFlags {
  readonly listen: string
  readonly authority?: string | undefined
  readonly authorizeRules?: string | undefined
  readonly trustedProxies?: string | undefined
  readonly graceForReads?: string | undefined
}

const variable = 'HALLPASS_VERIFIER'

/** Starts the sidecar, prints where it is, and ends when it has stopped. */
export async function runGuard(context: Context, flags: GuardFlags): Promise<void> {
  const listen = parseListenAddress(cleanText(flags.listen, '--listen'))
  const options = {
    listen,
    authority: readAuthority(context, flags),
    credential: readCredential(context),
    rules: flags.authorizeRules === undefined ? undefined : await readRules(flags.authorizeRules),
    trustedProxies:
      flags.trustedProxies === undefined ? [] : cleanText(flags.trustedProxies, '--trusted-proxies').split(','),
    graceForReads: flags.graceForReads,
    report: (sentence: string) => warn(context, `${context.now().toISOString()} ${sentence}`),
  }
  // Only checked here: the guard reads it itself.
  if (flags.graceForReads !== undefined) readDuration(flags.graceForReads, '--grace-for-reads')

  const started = stopAtOnce()
  const { openSidecar, SidecarError } = await import('@hallpass/guard/sidecar')
  const running = await openSidecar(options).catch((error: unknown) => {
    if (!(error instanceof SidecarError)) throw error
    const flag = { rules: '--authorize-rules ', proxies: '--trusted-proxies ', address: '' }[error.code]
    throw new CommandError(error.code === 'address' ? 'failed' : 'misused', `${flag}${error.message}`, { cause: error })
  })
  const stopped = waitForStop({ ...running, drain: () => Promise.resolve() })
  started()
  keepTicksQuick()
  writeLine(context, `The guard listens at ${describeListening(listen, running.url, networkInterfaces())}`)
  if (!isLoopback(listen.host)) {
    warn(context, 'Note: it listens beyond this machine, without TLS: whoever is on the way sees the tokens')
  }
  await stopped
}

function readAuthority({ environment }: Context, { authority }: GuardFlags): string {
  if (authority !== undefined) return normaliseServer(authority, '--authority')
  const given = readVariable(environment, 'HALLPASS_API_URL')
  if (given === undefined) throw new CommandError('misused', '--authority is missing: the address of the authority')
  return normaliseServer(given, 'HALLPASS_API_URL')
}

function readCredential({ environment }: Context): string {
  const credential = readSecret(environment, variable)
  if (credential === undefined) {
    const advice = 'it is the credential of a verifier, which "hallpass verifiers create" prints'
    throw new CommandError('misused', `${variable} is not set: ${advice}`)
  }
  if (/^fv1_[A-Za-z0-9_-]{20,200}$/.test(credential)) return credential
  throw new CommandError('misused', `${variable} holds no credential of a verifier: those begin with fv1_`)
}

async function readRules(given: string): Promise<string> {
  const file = await readTextFile(cleanPath(given, '--authorize-rules'), given)
  if (file === undefined) throw new CommandError('misused', '--authorize-rules names a file that is not there')
  return file.text
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
