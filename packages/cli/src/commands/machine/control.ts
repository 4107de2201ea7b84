// `hallpass machine start|stop|restart|suspend|cordon|uncordon`: requests about existing machines.
import type { Client } from '@hallpass/client'

import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { AppFlags, GlobalFlags } from '../../flags.ts'
import { warn, writeLine } from '../../output.ts'
import { readMilliseconds } from './configuration.ts'
import { findMachine, type NamedMachine } from './find-machine.ts'
import { readLease, type LeaseFlag, type PatienceFlag } from './machine-flags.ts'
import { waitUntilRun, waitUntilSettled } from './progress.ts'

/** These take effect at once, so nothing is waited for. */
export type NotingFlags = GlobalFlags & AppFlags & LeaseFlag

export interface ChangingFlags extends NotingFlags, PatienceFlag {
  readonly detach?: boolean | undefined
}

export interface StoppingFlags extends ChangingFlags {
  readonly signal?: string | undefined
  readonly timeout?: string | undefined
}

export const startMachines = forEach<ChangingFlags>('start', 'Started', async (context, client, name, flags) => {
  await client.startMachine(name)
  if (flags.detach !== true) await waitUntilRun(context, client, name, flags)
})

export const stopMachines = forEach<StoppingFlags>('stop', 'Stopped', async (context, client, name, flags) => {
  await client.stopMachine({ ...name, ...howToStop(flags) })
  if (flags.detach !== true) await waitUntilSettled(context, client, name, flags)
})

export const restartMachines = forEach<StoppingFlags>('restart', 'Restarted', async (context, client, name, flags) => {
  await client.restartMachine({ ...name, ...howToStop(flags) })
  if (flags.detach !== true) await waitUntilRun(context, client, name, flags)
})

export const suspendMachines = forEach<ChangingFlags>('suspend', 'Suspended', async (context, client, name, flags) => {
  await client.suspendMachine(name)
  if (flags.detach !== true) await waitUntilSettled(context, client, name, flags)
})

export const cordonMachines = forEach<NotingFlags>('cordon', 'Cordoned', (_context, client, name) =>
  client.cordonMachine(name),
)
export const uncordonMachines = forEach<NotingFlags>('uncordon', 'Uncordoned', (_context, client, name) =>
  client.uncordonMachine(name),
)

function howToStop({ signal, timeout }: StoppingFlags) {
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(timeout === undefined ? {} : { timeout: `${readMilliseconds('--timeout', timeout)}ms` }),
  }
}

/** Does it with each machine; a failure does not stop the others. */
function forEach<Flags extends NotingFlags>(
  verb: string,
  done: string,
  ask: (context: Context, client: Client, name: NamedMachine, flags: Flags) => Promise<unknown>,
) {
  return async function control(context: Context, flags: Flags, ...given: readonly string[]): Promise<void> {
    const client = await connect(context, flags, readLease(flags))
    const failures = await eachMachine(context, client, flags, given, verb, async (name) => {
      await ask(context, client, name, flags)
      writeLine(context, `${done} machine ${name.machine_id}`)
    })
    if (failures > 0) throw new CommandError('failed', `${failures} of ${given.length} machines: failed to ${verb}`)
  }
}

/** Returns the number of failures, and reports each. */
export async function eachMachine(
  context: Context,
  client: Client,
  flags: AppFlags,
  given: readonly string[],
  verb: string,
  act: (name: NamedMachine) => Promise<void>,
): Promise<number> {
  let failures = 0
  for (const word of given) {
    try {
      await act(await findMachine(context, client, flags, word))
    } catch (error) {
      if (error instanceof CommandError && error.code === 'misused') throw error
      failures += 1
      // With a single one that is all there is to say.
      if (given.length === 1) throw error
      warn(context, `failed to ${verb} machine ${word}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return failures
}
