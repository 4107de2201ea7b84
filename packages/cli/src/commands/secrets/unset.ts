// `hallpass secrets unset`: removes secrets of an app.
import { connect } from '../../connect.ts'
import { chooseApp } from '../../choose.ts'
import type { Context } from '../../context.ts'
import { writeLine, wroteJson } from '../../output.ts'
import { restartMachines } from './restart-machines.ts'
import type { SecretFlags } from './set.ts'

/** Removes them, and restarts the running machines, which then no longer see them. */
export async function unsetSecrets(context: Context, flags: SecretFlags, ...names: readonly string[]): Promise<void> {
  const client = await connect(context, flags)
  const app_name = await chooseApp(context, flags)
  const changed = await client.changeSecrets({
    app_name,
    values: Object.fromEntries(names.map((name) => [name, null])),
  })
  if (!wroteJson(context, flags, changed)) for (const name of names) writeLine(context, `Removed ${name}`)
  if (flags.stage !== true) await restartMachines(context, client, app_name, flags)
}
