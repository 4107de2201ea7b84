// `hallpass machine destroy`: ends machines for good.
import { confirm } from '../../ask.ts'
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { AppFlags, GlobalFlags, YesFlag } from '../../flags.ts'
import { writeLine } from '../../output.ts'
import { eachMachine } from './control.ts'
import { readLease, type LeaseFlag, type PatienceFlag } from './machine-flags.ts'
import { waitUntilSettled } from './progress.ts'

interface DestroyFlags extends GlobalFlags, AppFlags, YesFlag, PatienceFlag, LeaseFlag {
  readonly force?: boolean | undefined
}

/** Destroys each machine, after asking once. */
export async function destroyMachines(
  context: Context,
  flags: DestroyFlags,
  ...given: readonly string[]
): Promise<void> {
  const client = await connect(context, flags, readLease(flags))
  await confirm(
    context,
    `Destroy ${given.length === 1 ? 'the machine' : 'the machines'} ${given.join(', ')}?`,
    flags.yes,
  )
  const failures = await eachMachine(context, client, flags, given, 'destroy', async (name) => {
    await client.deleteMachine({ ...name, ...(flags.force === true ? { force: true } : {}) })
    await waitUntilSettled(context, client, name, flags)
    writeLine(context, `Destroyed machine ${name.machine_id}`)
  })
  if (failures > 0) throw new CommandError('failed', `${failures} of ${given.length} machines could not be destroyed`)
}
