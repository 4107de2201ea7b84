// `hallpass apps show`: one app.
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { writeLine, wroteJson } from '../../output.ts'

/** Prints what is known of the app. */
export async function showApp(context: Context, flags: GlobalFlags & JsonFlag, name: string): Promise<void> {
  const app = await (await connect(context, flags)).showApp({ app_name: name })
  if (wroteJson(context, flags, app)) return
  writeLine(context, `Name: ${app.name}`)
  writeLine(context, `Owner: ${app.organization.slug}`)
  writeLine(context, `Status: ${app.status}`)
  writeLine(context, `Network: ${app.network}`)
  writeLine(context, `Machines: ${app.machine_count}`)
  writeLine(context, `Volumes: ${app.volume_count}`)
}
