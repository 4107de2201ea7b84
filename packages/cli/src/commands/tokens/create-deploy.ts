// `hallpass tokens create deploy`: a token for one app.
import type { Context } from '../../context.ts'
import type { AppFlags } from '../../flags.ts'
import { mintForApp, writeToken, type MintFlags } from '../../mint.ts'

/** Mints a deploy token and prints it. */
export async function createDeployToken(context: Context, flags: MintFlags & AppFlags): Promise<void> {
  await writeToken(context, flags, await mintForApp(context, flags))
}
