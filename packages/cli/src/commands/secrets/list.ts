// `hallpass secrets list`: the secrets of an app, without their values.
import { connect } from '../../connect.ts'
import { chooseApp } from '../../choose.ts'
import type { Context } from '../../context.ts'
import type { AppFlags, GlobalFlags, JsonFlag } from '../../flags.ts'
import { formatGoTime } from '../../go-time.ts'
import { writeTable, wroteJson } from '../../output.ts'

/** Prints names and digests. */
export async function listSecrets(context: Context, flags: GlobalFlags & JsonFlag & AppFlags): Promise<void> {
  const client = await connect(context, flags)
  const answer = await client.listSecrets({ app_name: await chooseApp(context, flags) })
  if (wroteJson(context, flags, answer)) return
  writeTable(
    context,
    ['NAME', 'DIGEST', 'UPDATED AT'],
    answer.secrets.map(({ name, digest, updated_at }) => [name, digest, formatGoTime(updated_at)]),
  )
}
