// `hallpass volumes show`: one volume.
import type { Volume } from '@hallpass/client'

import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { AppFlags, GlobalFlags, JsonFlag } from '../../flags.ts'
import { formatGoTime } from '../../go-time.ts'
import { writeLine, wroteJson } from '../../output.ts'
import { findVolume } from './find-volume.ts'

/** Prints what is known of the volume. */
export async function showVolume(
  context: Context,
  flags: GlobalFlags & JsonFlag & AppFlags,
  given: string,
): Promise<void> {
  const client = await connect(context, flags)
  const volume = await client.showVolume(await findVolume(context, client, flags, given))
  if (!wroteJson(context, flags, volume)) describeVolume(context, volume)
}

/** A line for each thing that is known. */
export function describeVolume(context: Context, volume: Volume): void {
  const { id, name, state, size_gb, size_enforced, region, attached_machine_id, created_at, problem = '' } = volume
  const lines = [
    ['ID', id],
    ['Name', name],
    ['State', state],
    ['Problem', problem],
    ['Size', `${size_gb} GB${size_enforced === false ? ', which the engine does not enforce' : ''}`],
    ['Region', region],
    ['Machine', attached_machine_id ?? ''],
    ['Created', formatGoTime(created_at)],
  ] as const
  for (const [what, value] of lines) if (value !== '') writeLine(context, `${what}: ${value}`)
}
