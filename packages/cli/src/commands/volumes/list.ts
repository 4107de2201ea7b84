// `hallpass volumes list`: the volumes of an app.
import { chooseApp } from '../../choose.ts'
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { AppFlags, GlobalFlags, JsonFlag } from '../../flags.ts'
import { formatGoTime } from '../../go-time.ts'
import { writeTable, wroteJson } from '../../output.ts'

/** Prints ids, names, sizes, and which machine has each. */
export async function listVolumes(context: Context, flags: GlobalFlags & JsonFlag & AppFlags): Promise<void> {
  const client = await connect(context, flags)
  const volumes = await client.listVolumes({ app_name: await chooseApp(context, flags) })
  if (wroteJson(context, flags, volumes)) return
  writeTable(
    context,
    ['ID', 'NAME', 'STATE', 'SIZE', 'REGION', 'MACHINE', 'CREATED AT'],
    volumes.map(({ id, name, state, size_gb, region, attached_machine_id, created_at }) => [
      id,
      name,
      state,
      `${size_gb} GB`,
      region,
      attached_machine_id ?? '',
      formatGoTime(created_at),
    ]),
  )
}
