// `hallpass volumes destroy`: removes volumes with all that is in them.
import { confirm } from '../../ask.ts'
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { AppFlags, GlobalFlags, YesFlag } from '../../flags.ts'
import { writeLine } from '../../output.ts'
import { findVolume } from './find-volume.ts'

/** Destroys each volume, after asking once; it ends at the first failure. */
export async function destroyVolumes(
  context: Context,
  flags: GlobalFlags & AppFlags & YesFlag,
  ...given: readonly string[]
): Promise<void> {
  const client = await connect(context, flags)
  const what = given.length === 1 ? 'the volume' : 'the volumes'
  await confirm(context, `Destroy ${what} ${given.join(', ')}, with all data?`, flags.yes)
  for (const word of given) {
    const { id } = await client.deleteVolume(await findVolume(context, client, flags, word))
    writeLine(context, `Destroyed volume ${id}`)
  }
}
