// `hallpass machine update`: another configuration for a machine, which restarts with it.
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { AppFlags, GlobalFlags, JsonFlag } from '../../flags.ts'
import { writeJson, writeLine } from '../../output.ts'
import { configure } from './configuration.ts'
import { findMachine } from './find-machine.ts'
import { imageOf } from './list.ts'
import { readLease, type ConfigurationFlags, type LeaseFlag, type PatienceFlag } from './machine-flags.ts'
import { waitUntilRun } from './progress.ts'

interface UpdateFlags extends GlobalFlags, JsonFlag, AppFlags, ConfigurationFlags, PatienceFlag, LeaseFlag {
  readonly image?: string | undefined
  readonly skipStart?: boolean | undefined
  readonly detach?: boolean | undefined
}

/** Changes what the flags say, and keeps the rest; a change by somebody else in the meantime is an error. */
export async function updateMachine(
  context: Context,
  flags: UpdateFlags,
  given: string,
  ...words: readonly string[]
): Promise<void> {
  const client = await connect(context, flags, readLease(flags))
  const name = await findMachine(context, client, flags, given)
  const { config = {}, instance_id } = await client.showMachine(name)
  const before = { ...config, image: flags.image ?? imageOf(config) }
  const changed = configure(before, flags, words, context.environment)
  if (JSON.stringify(changed) === JSON.stringify(config)) {
    throw new CommandError('misused', 'nothing is changed: see `hallpass machine update --help`')
  }
  const made = await client.updateMachine({
    ...name,
    config: changed,
    current_version: instance_id,
    skip_launch: flags.skipStart === true,
  })
  const settled = flags.detach === true ? made : ((await waitUntilRun(context, client, name, flags)) ?? made)
  if (flags.json === true) writeJson(context, settled)
  else writeLine(context, `Updated machine ${name.machine_id}`)
}
