// `hallpass volumes extend`: makes a volume larger.
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { AppFlags, GlobalFlags, JsonFlag } from '../../flags.ts'
import { tell, wroteJson } from '../../output.ts'
import { findVolume, readSize } from './find-volume.ts'
import { describeVolume } from './show.ts'

interface ExtendFlags extends GlobalFlags, JsonFlag, AppFlags {
  readonly size?: string | undefined
}

/** Extends it to this size, or by this much if it begins with a plus. */
export async function extendVolume(context: Context, flags: ExtendFlags, given: string): Promise<void> {
  const { size } = flags
  if (size === undefined)
    throw new CommandError('misused', '--size is missing: give the new size in GB, or +1 for one GB more')
  const gigabytes = readSize(size.replace(/^\+/, ''))
  const client = await connect(context, flags)
  const name = await findVolume(context, client, flags, given)
  const before = size.startsWith('+') ? (await client.showVolume(name)).size_gb : 0
  const answer = await client.extendVolume({ ...name, size_gb: before + gigabytes })
  if (wroteJson(context, flags, answer)) return
  describeVolume(context, answer.volume)
  const machine = answer.volume.attached_machine_id
  if (answer.needs_restart && machine !== null) {
    tell(
      context,
      `The volume is larger once its machine starts again: \`hallpass machine restart ${machine} -a ${name.app_name}\``,
    )
  }
}
