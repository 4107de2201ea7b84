// `hallpass machine exec`: runs a command in a machine, and ends as it ends.
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { AppFlags, GlobalFlags, JsonFlag } from '../../flags.ts'
import { readText } from '../../held-token.ts'
import { tell, wroteJson } from '../../output.ts'
import { readMilliseconds } from './configuration.ts'
import { findMachine } from './find-machine.ts'

interface ExecFlags extends GlobalFlags, JsonFlag, AppFlags {
  readonly stdin?: boolean | undefined
  readonly timeout: string
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
  const timeout = readMilliseconds('--timeout', flags.timeout)
  const client = await connect(context, flags, timeout + grace)
  const stdin = flags.stdin === true ? await readText(context, '-') : undefined
  const name = await findMachine(context, client, flags, given)
  // A line in quotes is meant as a shell reads it.
  const command = words.length === 1 ? { cmd: first } : { command: [...words] }
  const result = await client.execInMachine({ ...name, ...command, stdin, timeout: timeout / 1000 })
  context.process.exitCode = result.exit_code
  if (wroteJson(context, flags, result)) return
  context.process.stdout.write(result.stdout)
  context.process.stderr.write(result.stderr)
  if (result.truncated) tell(context, 'Note: it wrote more than is kept: the rest is missing')
}
