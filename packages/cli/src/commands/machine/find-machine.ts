// Finds the machine of a command: by id, or by name among the machines of the app.
import type { Client } from '@hallpass/client'

import { chooseApp } from '../../choose.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { AppFlags } from '../../flags.ts'

/** In the form that the client takes. */
export interface NamedMachine {
  readonly app_name: string
  readonly machine_id: string
}

/**
 * The machine of the app that the flags mean.
 * @throws CommandError where the app has none of this name
 */
export async function findMachine(
  context: Context,
  client: Client,
  flags: AppFlags,
  given: string,
): Promise<NamedMachine> {
  const app_name = await chooseApp(context, flags)
  if (/^[0-9a-f]{14}$/.test(given)) return { app_name, machine_id: given }
  const named = (await client.listMachines({ app_name, summary: true })).filter(({ name }) => name === given)
  const [only, ...others] = named
  if (only !== undefined && others.length === 0) return { app_name, machine_id: only.id }
  // The text may be a pasted secret.
  const which = /^[\w-]{1,63}$/.test(given) ? `called ${given}` : 'of that name'
  throw new CommandError(
    'failed',
    `app ${app_name} has no machine ${which}: \`hallpass machine list\` shows ids and names`,
  )
}
