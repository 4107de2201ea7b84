// Finds the volume of a command, by id or by name among the volumes of the app; and reads sizes.
import type { Client } from '@hallpass/client'

import { chooseApp } from '../../choose.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { AppFlags } from '../../flags.ts'

/** As the client takes it. */
export interface NamedVolume {
  readonly app_name: string
  readonly volume_id: string
}

/** @throws CommandError where the app has none of this name, or several */
export async function findVolume(
  context: Context,
  client: Client,
  flags: AppFlags,
  given: string,
): Promise<NamedVolume> {
  const app_name = await chooseApp(context, flags)
  if (/^vol_[a-z0-9]+$/.test(given)) return { app_name, volume_id: given }
  const named = (await client.listVolumes({ app_name })).filter(({ name }) => name === given)
  const [only, ...others] = named
  if (only !== undefined && others.length === 0) return { app_name, volume_id: only.id }
  // The text may be a pasted secret.
  const which = /^\w{1,30}$/.test(given) ? `called ${given}` : 'of that name'
  throw new CommandError(
    'failed',
    `app ${app_name} has ${others.length > 0 ? 'several volumes' : 'no volume'} ${which}: \`hallpass volumes list\` shows their ids`,
  )
}

/** Whole GB. @throws CommandError `misused` */
export function readSize(text: string): number {
  const [, number = ''] = /^(\d{1,4})\s*(?:gb?)?$/i.exec(text.trim()) ?? []
  if (Number(number) > 0) return Number(number)
  throw new CommandError('misused', '--size takes whole gigabytes, at least 1')
}
