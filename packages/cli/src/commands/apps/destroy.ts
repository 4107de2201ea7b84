// `hallpass apps destroy`: ends apps and their deploy tokens.
import { confirm } from '../../ask.ts'
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { GlobalFlags, YesFlag } from '../../flags.ts'
import { warn, writeLine } from '../../output.ts'

/** Destroys each app, after asking once; one that cannot be destroyed does not keep the others alive. */
export async function destroyApps(
  context: Context,
  flags: GlobalFlags & YesFlag & { readonly force?: boolean | undefined },
  ...names: readonly string[]
): Promise<void> {
  const client = await connect(context, flags)
  await confirm(context, `Destroy ${names.length === 1 ? 'the app' : 'the apps'} ${names.join(', ')}?`, flags.yes)
  let failures = 0
  for (const name of names) {
    try {
      await client.deleteApp({ app_name: name, ...(flags.force === true ? { force: true } : {}) })
      writeLine(context, `Destroyed app ${name}`)
    } catch (error) {
      failures += 1
      warn(context, `failed to destroy app ${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  if (failures > 0) throw new CommandError('failed', `${failures} of ${names.length} apps could not be destroyed`)
}
