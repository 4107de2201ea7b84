// `hallpass machine run` and `hallpass machine create`: a new machine, started or only prepared.
import { chooseApp } from '../../choose.ts'
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { AppFlags, GlobalFlags, JsonFlag } from '../../flags.ts'
import { tell, writeJson, writeLine } from '../../output.ts'
import { configure } from './configuration.ts'
import type { ConfigurationFlags, PatienceFlag } from './machine-flags.ts'
import { waitUntilRun } from './progress.ts'

export interface CreateFlags extends GlobalFlags, JsonFlag, AppFlags, ConfigurationFlags, PatienceFlag {
  readonly name?: string | undefined
  readonly region?: string | undefined
  readonly detach?: boolean | undefined
}

/** Creates a machine and starts it. */
export function runMachine(context: Context, flags: CreateFlags, image: string, ...words: readonly string[]) {
  return makeMachine(context, flags, { image, words, skip_launch: false })
}

/** Creates a machine that does not start, and brings its image here. */
export function createMachine(context: Context, flags: CreateFlags, image: string, ...words: readonly string[]) {
  return makeMachine(context, flags, { image, words, skip_launch: true })
}

interface Wanted {
  readonly image: string
  readonly words: readonly string[]
  readonly skip_launch: boolean
}

/** Prints its id alone, and then waits for it: who is interrupted knows what there is. */
async function makeMachine(context: Context, flags: CreateFlags, { image, words, skip_launch }: Wanted): Promise<void> {
  const config = configure({ image }, flags, words, context.environment)
  const client = await connect(context, flags)
  const app_name = await chooseApp(context, flags)
  const { name, region } = flags
  const made = await client.createMachine({ app_name, name, region, config, skip_launch })
  if (flags.json !== true) writeLine(context, made.id)
  const machine = { app_name, machine_id: made.id }
  const settled = flags.detach === true ? made : ((await waitUntilRun(context, client, machine, flags)) ?? made)
  if (flags.json === true) writeJson(context, settled)
  else if (settled.state === 'started') {
    tell(context, `\`hallpass machine logs ${made.id} -a ${app_name}\` shows what it writes`)
  }
}
