// `hallpass tokens create ssh`: a token that may log into the machines of one app.
import type { Context } from '../../context.ts'
import type { AppFlags } from '../../flags.ts'
import { mintForApp, writeToken, type MintFlags } from '../../mint.ts'
import { narrowToSsh } from '../../narrow.ts'

/** Mints a deploy token, narrows it and prints it. */
export async function createSshToken(context: Context, flags: MintFlags & AppFlags): Promise<void> {
  const minted = await mintForApp(context, flags)
  await writeToken(context, flags, minted, narrowToSsh(minted.token))
}
