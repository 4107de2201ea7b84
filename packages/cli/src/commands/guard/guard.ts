// `hallpass guard`: a guard as a process of its own, until a signal stops it.
import { startSidecar } from '@hallpass/guard/sidecar'

import { expectNotEmpty, readVariable, type Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import { describeListening, parseListenAddress } from '../../listen-address.ts'
import { writeLine } from '../../output.ts'
import { normaliseServer } from '../../server-url.ts'
import { stopAtOnce, waitForStop } from '../serve/stop.ts'

interface GuardFlags {
  readonly listen: string
  readonly authority?: string | undefined
  readonly trustedProxies?: string | undefined
}

/** Starts it, prints where it is, and ends when it has stopped. */
export async function runGuard(context: Context, flags: GuardFlags): Promise<void> {
  const listen = parseListenAddress(flags.listen)
  if (flags.authority === undefined)
    throw new CommandError('misused', '--authority is needed: the address of the authority')
  const authority = normaliseServer(flags.authority, '--authority')
  const credential = readCredential(context)
  const started = stopAtOnce()
  const sidecar = await startSidecar({
    authority,
    credential,
    listen,
    trustedProxies: flags.trustedProxies?.split(',').map((each) => each.trim()) ?? [],
    report: (error) => context.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`),
  })
  const stopped = waitForStop({ failed: new Promise(() => {}), drain: async () => {}, close: () => sidecar.close() })
  started()
  writeLine(context, `A guard of ${authority} listens at ${describeListening(listen, sidecar.url, {})}`)
  await stopped
}

function readCredential({ environment }: Context): string {
  expectNotEmpty(environment, 'HALLPASS_VERIFIER')
  const credential = readVariable(environment, 'HALLPASS_VERIFIER')
  if (credential === undefined) {
    throw new CommandError(
      'misused',
      'HALLPASS_VERIFIER is needed: the credential that "hallpass verifiers create" prints',
    )
  }
  if (!/^fv1_[A-Za-z0-9_-]{20,200}$/.test(credential)) {
    throw new CommandError('misused', 'HALLPASS_VERIFIER is no credential of a verifier: those begin with fv1_')
  }
  return credential
}
