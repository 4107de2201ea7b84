// `hallpass volumes create`: a new volume of an app.
import { chooseApp } from '../../choose.ts'
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { AppFlags, GlobalFlags, JsonFlag } from '../../flags.ts'
import { wroteJson } from '../../output.ts'
import { readSize } from './find-volume.ts'
import { describeVolume } from './show.ts'

interface CreateFlags extends GlobalFlags, JsonFlag, AppFlags {
  readonly size: string
  readonly region?: string | undefined
}

/** Creates the volume, which the authority makes in a moment. */
export async function createVolume(context: Context, flags: CreateFlags, name: string): Promise<void> {
  const { region } = flags
  const size_gb = readSize(flags.size)
  const client = await connect(context, flags)
  const volume = await client.createVolume({ app_name: await chooseApp(context, flags), name, region, size_gb })
  if (!wroteJson(context, flags, volume)) describeVolume(context, volume)
}
