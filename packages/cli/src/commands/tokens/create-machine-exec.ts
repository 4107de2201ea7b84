// `hallpass tokens create machine-exec`: a token that may run some commands on the machines of one app.
import type { Context } from '../../context.ts'
import type { AppFlags } from '../../flags.ts'
import { mintForApp, writeToken, type MintFlags } from '../../mint.ts'
import { narrowToCommands } from '../../narrow.ts'
import { readCommands } from '../../narrowing-flags.ts'

interface MachineExecFlags extends MintFlags, AppFlags {
  readonly command?: readonly string[] | undefined
  readonly commandPrefix?: readonly string[] | undefined
}

/** Mints a deploy token, narrows it to the commands and prints it. */
export async function createMachineExecToken(
  context: Context,
  flags: MachineExecFlags,
  ...words: readonly string[]
): Promise<void> {
  const commands = [...(words.length > 0 ? [{ args: words, exact: true }] : []), ...(readCommands(flags) ?? [])]
  const minted = await mintForApp(context, flags)
  await writeToken(context, flags, minted, narrowToCommands(minted.token, commands))
}
