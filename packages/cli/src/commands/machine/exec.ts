// `hallpass machine exec`: runs a command in a machine, and ends as it ends.
import { createDialer } from '../../command-socket.ts'
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { AppFlags, GlobalFlags, JsonFlag } from '../../flags.ts'
import { readCommand } from '../../narrowing-flags.ts'
import { tell, wroteJson } from '../../output.ts'
import { attach, hearSignals, wantsToAttach } from './attach.ts'
import { readMilliseconds } from './configuration.ts'
import { findMachine } from './find-machine.ts'
import type { InteractionFlags } from './machine-flags.ts'

interface ExecFlags extends GlobalFlags, JsonFlag, AppFlags, InteractionFlags {
  readonly timeout?: string | undefined
}

/** Milliseconds beyond the time-out of the command, within which the authority says that it is over. */
const grace = 15_000

/** Writes what the command wrote, as it is: its output to stdout, its errors to stderr. */
export async function execInMachine(
  context: Context,
  flags: ExecFlags,
  given: string,
  ...words: readonly string[]
): Promise<void> {
  const [first] = words
  if (first === undefined) throw new CommandError('misused', 'the command is missing: write it behind the machine')
  // A line in quotes is meant as a shell reads it.
  const command = words.length === 1 ? readCommand(first, 'the command') : words
  if (wantsToAttach(flags, context)) return execAttached(context, flags, given, command)
  const timeout = readMilliseconds('--timeout', flags.timeout ?? '60s')
  const client = await connect(context, flags, { timeout: timeout + grace })
  const name = await findMachine(context, client, flags, given)
  const result = await client.execInMachine({ ...name, command: [...command], timeout: timeout / 1000 })
  context.process.exitCode = result.exit_code
  if (wroteJson(context, flags, result)) return
  context.process.stdout.write(result.stdout)
  context.process.stderr.write(result.stderr)
  if (result.truncated) tell(context, 'Note: it wrote more than is kept: the rest is missing')
}

/** Its input and output as they come. */
async function execAttached(
  context: Context,
  flags: ExecFlags,
  given: string,
  command: readonly string[],
): Promise<void> {
  const other = flags.json === true ? '--json' : flags.timeout === undefined ? undefined : '--timeout'
  if (other !== undefined)
    throw new CommandError('misused', `${other} is for a command that is waited for: not with -i or -t`)
  const dialer = createDialer(context.environment)
  const client = await connect(context, flags, { fetch: dialer.fetch })
  const name = await findMachine(context, client, flags, given)
  const tty = flags.tty === true
  context.process.exitCode = await hearSignals((ended) =>
    attach(context, client, dialer, { name, command, tty, ended }),
  )
}
