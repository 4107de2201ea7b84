// Machines see changed secrets when they start.
import type { Client } from '@hallpass/client'

import type { Context } from '../../context.ts'
import { tell } from '../../output.ts'
import type { PatienceFlag } from '../machine/machine-flags.ts'
import { waitUntilRun } from '../machine/progress.ts'

/** Restarts the running machines of the app, one after the other, so that never all are down. */
export async function restartMachines(
  context: Context,
  client: Client,
  app_name: string,
  patience: PatienceFlag,
): Promise<void> {
  const running = await client.listMachines({ app_name, summary: true, state: 'started' })
  if (running.length === 0) tell(context, 'No machine runs: machines see the change when they start')
  for (const { id } of running) {
    const name = { app_name, machine_id: id }
    await client.restartMachine(name)
    await waitUntilRun(context, client, name, patience)
  }
}
